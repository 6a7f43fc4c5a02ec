"""What the training pictures and captions are made of."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genai_demo.datasets.drawings.captions import caption, plain_caption
from genai_demo.datasets.drawings.colours import PALETTE, contrast, from_oklab, main_colour, named, recolour, to_oklab
from genai_demo.datasets.drawings.compositions import (
    BACKGROUND_JITTER,
    HELD_OUT_SHARE,
    OBJECT_COLOURS,
    Rung,
    Scene,
    Thing,
    World,
    paint,
    paint_many,
)
from genai_demo.datasets.drawings.render import render
from genai_demo.datasets.drawings.sprites import BY_NAME, EDGE, FOLDER, KINDS, Sprites

COLOURFUL = [kind.name for kind in KINDS if kind.recolours]


@pytest.fixture(scope="module")
def sprites() -> Sprites:
    return Sprites.load()


@pytest.fixture(scope="module")
def world(sprites: Sprites) -> World:
    return World(sprites, Rung(objects=40, pair_share=0.3))


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_oklab_and_back(rgb):
    assert from_oklab(to_oklab(np.array(rgb))) == pytest.approx(rgb, abs=2e-3)


def test_oklab_has_the_published_values():
    assert to_oklab(np.array([1.0, 1.0, 1.0])) == pytest.approx([1, 0, 0], abs=1e-3)
    assert to_oklab(np.array([1.0, 0.0, 0.0])) == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)


@pytest.mark.parametrize("colour", OBJECT_COLOURS)
def test_recoloured_objects_have_the_colour_and_no_other_hue_in_its_place(sprites, colour):
    for name in COLOURFUL:
        new = sprites.coloured(name, colour)
        solid = new[..., 3] > 0.9
        distance = np.linalg.norm(to_oklab(new[..., :3]) - named(colour), axis=-1)[solid]
        assert (distance < 0.13).mean() > 0.2, name
        assert np.array_equal(new[..., 3], sprites.drawings[name][..., 3])


def test_an_orange_balloon_has_no_magenta_highlight(sprites):
    lab = to_oklab(sprites.coloured("balloon", "orange")[: EDGE // 2, :, :3])
    solid = sprites.drawings["balloon"][: EDGE // 2, :, 3] > 0.9
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))[solid]
    target = np.degrees(np.arctan2(named("orange")[2], named("orange")[1]))
    assert np.abs(hue - target).max() < 25


def test_the_main_colour_of_an_apple_is_red_not_its_leaf(sprites):
    assert np.linalg.norm(main_colour(sprites.drawings["apple"]) - named("red")) < 0.12


def test_an_object_on_its_own_colour_has_no_contrast(sprites):
    assert contrast(recolour(sprites.drawings["star"], "blue"), "blue") < 0.1
    assert contrast(recolour(sprites.drawings["star"], "blue"), "yellow") == 1


def test_the_atlas_has_every_kind_and_says_where_it_comes_from(sprites):
    about = json.loads((FOLDER / "fluent_flat.json").read_text())
    assert list(sprites.drawings) == about["names"] == [kind.name for kind in KINDS]
    assert "MIT" in (FOLDER / "LICENCE.md").read_text()
    assert len({word for kind in KINDS for word in kind.words}) == sum(len(kind.words) for kind in KINDS)


def test_rendering_puts_each_drawing_in_its_place():
    pytest.importorskip("resvg_py")
    icons = {
        "icons": {
            kind.icon: {"body": f'<rect width="32" height="32" fill="rgb({n},0,0)"/>'} for n, kind in enumerate(KINDS)
        }
    }
    atlas = np.asarray(render(icons, edge=4))
    assert [atlas[4 * (n // 10) + 2, 4 * (n % 10) + 2, 0] for n in range(len(KINDS))] == list(range(len(KINDS)))


def test_the_split_is_stable_and_has_the_stated_share(world):
    assert Scene((Thing("cat", "red"),), "blue").held_out == Scene((Thing("cat", "red", "small"),), "blue").held_out
    first, second = Thing("cat", "red"), Thing("star")
    assert Scene((first, second), "blue").combination == Scene((second, first), "blue").combination
    share = len(world.held_out) / len(world.singles)
    assert share == pytest.approx(HELD_OUT_SHARE, abs=0.02)
    assert "apple||" not in world.held_out[0].combination
    assert {scene.things[0].name for scene in world.held_out} == {kind.name for kind in world.kinds}


def test_nothing_held_out_and_nothing_invisible_is_ever_trained_on(world):
    rng = np.random.default_rng(0)
    scenes = [world.draw_scene(rng) for _ in range(2_000)]
    assert not any(scene.held_out for scene in scenes)
    assert 0.25 < np.mean([len(scene.things) == 2 for scene in scenes]) < 0.35
    for thing, background in ((thing, scene.background) for scene in scenes for thing in scene.things):
        assert thing.colour != background
        assert not thing.colour or BY_NAME[thing.name].recolours


@pytest.mark.parametrize("background", PALETTE)
def test_the_background_reaches_all_four_corners(sprites, background):
    picture = paint(Scene((Thing("rocket", size="large"),), background), sprites, np.random.default_rng(1), 64)
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    assert np.abs(corners - PALETTE[background]).max() <= BACKGROUND_JITTER


def test_sizes_are_what_they_say_and_objects_stay_inside(sprites):
    rng, areas = np.random.default_rng(2), {}
    for size in ("small", "medium", "large"):
        scene = Scene((Thing("heart", size=size),), "white")
        pictures = paint_many([scene] * 50, sprites, rng, 64).astype(int)
        drawn = np.abs(pictures - pictures[:, :, :1, :1]).max(axis=1) > 30
        areas[size] = drawn.mean(axis=(1, 2))
        assert not drawn[:, [0, -1]].any()
    assert 1.5 * areas["small"].max() <= areas["medium"].min()
    assert 1.5 * areas["medium"].max() <= areas["large"].min()


def test_a_pair_is_drawn_side_by_side_in_the_order_of_the_words(sprites):
    scene = Scene((Thing("heart", "blue"), Thing("star", "yellow")), "black")
    left, right = np.split(paint(scene, sprites, np.random.default_rng(3), 64).astype(int), 2, axis=1)
    assert left[..., 2].sum() > right[..., 2].sum()
    assert right[..., 0].sum() > left[..., 0].sum()


def test_captions_name_everything_but_an_ordinary_size(world):
    rng = np.random.default_rng(4)
    for _ in range(500):
        scene = world.draw_scene(rng)
        text = caption(scene, rng).replace("grey", "gray").replace("violet", "purple")
        assert scene.background in text
        for thing in scene.things:
            assert any(word in text for word in BY_NAME[thing.name].words)
            assert thing.colour in text
        assert "  " not in text
        assert " a orange" not in f" {text}"


def test_captions_are_worded_in_many_ways():
    scene = Scene((Thing("rose", "red"),), "white")
    rng = np.random.default_rng(5)
    said = {caption(scene, rng) for _ in range(400)}
    assert {"red rose, white background", "the red rose on white", "a white background with a red rose"} <= said
    assert plain_caption(scene) == "a red rose on a white background"
    owl = replace(scene, things=(Thing("owl", size="large"),), background="orange")
    assert plain_caption(owl) == "a large owl on an orange background"


def test_pictures_can_be_saved_small(sprites):
    file = io.BytesIO()
    Image.fromarray(paint(Scene((Thing("sun"),), "blue"), sprites, np.random.default_rng(6), 64)).save(file, "PNG")
    assert len(file.getvalue()) < 8_000
