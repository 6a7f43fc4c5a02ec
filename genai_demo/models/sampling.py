"""From logits to a drawn token: temperature, then top-k, then top-p.

The order and the meaning are those of transformers' warpers (`TemperatureLogitsWarper`, `TopKLogitsWarper`,
`TopPLogitsWarper`), computed in float64:

* temperature T divides the logits: qᵢ = exp(lᵢ/T) / Σⱼ exp(lⱼ/T); T = 0 takes the most probable token (greedy);
* top-k keeps the k most probable tokens and scales them to sum to one;
* top-p keeps the *nucleus*: the smallest set of most probable tokens with mass ≥ p, the token that crosses p
  included (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", eq. 2), and scales again.

Equal logits are ordered by id, so every figure is reproducible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from ..checks import MAX_TEMPERATURE, MAX_TOP_K, require_number, require_whole
from ..errors import InvalidParameter

HEAD = 1024  # most nuclei fit in so many tokens, and finding them is ten times quicker than sorting them all


@dataclass(frozen=True)
class SamplingSettings:
    """How a token is drawn. `top_k=0` and `top_p=1` cut nothing.

    Raises:
        InvalidParameter: a value out of range, or not a number.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0

    def __post_init__(self) -> None:
        require_number("temperature", self.temperature, 0, MAX_TEMPERATURE)
        require_number("top_p", self.top_p, 0, 1)
        if self.top_p == 0:
            raise InvalidParameter(name="top_p", value=0, allowed="above 0 and at most 1")
        require_whole("top_k", self.top_k, 0, MAX_TOP_K)


@dataclass(frozen=True)
class SamplingDistribution:
    """What is drawn from, the most probable token first.

    ids: int64, shape (n,); probabilities: float64, shape (n,); size: how many tokens are kept. Where `size` is more
    than n, only the head of a long distribution was computed.
    """

    ids: torch.Tensor
    probabilities: torch.Tensor
    size: int


@dataclass(frozen=True)
class SliderTable:
    """All that a browser needs to move the sliders by itself, exactly, without the other 262,000 logits.

    temperatures: shape (t,), above 0. top_ps: shape (p,).
    log_normalizers: log Σⱼ exp(lⱼ/T), shape (t,).
    nucleus_sizes, nucleus_masses: tokens kept at (T, p) without top-k, and their mass before scaling, shape (t, p).
    curve_ranks: shape (r,); curves: mass of the so many most probable tokens at each T, shape (t, r).
    """

    temperatures: np.ndarray
    top_ps: np.ndarray
    log_normalizers: np.ndarray
    nucleus_sizes: np.ndarray
    nucleus_masses: np.ndarray
    curve_ranks: np.ndarray
    curves: np.ndarray


def ranked(logits: torch.Tensor, count: int) -> torch.Tensor:
    """Ids of the `count` largest logits, the largest first, equal ones by id. Shape (min(count, vocabulary),)."""
    if count >= len(logits):
        return torch.sort(logits, descending=True, stable=True).indices
    threshold = torch.topk(logits, count).values[-1]
    at_least = (logits >= threshold).nonzero()[:, 0]  # more than `count` where several are equal to the last
    order = torch.sort(logits[at_least], descending=True, stable=True).indices
    return at_least[order][:count]


def rank_of(logits: torch.Tensor, token_id: int) -> int:
    """1 for the most probable token; equal logits are ordered by id."""
    logit = logits[token_id]
    return 1 + int((logits > logit).sum()) + int((logits[:token_id] == logit).sum())


