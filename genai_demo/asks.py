"""The one seam: a scene *asks* by name with plain JSON, and cannot tell who answers.

A page, another program, a recording and a static page ask alike; this process answers (`Local`), and a file or a
cluster may. Knows neither Gradio nor torch.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from .errors import UnknownAsk
from .params import read

if TYPE_CHECKING:  # what is loaded knows torch
    from .models.loader import LoadStatus
    from .models.settings import Models

Json = dict[str, Any]
Openings = dict[str, dict[str, "Opening"]]
Model = TypeVar("Model")
Model_co = TypeVar("Model_co", covariant=True)


@dataclass(frozen=True)
class Ask(Generic[Model]):
    """One question. Its name is that of the function which answers it.

    params: a frozen dataclass, see `params`.
    answer: model, params → JSON; a generator yields parts, the last one whole.
    public: whether it is also an endpoint for other programs.
    returns: the fields of the whole answer, which the README promises of an endpoint.
    remark: what else the README says of it; fields of objects inside the answer are written `{one, other}`.
    """

    params: type
    answer: Callable[[Model, Any], Json | Iterator[Json]]
    public: bool = False
    returns: Sequence[str] = ()
    remark: str = ""

    @property
    def name(self) -> str:
        """By which it is asked."""
        return self.answer.__name__

    @property
    def streams(self) -> bool:
        """Whether its answer comes in parts."""
        return inspect.isgeneratorfunction(self.answer)

    def parts(self, model: Model, params: object) -> Iterator[Json]:
        """The parts of the answer; a question that does not stream has one.

        Args:
            model: that answers.
            params: an instance of `self.params`.

        Raises:
            DemoError: what was asked cannot be answered.
        """
        answer = self.answer(model, params)
        if isinstance(answer, dict):
            yield answer
        else:
            yield from answer

    def whole(self, model: Model, **values: Any) -> Json:
        """The last part of the answer, which is whole: for recordings, notebooks and tests.

        Raises:
            DemoError: `values` make no sense, or cannot be answered.
        """
        *_, last = self.parts(model, read(self.params, values))
        return last


@dataclass(frozen=True)
class Opening:
    """A question that a scene opens with, as its script asks it, and the answer; of a run, what its parts make."""

    ask: str
    values: Json
    answer: Json


class Loader(Protocol[Model_co]):
    """What makes a model ready in the background; whoever asks never loads it himself. See `models.loader`."""

    @property
    def status(self) -> LoadStatus:
        """How far it is; to look starts nothing."""
        ...

    @property
    def loaded(self) -> Model_co | None:
        """The model, if it is there already; to look starts nothing."""
        ...

    def start(self) -> None:
        """Begin, unless that has been done; returns at once."""
        ...

    def watch(self, watcher: Callable[[LoadStatus], None]) -> None:
        """Call `watcher` with each new status, in the thread that loads."""
        ...

    def model(self, wait_seconds: float = 0.0) -> Model_co:
        """The model, or one of our errors that says why it is not there."""
        ...


@dataclass(frozen=True)
class Feature(Generic[Model]):
    """One idea: a tab of scenes, and the questions that they and other programs may ask.

    name: of its folder, its recorded examples and its tests.
    loader: of the model that answers: one of those that all ideas share, or one of its own.
    scenes: scene → the names of what it may ask, in the order of the walk.
    openings: what each scene opens with, computed by a model: scene → its script's key of the question → opening.
    settings: what else the scripts need to know before the model is there and do not write on the page, of the loader.
    plotted: scenes that draw with Plotly.
    texts: what the scenes say, of the loader, if it is not simply the package's texts.
    opened: what the scenes open with, of the loader, if it is not the recorded examples.
    """

    name: str
    loader: Callable[[Models], Loader[Model]]
    asks: Sequence[Ask[Model]]
    scenes: Mapping[str, Sequence[str]]
    openings: Callable[[Model], Openings]
    settings: Callable[[Any], Json] = lambda _: {}
    plotted: Sequence[str] = ()
    texts: Callable[[Any], Json] | None = None
    opened: Callable[[Any], Openings | None] = lambda _: None

    @property
    def package(self) -> str:
        """Holds its texts, scripts and styles."""
        return f"{__package__}.features.{self.name}"

    @property
    def address(self) -> str:
        """Its name in the page's address and in the ids of its elements."""
        return self.name.replace("_", "-")

    def opening(self, model: Model, ask: str, **values: Any) -> Opening:
        """A question with its whole answer.

        Raises: as `Ask.whole`.
        """
        return Opening(ask, values, self.ask(ask).whole(model, **values))

    def ask(self, name: str) -> Ask[Model]:
        """The question called `name`.

        Raises:
            UnknownAsk: there is none.
        """
        for one in self.asks:
            if one.name == name:
                return one
        raise UnknownAsk(name=name, choices=", ".join(one.name for one in self.asks))


class Answerer(Protocol):
    """Whoever answers: this process, a file, a cluster."""

    def answer(self, feature: str, ask: str, values: object, wait_seconds: float = 0.0) -> Iterator[Json]:
        """Parts of one answer, the last of them whole. Closing the iterator ends the work.

        Args:
            feature: its name.
            ask: the question's name.
            values: plain JSON, of which nothing is certain.
            wait_seconds: how long a loading model may be waited for.

        Raises:
            DemoError: what is wrong, and what to do about it.
        """
        ...


class Local:
    """This process answers.

    Args:
        sources: each feature with the loader of the model that answers it.
    """

    def __init__(self, sources: Sequence[tuple[Feature[Any], Loader[Any]]]) -> None:
        self._sources = {feature.name: (feature, loader) for feature, loader in sources}

    def answer(self, feature: str, ask: str, values: object, wait_seconds: float = 0.0) -> Iterator[Json]:
        """See `Answerer`. What makes no sense is refused before a model is waited for."""
        if feature not in self._sources:
            raise UnknownAsk(name=feature, choices=", ".join(self._sources))
        asked, loader = self._sources[feature]
        question = asked.ask(ask)
        params: object = read(question.params, values)
        yield from question.parts(loader.model(wait_seconds), params)
