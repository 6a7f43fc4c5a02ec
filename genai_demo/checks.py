"""What every backend asks of the numbers that it is given."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import InvalidParameter

MAX_SEED = 2**53 - 1  # the largest whole number that a browser holds exactly
MAX_TEMPERATURE = 2.0
MAX_TOP_K = 2**31


def require_number(name: str, value: float, least: float, most: float) -> None:
    """Raise InvalidParameter unless `value` is a number between `least` and `most`."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not least <= value <= most:  # NaN fails every comparison
        raise InvalidParameter(name=name, value=value, allowed=f"a number from {least:g} to {most:g}")


def require_whole(name: str, value: int, least: int, most: int) -> None:
    """Raise InvalidParameter unless `value` is a whole number between `least` and `most`."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    whole = whole and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        raise InvalidParameter(name=name, value=value, allowed=f"a whole number from {least} to {most}")


def require_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raise InvalidParameter unless `value` is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidParameter(name=name, value=value, allowed=f"one of {', '.join(choices)}")
