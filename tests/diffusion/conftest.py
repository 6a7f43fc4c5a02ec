from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from genai_demo.models.picture import PictureModel, PictureModelConfig
from genai_demo.models.picture_generator import PictureGenerator
from genai_demo.models.text_encoder import TextEncoder
from genai_demo.training.sprites import KINDS
from tests.diffusion.denoisers import Gaussian

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "blue", "apple", "cat", "on", "background", ",")


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


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    """A text encoder of one layer, with random weights and a dozen words."""
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    return TextEncoder(BertModel(config, add_pooling_layer=False), fast)


@pytest.fixture(scope="session")
def generator(encoder) -> PictureGenerator:
    """A picture model that draws nothing sensible, quickly, at the real size."""
    torch.manual_seed(1)
    config = PictureModelConfig(patch=16, channels=(16, 16), attention=(False, True), heads=2, text_size=16)
    return PictureGenerator(PictureModel(config), encoder, objects=len(KINDS))
