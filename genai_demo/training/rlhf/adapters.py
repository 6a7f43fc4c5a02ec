"""The base model and the small adapters that tune it.

A LoRA adapter (Hu et al. 2021, arXiv:2106.09685, equation 3) leaves the base's matrices W as they are and learns a
difference of low rank beside each: h = W x + (α / r) B A x, where A has r rows and B has r columns. B begins at zero,
so a new adapter changes nothing. Each stage of the tuning (`sft`, `reward`, `rlhf`) is one adapter on one shared base.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from ...models.catalogue import DEFAULT_MODEL, Hub, find_model
from ...models.chat import ChatTemplate
from ...models.loading import prepare
from ..options import Option
from ..runs import Machine

BASE = "base"  # the name of the stage without an adapter
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
MAX_BYTES = 10_000_000
BASE_REPOSITORY = "google/gemma-3-270m"  # what the shipped adapters belong to, wherever its weights came from

NOTICE = """\
Built on Gemma. Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms

This folder holds a modified form of Gemma: {what} that was trained for this project on top of
google/gemma-3-270m and changes what that model does. It is a Model Derivative under those terms. Whoever uses it or
passes it on is bound by them, including the use restrictions in section 3.2 and the Gemma Prohibited Use Policy
(ai.google.dev/gemma/prohibited_use_policy), and must pass them on in turn.

The tuned model is a demonstration: it is neither safe nor reliable.
"""


@dataclass(frozen=True)
class Lora:
    """The shape of an adapter."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0

    def config(self) -> LoraConfig:
        """As PEFT wants it."""
        return LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=list(PROJECTIONS),
            task_type="CAUSAL_LM",
        )


def load_base(name: str, device: torch.device) -> tuple[PreTrainedModel, ChatTemplate]:
    """The base model in float32, frozen, and the form its conversations take.

    Raises:
        DemoError: its weights cannot be had. ValueError: its tokenizer does not know Gemma's turns.
    """
    entry = find_model(name)
    source = prepare(entry)
    local = not isinstance(entry.source, Hub)
    disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer: Any = AutoTokenizer.from_pretrained(source, local_files_only=local)
    network: Any = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32, local_files_only=local)
    return network.to(device).eval().requires_grad_(False), ChatTemplate(tokenizer)


@dataclass(frozen=True)
class Base(Machine):
    """The base model of a command, and what it runs on."""

    model: Annotated[str, Option("a base model's name, or its folder")] = DEFAULT_MODEL

    def load(self) -> tuple[Stages, ChatTemplate]:
        """The model without adapters, and the form of its conversations.

        Raises:
            DemoError: as `load_base` does, or there is no such device. ValueError: as `load_base` does.
        """
        network, template = load_base(self.model, self.prepare())
        return Stages(network), template


