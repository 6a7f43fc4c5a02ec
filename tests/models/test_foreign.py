"""Folders of the families that people bring: each computes what a plain pass does, alone and beside another."""

from __future__ import annotations

import math
import shutil

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from genai_demo.errors import TextTooLong
from genai_demo.features.next_word import backend
from genai_demo.features.rlhf import backend as rlhf
from genai_demo.features.rlhf import rater
from genai_demo.models.catalogue import find_model, find_siblings
from genai_demo.models.errors import NothingToRead, NoTunedStages
from genai_demo.models.language import LanguageModel
from genai_demo.models.loading import load_model
from genai_demo.models.sampling import SamplingSettings
from genai_demo.models.siblings import SiblingModels
from genai_demo.models.stages import TunedModel
from genai_demo.models.word_vectors import of_language_model
from genai_demo.models.word_vectors.input_table import extract_table
from genai_demo.page.messages import sentence
from tests.models.folders import FAMILIES, PARTS, TOKENIZERS, WORDS, save

PROMPT = "the capital of France is"
GREEDY = SamplingSettings(temperature=0)


@pytest.fixture(scope="module")
def models(folders) -> dict[str, LanguageModel]:
    return {kind: load_model(find_model(str(folder)), device="cpu") for kind, folder in folders.items()}


def plain(folder, ids) -> torch.Tensor:
    """Logits of all positions, by the library alone and in one pass."""
    network = AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.inference_mode():
        return network(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0]


def last(results):
    *_, found = results
    return found


