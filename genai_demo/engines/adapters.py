"""LoRA adapters (Hu et al. 2021, arXiv:2106.09685) on one shared network, by PEFT.

Which adapter a row goes through is said on every pass, row by row, so that rows of different adapters are read in one
batch, and a pass that names none is the network as it always was. PEFT does this with hooks that it sets and removes
around a pass, which is why no two may ever run at once.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from peft import LoraConfig, PeftModel, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..shipped import damaged
from .engine import UnfitAdapters

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
NO_ADAPTER = "__base__"  # PEFT's name for it, in a batch of which other rows have one


def with_adapters(network: Any, folders: Mapping[str, Path]) -> Any:
    """`network` with the adapters' layers in it, none of them active, also if one does not fit.

    Raises:
        DamagedModelFolder: a folder holds no adapter. UnfitAdapters: they belong to another network.
    """
    read = {name: read_adapter(folder) for name, folder in folders.items()}  # all are sound, or none is put in
    peft: Any = None
    try:
        for name, (config, weights) in read.items():
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)  # peft 0.21 asks for it
                if peft is None:
                    peft = PeftModel(network, config, adapter_name=name)
                else:
                    peft.add_adapter(name, config)
                matched: Any = set_peft_model_state_dict(peft, weights, adapter_name=name)
            if matched.unexpected_keys:
                raise UnfitAdapters(f"unknown weights in {name}")
    except (ValueError, RuntimeError) as error:  # no such layers here, or of other shapes
        raise UnfitAdapters(str(error)) from error
    finally:
        if peft is not None:
            peft.base_model.set_adapter([])
    return peft.eval().requires_grad_(False)


def read_adapter(folder: Path) -> tuple[LoraConfig, dict[str, Tensor]]:
    """An adapter's shape and its float32 weights by name.

    Raises:
        DamagedModelFolder: there is none.
    """
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        known = {field.name for field in fields(LoraConfig)}
        config = LoraConfig(**{name: value for name, value in values.items() if name in known})
        return config, {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
    except (OSError, ValueError, TypeError, AttributeError, SafetensorError) as error:
        raise damaged(folder) from error
