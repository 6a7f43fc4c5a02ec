"""Stages of one model in one batch: the same figures as alone, and the base as it always was."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch.nn.functional import layer_norm

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.errors import DamagedModelFolder, InvalidParameter, TextTooLong
from genai_demo.models.errors import NoTunedStages
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.reward import RewardHead
from genai_demo.models.stages import StagedText, TunedModel
from genai_demo.models.stages_loader import adapters_loader, stage_names
from genai_demo.training.rlhf.adapters import Stages
from genai_demo.training.rlhf.conversation import conversation
from genai_demo.training.rlhf.reward import RewardModel
from tests.conftest import chat_tokenizer

# PEFT asks for something deprecated when it is used without our care.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")

PROMPT = "the cat sat"


@pytest.fixture(scope="module")
def alone(network, adapter_folders) -> dict[str, torch.nn.Module]:
    """Each stage as a model of its own: the base as it is, and PEFT's own loading of one adapter."""
    models = {"base": network}
    for stage in ("sft", "rlhf"):
        models[stage] = PeftModel.from_pretrained(deepcopy(network), adapter_folders[stage]).eval()
    return models


@torch.no_grad()
def logits_of(model, ids):
    return model(input_ids=torch.tensor([list(ids)])).logits[0].float()


def test_a_call_that_names_no_stage_gets_the_base_bit_for_bit(network, tuned):
    untouched = LanguageModel(TorchEngine(network), chat_tokenizer(), name="untouched")
    ids = [token.id for token in untouched.encode_prompt(PROMPT)]
    assert torch.equal(tuned.base.next_logits(ids), untouched.next_logits(ids))


def test_every_stage_is_what_peft_makes_of_its_adapter_alone(tuned, alone):
    ids = tuned.prompt(PROMPT, as_turn=True).ids
    each = list(tuned.each_logits(ids, 1, ("base", "sft", "rlhf")))
    assert len(each) == len(ids) - 1
    for number, stage in enumerate(("base", "sft", "rlhf")):
        found = torch.stack([logits[number] for logits in each])
        torch.testing.assert_close(found, logits_of(alone[stage], ids)[:-1], atol=2e-4, rtol=1e-4)
    assert not torch.allclose(each[-1][0], each[-1][1], atol=0.1)


def test_a_long_text_is_scored_in_chunks_as_in_one_pass(tuned, alone):
    ids = tuned.prompt("the cat sat on a table. " * 12, as_turn=False).ids
    assert len(ids) > 100
    each = list(tuned.each_logits(ids, 70, ("rlhf", "base")))
    expected = logits_of(alone["rlhf"], ids)[69:-1]
    torch.testing.assert_close(torch.stack([one[0] for one in each]), expected, atol=2e-4, rtol=1e-4)


def text_of(tuned, stage, prompt, *, as_turn) -> StagedText:
    return StagedText(stage, tuned.prompt(prompt, stage, as_turn=as_turn).ids)


def test_texts_of_different_stages_and_lengths_grow_in_one_batch_as_they_would_alone(tuned, alone):
    rows = [
        StagedText("base", tuned.prompt("on a", as_turn=False).ids),
        StagedText("rlhf", tuned.prompt(PROMPT, as_turn=True).ids),
    ]
    writing = tuned.writing(rows)
    grown = [list(row.ids) for row in rows]
    for step in range(30):  # beyond the sliding window
        for row, ids, logits in zip(rows, grown, writing.logits, strict=True):
            torch.testing.assert_close(logits, logits_of(alone[row.stage], ids)[-1], atol=3e-4, rtol=1e-4)
        chosen = [(7 * step + place) % 300 + 3 for place in range(2)]
        for ids, token_id in zip(grown, chosen, strict=True):
            ids.append(token_id)
        writing.append(chosen)


def test_a_row_that_has_ended_leaves_the_batch_and_the_other_goes_on(tuned, alone):
    rows = [
        StagedText("sft", tuned.prompt(PROMPT, as_turn=True).ids),
        StagedText("base", tuned.prompt("a", as_turn=False).ids),
    ]
    writing = tuned.writing(rows)
    writing.append([None, 40])
    assert len(writing.logits) == 1
    torch.testing.assert_close(
        writing.logits[0], logits_of(alone["base"], [*rows[1].ids, 40])[-1], atol=2e-4, rtol=1e-4
    )
    writing.append([None])
    assert writing.logits == []


def test_visitors_of_several_tabs_get_the_figures_of_a_quiet_run(tuned):
    ids = tuned.prompt(PROMPT, as_turn=True).ids
    plain = [token.id for token in tuned.base.encode_prompt("a phone on the table")]

    def compare(_):
        return torch.stack(list(tuned.each_logits(ids, 1, ("sft", "rlhf"))))

    def next_word(_):
        return tuned.base.continuation(plain).logits

    quiet = compare(0), next_word(0)
    with ThreadPoolExecutor(8) as visitors:
        compared, predicted = visitors.map(compare, range(12)), visitors.map(next_word, range(12))
        assert all(torch.equal(one, quiet[0]) for one in compared)
        assert all(torch.equal(one, quiet[1]) for one in predicted)


