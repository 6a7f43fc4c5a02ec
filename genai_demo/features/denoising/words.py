"""Which words of a prompt the picture model was trained on, and which it knows from its text encoder alone."""

from __future__ import annotations

import re
from functools import cache

from ...datasets.drawings import captions
from ...datasets.drawings.colours import PALETTE
from ...datasets.drawings.sprites import KINDS

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MAX_UNSEEN = 20


@cache
def caption_words(objects: int = len(KINDS)) -> frozenset[str]:
    """Every word that occurs in the captions of the first `objects` kinds, in lower case."""
    texts = [
        *(word for kind in KINDS[:objects] for word in kind.words),
        *(word for words in captions.SIZE_WORDS.values() for word in words),
        *PALETTE,
        *(word for words in captions.SYNONYMS.values() for word in words),
        *captions.OPENINGS,
        *(template.format(b="", things="") for template in (*captions.BEFORE, *captions.AFTER)),
        "a an the and",
    ]
    return frozenset(word for text in texts for word in words_of(text))


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, in their order; what holds no letter is none."""
    return WORD.findall(text.lower())


def unseen_words(prompt: str, objects: int = len(KINDS)) -> tuple[str, ...]:
    """The words of `prompt` that never occurred in training, each once, at most `MAX_UNSEEN` of them.

    The picture is drawn anyway: the text encoder, which has read a billion sentences, may place an unseen word near a
    seen one ("pup" near "puppy"), or may not.
    """
    known = caption_words(objects)
    return tuple(dict.fromkeys(word for word in words_of(prompt) if word not in known))[:MAX_UNSEEN]