# ── each family ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", FAMILIES)
def test_each_family_predicts_what_a_plain_pass_predicts(folders, models, kind):
    model = models[kind]
    ids = [token.id for token in model.encode_prompt(PROMPT)]
    tokenizer = AutoTokenizer.from_pretrained(folders[kind])
    reference = tokenizer(PROMPT).input_ids
    assert ids[-len(reference) :] == reference
    expected = plain(folders[kind], ids)
    torch.testing.assert_close(model.next_logits(ids), expected[-1], atol=1e-4, rtol=1e-3)
    found = torch.stack(list(model.each_logits(ids)))
    torch.testing.assert_close(found, expected[:-1], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("kind", FAMILIES)
def test_each_family_writes_and_is_surprised_as_a_plain_pass_says(folders, models, kind):
    model = models[kind]
    written = last(backend.generate(model, PROMPT, GREEDY, max_new_tokens=12))
    ids = [token.id for token in model.encode_prompt(PROMPT)]
    for token in written.tokens:
        assert token.id == int(plain(folders[kind], ids)[-1].argmax())
        ids.append(token.id)
    text = "the cat is the king of France " * 2
    found, ids = backend.surprise(model, text), [token.id for token in model.encode_prompt(text)]
    logs = plain(folders[kind], ids)[:-1].double().log_softmax(-1)
    expected = [-float(row[token_id]) / math.log(2) for row, token_id in zip(logs, ids[1:], strict=True)]
    assert [token.bits for token in found.tokens if token.bits is not None] == pytest.approx(expected, rel=1e-3)
    assert "".join(token.text for token in found.tokens) == text


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_long_text_is_read_in_parts_as_at_once(folders, models, kind):
    """Recurrent networks read on by one token at a time; the others in chunks."""
    model = models[kind]
    count = min(150, model.context_limit)
    ids = torch.randint(3, len(TOKENIZERS[FAMILIES[kind][0]]()), (count,), generator=torch.manual_seed(1)).tolist()
    found = torch.stack(list(model.each_logits(ids, first=count // 2)))
    torch.testing.assert_close(found, plain(folders[kind], ids)[count // 2 - 1 : -1], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_watched_word_has_the_probability_of_the_tokens_by_which_the_text_goes_on(folders, models, kind):
    (watched,) = backend.next_token(models[kind], PROMPT, watch=["paris"]).watched
    tokenizer = AutoTokenizer.from_pretrained(folders[kind])
    before, both = (tokenizer(text, add_special_tokens=False).input_ids for text in (PROMPT, f"{PROMPT} paris"))
    more = both[len(before) :]
    assert [token.id for token in watched.tokens] == more
    ids = [token.id for token in models[kind].encode_prompt(PROMPT)]
    logs = plain(folders[kind], [*ids, *more]).double().log_softmax(-1)
    expected = math.exp(sum(float(logs[len(ids) - 1 + place][one]) for place, one in enumerate(more)))
    assert watched.probability == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("kind", FAMILIES)
def test_each_family_knows_how_much_it_can_read(models, kind):
    assert models[kind].context_limit == FAMILIES[kind][1]


@pytest.mark.parametrize("kind", ["gpt2", "opt", "mpt", "xglm"])
def test_where_positions_end_a_text_is_refused_or_ends_and_the_reason_is_said(models, kind):
    model = models[kind]
    room = model.context_limit - len(model.begin)
    with pytest.raises(TextTooLong) as caught:
        backend.next_token(model, "the" + " the" * room)
    assert caught.value.facts["limit"] == model.context_limit
    nearly = "the" + " the" * (room - 4)
    written = last(backend.generate(model, nearly, SamplingSettings(1.0), seed=1, max_new_tokens=50))
    assert (len(written.tokens), written.stop_reason) == (3, "context")
    full = [token.id for token in written.tokens]
    again = last(backend.generate(model, nearly, chosen=full, max_new_tokens=1))
    assert (again.tokens, again.stop_reason) == ((), "context")
    with pytest.raises(TextTooLong):
        last(backend.generate(model, nearly, chosen=[*full, 5], max_new_tokens=1))
    with pytest.raises(TextTooLong):
        backend.next_token(model, nearly, watch=["forget Paris table the cat of France"])
    asked = last(backend.generate(model, nearly, SamplingSettings(1.0), seed=1, max_new_tokens=2))
    assert asked.stop_reason == "length"


@pytest.mark.parametrize("kind", ["qwen3", "mpt"])
def test_a_model_without_a_beginning_reads_no_empty_text_and_leaves_its_first_token_unmeasured(models, kind):
    model = models[kind]
    assert model.begin == ()
    for ask in (backend.next_token, backend.surprise, lambda *asked: last(backend.generate(*asked))):
        with pytest.raises(NothingToRead) as caught:
            ask(model, "")
        assert kind in sentence(caught.value)
    assert backend.tokenize(model, "").tokens == ()
    found = backend.surprise(model, "the cat")
    assert [token.bits is None for token in found.tokens] == [True, False]
    assert found.mean_bits == found.tokens[1].bits


def test_where_a_folder_names_no_end_no_word_ends_a_text(models):
    assert models["mpt"].end_ids == frozenset()
    assert models["llama"].end_ids == {models["llama"]._fast_tokenizer.eos_token_id}


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_input_table_of_each_family_holds_its_words(models, kind):
    words, unit, _ = extract_table(models[kind])
    assert {*WORDS, *PARTS} - {"paris"} <= {word if word in WORDS else word.lower() for word in words} | {"Paris"}
    assert np.isfinite(unit).all()
    vectors = of_language_model(models[kind])
    assert vectors.spelling("Cat") == "cat"
    assert vectors._cut is not None
    pieces = vectors._cut("unforget")
    assert "".join(pieces.texts) == "unforget"
    assert all(vectors._cut("niece").texts)  # a space by itself is named, too
    assert pieces.rows.shape[1] == vectors.dimensions


# ── two models side by side ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["llama", "phi3", "mistral", "qwen3", "gemma3"])
def test_two_of_a_family_answer_and_score_each_other(folders, models, tmp_path, kind):
    tuned = load_model(find_model(str(save(tmp_path / "tuned", kind, seed=5))), device="cpu")
    family = SiblingModels({"base": models[kind], "rlhf": tuned})
    compared = last(rlhf.compare(family, "the cat", settings=GREEDY, max_new_tokens=6))
    tokenizer = AutoTokenizer.from_pretrained(folders[kind])
    words = [{"type": "text", "text": "the cat"}] if kind == "gemma3" else "the cat"
    message = {"role": "user", "content": words}
    expected = tokenizer.apply_chat_template([message], add_generation_prompt=True)["input_ids"]
    assert list(compared.right.read.ids) == list(expected)
    assert compared.left.read.ids == tuple(token.id for token in models[kind].encode_prompt("the cat"))
    assert compared.ended
    assert len(compared.right_scored.tokens) == len(compared.right.tokens)
    if compared.right.tokens:
        logs = plain(tmp_path / "tuned", expected)[-1].double().log_softmax(-1)
        first = compared.right_scored.tokens[0]
        assert first.probability == pytest.approx(math.exp(float(logs[first.id])), rel=1e-3)


def test_an_answer_ends_where_the_context_of_those_who_read_it_ends(tmp_path):
    tokenizer = TOKENIZERS["qwen"]()
    base, tuned = (
        load_model(find_model(str(save(tmp_path / name, "gpt2", tokenizer, seed=seed))), device="cpu")
        for seed, name in enumerate(("base", "tuned"))
    )
    family = SiblingModels({"base": base, "rlhf": tuned})
    for model in (base, tuned):
        model.end_ids = model.control_ids = frozenset()  # so that nothing else ends it
    compared = last(rlhf.compare(family, PROMPT, settings=GREEDY, max_new_tokens=100))
    assert compared.left.stop_reason == compared.right.stop_reason == "context"
    assert len(compared.right.read.tokens) + len(compared.right.tokens) == 64
    assert len(compared.left_scored.tokens) == len(compared.left.tokens)
    assert last(rlhf.changed_words(family, PROMPT, max_new_tokens=100)).reply.stop_reason == "context"
    answers = last(rater.sample(family, PROMPT, "base", count=2))
    assert {reply.stop_reason for reply in answers.replies} == {"context"}
    for ask in (rlhf.compare, rlhf.changed_words):
        with pytest.raises(TextTooLong) as caught:
            next(ask(family, "the" + " the" * 60))
        assert caught.value.facts["limit"] == 63


def test_a_base_without_a_beginning_is_not_given_nothing(models, tmp_path):
    tuned = load_model(find_model(str(save(tmp_path / "tuned", "qwen3", seed=5))), device="cpu")
    family = SiblingModels({"base": models["qwen3"], "rlhf": tuned})
    with pytest.raises(NothingToRead):
        next(rlhf.compare(family, ""))
    assert next(rlhf.compare(family, "", same_prompt=True)).left.read.tokens


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gemma3", "mamba"])
def test_this_projects_adapters_refuse_foreign_models_with_a_sentence(models, adapter_folders, kind):
    with pytest.raises(NoTunedStages) as caught:
        TunedModel(models[kind], adapter_folders)
    assert "--tuned" in sentence(caught.value)


# ── what it is called ────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_of_the_hubs_cache_is_called_by_its_repository(folders, tmp_path):
    cache = tmp_path / "models--nobody--tiny--llama"
    commit = "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567"
    shutil.copytree(folders["llama"], cache / "snapshots" / commit)
    shutil.copytree(folders["llama"], cache / "snapshots" / ("9" + commit[1:]))
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    entry = find_model(str(cache / "snapshots" / commit))
    assert (entry.title, entry.name) == ("nobody/tiny--llama", "tiny--llama")
    assert find_model(str(cache)) == entry  # the repository's own folder will do, too


def test_two_folders_of_one_name_are_told_apart(folders, tmp_path):
    for place in ("first/run", "second/run"):
        shutil.copytree(folders["llama"], tmp_path / place / "checkpoint-500")
    base = find_model(str(tmp_path / "first/run/checkpoint-500"))
    (tuned,) = find_siblings(base, str(tmp_path / "second/run/checkpoint-500")).values()
    assert (base.title, tuned.title) == ("checkpoint-500", "run/checkpoint-500")
    (same,) = find_siblings(base, str(tmp_path / "first/run/checkpoint-500")).values()
    assert same == base


def test_a_folder_named_like_a_known_model_gets_no_siblings_from_elsewhere(folders, tmp_path):
    folder = shutil.copytree(folders["llama"], tmp_path / "olmo-2-1b")
    assert find_siblings(find_model(str(folder))) == {}