class Stages:
    """One base network, and the adapters on it by the names of their stages.

    `network` is the causal language model itself; `use` says which adapter its next passes go through.
    """

    def __init__(self, network: PreTrainedModel) -> None:
        self.network: Any = network
        self._peft: PeftModel | None = None

    @property
    def device(self) -> torch.device:
        """Where all of them are."""
        return torch.device(self.network.device)

    def add(self, stage: str, lora: Lora, seed: int = 0) -> None:
        """A new adapter that changes nothing yet; `seed` draws its A."""
        torch.manual_seed(seed)
        if self._peft is None:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)  # peft 0.21 asks for it
                self._peft = PeftModel(self.network, lora.config(), adapter_name=stage)
        else:
            self._peft.add_adapter(stage, lora.config())

    def read(self, stage: str, folder: Path) -> None:
        """An adapter that `export` wrote.

        Raises:
            FileNotFoundError: there is none in `folder`.
        """
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        self.add(stage, Lora(rank=config["r"], alpha=config["lora_alpha"]))
        self.load_weights(stage, load_file(folder / WEIGHTS))

    def weights(self, stage: str) -> dict[str, Tensor]:
        """The adapter's A and B matrices by name."""
        found: dict[str, Tensor] = get_peft_model_state_dict(self._known(), adapter_name=stage)
        return found

    def load_weights(self, stage: str, weights: Mapping[str, Tensor]) -> None:
        """Give the adapter these weights.

        Raises:
            ValueError: they belong to another kind of model.
        """
        full = {name: weight.float() for name, weight in weights.items()}
        if {name: weight.shape for name, weight in self.weights(stage).items()} != {
            name: weight.shape for name, weight in full.items()
        }:
            raise ValueError(f"these weights fit no adapter of {type(self.network).__name__} like {stage}")
        set_peft_model_state_dict(self._known(), full, adapter_name=stage)

    def copy(self, stage: str, start_from: str, lora: Lora) -> None:
        """A new adapter that begins as a copy of another."""
        self.add(stage, lora)
        self.load_weights(stage, self.weights(start_from))

    def trainable(self, stage: str) -> list[nn.Parameter]:
        """The adapter's parameters, ready to learn, while all others are frozen."""
        self.use(stage)
        marked = []
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(f".{stage}." in name)
            if parameter.requires_grad:
                marked.append(parameter)
        return marked

    def use(self, stage: str) -> None:
        """Passes from now on go through this adapter. Which parameters learn does not change."""
        with self._same_learning():
            self._known().set_adapter(stage)

    @contextmanager
    def through(self, stage: str) -> Iterator[None]:
        """Inside, passes go through the adapter `stage`, or through none if it is "base"; afterwards as before."""
        if self._peft is None and stage == BASE:
            yield
            return
        peft = self._known()
        if stage == BASE:
            with self._same_learning(), peft.disable_adapter():
                yield
            return
        before = peft.active_adapter
        self.use(stage)
        try:
            yield
        finally:
            self.use(before)

    @contextmanager
    def _same_learning(self) -> Iterator[None]:
        """PEFT lets whatever adapter is chosen learn; this puts back what learnt before."""
        learning = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        try:
            yield
        finally:
            self.network.requires_grad_(False)
            for parameter in learning:
                parameter.requires_grad_(True)

    def export(self, stage: str, folder: Path, weights: Mapping[str, Tensor] | None = None) -> None:
        """Write the adapter as PEFT reads it, in half precision, with its notice.

        Raises:
            ValueError: it would be larger than the app ships.
        """
        folder.mkdir(parents=True, exist_ok=True)
        half = {name: weight.half().cpu().contiguous() for name, weight in (weights or self.weights(stage)).items()}
        size = sum(weight.numel() * weight.element_size() for weight in half.values())
        if size > MAX_BYTES:
            raise ValueError(f"an adapter of {size:,} bytes, more than {MAX_BYTES:,}")
        save_file(half, folder / WEIGHTS, metadata={"format": "pt"})
        config = self._known().peft_config[stage].to_dict()
        config |= {
            "base_model_name_or_path": BASE_REPOSITORY,
            "inference_mode": True,
            "target_modules": list(PROJECTIONS),
        }
        (folder / CONFIG).write_text(json.dumps(config, indent=1, default=str, sort_keys=True) + "\n", encoding="utf-8")
        write_notice(folder, f"a LoRA adapter ({stage})")

    def _known(self) -> PeftModel:
        if self._peft is None:
            raise ValueError("there is no adapter yet")
        return self._peft


class AdapterTrainer:
    """What every run that trains one adapter keeps, so that it can go on after a stop."""

    unit = "step"
    stage: str  # whose adapter learns
    stages: Stages
    optimizer: torch.optim.Optimizer
    step: int

    @property
    def progress(self) -> int:
        """Steps done."""
        return self.step

    def state(self) -> dict[str, Any]:
        """Adapter, optimiser and step; batches, dropout, prompts and draws follow from the seed and the step."""
        return {
            "adapter": self.stages.weights(self.stage),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state` of the same recipe, but for what its options say may change."""
        self.stages.load_weights(self.stage, state["adapter"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def write_notice(folder: Path, what: str) -> None:
    """Gemma's notice, which has to lie beside everything that was trained on top of it."""
    (folder / "NOTICE").write_text(NOTICE.format(what=what), encoding="utf-8")
