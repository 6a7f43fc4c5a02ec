"""What an ask may be given: types with bounds, each said once, and how they are read from plain JSON.

A set of parameters is a frozen dataclass. The page's requests, the published endpoints, the recordings and the README's
table are all made from it, so that a bound or a default cannot be said twice and differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from annotated_types import Ge, GroupedMetadata, Gt, Le, Len
from pydantic import BeforeValidator, ConfigDict, Strict, TypeAdapter, ValidationError

from .checks import MAX_SEED, MAX_TEMPERATURE, MAX_TOP_K
from .errors import InvalidParameter, UnreadableText

Params = TypeVar("Params")

_STRICT = ConfigDict(strict=True, allow_inf_nan=False)  # a text is no number, and a truth value neither


def _as_whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class Whole(GroupedMetadata):
    """A whole number from `least` to `most`; 25.0, as some programs write it, counts as 25."""

    least: int
    most: int

    def __iter__(self) -> Iterator[object]:
        """The bounds, and what is done before they are looked at."""
        yield from (Ge(self.least), Le(self.most), BeforeValidator(_as_whole))


@dataclass(frozen=True)
class ListOf(GroupedMetadata):
    """A list, as JSON has it, read as a tuple of `least` to `most` values."""

    most: int
    least: int = 0

    def __iter__(self) -> Iterator[object]:
        """Any sequence will do, and its length is looked at."""
        yield from (Strict(False), Len(self.least, self.most))


Seed = Annotated[int, Whole(0, MAX_SEED)]
Temperature = Annotated[float, Ge(0), Le(MAX_TEMPERATURE)]
TopP = Annotated[float, Gt(0), Le(1)]
TopK = Annotated[int, Whole(0, MAX_TOP_K)]


def read(params: type[Params], values: object) -> Params:
    """`params(**values)`, after a look at every value.

    Args:
        params: a frozen dataclass whose annotations say what each field may be.
        values: plain JSON: an object with the fields of `params`; those with a default may be missing.

    Raises:
        InvalidParameter: a field is missing, unknown, of another type or out of bounds: it is named.
        UnreadableText: a text holds half a character.
    """
    kind: Any = params
    wanted = _fields(kind)
    if not isinstance(values, Mapping):
        raise InvalidParameter(name="the request", value=_shown(values), allowed=f"an object with {_listed(wanted)}")
    for name in values:
        if name not in wanted:
            raise InvalidParameter(name=str(name), value="given", allowed=f"one of {_listed(wanted)}")
    return params(**{name: _value(field, values) for name, field in wanted.items() if _is_there(field, values)})


def plain_fields(params: Any) -> Iterator[tuple[str, type, object]]:
    """(name, type, default) of each field as other programs are told of it; `MISSING` where it must be given."""
    for name, field in _fields(params).items():
        plain: Any = {"array": list[str], "string": str, "number": float, "integer": int, "boolean": bool}
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        yield name, plain[_adapter(_kind(field)).json_schema()["type"]], default


def allowed(kind: Any) -> str:
    """What a value of this type may be, in words, such as "a whole number from 1 to 50"."""
    return _described(_adapter(kind).json_schema())


def _is_there(field: Field[Any], values: Mapping[str, object]) -> bool:
    return field.name in values or field.default is MISSING


def _value(field: Field[Any], values: Mapping[str, object]) -> object:
    if field.name not in values:
        raise InvalidParameter(name=field.name, value="missing", allowed=allowed(field.type))
    value = values[field.name]
    _require_whole_characters(value)
    try:
        return _adapter(_kind(field)).validate_python(value)
    except ValidationError as error:
        raise InvalidParameter(name=field.name, value=_shown(value), allowed=allowed(field.type)) from error


def _require_whole_characters(value: object) -> None:
    if isinstance(value, (list, tuple)):
        for part in value:
            _require_whole_characters(part)
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise UnreadableText() from error


def _shown(value: object) -> object:
    """A number or a text as it is; of anything else only that it was given."""
    if value == "":
        return "empty"
    return value if value is None or isinstance(value, (str, int, float)) else "this"


def _kind(field: Field[Any]) -> Any:
    return field.type


@cache
def _fields(params: Any) -> dict[str, Field[Any]]:
    """The fields by name, their types looked up (a module may have written them as texts)."""
    types = get_type_hints(params, include_extras=True)
    found = {field.name: field for field in fields(params)}
    for name, field in found.items():
        field.type = types[name]
    return found


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind, config=_STRICT)


def _described(schema: Mapping[str, Any]) -> str:
    match schema["type"]:
        case "array":
            return _described_list(schema)
        case "string":
            return f"one of {_listed(schema['enum'])}" if "enum" in schema else "a text"
        case "boolean":
            return "true or false"
    noun = "a whole number" if schema["type"] == "integer" else "a number"
    if "exclusiveMinimum" in schema:
        return f"{noun} above {schema['exclusiveMinimum']:g}, at most {schema['maximum']:g}"
    return f"{noun} from {_number(schema['minimum'])} to {_number(schema['maximum'])}"


def _described_list(schema: Mapping[str, Any]) -> str:
    items = schema["items"]
    of = {"string": "texts", "integer": "whole numbers", "number": "numbers", "array": "lists"}[items["type"]]
    least, most = schema.get("minItems", 0), schema["maxItems"]
    if items["type"] in ("integer", "number"):
        of += _described(items).removeprefix("a whole number").removeprefix("a number")
    return f"a list of {least} {of}" if least == most else f"a list of up to {most:,} {of}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _listed(names: Any) -> str:
    return ", ".join(names) or "no fields"
