"""Many answers at once: the models' predictions for a batch of prompts, drawn from token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import DynamicCache

from ...models.chat import ChatTemplate, LabelledIds
from ..runs import seed_of_step

LIKELY = 1_024  # the nucleus is looked for among so many tokens first: sorting all 262,144 would cost half the time

Ids = Sequence[int]


@dataclass(frozen=True)
class Drawing:
    """How tokens are picked. temperature: 0 is greedy; top_p: the nucleus's probability (Holtzman et al. 2020)."""

    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 120


@dataclass(frozen=True)
class Answer:
    """What a model wrote after a prompt. `ids` include the token that ended it; `text` has no control token."""

    ids: tuple[int, ...]
    text: str
    ended: bool

    def after(self, prompt: Ids) -> LabelledIds:
        """Prompt and answer, with the answer marked."""
        return LabelledIds((*prompt, *self.ids), (False,) * len(prompt) + (True,) * len(self.ids))


@torch.no_grad()
def draw_answers(
    network: Any, template: ChatTemplate, prompts: Sequence[Ids], drawings: Sequence[Drawing], seed: int
) -> list[Answer]:
    """An answer to each prompt, drawn as its `Drawing` says; all in one batch.

    Prompts are filled up on the left, so that all answers begin at the same place. A finished answer leaves the batch,
    and the others go on faster.

    Args:
        network: a causal language model.
        template: names the token that ends a turn.
        prompts: B prompts in token ids.
        drawings: one for each prompt.
        seed: of the draws. The same prompts, drawings and seed give the same answers.
    """
    device = network.device
    generator = torch.Generator(device).manual_seed(seed)
    ends = torch.tensor(sorted(end_ids(network, template)), device=device)
    feed, mask = _filled_on_the_left(prompts, device)
    cache = DynamicCache(config=network.config)
    written: list[list[int]] = [[] for _ in prompts]
    rows = torch.arange(len(prompts), device=device)
    while len(rows):
        places = (mask.cumsum(1) - 1).clamp(min=0)[:, -feed.shape[1] :]
        output = network(
            input_ids=feed, attention_mask=mask, position_ids=places, past_key_values=cache, logits_to_keep=1
        )
        chosen = draw(output.logits[:, -1].float(), [drawings[row] for row in rows.tolist()], generator)
        for row, token_id in zip(rows.tolist(), chosen.tolist(), strict=True):
            written[row].append(token_id)
        full = [len(written[row]) >= drawings[row].max_new_tokens for row in rows.tolist()]
        going_on = ~(torch.isin(chosen, ends) | torch.tensor(full, device=device))
        if not going_on.all():
            rows, mask, chosen = rows[going_on], mask[going_on], chosen[going_on]
            cache.batch_select_indices(going_on.nonzero()[:, 0])
        feed, mask = chosen[:, None], torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
    return [_answer(ids, set(ends.tolist()), template) for ids in written]


def draw_many(
    network: Any,
    template: ChatTemplate,
    prompts: Sequence[Ids],
    drawings: Sequence[Drawing],
    seed: int,
    rows: int = 32,
) -> list[Answer]:
    """`draw_answers` for any number of prompts, `rows` at a time, those of similar length together."""
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    found: dict[int, Answer] = {}
    for start in tqdm(range(0, len(order), rows), unit="batch", desc="answers", leave=False):
        part = order[start : start + rows]
        chosen = [prompts[index] for index in part], [drawings[index] for index in part]
        found.update(zip(part, draw_answers(network, template, *chosen, seed=seed_of_step(seed, start)), strict=True))
    return [found[index] for index in range(len(prompts))]


def draw(logits: Tensor, drawings: Sequence[Drawing], generator: torch.Generator) -> Tensor:
    """One token a row: (B,) ids from `logits` (B, vocabulary)."""
    temperatures = torch.tensor([drawing.temperature for drawing in drawings], device=logits.device)
    top_p = torch.tensor([drawing.top_p for drawing in drawings], device=logits.device)
    likeliest = logits.argmax(-1)
    if not temperatures.any():
        return likeliest
    probabilities = (logits / temperatures.where(temperatures > 0, 1.0)[:, None]).softmax(-1)
    if (top_p < 1).any():
        probabilities = nucleus(probabilities, top_p)
    drawn = torch.multinomial(probabilities, 1, generator=generator)[:, 0]
    return drawn.where(temperatures > 0, likeliest)


def nucleus(probabilities: Tensor, top_p: Tensor) -> Tensor:
    """`probabilities` (B, vocabulary), with 0 outside each row's smallest set of tokens that has `top_p` (B,) of them.

    What is left is not divided by its sum.
    """
    vocabulary = probabilities.shape[1]
    ranked, ids = probabilities.topk(min(LIKELY, vocabulary))
    if (ranked.sum(-1) < top_p).any():
        ranked, ids = probabilities.sort(descending=True)
    before = ranked.cumsum(-1) - ranked  # the probability of all likelier tokens
    kept = ranked.where(before < top_p[:, None], 0.0)
    return torch.zeros_like(probabilities).scatter_(1, ids, kept)


def end_ids(network: Any, template: ChatTemplate) -> set[int]:
    """Tokens that end an answer: the end of a turn, and the end of a text."""
    return {template.end_id, int(network.config.eos_token_id)}


def _filled_on_the_left(prompts: Sequence[Ids], device: torch.device) -> tuple[Tensor, Tensor]:
    longest = max(map(len, prompts))
    ids = [[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


def _answer(ids: list[int], ends: set[int], template: ChatTemplate) -> Answer:
    return Answer(tuple(ids), template.text(ids).strip(), ended=ids[-1] in ends)
