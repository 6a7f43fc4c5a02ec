"""The README's table of endpoints, made from what the features publish: `python -m genai_demo.editions.api_table`.

With `--write` it takes the place of the one in the README, between two comments.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any

from ..asks import Ask, Feature
from ..features import load_features
from ..models.cache import write_whole
from ..params import plain_fields

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- endpoints: python -m genai_demo.editions.api_table --write -->\n"
END = "<!-- /endpoints -->\n"
HEAD = "| Endpoint | Arguments | Result |\n| --- | --- | --- |\n"


def api_table(features: Sequence[Feature[Any]]) -> str:
    """A Markdown table with one row for each public ask, in the order of the features."""
    return HEAD + "".join(_row(ask) for ask in public_asks(features))


def public_asks(features: Sequence[Feature[Any]]) -> Iterator[Ask[Any]]:
    """What is also an endpoint."""
    return (ask for feature in features for ask in feature.asks if ask.public)


def with_table(text: str, table: str) -> str:
    """`text` with `table` between the two comments.

    Raises:
        ValueError: the comments are not there, or not in this order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the text has no “{BEGIN.strip()}” with “{END.strip()}” after it")
    return before + begin + table + end + after


def _row(ask: Ask[Any]) -> str:
    arguments = ", ".join(_argument(name, default) for name, _, default in plain_fields(ask.params))
    given = f"`{arguments}` " if arguments else ""
    streams = "streams " if ask.streams else ""
    remark = f"; {ask.remark}" if ask.remark else ""
    return f"| `/{ask.name}` | {given}| {streams}`{{{', '.join(ask.returns)}}}`{remark} |\n"


def _argument(name: str, default: object) -> str:
    if default is MISSING:
        return name
    return f"{name}={json.dumps(default) if isinstance(default, str) else repr(default)}"


def main() -> None:
    """Print the table, or put it into the README."""
    parser = argparse.ArgumentParser(description="The README's table of endpoints, made from what is published.")
    parser.add_argument("--write", action="store_true", help="put it into the README")
    table = api_table(load_features())
    if parser.parse_args().write:
        write_whole(README, with_table(README.read_text(encoding="utf-8"), table))
    else:
        print(table, end="")


if __name__ == "__main__":
    main()
