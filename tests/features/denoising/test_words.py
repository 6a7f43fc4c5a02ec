"""Which words the picture model was trained on."""

from __future__ import annotations

import numpy as np
import pytest

from genai_demo.datasets.drawings.captions import caption, plain_caption
from genai_demo.datasets.drawings.compositions import Rung, World
from genai_demo.datasets.drawings.sprites import KINDS, Sprites
from genai_demo.features.denoising.words import MAX_UNSEEN, caption_words, unseen_words, words_of


def test_every_word_of_a_training_caption_is_known():
    world = World(Sprites.load(), Rung(objects=len(KINDS), pair_share=0.5))
    rng = np.random.default_rng(0)
    for _ in range(2_000):
        scene = world.draw_scene(rng)
        for text in (caption(scene, rng), plain_caption(scene)):
            assert unseen_words(text) == (), text


@pytest.mark.parametrize(
    ("prompt", "unseen"),
    [
        ("a small red apple on a blue background", ()),
        ("A PUPPY, blue background!", ()),
        ("two turquoise dragons and a turquoise cat", ("two", "turquoise", "dragons")),
        ("", ()),
        ("12 + 3 🙂", ()),
        ("кот on blue", ("кот",)),
    ],
)
def test_unknown_words_are_named_once_in_their_order(prompt, unseen):
    assert unseen_words(prompt) == unseen


def test_there_is_an_end_to_the_list():
    assert len(unseen_words(" ".join("x" * length for length in range(1, 60)))) == MAX_UNSEEN


def test_objects_of_later_rungs_are_unknown_to_earlier_ones():
    assert "elephant" in caption_words()
    assert unseen_words("an elephant", objects=40) == ("elephant",)


def test_words_are_letters():
    assert words_of("Jack-o'-lantern's t-shirt_2") == ["jack", "o", "lantern's", "t", "shirt"]
