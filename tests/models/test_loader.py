"""The one loader: once, in the background, one after the other; and what is said meanwhile and when it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from genai_demo.errors import ModelUnavailable
from genai_demo.models import loader as loader_module
from genai_demo.models.errors import DamagedInMemory, MissingModelPackage, ModelLoading
from genai_demo.models.loader import Loader, LoadStatus, Report, Turns

PATIENCE = 60  # seconds


class Workshop:
    """Loads that tests hold and let go; who loaded, in which order, in which threads, and how many at once."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.threads: list[str] = []
        self.most_at_once = 0
        self._now: list[str] = []
        self._gates: dict[str, threading.Event] = {}

    def hold(self, name: str) -> None:
        self._gates[name] = threading.Event()

    def let_go(self, name: str) -> None:
        self._gates[name].set()

    def load(self, name: str) -> Callable[[Report], str]:
        def work(report: Report) -> str:
            self._now.append(name)
            self.most_at_once = max(self.most_at_once, len(self._now))
            self.loaded.append(name)
            self.threads.append(threading.current_thread().name)
            report("loading", 0.25)
            if name in self._gates:
                assert self._gates[name].wait(PATIENCE)
            else:
                time.sleep(0.01)
            self._now.remove(name)
            return f"the model {name}"

        return work

    def wait_until_loading(self, name: str) -> None:
        end = time.monotonic() + PATIENCE
        while name not in self._now:
            assert time.monotonic() < end
            time.sleep(0.001)


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    made = Workshop()
    yield made
    for gate in made._gates.values():
        gate.set()


def failing(times: int = 1_000) -> tuple[Callable[[Report], str], list[int]]:
    """A load that fails so many times, and the list that counts the tries."""
    tries: list[int] = []

    def work(_: Report) -> str:
        tries.append(1)
        if len(tries) <= times:
            raise MissingModelPackage(package="weights==1.0")
        return "the model"

    return work, tries


# ── once, in the background ──────────────────────────────────────────────────────────────────────────────────


