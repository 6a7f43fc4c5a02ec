"""What counts as a word, which spellings are the same word, and which of them has the row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_TAGS = "ADJ|ADP|ADV|AUX|CCONJ|CONJ|DET|INTJ|NOUN|NUM|PART|PRON|PROPN|PUNCT|SCONJ|SYM|VERB|X"
MARKED_KEYS = (
    re.compile(r"/c/[a-z]{2,3}/(?P<word>[^/]+)(/.*)?"),  # ConceptNet's /c/en/cat
    re.compile(rf"(?P<word>.+)[_|]({_TAGS})"),  # cat_NOUN, with the tags of Universal Dependencies
)


def word_key(word: str) -> str:
    """What two spellings of one word have in common: case and the way accents are composed do not count."""
    return unicodedata.normalize("NFC", word.lower())


def is_word(text: str) -> bool:
    """Whether `text` is made of letters and the marks that belong to them, as in में, ที่ or é, and of nothing else."""
    kinds = {unicodedata.category(character)[0] for character in text}
    return "L" in kinds and kinds <= {"L", "M"}


def is_latin(word: str) -> bool:
    """Whether `word` is written with a–z only."""
    return word.isascii() and word.isalpha()


def one_row_per_word(spellings: Iterable[str]) -> list[int]:
    """Which of `spellings` become words: of each word, ignoring case, its first spelling; those of a–z first.

    Both vocabularies and files of vectors list what is frequent first, so this is a word's most frequent spelling.
    """
    first: dict[str, tuple[int, str]] = {}
    for index, spelling in enumerate(spellings):
        if is_word(spelling):
            first.setdefault(word_key(spelling), (index, spelling))
    return [index for index, _ in sorted(first.values(), key=lambda one: not is_latin(one[1]))]


def marked_key(keys: Sequence[str]) -> re.Pattern[str] | None:
    """The form in which `keys` write their words, such as `cat_NOUN` or `/c/en/cat`; None if most of them are bare."""
    for form in MARKED_KEYS:
        if 2 * sum(form.fullmatch(key) is not None for key in keys) > len(keys):
            return form
    return None


def bare_word(key: str, form: re.Pattern[str] | None) -> str:
    """The word that `key` stands for, in a file whose keys have `form`."""
    match = form.fullmatch(key) if form else None
    return match["word"] if match else key
