"""What the tests of the training steps share: a tiny chat model as a folder, and a few demonstrations."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from transformers import Gemma3ForCausalLM, PreTrainedTokenizerFast

from genai_demo.models.chat import END_OF_TURN, START_OF_TURN, ChatTemplate
from tests.conftest import sentencepiece_tokenizer


def chat_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = sentencepiece_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": [START_OF_TURN, END_OF_TURN]})
    return tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return chat_tokenizer()


@pytest.fixture(scope="session")
def template(tokenizer: PreTrainedTokenizerFast) -> ChatTemplate:
    return ChatTemplate(tokenizer)


@pytest.fixture(scope="session")
def model_folder(
    network: Gemma3ForCausalLM, tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The tiny model as a transformers folder, which every training command takes."""
    folder = tmp_path_factory.mktemp("tiny-gemma")
    tied = deepcopy(network)
    with torch.no_grad():
        tied.lm_head.weight.mul_(0.3)  # less sure of itself, so that samples differ and learning has something to do
    tied.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
