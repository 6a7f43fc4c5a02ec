"""What the tests of the training steps share: a tiny chat model as a folder, and a few demonstrations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Gemma3ForCausalLM, PreTrainedTokenizerFast

from genai_demo.models.chat import ChatTemplate, LabelledIds
from genai_demo.training.rlhf.adapters import Lora, Stages, load_base
from tests.conftest import chat_tokenizer


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """A tiny model is faster with one, above all beside other work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


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
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def stages(model_folder: Path) -> Stages:
    """A tiny base model of one's own, without adapters."""
    network, _ = load_base(str(model_folder), torch.device("cpu"))
    return Stages(network)


def sequence(ids: list[int], answer: int) -> LabelledIds:
    """A conversation whose last `answer` tokens are to be written."""
    return LabelledIds(tuple(ids), (False,) * (len(ids) - answer) + (True,) * answer)


def disturb(stages: Stages, stage: str, seed: int = 5) -> None:
    """Give an adapter weights that change the model's predictions."""
    generator = torch.Generator().manual_seed(seed)
    weights = stages.weights(stage)
    stages.load_weights(
        stage, {name: 0.3 * torch.randn(weight.shape, generator=generator) for name, weight in weights.items()}
    )


DEMONSTRATIONS = [
    {
        "id": f"question-{number:03}",
        "kind": "question",
        "split": "held_out" if number % 5 == 4 else "train",
        "messages": [
            {"role": "user", "content": "the cat " * (1 + number % 4)},
            {"role": "assistant", "content": "sat on a table" + " a cat" * (number % 3)},
        ],
    }
    for number in range(15)
]


@pytest.fixture(scope="session")
def demonstrations_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "demonstrations.jsonl"
    path.write_text("\n".join(map(json.dumps, DEMONSTRATIONS)), encoding="utf-8")
    return path


PROMPTS: dict[str, list[dict[str, Any]]] = {
    name: [
        {"id": f"{name}-{number:03}", "kind": kind, "prompt": f"the {word} on a table"}
        for number, (word, kind) in enumerate(
            [("cat", "question"), ("phone", "question"), ("ing", "harmful"), ("sat", "harmless_sounding")] * count
        )
    ]
    for name, count in (("reward", 5), ("rl", 2), ("evaluation", 2))
}
PROMPTS["evaluation"][0] |= {"facts": ["a", "e"]}
PROMPTS["evaluation"][1] |= {"check": {"type": "max_words", "count": 30}}
PROMPTS["evaluation"][2] |= {"topic": "self_harm"}


@pytest.fixture(scope="session")
def prompts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "prompts.json"
    path.write_text(json.dumps(PROMPTS), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def sft_folder(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter as the first stage leaves it."""
    folder = tmp_path_factory.mktemp("sft")
    stages = Stages(load_base(str(model_folder), torch.device("cpu"))[0])
    stages.add("sft", Lora())
    disturb(stages, "sft")
    stages.export("sft", folder)
    return folder


@pytest.fixture
def tuned(stages: Stages, sft_folder: Path) -> Stages:
    """A tiny base model with the stage `sft`."""
    stages.read("sft", sft_folder)
    return stages
