"""What the tests share: models small enough to be built in memory, with random weights."""

from __future__ import annotations

import warnings
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE, WordLevel
from transformers import BertConfig, BertModel, Gemma3ForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

from genai_demo.datasets.drawings.sprites import KINDS
from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.models.catalogue import DEFAULT_MODEL, Hub, ModelEntry, find_model
from genai_demo.models.chat import END_OF_TURN, START_OF_TURN
from genai_demo.models.language import LanguageModel
from genai_demo.models.latent_generator import LatentGenerator
from genai_demo.models.loader import Loader
from genai_demo.models.loading import load_model
from genai_demo.models.picture import PictureModel, PictureModelConfig
from genai_demo.models.picture_generator import PictureGenerator
from genai_demo.models.reward import RewardHead
from genai_demo.models.stages import TunedModel
from genai_demo.models.text_encoder import TextEncoder

settings.register_profile("fast", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("fast")

SPECIAL = ("<pad>", "<eos>", "<bos>")  # ids 0, 1, 2
PIECES = ("▁the", "▁cat", "▁sat", "▁on", "▁a", "▁phone", "▁un", "for", "get", "table", "ing", "▁▁", "\n\n", "ขอ", "🙂")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"()-+/<>▁\n\té"
ENCODER_WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "red",
    "blue",
    "apple",
    "cat",
    "on",
    "background",
    ",",
)
VOCABULARY = 400  # a little more than the tokenizers know, as real models have
SLIDING_WINDOW = 16
LONGEST_NAME = 60


def pytest_configure(config: pytest.Config) -> None:
    """Gradio leaves event loops open; they are found whenever Python tidies up."""
    left_open = r"unclosed (event loop|<socket)"
    config.addinivalue_line("filterwarnings", f"ignore:{left_open}:ResourceWarning")
    warnings.filterwarnings("ignore", left_open, ResourceWarning)  # also after the last test


@pytest.fixture(scope="session")
def network() -> Gemma3ForCausalLM:
    """A Gemma 3 of three layers, two of which see only the last few tokens."""
    torch.manual_seed(3)
    config = Gemma3TextConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=SLIDING_WINDOW,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        max_position_embeddings=2_048,
        initializer_range=0.4,  # large enough for some tokens to be far likelier than others
        tie_word_embeddings=False,  # so that it does not merely repeat its last token
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    return Gemma3ForCausalLM(config).eval()


