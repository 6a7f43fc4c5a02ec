"""Where a model runs, and in which number format."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from typing import Any

import torch

from .errors import UnknownDevice


def on_zero_gpu() -> bool:
    """Whether this is a Hugging Face Space that lends a graphics card by the call (ZeroGPU)."""
    return bool(os.environ.get("SPACES_ZERO_GPU")) and importlib.util.find_spec("spaces") is not None


def space_function(work: Callable[[], Any]) -> Callable[[], Any]:
    """`spaces.GPU(work)` on such a Space, which starts only if one function asks for the card; elsewhere `work`."""
    if not on_zero_gpu():
        return work
    return importlib.import_module("spaces").GPU(work)


def available_devices() -> tuple[str, ...]:
    """Device names that torch can use on this machine, the fastest first.

    ZeroGPU lends its card for one call in another process; a model that stays loaded belongs on the CPU there.
    """
    if on_zero_gpu():
        return ("cpu",)
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose_device(wanted: str = "auto") -> torch.device:
    """The `wanted` device, or the fastest there is.

    Raises:
        UnknownDevice: this machine has no such device.
    """
    available = available_devices()
    if wanted == "auto":
        return torch.device(available[0])
    if wanted not in available:
        raise UnknownDevice(name=wanted, choices=", ".join(("auto", *available)))
    return torch.device(wanted)


def choose_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on graphics cards that compute in it; float32 elsewhere (on a CPU, bfloat16 is far slower)."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.bfloat16
    return torch.float32
