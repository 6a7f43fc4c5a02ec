"""The tuned models are remade from start to end, on a tiny base: the page can load what comes out."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.features.rlhf.story import read_rankings, read_story
from genai_demo.models.language import LanguageModel
from genai_demo.models.stages import StagedText
from genai_demo.models.stages_loader import load_adapters
from genai_demo.training.rlhf import sft
from genai_demo.training.rlhf.remake import SMOKE_ROWS, main


@pytest.fixture
def smoke(model_folder, tmp_path):
    """Runs the script; returns the folder of what it made."""

    def run():
        own = ["--model", str(model_folder), "--device", "cpu", "--threads", "1"]
        main(["--smoke", "--folder", str(tmp_path / "all"), *own])
        return tmp_path / "all" / "made"

    return run


def test_what_is_remade_can_be_loaded_and_answers(smoke, network, tokenizer, capsys):
    made = smoke()
    base = LanguageModel(TorchEngine(deepcopy(network)), tokenizer, name="tiny", title="Tiny")
    model = load_adapters(base, made)
    assert model.stages == ("base", "sft", "rlhf")
    prompt = model.prompt("the cat", "sft", as_turn=True)
    first = [model.writing([StagedText(stage, prompt.ids)]).logits[0] for stage in model.stages]
    assert all(logits.isfinite().all() for logits in first)
    assert not first[0].equal(first[1])
    assert math.isfinite(model.rewards([model.conversation("the cat", "sat", ended=True)])[0])
    told = read_story(made)
    assert told.demonstrations == SMOKE_ROWS["demonstrations"]
    assert told.practices.keys() == {"rlhf", "unleashed"}
    assert {"sft loss", "reward held_out_loss", "rlhf reward"} <= told.curves.keys()
    assert len(read_rankings(made)) == SMOKE_ROWS["rankings"]
    assert "| answers instead of continuing |" in (made / "evaluation" / "quality.md").read_text(encoding="utf-8")
    capsys.readouterr()
    smoke()
    assert capsys.readouterr().out.count("done before") == 5


def test_a_step_that_was_stopped_ends_the_script(smoke, monkeypatch, capsys):
    monkeypatch.setattr(sft, "train", lambda *_: False)
    made = smoke()
    assert "the same command goes on" in capsys.readouterr().out
    assert not made.exists()