def _merged(pieces: tuple[str, ...], vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    """Merges that build each piece letter by letter; what they make is added to `vocabulary`."""
    merges: list[tuple[str, str]] = []
    for piece in pieces:
        for end in range(1, len(piece)):
            merge = (piece[:end], piece[end])
            for part in (*merge, piece[: end + 1]):
                vocabulary.setdefault(part, len(vocabulary))
            if merge not in merges:
                merges.append(merge)
    return merges


def _fast(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>")


def sentencepiece_tokenizer() -> PreTrainedTokenizerFast:
    """Like Gemma's: `▁` for a space, and byte tokens for characters that it does not know."""
    vocabulary = {token: index for index, token in enumerate(SPECIAL)}
    for token in (*(f"<0x{byte:02X}>" for byte in range(256)), *LETTERS):
        vocabulary.setdefault(token, len(vocabulary))
    merges = _merged(PIECES, vocabulary)
    tokenizer = Tokenizer(BPE(vocabulary, merges, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return _fast(tokenizer)


def chat_tokenizer() -> PreTrainedTokenizerFast:
    """The same, with Gemma's two tokens for turns."""
    tokenizer = sentencepiece_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": [START_OF_TURN, END_OF_TURN]})
    return tokenizer


def byte_level_tokenizer(*, trim_offsets: bool = False) -> PreTrainedTokenizerFast:
    """Like GPT-2's: every byte is one printable character, and `Ġ` is a space."""
    vocabulary = {token: index for index, token in enumerate(SPECIAL)}
    for token in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocabulary.setdefault(token, len(vocabulary))
    # ðŁ are the first two bytes of most emoji, à¸ those of most Thai letters.
    merges = _merged(("Ġthe", "Ġcat", "Ġun", "for", "get", "ðŁ", "à¸", "Ġà¸"), vocabulary)
    tokenizer = Tokenizer(BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=trim_offsets)
    return _fast(tokenizer)


@pytest.fixture(scope="session")
def tiny(network: Gemma3ForCausalLM) -> LanguageModel:
    """A language model that answers in a millisecond. Its figures mean nothing, but all identities hold."""
    return LanguageModel(TorchEngine(network), sentencepiece_tokenizer(), name="tiny", title="Tiny")


@pytest.fixture(scope="session")
def adapter_folders(network: Gemma3ForCausalLM, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Adapters for the tiny model, with random weights, as the training commands write them: stage → folder.

    Beside them lies the folder `reward`, with a reward head.
    """
    from genai_demo.training.rlhf.adapters import Lora, Stages  # here, for most tests need not wait for the library

    stages = Stages(deepcopy(network))
    folder = tmp_path_factory.mktemp("rlhf")
    for seed, stage in enumerate(("sft", "rlhf"), 1):
        stages.add(stage, Lora(rank=2, alpha=4), seed)
        weights = {name: torch.randn_like(weight) / 2 for name, weight in stages.weights(stage).items()}
        stages.load_weights(stage, weights)
        stages.export(stage, folder / stage)
    head = RewardHead(network.config.hidden_size)
    torch.nn.init.normal_(head.weight)
    head.calibrate(torch.tensor([0.5, 2.5]))
    (folder / "reward").mkdir()
    head.save(folder / "reward")
    return {stage: folder / stage for stage in ("sft", "rlhf")}


@pytest.fixture(scope="session")
def tuned(network: Gemma3ForCausalLM, adapter_folders: dict[str, Path]) -> TunedModel:
    """The tiny model with tuned stages and a reward model."""
    base = LanguageModel(TorchEngine(deepcopy(network)), chat_tokenizer(), name="tiny", title="Tiny")
    return TunedModel(base, adapter_folders, adapter_folders["sft"].parent / "reward")


@pytest.fixture
def fresh(network: Gemma3ForCausalLM) -> LanguageModel:
    """The same model, which remembers no prompt yet."""
    return LanguageModel(TorchEngine(network), sentencepiece_tokenizer(), name="fresh")


@pytest.fixture(scope="session")
def byte_level(network: Gemma3ForCausalLM) -> LanguageModel:
    """The same network with a byte-level vocabulary."""
    return LanguageModel(TorchEngine(network), byte_level_tokenizer(), name="byte-level")


@pytest.fixture(scope="session")
def entry() -> ModelEntry:
    """A row of the catalogue for the tiny model."""
    return ModelEntry("tiny", "Tiny", "base", Hub("nobody/tiny"), megabytes=1, licence="none", context_limit=0)


@pytest.fixture(scope="session")
def loader(tiny: LanguageModel) -> Loader[LanguageModel]:
    """A loader that is done: it holds the tiny model."""
    return Loader.of(tiny, "Tiny")


@pytest.fixture(scope="session")
def real() -> LanguageModel:
    """The model that the app loads by default, on the fastest device here (only for tests marked `model`)."""
    return load_model(find_model(DEFAULT_MODEL))


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    """A text encoder of one layer, with random weights and a dozen words."""
    tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(ENCODER_WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(ENCODER_WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    return TextEncoder(BertModel(config, add_pooling_layer=False), fast)


@pytest.fixture(scope="session")
def generator(encoder: TextEncoder) -> PictureGenerator:
    """A picture model that draws nothing sensible, quickly, at the real size."""
    torch.manual_seed(1)
    config = PictureModelConfig(patch=16, channels=(16, 16), attention=(False, True), heads=2, text_size=16)
    return PictureGenerator(PictureModel(config), encoder, objects=len(KINDS))


@pytest.fixture(scope="session")
def latent() -> LatentGenerator:
    """A tiny pipeline of Stable Diffusion's class as the page's picture model."""
    from tests.pipelines import stable_diffusion  # here, for most tests need not wait for the library

    return LatentGenerator(stable_diffusion(), name="tiny-sd", title="Tiny diffusion")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names of cases are the same in every process, so that several can share the tests."""
    if callable(val):
        return getattr(val, "__qualname__", type(val).__name__)
    if isinstance(val, bytes):
        return f"{len(val)} bytes"
    if isinstance(val, (dict, list, tuple)) or (isinstance(val, str) and len(val) > LONGEST_NAME):
        return str(val)[:LONGEST_NAME].encode("unicode_escape").decode()
    return None
