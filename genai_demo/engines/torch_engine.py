"""The reference: a network of the transformers library, computed by PyTorch as its makers wrote it down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import PreTrainedModel

from .adapters import NO_ADAPTER, with_adapters
from .engine import NO_LIMIT, CannotGive, EngineFacts, Row, Seen
from .memory import Batch, Place, is_recurrent, new_cache

LIMIT_NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx", "context_length")
TAKES_PADDING = {"attention_mask", "position_ids"}  # arguments of a network whose rows may be of different lengths


class TorchEngine:
    """Any causal language model of the transformers library, and PEFT's adapters on it.

    Rows handed in together are read in one batch if they can be: all that begin, filled up on the left where their
    lengths differ, and all that go on by equally many tokens from memories of one batch. A row's figures are the same
    in whatever batch it is read, but for rounding; handed in alone, they are those of a plain call of the network, bit
    for bit.

    Args:
        network: it stays where it is and is set to evaluation.
    """

    def __init__(self, network: PreTrainedModel) -> None:
        self._network: Any = network.eval()  # type: ignore[no-untyped-call]
        self._peft: Any = None
        self._facts = facts_of(network)
        self._adapters: frozenset[str] = frozenset()
        takes = signature(self._network.forward).parameters.keys()
        self._pads = not self._facts.recurrent and takes >= TAKES_PADDING
        self._homes = [object()]  # one more after every move: what was kept in an earlier one is lost

    @property
    def facts(self) -> EngineFacts:
        """What is known of it."""
        return self._facts

    @torch.inference_mode()
    def read(self, rows: Sequence[Row]) -> list[Seen]:
        """As `Engine.read`."""
        for row in rows:
            self._require(row)
        together: dict[object, list[int]] = {}
        for number, row in enumerate(rows):
            together.setdefault(self._company(number, row), []).append(number)
        seen: dict[int, Seen] = {}
        for numbers in together.values():
            seen |= zip(numbers, self._pass([rows[number] for number in numbers]), strict=True)
        return [seen[number] for number in range(len(rows))]

    @torch.inference_mode()
    def input_rows(self, ids: Sequence[int]) -> Tensor:
        """As `Engine.input_rows`."""
        table = self._network.get_input_embeddings().weight
        rows: Tensor = table[torch.tensor(list(ids), dtype=torch.long, device=table.device)].float().cpu()
        return rows

    @torch.inference_mode()
    def add_adapters(self, folders: Mapping[str, Path]) -> None:
        """As `Engine.add_adapters`."""
        self._peft = with_adapters(self._network, folders)
        self._adapters = frozenset(folders)

    def retreat(self) -> None:
        """As `Engine.retreat`."""
        self._network.to("cpu", torch.float32)
        self._facts = replace(self._facts, device="cpu", dtype="float32", exact=True)
        self._homes.append(object())

    # ── which rows are read together ─────────────────────────────────────────────────────────────────────────

    def _require(self, row: Row) -> None:
        if not row.ids:
            raise CannotGive("a row of no tokens")
        wanted = {name for name in ("attention", "state", "states") if getattr(row.want, name)}
        if missing := wanted - self._facts.gives:
            raise CannotGive(", ".join(sorted(missing)))
        if row.adapter is not None and row.adapter not in self._adapters:
            raise KeyError(row.adapter)

    def _company(self, number: int, row: Row) -> object:
        """Equal for rows that are read in one pass."""
        if row.memory is not None:
            return id(_place(row).batch), len(row.ids), row.want.attention
        if self._facts.recurrent:
            return number
        return row.want.memory, row.want.attention, self._pads or len(row.ids)

    def _batch(self, rows: Sequence[Row]) -> Batch:
        """The batch that they are in, or a new one."""
        if rows[0].memory is None:
            longest = max(len(row.ids) for row in rows)
            cache = new_cache(self._network) if rows[0].want.memory else {}
            return Batch(cache, [longest - len(row.ids) for row in rows], self._homes[-1])
        places = [_place(row) for row in rows]
        batch = places[0].batch
        if batch.home not in self._homes:
            raise TypeError("a memory of another engine")
        if batch.home is not self._homes[-1]:
            raise torch.OutOfMemoryError("the memory of this row was lost with the device's")
        if any(place.read != batch.positions for place in places):
            raise ValueError("a memory that was already read on from")
        return batch.only([place.place for place in places])

    # ── one pass ─────────────────────────────────────────────────────────────────────────────────────────────

    def _pass(self, rows: Sequence[Row]) -> list[Seen]:
        batch = self._batch(rows)
        longest = max(len(row.ids) for row in rows)
        feed = torch.tensor(
            [[0] * (longest - len(row.ids)) + list(row.ids) for row in rows], device=self._network.device
        )
        batch.positions += longest
        more: dict[str, Any] = {**batch.filling(self._network.device, longest), **batch.cache}
        if any(row.want.state or row.want.states for row in rows):
            more["output_hidden_states"] = True
        looking = rows[0].want.attention
        if looking:
            more["output_attentions"] = True
        keep = max(1, *(min(row.want.logits, len(row.ids)) for row in rows))
        with plain_attention(self._network) if looking else nullcontext():
            output = self._call(
                [row.adapter for row in rows],
                input_ids=feed,
                use_cache=bool(batch.cache),
                logits_to_keep=keep,
                **more,
            )
        logits: Tensor = output.logits.float().cpu()
        return [_seen(row, number, output, logits[number], batch) for number, row in enumerate(rows)]

    def _call(self, adapters: Sequence[str | None], **arguments: Any) -> Any:
        if not any(adapters):  # PEFT's bookkeeping is for adapters
            return self._network(**arguments)
        return self._peft(adapter_names=[adapter or NO_ADAPTER for adapter in adapters], **arguments)


def _place(row: Row) -> Place:
    if not isinstance(row.memory, Place):
        raise TypeError("a memory of another engine")
    return row.memory


def _seen(row: Row, number: int, output: Any, logits: Tensor, batch: Batch) -> Seen:
    """What one row of a pass has seen. logits: (positions kept, vocabulary) of this row."""
    want, count = row.want, len(row.ids)
    memory = Place(batch, number, batch.positions) if batch.cache else None
    total = batch.positions - batch.padding[number]
    return Seen(
        logits=logits[len(logits) - min(want.logits, count) :],
        memory=memory,
        attention=_attention(output.attentions, number, count, total) if want.attention else None,
        state=output.hidden_states[-1][number, -1].float().cpu() if want.state else None,
        states=torch.stack([layer[number, -count:] for layer in output.hidden_states]).float().cpu()
        if want.states
        else None,
    )


def _attention(layers: Sequence[Tensor], number: int, count: int, total: int) -> Tensor:
    """The weights of one row: (layers, heads, count, total). Layers that keep only a window have the last keys."""
    kept = [layer[number, :, -count:, -total:].float().cpu() for layer in layers]
    return torch.stack([pad(weights, (total - weights.shape[-1], 0)) for weights in kept])


@contextmanager
def plain_attention(network: Any) -> Iterator[None]:
    """Inside, attention is computed step by step: the fused ways never have its weights in memory."""
    settings = {id(module.config): module.config for module in network.modules() if isinstance(module, PreTrainedModel)}
    before = [(config, config._attn_implementation) for config in settings.values()]
    try:
        for config, _ in before:
            config._attn_implementation = "eager"
        yield
    finally:
        for config, implementation in before:
            config._attn_implementation = implementation


# ── what is known of a network ───────────────────────────────────────────────────────────────────────────────


def facts_of(network: Any) -> EngineFacts:
    """What is known of a network from its configuration and its tables."""
    config = network.config.get_text_config(decoder=True)
    layers = int(config.num_hidden_layers)
    recurrent = is_recurrent(network)
    heads = 0 if recurrent else int(config.num_attention_heads)
    kinds = _layer_kinds(config, layers, recurrent)
    dtype = str(network.dtype).removeprefix("torch.")
    return EngineFacts(
        vocabulary=int(network.get_output_embeddings().weight.shape[0]),
        context=_context_limit(config),
        layers=layers,
        heads=heads,
        kv_heads=0 if recurrent else int(getattr(config, "num_key_value_heads", None) or heads),
        width=int(config.hidden_size),
        layer_kinds=kinds,
        window=int(config.sliding_window) if "sliding_attention" in kinds else None,
        device=network.device.type,
        dtype=dtype,
        exact=network.dtype in (torch.float32, torch.float64),
        recurrent=recurrent,
        end_ids=_end_ids(network),
        gives=frozenset({"logits", "memory", "state", "states"} | ({"attention"} if heads else set())),
    )


def _layer_kinds(config: Any, layers: int, recurrent: bool) -> tuple[str, ...]:
    if recurrent:
        return ("recurrent",) * layers
    if named := getattr(config, "layer_types", None):
        return tuple(named)
    slides = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    return ("sliding_attention" if slides else "full_attention",) * layers


def _context_limit(config: Any) -> int:
    """Tokens that a network can read, by its own configuration; some kinds have no limit but that of the machine."""
    named = (getattr(config, name, None) for name in LIMIT_NAMES)
    return next((int(limit) for limit in named if isinstance(limit, int) and limit > 0), NO_LIMIT)


def _end_ids(network: Any) -> tuple[int, ...]:
    """Of the generation settings: one token, several or none."""
    configured: Any = getattr(network.generation_config, "eos_token_id", None)
    named = configured if isinstance(configured, list) else [configured]
    return tuple(int(token_id) for token_id in named if token_id is not None)
