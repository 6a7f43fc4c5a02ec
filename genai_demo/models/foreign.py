"""Reading a network and a tokenizer that others have saved, and saying in plain words why it cannot be done.

Nothing in such a folder is run: weights are read from safetensors only, and code that comes with a model is left alone.
Nothing is made up either: a network some of whose weights are missing would be filled with random numbers.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from ..engines.memory import new_cache
from ..errors import DamagedModelFolder, DemoError
from .encoding import begin_ids
from .errors import (
    CompressedWeights,
    ForeignTokenizer,
    IncompleteWeights,
    ModelDownloadFailed,
    NeedsOwnCode,
    NoFastTokenizer,
    UnsupportedModel,
)
from .folders import CONFIG, read_config

logger = logging.getLogger(__name__)

WRITERS = ("ForCausalLM", "ForConditionalGeneration")  # of the classes that are named after a purpose
SEES_OR_HEARS = re.compile(r"vision|visual|image|audio|speech|multi_modal")  # weights that no text needs
PROBE = 9  # tokens
NEAR = {torch.float32: 1e-3, torch.float64: 1e-3}  # of the logits' spread; in half precision sums differ far more


def read_tokenizer(source: str, local: bool) -> PreTrainedTokenizerFast:
    """The fast tokenizer in the folder, or in the repository, `source`.

    Raises:
        NoFastTokenizer, NeedsOwnCode, DamagedModelFolder, ModelDownloadFailed.
    """
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(source, local_files_only=local, trust_remote_code=False)
    except Exception as error:  # the libraries' readers raise whatever they like
        logger.warning("The tokenizer in %s cannot be read: %s", source, error)
        if not local:
            raise ModelDownloadFailed(model=source) from error
        why = _why(Path(source))
        whole = isinstance(why, DamagedModelFolder) and read_config(Path(source) / CONFIG)
        raise NoFastTokenizer(path=source) if whole and not _has_fast_file(source) else why from error
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        raise NoFastTokenizer(path=source)
    return tokenizer


def read_network(source: str, dtype: torch.dtype, local: bool) -> Any:
    """The network in the folder, or in the repository, `source`, on the processor.

    Raises:
        IncompleteWeights, UnsupportedModel, CompressedWeights, NeedsOwnCode, DamagedModelFolder, ModelDownloadFailed.
    """
    if local:
        _require_a_writer(Path(source))
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            source,
            dtype=dtype,
            local_files_only=local,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except Exception as error:  # as above
        if _is_want_of_memory(error):
            raise
        logger.warning("The model in %s cannot be read: %s", source, error)
        raise _why(Path(source)) if local else ModelDownloadFailed(model=source) from error
    network, report = loaded
    missing = sorted(name for name in report["missing_keys"] if not SEES_OR_HEARS.search(name))
    if missing:
        raise IncompleteWeights(path=source, missing=missing[0])
    return network


def _is_want_of_memory(error: Exception) -> bool:
    """Whether a machine is too small, which says nothing of the folder. On the processor, torch has no kind for it."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "not enough memory" in str(error)


def require_fit(network: Any, tokenizer: PreTrainedTokenizerFast, source: str) -> None:
    """Refuse a tokenizer with words that the network's table has no rows for. (Unused commands may lie beyond it.)

    Raises:
        ForeignTokenizer.
    """
    rows = min(int(table.weight.shape[0]) for table in _tables(network))
    special = {one for one, token in tokenizer.added_tokens_decoder.items() if token.special}
    words = (one for one in tokenizer.get_vocab().values() if one not in special)
    tokens = max((*words, *begin_ids(tokenizer)), default=0)
    if tokens >= rows:
        raise ForeignTokenizer(path=source, tokens=tokens, rows=rows)


def require_going_on(network: Any, source: str) -> None:
    """Refuse a network that does not predict the same whether it reads at once, or goes on from what it has read.

    Such are networks that look ahead, and kinds that remember in a way of their own.

    Raises:
        UnsupportedModel.
    """
    ids: Any = torch.arange(PROBE, device=network.device)[None] % int(network.get_input_embeddings().weight.shape[0])
    try:
        with torch.inference_mode():
            at_once = network(input_ids=ids, use_cache=False).logits[0].float()
            cache, half = new_cache(network), PROBE // 2
            parts = [ids[:, :half], *ids[:, half:].split(1, dim=1)]
            steps = [network(input_ids=part, use_cache=True, **cache).logits[0].float() for part in parts]
            apart = (torch.cat(steps) - at_once).abs().max()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # whatever a kind that nobody has tried here may do
        logger.warning("The model in %s cannot go on from what it has read: %s", source, error)
        raise UnsupportedModel(path=source, kind=network.config.model_type) from error
    if not apart <= NEAR.get(network.dtype, 0.3) * at_once.std():
        raise UnsupportedModel(path=source, kind=network.config.model_type)


def _tables(network: Any) -> list[Any]:
    tables = [network.get_input_embeddings(), network.get_output_embeddings()]
    return [table for table in tables if table is not None]


def _require_a_writer(folder: Path) -> None:
    """Refuse a folder whose makers say that it classifies, fills gaps or answers by pointing."""
    for name in read_config(folder / CONFIG).get("architectures") or []:
        if "For" in str(name) and not str(name).endswith(WRITERS):
            raise UnsupportedModel(path=folder, kind=name)


def _why(folder: Path) -> DemoError:
    """What may be the reason that a folder cannot be read."""
    values = read_config(folder / CONFIG)
    kind = values.get("model_type")
    if values.get("quantization_config"):
        method = dict(values["quantization_config"]).get("quant_method", "?")
        return CompressedWeights(path=folder, method=method)
    if kind is None:
        return DamagedModelFolder(path=folder)
    if kind not in CONFIG_MAPPING and values.get("auto_map"):
        return NeedsOwnCode(path=folder)
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return UnsupportedModel(path=folder, kind=kind)
    return DamagedModelFolder(path=folder)


def _has_fast_file(source: str) -> bool:
    return (Path(source) / "tokenizer.json").is_file()
