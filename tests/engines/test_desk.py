"""The one door: visitors at once get the quiet figures, in turn, and a full device is answered by a retreat."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from threading import Event, current_thread

import pytest
import torch

from genai_demo.engines.desk import Desk
from genai_demo.engines.engine import CannotGive, Row, Want
from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.errors import OutOfDeviceMemory


class Watched(TorchEngine):
    """Notes who reads what, and reads nothing before it may."""

    def __init__(self, network) -> None:
        super().__init__(network)
        self.may = Event()
        self.read_ids: list[list[tuple[int, ...]]] = []
        self.threads: set[str] = set()

    def read(self, rows):
        self.may.wait(20)
        self.read_ids.append([row.ids for row in rows])
        self.threads.add(current_thread().name)
        return super().read(rows)


@pytest.fixture
def watched(network) -> Watched:
    return Watched(network)


def writing(desk: Desk, number: int) -> list[torch.Tensor]:
    """A visitor's text of ten tokens, and the states and attention of what was read."""
    (seen,) = desk.read([Row((2, 30 + number), want=Want(memory=True))])
    logits = [seen.logits]
    for step in range(10):
        (seen,) = desk.read([Row((40 + number + step,), memory=seen.memory)])
        logits.append(seen.logits)
    (looked,) = desk.read([Row((2, 50, 60 + number), want=Want(attention=True, state=True))])
    return [*logits, looked.attention, looked.state]


def test_visitors_at_once_get_exactly_the_quiet_figures(network):
    quiet, busy = Desk(TorchEngine(network), "quiet"), Desk(TorchEngine(deepcopy(network)), "busy")
    expected = [writing(quiet, number) for number in range(8)]
    with ThreadPoolExecutor(8) as visitors:
        found = list(visitors.map(lambda number: writing(busy, number), range(8)))
    for one, other in zip(found, expected, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_rows_are_read_first_come_first_served_by_one_thread(watched):
    desk = Desk(watched, "watched")
    waiting = [desk.hand_in([Row((2, number)), Row((3, number))]) for number in range(5)]
    assert not waiting[0].done()
    watched.may.set()
    assert [len(one.result()) for one in waiting] == [2] * 5
    assert watched.read_ids == [[(2, number), (3, number)] for number in range(5)]
    assert {name.split("_")[0] for name in watched.threads} == {"model-watched"}
    assert len(watched.threads) == 1


def test_rows_that_still_wait_can_be_taken_back(watched):
    desk = Desk(watched, "watched")
    first, second, third = (desk.hand_in([Row((2, number))]) for number in range(3))
    assert second.cancel()
    watched.may.set()
    first.result()
    third.result()
    assert watched.read_ids == [[(2, 0)], [(2, 2)]]


def test_no_rows_are_no_pass(watched):
    assert Desk(watched, "watched").read([]) == []


def test_what_goes_wrong_is_told_to_who_asked_and_the_next_is_answered(network):
    desk = Desk(TorchEngine(network), "tiny")
    with pytest.raises(CannotGive):
        desk.read([Row(())])
    assert len(desk.read([Row((2, 5))])) == 1


def test_a_full_device_is_answered_from_the_processor_next_time_and_texts_begun_are_lost(network, monkeypatch):
    desk = Desk(TorchEngine(deepcopy(network).to(torch.bfloat16)), "card")
    (begun,) = desk.read([Row((2, 5), want=Want(memory=True))])
    assert desk.facts.dtype == "bfloat16"

    def full(*_args):
        raise torch.OutOfMemoryError()

    with monkeypatch.context() as patch:
        patch.setattr(TorchEngine, "read", full)
        with pytest.raises(OutOfDeviceMemory):
            desk.read([Row((2, 5))])
    assert (desk.facts.device, desk.facts.dtype) == ("cpu", "float32")
    with pytest.raises(OutOfDeviceMemory):
        desk.read([Row((6,), memory=begun.memory)])
    (seen,) = desk.read([Row((2, 5))])
    assert torch.isfinite(seen.logits).all()
