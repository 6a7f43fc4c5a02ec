"""Where a model runs: the fastest device there is, or the one asked for."""

from __future__ import annotations

import pytest
import torch

from genai_demo.models.device import available_devices, choose_device, choose_dtype
from genai_demo.models.errors import UnknownDevice


@pytest.fixture
def machine(monkeypatch):
    """A machine with these graphics processors, whatever the real one has."""

    def having(*, cuda: bool = False, mps: bool = False, bfloat16: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: bfloat16)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return having


@pytest.mark.parametrize(
    ("cuda", "mps", "devices"),
    [
        (True, True, ("cuda", "mps", "cpu")),
        (True, False, ("cuda", "cpu")),
        (False, True, ("mps", "cpu")),
        (False, False, ("cpu",)),
    ],
)
def test_automatic_is_cuda_then_mps_then_cpu(machine, cuda, mps, devices):
    machine(cuda=cuda, mps=mps)
    assert available_devices() == devices
    assert choose_device() == choose_device("auto") == torch.device(devices[0])
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("wanted", ["cuda", "tpu", ""])
def test_a_device_that_is_not_there_lists_those_that_are(machine, wanted):
    machine(mps=True)
    with pytest.raises(UnknownDevice) as caught:
        choose_device(wanted)
    assert caught.value.facts == {"name": wanted, "choices": "auto, mps, cpu"}


def test_only_a_card_that_computes_in_bfloat16_gets_it(machine):
    machine(cuda=True, mps=True, bfloat16=True)
    assert choose_dtype(torch.device("cuda")) == torch.bfloat16
    assert choose_dtype(torch.device("mps")) == choose_dtype(torch.device("cpu")) == torch.float32
    machine(cuda=True, bfloat16=False)
    assert choose_dtype(torch.device("cuda")) == torch.float32
