"""What these tests share: one thread, and a denoiser with a known closed form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.features.denoising.denoisers import Gaussian


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Pictures this small are drawn sooner by one thread than by several that wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def gaussian() -> Gaussian:
    return Gaussian(shape=(3, 8, 8))
