"""A family of whole models in the last tab: what each says alone, and refusals where their tokens differ."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import layer_norm
from transformers import LlamaConfig, LlamaForCausalLM

from genai_demo.engines.torch_engine import TorchEngine
from genai_demo.errors import TextTooLong
from genai_demo.features.rlhf import backend, feature, rater, story
from genai_demo.features.rlhf.feature import openings
from genai_demo.models.catalogue import SIBLINGS, available_models, find_model, find_siblings
from genai_demo.models.errors import DifferentTokens, NoChatTemplate, NoRowForTurns, UnknownModel
from genai_demo.models.language import LanguageModel
from genai_demo.models.loader import Loader
from genai_demo.models.sampling import SamplingSettings, draw, uniform_number
from genai_demo.models.siblings import SiblingModels
from genai_demo.models.stages import PROMPT_LIMIT, StagedText
from genai_demo.models.stages_loader import family_loader, stage_names
from tests.asking import Asking
from tests.conftest import byte_level_tokenizer, sentencepiece_tokenizer

requests = Asking(feature.FEATURE)

PROMPT = "the cat un<|im_end|>"
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
DRAWN = SamplingSettings(1.2, 0.95)
LONGEST = 8


def sibling(name: str, seed: int, *, template: str | None = CHATML, filling: int = 0, own=byte_level_tokenizer):
    """A small Llama with random weights. `filling`: rows of its table that no token has, as large models have them."""
    tokenizer = own()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = template
    network = llama(seed, len(tokenizer) + filling)
    return LanguageModel(TorchEngine(network), tokenizer, name=name, title=name.title())


def llama(seed: int, rows: int) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=rows,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=2_048,
        initializer_range=0.4,
        eos_token_id=1,
        bos_token_id=2,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="module")
def networks() -> dict[str, LanguageModel]:
    return {"base": sibling("base", 1, template=None, filling=20), "sft": sibling("sft", 2), "rlhf": sibling("rlhf", 3)}


@pytest.fixture(scope="module")
def family(networks) -> SiblingModels:
    return SiblingModels(networks)


@pytest.fixture(scope="module")
def strangers(networks) -> SiblingModels:
    return SiblingModels({"base": sibling("base", 1, own=sentencepiece_tokenizer), "rlhf": networks["rlhf"]})


def final(results):
    *_, last = results
    return last


def test_a_turn_is_written_as_the_makers_template_says_and_typed_control_tokens_are_text(family):
    read = family.prompt(PROMPT, "sft", as_turn=True)
    assert read.text == f"<|im_start|>user\n{PROMPT}<|im_end|>\n<|im_start|>assistant\n"
    control = [token.text for token, marked in zip(read.tokens, read.is_control, strict=True) if marked]
    assert control == ["<|im_start|>", "<|im_end|>", "<|im_start|>"]
    bare = family.prompt(PROMPT, "base", as_turn=False)
    assert bare.text == f"<bos>{PROMPT}"
    assert bare.is_control == (True, *[False] * (len(bare.tokens) - 1))
    with pytest.raises(TextTooLong):
        family.prompt("a " * PROMPT_LIMIT, "sft", as_turn=True)


def test_each_writes_what_it_would_write_alone(family, networks):
    result = final(backend.compare(family, PROMPT, "base", "rlhf", DRAWN, seed=4, max_new_tokens=LONGEST))
    for reply in (result.left, result.right):
        ids = list(reply.read.ids)
        assert reply.tokens
        for place, token_id in enumerate(reply.ids):
            network = networks[reply.stage]
            logits = network.next_logits(ids)[: len(network._fast_tokenizer)]
            assert token_id == draw(logits, DRAWN, uniform_number(4, place))
            ids.append(token_id)
    assert result.ended
    assert (result.rewards, result.chance) == (None, None)
    assert backend.reward(family, PROMPT, "the cat") is None


def test_words_are_scored_by_both_in_one_context(family, networks):
    marked = final(backend.changed_words(family, PROMPT, "rlhf", "base", DRAWN, seed=3, max_new_tokens=LONGEST))
    ids, size = [*marked.reply.read.ids], networks["rlhf"].vocabulary_size
    assert marked.scored.tokens
    for token in marked.scored.tokens:
        own, other = (networks[stage].next_logits(ids)[:size].double().log_softmax(-1) for stage in ("rlhf", "base"))
        assert token.probability == pytest.approx(math.exp(own[token.id]), rel=1e-3)
        assert token.other_rank == 1 + int((other > other[token.id]).sum())
        reference = torch.nn.functional.kl_div(other, own, reduction="sum", log_target=True)
        assert token.kl_nats == pytest.approx(float(reference), rel=1e-3, abs=1e-5)
        ids.append(token.id)


def test_models_with_other_tokens_answer_side_by_side_but_do_not_score_each_other(strangers):
    compared = list(backend.compare(strangers, PROMPT, settings=DRAWN, max_new_tokens=LONGEST))
    assert compared[-1].ended
    assert not any(one.ended for one in compared[:-1])
    assert compared[-1].left_scored is compared[-1].right_scored is None
    assert compared[-1].left.read.text == f"<bos>{PROMPT}"
    with pytest.raises(DifferentTokens) as refused:
        next(backend.changed_words(strangers, PROMPT))
    assert refused.value.facts == {"one": "Rlhf", "other": "Base"}
    with pytest.raises(DifferentTokens):
        backend.score(strangers, PROMPT, [5, 6], "rlhf", "base")
    assert strangers.speak_alike("rlhf", "rlhf")


def test_a_base_whose_table_has_no_rows_for_turns_cannot_score(networks):
    family = SiblingModels({"base": sibling("base", 1, template=None, filling=-2), "rlhf": networks["rlhf"]})
    assert not family.speak_alike("base", "rlhf")
    with pytest.raises(NoRowForTurns) as caught:
        next(backend.compare(family, PROMPT, same_prompt=True))
    assert caught.value.facts == {"title": "Base", "token": "<|im_start|>"}
    assert next(backend.compare(family, PROMPT)).left.read.tokens


def test_the_visitor_can_rate_their_answers(family, networks):
    answers = final(rater.sample(family, PROMPT, "sft", count=2, seed=1, max_new_tokens=4))
    ids = [*family.prompt(PROMPT, "sft", as_turn=True).ids, *answers.replies[0].ids]
    network = llama(2, networks["sft"].vocabulary_size)
    with torch.no_grad():
        states = network(torch.tensor([ids]), output_hidden_states=True).hidden_states[-1][0, -1]
    expected = layer_norm(states, (32,)).double().numpy() / math.sqrt(32)
    assert answers.rated[0].features == pytest.approx(expected, abs=1e-4)
    assert family.last_states([StagedText("sft", tuple(ids))]).shape == (1, 32)


def test_the_scenes_open_on_them_with_their_own_names(family):
    found = openings(family)
    replies = found["compare"]["replies"].answer
    assert replies["provenance"]["title"] == "Base, Sft, Rlhf"
    assert replies["left"]["tokens"][0]["other_rank"] >= 1
    assert {one["reward"] for one in found["recipe"]["ranking"].answer["answers"]} == {None}
    assert story.ranked_example(family, story.read_rankings(), 1).answers[0].reward is None
    names = requests.list_stages(family, {})["stages"]
    assert names == [{"name": name, "title": name.title()} for name in ("base", "sft", "rlhf")]


def test_a_tuned_model_has_a_chat_template(networks):
    with pytest.raises(NoChatTemplate):
        SiblingModels({"base": networks["base"], "rlhf": networks["base"]})


def test_the_loader_brings_the_family_together(networks):
    loader = family_loader({stage: Loader.of(networks[stage], stage) for stage in ("base", "rlhf")})
    assert stage_names(loader) == ["base", "rlhf"]
    assert loader.model(60) is loader.model()
    assert loader.model().titles == {"base": "Base", "rlhf": "Rlhf"}
    assert stage_names(loader) == ["base", "rlhf"]


def test_the_catalogue_knows_published_families():
    assert set(SIBLINGS) <= set(available_models())
    for base, tuned in SIBLINGS.items():
        found = find_siblings(find_model(base))
        assert found.keys() == tuned.keys() <= {"sft", "dpo", "rlhf"}
        assert {entry.kind for entry in found.values()} == {"tuned"}
    assert find_siblings(find_model("gemma-3-270m")) == {}
    assert find_siblings(find_model("smollm2-135m"), "qwen3-0.6b") == {"rlhf": find_model("qwen3-0.6b")}
    with pytest.raises(UnknownModel):
        find_siblings(find_model("smollm2-135m"), "no-such-model")