def sampling_distribution(logits: torch.Tensor, settings: SamplingSettings, head: int = HEAD) -> SamplingDistribution:
    """What `settings` make of `logits` (float32, shape (vocabulary,)).

    At least `head` tokens are computed where so many are kept; a nucleus is always computed whole.
    """
    if settings.temperature == 0:
        return SamplingDistribution(ranked(logits, 1), torch.ones(1, dtype=torch.float64), size=1)
    top_k = min(int(settings.top_k), len(logits))
    ids = ranked(logits, top_k or head)
    # Subtracting the largest logit first keeps a low temperature from overflowing.
    tempered = (logits.double() - logits[ids[0]].double()) / settings.temperature
    log_normalizer = torch.logsumexp(tempered[ids] if top_k else tempered, dim=0)
    probabilities = torch.exp(tempered[ids] - log_normalizer)
    size = top_k or len(logits)
    if settings.top_p == 1:
        return SamplingDistribution(ids, probabilities, size)
    if len(ids) < size and probabilities.sum() < settings.top_p:  # the nucleus is longer than the head
        ids = ranked(logits, len(logits))
        probabilities = torch.exp(tempered[ids] - log_normalizer)
    mass = torch.cumsum(probabilities, dim=0)
    size = min(int(torch.searchsorted(mass, settings.top_p)) + 1, len(ids))
    return SamplingDistribution(ids[:size], probabilities[:size] / mass[size - 1], size)


def draw(
    logits: torch.Tensor,
    settings: SamplingSettings,
    uniform: float,
    distribution: SamplingDistribution | None = None,
) -> int:
    """The token at which the cumulated sampling probability passes `uniform` (0 ≤ uniform < 1).

    `distribution` saves computing it again, if the caller has what `settings` make of `logits`.
    """
    distribution = distribution or sampling_distribution(logits, settings)
    mass = torch.cumsum(distribution.probabilities, dim=0)
    if uniform >= mass[-1] and distribution.size > len(mass):
        distribution = sampling_distribution(logits, settings, head=len(logits))
        mass = torch.cumsum(distribution.probabilities, dim=0)
    index = int(torch.searchsorted(mass, uniform, right=True))
    return int(distribution.ids[min(index, len(mass) - 1)])  # rounding may leave the mass just below 1


def uniform_number(seed: int, index: int) -> float:
    """The `index`-th uniform number in [0, 1) of a seed, the same here and in the browser (sampling.js).

    SplitMix64 (Steele, Lea, Flood 2014, "Fast Splittable Pseudorandom Number Generators"), of which the upper 53
    bits fill a double.
    """
    mask = 2**64 - 1
    mixed = (seed + (index + 1) * 0x9E3779B97F4A7C15) & mask
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
    return ((mixed ^ (mixed >> 31)) >> 11) / 2**53


def slider_table(logits: torch.Tensor, step: float = 0.05, curve_points: int = 60) -> SliderTable:
    """Normalisers, nuclei and cumulative curves for every stop of the temperature and top-p sliders."""
    temperatures = np.round(np.arange(step, MAX_TEMPERATURE + step / 2, step), 10)
    top_ps = np.round(np.arange(step, 1 + step / 2, step), 10)
    ordered = torch.sort(logits.double(), descending=True).values
    ranks = np.unique(np.geomspace(1, len(logits), curve_points).round().astype(np.int64))
    levels, rank_index = torch.from_numpy(top_ps), torch.from_numpy(ranks - 1)
    normalizers, sizes, masses, curves = [], [], [], []
    for temperature in temperatures.tolist():
        exponentials = torch.exp((ordered - ordered[0]) / temperature)
        cumulated = torch.cumsum(exponentials, dim=0)
        total = float(cumulated[-1])
        normalizers.append(float(ordered[0]) / temperature + math.log(total))
        mass = cumulated.div_(total)
        size = (torch.searchsorted(mass, levels) + 1).clamp_(max=len(logits))
        size[-1] = len(logits)  # p = 1 cuts nothing
        sizes.append(size.numpy())
        masses.append(mass[size - 1].numpy())
        curves.append(mass[rank_index].numpy())
    return SliderTable(
        temperatures=temperatures,
        top_ps=top_ps,
        log_normalizers=np.array(normalizers),
        nucleus_sizes=np.array(sizes),
        nucleus_masses=np.array(masses),
        curve_ranks=ranks,
        curves=np.array(curves),
    )