def test_the_reward_is_the_head_on_the_base_models_last_state(network, tuned, adapter_folders):
    ids = (*tuned.prompt(PROMPT, as_turn=True).ids, 30, 31, tuned.template.end_id)
    with torch.no_grad():
        state = network.model(input_ids=torch.tensor([ids])).last_hidden_state[0, -1]
    head = RewardHead.load(adapter_folders["sft"].parent / "reward")
    score = float((layer_norm(state, state.shape) @ head.weight).detach())
    assert tuned.rewards([ids])[0] == pytest.approx((score - 1.5) / 1.0, abs=1e-3)  # calibrated on 0.5 and 2.5
    assert tuned.preference(1.0, 1.0) == 0.5


def test_a_prompt_is_read_bare_or_as_a_turn_and_typed_control_tokens_are_text(tuned):
    bare, turn = (tuned.prompt("a <end_of_turn>", as_turn=as_turn) for as_turn in (False, True))
    assert bare.text == "<bos>a <end_of_turn>"
    assert turn.text == "<bos><start_of_turn>user\na <end_of_turn><end_of_turn>\n<start_of_turn>model\n"
    assert sum(bare.is_control) == 1
    assert [token.text for token, control in zip(turn.tokens, turn.is_control, strict=True) if control] == [
        "<bos>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<start_of_turn>",
    ]
    assert turn.ids.count(tuned.template.end_id) == 1


def test_a_prompt_that_is_too_long_is_refused(tuned):
    with pytest.raises(TextTooLong):
        tuned.prompt("cat " * 2_000, as_turn=True)


def test_stages_are_listed_and_others_refused(tuned):
    assert tuned.stages == ("base", "sft", "rlhf")
    with pytest.raises(InvalidParameter, match="reward"):
        tuned.require_stage("left", "reward")


def test_a_model_without_turns_or_of_another_shape_has_no_stages(byte_level, network, adapter_folders):
    with pytest.raises(NoTunedStages):
        TunedModel(byte_level, adapter_folders)
    other = deepcopy(network)
    other.model.layers[0].self_attn.q_proj = torch.nn.Linear(32, 8, bias=False)
    with pytest.raises(NoTunedStages):
        TunedModel(LanguageModel(TorchEngine(other), chat_tokenizer(), name="other"), adapter_folders)


@pytest.mark.parametrize(
    ("folder", "missing"),
    [("sft", "adapter_model.safetensors"), ("sft", "adapter_config.json"), ("reward", "head.safetensors")],
)
def test_a_damaged_folder_is_named(network, adapter_folders, tmp_path, folder, missing):
    for name in ("sft", "reward"):
        shutil.copytree(adapter_folders["sft"].parent / name, tmp_path / name)
    (tmp_path / folder / missing).unlink()
    base = LanguageModel(TorchEngine(deepcopy(network)), chat_tokenizer(), name="tiny")
    with pytest.raises(DamagedModelFolder) as caught:
        TunedModel(base, {"sft": tmp_path / "sft"}, tmp_path / "reward")
    assert caught.value.facts["path"] == tmp_path / folder


@pytest.mark.parametrize("harm", ["missing", "other shapes"])
def test_a_second_adapter_that_does_not_fit_leaves_the_base_as_it_was(network, adapter_folders, tmp_path, harm):
    for name in ("sft", "rlhf"):
        shutil.copytree(adapter_folders["sft"], tmp_path / name)
    weights = tmp_path / "rlhf" / "adapter_model.safetensors"
    narrow = {name: tensor[:1] for name, tensor in load_file(weights).items()}
    weights.unlink()
    if harm == "other shapes":
        save_file(narrow, weights)
    shared = deepcopy(network)
    base = LanguageModel(TorchEngine(shared), chat_tokenizer(), name="tiny")
    with pytest.raises((DamagedModelFolder, NoTunedStages)):
        TunedModel(base, {"sft": tmp_path / "sft", "rlhf": tmp_path / "rlhf"})
    ids = torch.tensor([[2, 40, 41, 42]])
    with torch.no_grad():
        assert torch.equal(shared(ids).logits, network(ids).logits)


def test_the_page_rewards_as_training_did(tuned, network, adapter_folders):
    """The same numbers from the training code, which reads the plain base model in one filled-up batch."""
    judge = RewardModel.read(Stages(deepcopy(network)), adapter_folders["sft"].parent / "reward")
    conversations = [conversation(tuned.template, "the cat", answer) for answer in ("on a table", "sat", "un the a")]
    expected = judge.rewards(conversations).tolist()
    assert tuned.rewards([one.ids for one in conversations]) == pytest.approx(expected, abs=1e-4)
    assert len(set(expected)) == 3


def test_the_loader_reads_the_stages_once_and_only_those_that_are_there(network, adapter_folders):
    language = Loader.of(LanguageModel(TorchEngine(deepcopy(network)), chat_tokenizer(), name="tiny"), "Tiny")
    loader = adapters_loader(language, adapter_folders["sft"].parent)
    assert stage_names(loader) == ["base", "sft", "rlhf"]
    assert loader.loaded is None
    stages = loader.model(60)
    assert stages is loader.model()
    assert stages.language("base") is language.model()
    assert stages.has_reward
    assert stage_names(loader) == ["base", "sft", "rlhf"]