def test_however_many_ask_it_is_loaded_once_and_in_nobodys_thread(workshop):
    loader = Loader("Tiny", workshop.load("tiny"))
    found: list[str] = []
    visitors = [threading.Thread(target=lambda: found.append(loader.model(PATIENCE)), name="visitor") for _ in range(8)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert found == ["the model tiny"] * 8
    assert workshop.loaded == ["tiny"]
    assert workshop.threads == ["loading Tiny"]


def test_whoever_asks_waits_no_longer_than_he_says_and_hears_how_far_it_is(workshop):
    workshop.hold("tiny")
    loader = Loader("Tiny", workshop.load("tiny"))
    loader.start()
    workshop.wait_until_loading("tiny")
    for seconds in (0, 0.2):
        begin = time.monotonic()
        with pytest.raises(ModelLoading) as caught:
            loader.model(seconds)
        assert seconds <= time.monotonic() - begin < seconds + 5
    assert caught.value.facts == {"title": "Tiny", "percent": 25, "stage": "loading"}
    workshop.let_go("tiny")
    assert loader.model(PATIENCE) == "the model tiny"


def test_a_look_at_the_status_starts_nothing(workshop):
    loader = Loader("Tiny", workshop.load("tiny"))
    follower = Loader("Follower", workshop.load("follower"), needs=(loader,))
    for one in (loader, follower):
        assert one.status == LoadStatus("Tiny", "waiting", 0.0, ready=False)
        assert one.loaded is None
    assert workshop.loaded == []


def test_every_status_is_told_from_the_first_report_to_the_end(workshop):
    loader = Loader("Tiny", workshop.load("tiny"))
    told: list[LoadStatus] = []
    loader.watch(told.append)
    loader.model(PATIENCE)
    while not told[-1].ready:  # whoever waits may be told a moment earlier
        time.sleep(0.001)
    assert [(one.stage, one.fraction, one.ready) for one in told] == [("loading", 0.25, False), ("ready", 1.0, True)]
    assert told[-1] == loader.status


def test_a_loader_of_a_model_is_ready_at_once():
    loader = Loader.of("a model", "Tiny", known={"stages": 3})
    assert loader.status == LoadStatus("Tiny", "ready", 1.0, ready=True)
    assert loader.model() is loader.loaded == "a model"
    assert loader.known == {"stages": 3}


# ── one after the other ──────────────────────────────────────────────────────────────────────────────────────


def test_loads_go_one_after_the_other_in_the_order_of_their_starts_but_nobody_waits_for_one_that_waits(workshop):
    workshop.hold("language")
    turns = Turns()
    language = Loader("Language", workshop.load("language"), turns=turns)
    stages = Loader("Stages", workshop.load("stages"), needs=(language,))
    vectors = Loader("Vectors", workshop.load("vectors"), needs=(language,))
    pictures = Loader("Pictures", workshop.load("pictures"), turns=turns)
    everybody = (language, stages, vectors, pictures)
    for one in everybody:
        one.start()
    workshop.wait_until_loading("language")
    assert workshop.loaded == ["language"]
    assert [one.status.title for one in everybody] == ["Language", "Language", "Language", "Pictures"]
    workshop.let_go("language")
    for one in everybody:
        one.model(PATIENCE)
    assert workshop.loaded == ["language", "stages", "vectors", "pictures"]
    assert workshop.most_at_once == 1


def test_what_nobody_needs_is_loaded_while_others_wait_for_a_download(workshop):
    workshop.hold("language")
    turns = Turns()
    language = Loader("Language", workshop.load("language"), turns=turns, downloads=True)
    stages = Loader("Stages", workshop.load("stages"), needs=(language,))
    pictures = Loader("Pictures", workshop.load("pictures"), turns=turns)
    for one in (language, stages, pictures):
        one.start()
    workshop.wait_until_loading("language")
    assert pictures.model(PATIENCE) == "the model pictures"
    assert not stages.status.over
    workshop.let_go("language")
    assert stages.model(PATIENCE) == "the model stages"


def test_asking_for_one_begins_what_it_needs(workshop):
    language = Loader("Language", workshop.load("language"))
    stages = Loader("Stages", lambda _: language.model() + ", tuned", needs=(language,))
    assert stages.model(PATIENCE) == "the model language, tuned"


def test_loaders_that_wait_for_one_another_share_their_turns(workshop):
    language = Loader("Language", workshop.load("language"))
    with pytest.raises(ValueError, match="turns"):
        Loader("Stages", workshop.load("stages"), needs=(language,), turns=Turns())


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_failure_is_told_to_whoever_asks_and_does_not_happen_again():
    load, tries = failing()
    loader = Loader("Tiny", load)
    for _ in range(3):
        with pytest.raises(MissingModelPackage) as caught:
            loader.model(PATIENCE)
        assert caught.value is loader.status.error
    assert (loader.status.stage, loader.status.ready, len(tries)) == ("failed", False, 1)


def test_the_tracebacks_of_those_who_were_told_do_not_add_up():
    loader = Loader("Tiny", failing()[0])
    depths = []
    for _ in range(4):
        with pytest.raises(MissingModelPackage) as caught:
            loader.model(PATIENCE)
        depths.append(len(caught.traceback))
    assert len(set(depths[1:])) == 1


def test_a_failure_that_nobody_foresaw_is_still_one_of_ours(caplog):
    def load(_: Report) -> str:
        raise ZeroDivisionError("cosmic ray")

    with pytest.raises(ModelUnavailable) as caught:
        Loader("Tiny", load).model(PATIENCE)
    assert type(caught.value) is ModelUnavailable
    assert caught.value.facts == {"title": "Tiny"}
    assert "cosmic ray" in caplog.text  # the terminal says more


def test_what_needs_a_failed_model_fails_for_the_same_reason_and_the_others_go_on(workshop):
    load, _ = failing()
    language = Loader("Language", load)
    stages = Loader("Stages", workshop.load("stages"), needs=(language,), retries=True)
    pictures = Loader("Pictures", workshop.load("pictures"), turns=language.turns)
    for one in (language, stages, pictures):
        one.start()
    assert pictures.model(PATIENCE) == "the model pictures"
    with pytest.raises(MissingModelPackage) as caught:
        stages.model(PATIENCE)
    assert caught.value is language.status.error
    assert stages.status.error is language.status.error
    assert workshop.loaded == ["pictures"]


def test_another_try_is_made_when_somebody_asks_again_later_and_not_because_somebody_looks(monkeypatch):
    load, tries = failing(times=2)
    loader = Loader("Tiny", load, retries=True)

    def ask() -> None:
        with pytest.raises(MissingModelPackage):
            loader.model(PATIENCE)

    ask()
    ask()
    assert len(tries) == 1  # too soon
    monkeypatch.setattr(loader_module, "PAUSE_SECONDS", 0)
    loader.start()
    assert loader.status.error is not None
    assert len(tries) == 1
    ask()
    assert len(tries) == 2
    assert loader.model(PATIENCE) == "the model"
    assert loader.status == LoadStatus("Tiny", "ready", 1.0, ready=True)


def test_a_second_try_is_made_in_the_background_too(monkeypatch, workshop):
    monkeypatch.setattr(loader_module, "PAUSE_SECONDS", 0)
    workshop.hold("tiny")
    works = [failing()[0], workshop.load("tiny")]
    loader = Loader("Tiny", lambda report: works.pop(0)(report), retries=True)
    with pytest.raises(MissingModelPackage):
        loader.model(PATIENCE)
    with pytest.raises(ModelLoading):
        loader.model()
    workshop.let_go("tiny")
    assert loader.model(PATIENCE) == "the model tiny"
    assert workshop.threads == ["loading Tiny"]


def test_what_followed_a_model_that_failed_follows_its_second_try(monkeypatch):
    monkeypatch.setattr(loader_module, "PAUSE_SECONDS", 0)
    load, tries = failing(times=1)
    first = Loader("First", load, retries=True)
    second = Loader("Second", lambda _: f"after {first.model()}", needs=(first,), retries=True)
    told = threading.Event()
    second.watch(lambda status: told.set() if status.error else None)
    second.start()
    assert told.wait(PATIENCE)
    assert second.model(PATIENCE) == "after the model"
    assert len(tries) == 2


def test_a_model_that_does_not_stand_its_check_is_taken_back_from_those_who_use_it(workshop):
    going_on = threading.Event()

    def check() -> None:
        assert going_on.wait(PATIENCE)
        raise DamagedInMemory(title="Tiny")

    told = threading.Event()
    loader = Loader("Tiny", workshop.load("tiny"), check=check)
    loader.watch(lambda status: told.set() if status.error else None)
    assert loader.model(PATIENCE) == "the model tiny"
    going_on.set()
    assert told.wait(PATIENCE)
    with pytest.raises(DamagedInMemory):
        loader.model(PATIENCE)
    assert loader.loaded is None
