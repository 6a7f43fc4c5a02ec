"""What an engine is: something that reads rows of token ids and says what it saw, whatever computes it.

An engine knows nothing of text, of prompts or of visitors. It is never asked from two threads at once: a `Desk` stands
before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor

NO_LIMIT = 1_000_000  # tokens: more than anybody is allowed to ask for


class CannotGive(ValueError):
    """A row wants something that this engine cannot give: see `EngineFacts.gives`."""


class UnfitAdapters(ValueError):
    """Adapters that belong to another network: it has no such layers, or layers of other shapes."""


@dataclass(frozen=True)
class EngineFacts:
    """What is known of an engine before it reads anything.

    vocabulary: rows of its output table. context: tokens that it can read; `NO_LIMIT` where only memory ends it.
    heads: queries' heads of each layer, kv_heads: those that keys and values share; both are 0 without attention.
    width: numbers in a token's state. layer_kinds: "full_attention", "sliding_attention", … of each layer, the first
    layer first. window: tokens that a sliding layer sees, or None. device, dtype: as torch names them.
    exact: whether it computes in float32, so that its figures may stand for the model's own.
    recurrent: whether it reads on from a memory by one token at a time only. end_ids: tokens that end a text, as those
    who made the weights have set. gives: which fields of `Want` it can fulfil.
    """

    vocabulary: int
    context: int
    layers: int
    heads: int
    kv_heads: int
    width: int
    layer_kinds: tuple[str, ...]
    window: int | None
    device: str
    dtype: str
    exact: bool
    recurrent: bool
    end_ids: tuple[int, ...]
    gives: frozenset[str]


class Memory(Protocol):
    """What an engine keeps of a row that it has read, to read on from there. It belongs to the engine that gave it.

    Reading on uses it up: from then on only the memory that came back with that reading is good.
    """

    @property
    def positions(self) -> int:
        """How many of the row's tokens it has read."""
        ...


@dataclass(frozen=True)
class Want:
    """What is wanted of a row. All but the logits costs time or memory, and is left out unless asked for.

    logits: at how many of its last tokens, 0 for none. memory: to read on from; a row that continues one always gets it
    back. attention: of every layer and head. state: the last layer's output at the last token. states: the outputs of
    all layers at all tokens.
    """

    logits: int = 1
    memory: bool = False
    attention: bool = False
    state: bool = False
    states: bool = False


@dataclass(frozen=True)
class Row:
    """Tokens to be read: one text, or how a text goes on.

    ids: one at least. adapter: the name of the adapter that they go through; None is the network without any.
    memory: what was read before them; None where they are a text's beginning.
    """

    ids: tuple[int, ...]
    adapter: str | None = None
    memory: Memory | None = None
    want: Want = Want()


@dataclass(frozen=True)
class Seen:
    """What came of a row. All tensors are float32, on the processor, and may share memory: nobody writes into them.

    logits: (`want.logits` or as many as the row has tokens, vocabulary); the last predicts the token after the row.
    attention: (layers, heads, row's tokens, all tokens so far), softmax(Q Kᵀ / √d) (Vaswani et al. 2017, eq. 1); each
    row of keys sums to 1, and keys out of a sliding layer's window have 0. Its pass computes attention another way
    than others do: the logits beside it are the plain ones but for rounding.
    state: (width,). states: (layers + 1, row's tokens, width); the first are the embeddings.
    """

    logits: Tensor
    memory: Memory | None = None
    attention: Tensor | None = None
    state: Tensor | None = None
    states: Tensor | None = None


class Engine(Protocol):
    """A network that predicts tokens, however it is computed."""

    @property
    def facts(self) -> EngineFacts:
        """What is known of it. Device and number format change if it has to `retreat`."""
        ...

    def read(self, rows: Sequence[Row]) -> list[Seen]:
        """What is seen of each row, in their order; in one pass where the engine can.

        Rows may be of different visitors, lengths and adapters, and some may begin while others go on.

        Raises:
            CannotGive: a row wants what this engine does not give, or has no tokens.
            ValueError: a memory that was used up. TypeError: one of another engine.
            KeyError: an adapter that was never added.
            torch.OutOfMemoryError: the device is full, or the row's memory was lost when it was (see `retreat`).
        """
        ...

    def input_rows(self, ids: Sequence[int]) -> Tensor:
        """Rows of the input table, the vectors that the network reads for `ids`: (ids, width), float32."""
        ...

    def add_adapters(self, folders: Mapping[str, Path]) -> None:
        """Adapters by name, as PEFT wrote them. They do nothing to a row that does not name them.

        Raises:
            DamagedModelFolder: a folder holds no adapter. UnfitAdapters: they belong to another network.
        """
        ...

    def retreat(self) -> None:
        """Move to the processor, in float32, for the device's memory is full. Memories of rows are lost."""
        ...
