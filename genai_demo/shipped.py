"""Files that come with the program: if one is missing or damaged, git can bring it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import DamagedClone, DamagedModelFolder

ROOT = Path(__file__).parents[1]


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever goes wrong while the file or folder `path` is read means that it is damaged.

    Raises:
        DamagedClone: it is one that comes with the program. DamagedModelFolder: it is another.
    """
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise damaged(path) from error


def damaged(path: Path) -> DamagedModelFolder:
    """The error for a file or folder that cannot be read."""
    if path.is_relative_to(ROOT):
        return DamagedClone(path=path.relative_to(ROOT).as_posix())
    return DamagedModelFolder(path=path)
