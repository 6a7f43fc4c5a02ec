"""Options of a command, said once: as fields of a frozen dataclass, with their types, defaults and meanings.

    @dataclass(frozen=True)
    class Recipe:
        batch: Annotated[int, Option("conversations a step")] = 16
        dropout: float = 0.05

makes `--batch`, and leaves `dropout` to the code. A field without a default is known by its place. A field that is a
dataclass itself brings its own options along.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

Command = TypeVar("Command")


@dataclass(frozen=True)
class Option:
    """What a field means, as `--help` says it.

    flag: the option's name where it is not the field's. choices: the words that it may be. may_change: whether a run
    that was stopped may go on with another value.
    """

    help: str
    flag: str = ""
    choices: tuple[str, ...] = ()
    may_change: bool = False


class Options:
    """The options among the fields of a dataclass that is not about commands, by the names of these fields."""

    def __init__(self, **of_field: Option) -> None:
        self.of_field: Mapping[str, Option] = of_field


@dataclass(frozen=True)
class _Field:
    """A field as it is read: `kind` without its remarks, and `inside`, the options that a dataclass is given here."""

    name: str
    kind: Any
    default: Any  # MISSING where it has to be given
    option: Option | None
    inside: Options

    @property
    def key(self) -> str:
        """Its name among all values of the command line."""
        flag = self.option.flag if self.option else ""
        return (flag or self.name).replace("-", "_")


def read_command(
    command: type[Command], words: Sequence[str] | None, *, prog: str, description: str, epilog: str = ""
) -> Command:
    """The `command`, a frozen dataclass, with the values that the command line gives it.

    Args:
        command: what can be said.
        words: the command line; that of this process if None.
        prog: how the command is called, in `--help`, with what it does and with examples.
        description: likewise.
        epilog: likewise.

    Raises:
        SystemExit: the words make no sense, which has been said; or `--help` has been printed.
    """
    parser = argparse.ArgumentParser(prog=prog, description=description, epilog=epilog)
    _add_options(parser, command, Options())
    made: Command = _made(command, Options(), vars(parser.parse_args(words)))
    return made


def changed(recipe: Any, saved: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """In words, what in the recipe of a checkpoint was otherwise, except for what may change.

    Args:
        recipe: the dataclass of now.
        saved: what `dataclasses.asdict` made of the one before.
        prefix: of the names, for dataclasses inside.
    """
    yield from _changed(recipe, saved, Options(), prefix)


def _changed(recipe: Any, saved: Mapping[str, Any], said: Options, prefix: str) -> Iterator[str]:
    for field in _fields(type(recipe), said):
        now, before = getattr(recipe, field.name), saved.get(field.name)
        if is_dataclass(now):
            yield from _changed(now, before or {}, field.inside, f"{prefix}{field.name}.")
        elif now != before and not (field.option and field.option.may_change):
            yield f"{prefix}{field.name} was {before!r}"


def _fields(kind: Any, said: Options) -> Iterator[_Field]:
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        kind = hints[field.name]
        remarks: list[Any] = []
        if get_origin(kind) is Annotated:
            kind, *remarks = get_args(kind)
        found = [said.of_field.get(field.name), *(one for one in remarks if isinstance(one, Option))]
        inside = next((one for one in remarks if isinstance(one, Options)), Options())
        default = field.default if field.default_factory is MISSING else field.default_factory()
        yield _Field(field.name, kind, default, next(filter(None, found), None), inside)


def _add_options(parser: argparse.ArgumentParser, kind: Any, said: Options) -> None:
    for field in _fields(kind, said):
        if field.option is not None:
            name = field.name if field.default is MISSING else "--" + field.key.replace("_", "-")
            parser.add_argument(name, **_reading(field, field.option), help=_help(field, field.option))
        elif is_dataclass(field.kind):
            _add_options(parser, field.kind, field.inside)


def _reading(field: _Field, option: Option) -> dict[str, Any]:
    """How argparse reads a value of the field's type."""
    if field.kind is bool:
        return {"action": "store_false" if field.default else "store_true"}
    reading: dict[str, Any] = {} if field.default is MISSING else {"default": field.default}
    kind = field.kind
    if get_origin(kind) is UnionType:  # with None, for an option that may be left out
        kind = next(one for one in get_args(kind) if one is not NoneType)
    if get_origin(kind) is tuple:
        kind = get_args(kind)[0]
        reading["nargs"] = "+" if field.default else "*"
    choices = {"choices": option.choices} if option.choices else {}
    return {**reading, **choices, "type": kind}


def _help(field: _Field, option: Option) -> str:
    says_it = isinstance(field.default, int | float | str) and not isinstance(field.default, bool)
    return f"{option.help} (default: %(default)s)" if says_it and "default:" not in option.help else option.help


def _made(kind: Any, said: Options, values: Mapping[str, Any]) -> Any:
    given: dict[str, Any] = {}
    for field in _fields(kind, said):
        if field.option is not None:
            value = values[field.key]
            given[field.name] = tuple(value) if isinstance(value, list) else value
        elif is_dataclass(field.kind):
            given[field.name] = _made(field.kind, field.inside, values)
    return kind(**given)
