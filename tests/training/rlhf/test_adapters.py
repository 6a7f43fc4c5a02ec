"""One base, several adapters: what each changes, what none changes, and what is written."""

from __future__ import annotations

import json

import pytest
import torch
from peft import PeftModel

from genai_demo.training.rlhf.adapters import MAX_BYTES, PROJECTIONS, Lora, Stages, load_base
from tests.training.conftest import disturb

IDS = torch.tensor([[2, 5, 6, 7]])


def logits(stages: Stages, stage: str) -> torch.Tensor:
    with stages.through(stage), torch.no_grad():
        return stages.network(IDS).logits


def test_a_new_adapter_changes_nothing(stages: Stages):
    before = logits(stages, "base")
    stages.add("sft", Lora(), seed=1)
    assert torch.equal(logits(stages, "sft"), before)
    assert len(stages.trainable("sft")) == 2 * len(PROJECTIONS) * stages.network.config.num_hidden_layers


def test_a_copy_begins_where_the_other_is_and_then_goes_its_own_way(stages: Stages):
    base = logits(stages, "base")
    stages.add("sft", Lora())
    disturb(stages, "sft")
    tuned = logits(stages, "sft")
    stages.copy("rlhf", "sft", Lora())
    assert torch.equal(logits(stages, "rlhf"), tuned)
    disturb(stages, "rlhf", seed=6)
    assert not torch.equal(logits(stages, "rlhf"), tuned)
    assert torch.equal(logits(stages, "sft"), tuned)
    assert torch.equal(logits(stages, "base"), base)


def test_looking_through_another_adapter_does_not_change_what_learns(stages: Stages):
    stages.add("sft", Lora())
    stages.copy("rlhf", "sft", Lora())
    learning = stages.trainable("rlhf")
    for stage in ("sft", "base", "rlhf"):
        with stages.through(stage):
            pass
    assert [p for p in stages.network.parameters() if p.requires_grad] == learning
    assert stages._peft.active_adapter == "rlhf"


def test_looking_at_the_base_does_not_let_a_frozen_adapter_learn(stages: Stages):
    stages.add("sft", Lora())
    stages.network.requires_grad_(False)
    with stages.through("base"):
        pass
    assert not any(parameter.requires_grad for parameter in stages.network.parameters())


def test_weights_of_another_shape_are_refused(stages: Stages):
    stages.add("sft", Lora())
    weights = stages.weights("sft")
    with pytest.raises(ValueError, match="fit no adapter"):
        stages.load_weights("sft", {name: weight[:1] for name, weight in weights.items()})
    with pytest.raises(ValueError, match="fit no adapter"):
        stages.load_weights("sft", {})


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_what_is_exported_can_be_read_by_peft_and_by_us(stages: Stages, model_folder, tmp_path):
    stages.add("sft", Lora())
    disturb(stages, "sft")
    stages.export("sft", tmp_path)
    peft = PeftModel.from_pretrained(load_base(str(model_folder), torch.device("cpu"))[0], tmp_path)
    ours = Stages(load_base(str(model_folder), torch.device("cpu"))[0])
    ours.read("sft", tmp_path)
    assert torch.equal(peft(IDS).logits, logits(ours, "sft"))
    torch.testing.assert_close(logits(ours, "sft"), logits(stages, "sft"), atol=0.02, rtol=0.01)


def test_the_export_names_no_machine_and_carries_the_notice(stages: Stages, model_folder, tmp_path):
    stages.add("sft", Lora())
    stages.export("sft", tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "google/gemma-3-270m"
    assert config["target_modules"] == list(PROJECTIONS)
    assert str(model_folder) not in (tmp_path / "adapter_config.json").read_text()
    notice = (tmp_path / "NOTICE").read_text()
    assert "Gemma Terms of Use" in notice
    assert "modified" in notice


def test_an_adapter_that_is_too_large_is_refused(stages: Stages, tmp_path, monkeypatch):
    stages.add("sft", Lora())
    monkeypatch.setattr("genai_demo.training.rlhf.adapters.MAX_BYTES", 1_000)
    with pytest.raises(ValueError, match="bytes"):
        stages.export("sft", tmp_path)
    assert MAX_BYTES == 10_000_000
