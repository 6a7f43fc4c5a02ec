"""A command is said once, as a dataclass: what can be said, what was said, and what may be said otherwise later."""

from __future__ import annotations

import importlib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated

import pytest

from genai_demo.training.options import Option, Options, changed, read_command


@dataclass(frozen=True)
class Place:
    """Stands for a dataclass that knows nothing of commands."""

    wide: int = 3
    colours: tuple[str, ...] = ("red",)
    deep: int = 9


@dataclass(frozen=True)
class Recipe:
    batch: Annotated[int, Option("a step", may_change=True)] = 4
    rate: Annotated[float, Option("the highest")] = 0.5
    dropout: float = 0.1
    plain: Annotated[bool, Option("without anything")] = False
    reads: Annotated[bool, Option("nothing is read", flag="blind")] = True
    place: Annotated[
        Place, Options(wide=Option("metres", may_change=True), colours=Option("of the walls", flag="paint"))
    ] = field(default_factory=Place)


@dataclass(frozen=True)
class Command:
    folder: Annotated[Path, Option("where")]
    minutes: Annotated[float | None, Option("then stop")] = None
    way: Annotated[str, Option("to go", choices=("up", "down"))] = "up"
    others: Annotated[tuple[Path, ...], Option("to compare with")] = ()
    recipe: Recipe = field(default_factory=Recipe)


def said(*words: str) -> Command:
    return read_command(Command, words, prog="say", description="Says it.")


def test_what_is_not_said_is_as_the_dataclass_has_it():
    assert said("runs/a") == Command(Path("runs/a"))


def test_every_kind_of_option_reaches_its_field():
    words = "here --minutes 2 --way down --others a b --batch 8 --rate 1e-3 --plain --blind --wide 5 --paint red blue"
    place = Place(wide=5, colours=("red", "blue"))
    recipe = Recipe(batch=8, rate=0.001, plain=True, reads=False, place=place)
    assert said(*words.split()) == Command(Path("here"), 2.0, "down", (Path("a"), Path("b")), recipe)


@pytest.mark.parametrize("words", [(), ("a", "--dropout", "0"), ("a", "--deep", "1"), ("a", "--way", "left")])
def test_what_is_no_option_cannot_be_said(words, capsys):
    with pytest.raises(SystemExit):
        said(*words)
    assert "usage: say" in capsys.readouterr().err


def test_help_names_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit):
        said("--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert "a step (default: 4)" in shown
    assert "then stop --way" in shown  # there is nothing that it would be otherwise
    assert "--dropout" not in shown


def test_only_what_may_change_is_not_held_against_a_run():
    before = asdict(Recipe())
    assert list(changed(Recipe(), before)) == []
    assert list(changed(Recipe(batch=8, place=Place(wide=7)), before)) == []
    other = replace(Recipe(), rate=0.1, dropout=0.0, place=Place(deep=2, colours=("blue",)))
    assert list(changed(other, before)) == [
        "rate was 0.5",
        "dropout was 0.1",
        "place.colours was ('red',)",
        "place.deep was 9",
    ]


COMMANDS = ("pictures.train", "pictures.quality", "rlhf.sft", "rlhf.rankings", "rlhf.reward", "rlhf.rl", "rlhf.quality")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    module = importlib.import_module(f"genai_demo.training.{name}")
    assert fields(module.Command)
    with pytest.raises(SystemExit) as ended:
        module.main(["--help"])
    assert ended.value.code == 0
    assert f"usage: python -m genai_demo.training.{name} " in capsys.readouterr().out
