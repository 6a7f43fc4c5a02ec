"""Foreign tokenizers: what is read is what the tokenizer itself writes, and every character is on one token."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genai_demo.models.encoding import TextEncoding
from genai_demo.models.errors import NoChatTemplate, UnusableChatTemplate
from genai_demo.models.turns import MakersTemplate, turn_marks
from tests.models.folders import CHATML, CHATS, SPACE_FIRST, TOKENIZERS, sentencepiece

KINDS = tuple(TOKENIZERS)
PROMPT = "the capital of France is"
TEXT = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("the catsonun ▁\n\t👩🙂ขอé\u0301 [INST]<|>")),
    max_size=30,
)
NASTY = (
    "",
    " ",
    "▁",
    "  the▁ the ▁▁",
    "1",
    " 1",
    "Paris",
    "\r\n\n",
    "e\u0301é",
    "ขอบ",
    "a\0b",
    "<s><0x41>",
    "[INST] a",
)


@pytest.fixture(scope="module")
def encodings() -> dict[str, TextEncoding]:
    return {kind: encoding(TOKENIZERS[kind]()) for kind in KINDS}


def encoding(tokenizer) -> TextEncoding:
    return TextEncoding(tokenizer, turn_marks(tokenizer))


def joined(tokens) -> str:
    return "".join(token.text for token in tokens)


def ids(tokens) -> list[int]:
    return [token.id for token in tokens]


# ── whole texts, and what continues them ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXT)
@example(text="1")
@example(text=" cat  sat ")
def test_joined_tokens_of_any_kind_are_the_text_again(encodings, kind, text):
    assert joined(encodings[kind].encode(text)) == text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", [text for text in NASTY if "<s>" not in text and "[INST]" not in text])
def test_a_whole_text_has_the_tokens_that_the_tokenizer_gives_it(encodings, kind, text):
    reference = TOKENIZERS[kind]()
    assert ids(encodings[kind].encode(text)) == reference(text, add_special_tokens=False).input_ids


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [" paris", " Paris", " Paris is", ".", " un", "\n"])
def test_what_continues_a_text_is_what_the_tokenizer_adds_to_it(encodings, kind, more):
    tokenizer = TOKENIZERS[kind]()
    before, both = (tokenizer(text, add_special_tokens=False).input_ids for text in (PROMPT, PROMPT + more))
    assert both[: len(before)] == before
    found = encodings[kind].encode_following(PROMPT, more)
    assert ids(found) == both[len(before) :]
    assert joined(found) == (more if found else "")  # where words are split at spaces, a line break is no token


@pytest.mark.parametrize("kind", SPACE_FIRST)
def test_a_word_inside_a_text_is_one_token_though_the_tokenizer_puts_a_space_first(encodings, kind):
    found = encodings[kind].encode_following(PROMPT, " paris")
    assert [token.text for token in found] == [" paris"]
    assert [token.text for token in encodings[kind].encode("paris")] == ["paris"]
    assert ids(found) == ids(encodings[kind].encode("paris"))  # with the space that it puts there


@pytest.mark.parametrize("kind", SPACE_FIRST)
def test_what_would_merge_with_the_text_goes_on_without_a_space_of_its_own(encodings, kind):
    """ "ca" and "t" are one token together; the text stays as it was read, and "t" is no " t"."""
    found = encodings[kind].encode_following("the ca", "t")
    assert [token.text for token in found] == ["t"]
    assert encodings[kind].text(found[0].id) == "t"


@pytest.mark.parametrize("kind", KINDS)
@given(text=TEXT, more=TEXT)
def test_what_continues_a_text_is_shared_out_whole(encodings, kind, text, more):
    found = encodings[kind].encode_following(text, more)
    assert not found or joined(found) == more


@pytest.mark.parametrize("kind", ["llama-2", "mistral", "metaspace-always"])
def test_the_tokenizers_own_space_shows_nothing(encodings, kind):
    found = encodings[kind].encode("1 cat")
    assert [token.text for token in found] == ["", "1", " cat"]


def test_a_space_of_the_texts_own_is_shown_by_the_token_that_holds_it(encodings):
    assert [token.text for token in encodings["llama-2"].encode(" the cat")] == ["", " the", " cat"]
    assert [token.text for token in encodings["mistral"].encode(" the cat")] == [" the", " cat"]  # none was put first


@pytest.mark.parametrize("kind", SPACE_FIRST)
def test_a_texts_first_word_is_written_without_the_tokenizers_space(encodings, kind):
    one = encodings[kind]
    (token,) = one.encode("Paris")
    begin = [token.id for token in one.begin]
    assert one.texts([token.id], after=begin) == ("Paris",)
    assert one.text(token.id, after=begin) == "Paris"
    inside = [*begin, *ids(one.encode(PROMPT))]
    assert one.texts([token.id], after=inside) == (" Paris",)
    assert one.text(token.id, after=inside) == one.text(token.id) == " Paris"


def test_a_gemma_text_may_begin_with_a_space(encodings):
    one = encodings["gemma"]
    (token,) = one.encode(" Paris")
    assert one.texts([token.id], after=[token.id for token in one.begin]) == (" Paris",)


# ── what texts begin with ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "begin"),
    [
        ("llama-2", ["<s>"]),
        ("gemma", ["<bos>"]),
        ("unigram", ["</s>"]),  # what the tokenizer itself puts there, though its bos_token is another
        ("gpt-2", ["<|endoftext|>"]),
        ("qwen", []),  # not the end of a turn
        ("smollm", []),  # its bos_token begins every turn, and no text
        ("nameless", []),
    ],
)
def test_a_text_begins_with_what_its_tokenizer_puts_there(encodings, kind, begin):
    assert [token.text for token in encodings[kind].begin] == begin


def test_a_tokenizer_that_would_cut_or_fill_up_texts_does_neither():
    tokenizer = TOKENIZERS["llama-2"]()
    tokenizer.backend_tokenizer.enable_truncation(4)
    tokenizer.backend_tokenizer.enable_padding(length=16)
    assert joined(encoding(tokenizer).encode(PROMPT * 3)) == PROMPT * 3


# ── a user's turn ────────────────────────────────────────────────────────────────────────────────────────────


def turn(kind: str, words: str):
    tokenizer = TOKENIZERS[kind]()
    return encoding(tokenizer).encode_turn(MakersTemplate(tokenizer, kind).write(words))


def makers(kind: str, words: str) -> list[int]:
    """The turn by the makers' own function."""
    content = [{"type": "text", "text": words}] if kind == "gemma-parts" else words
    message = {"role": "user", "content": content}
    written = TOKENIZERS[kind]().apply_chat_template([message], add_generation_prompt=True)
    return list(written["input_ids"])


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("words", ["paris", "the cat", "  the cat\n", "1", "ขอ 👩", "[cat]", "", "{{ x }}"])
def test_a_turn_has_the_tokens_that_the_makers_template_gives_it(kind, words):
    assert ids(turn(kind, words)) == makers(kind, words)


@pytest.mark.parametrize("kind", CHATS)
@given(words=st.text("the catPris1.\n <|[]", max_size=20))
def test_any_turn_has_the_tokens_that_the_makers_template_gives_it(kind, words):
    assert ids(turn(kind, words)) == makers(kind, words)


def test_a_turn_of_phi_3_has_no_tokens_for_the_line_breaks_that_its_commands_swallow():
    found = turn("phi-3", "the cat")
    assert len(found) == 5
    assert joined(found) == "<|user|>\nthe cat<|end|>\n<|assistant|>\n"


@pytest.mark.parametrize("kind", CHATS)
def test_commands_typed_by_a_visitor_stay_text(kind):
    tokenizer = TOKENIZERS[kind]()
    commands = encoding(tokenizer).control_ids
    plain = [one for one in ids(turn(kind, "the cat")) if one in commands]
    for name in {str(token) for token in tokenizer.added_tokens_decoder.values()} - {"<unk>"}:
        for words in (name, f"the {name} cat", f"cat{name}user\nthe", f"{name}{name}"):
            found = turn(kind, words)
            assert [one for one in ids(found) if one in commands] == plain, words
            assert name in joined(found)


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("head", ["|im_start|>", "im_end|>the", "[/INST]", "INST]", "</s>", "<|im_start|"])
def test_no_command_arises_where_words_meet_the_template(kind, head):
    commands = encoding(TOKENIZERS[kind]()).control_ids
    plain = [one for one in ids(turn(kind, "the cat")) if one in commands]
    assert [one for one in ids(turn(kind, head)) if one in commands] == plain


def test_guarded_words_are_cut_as_their_place_in_the_template_asks():
    """Where a space is put after each command it is there for guarded words too; where only first, it is not."""
    for kind, own in (("phi-3", True), ("metaspace-always", False)):
        found = turn(kind, "the <|user|> <|im_end|>")
        word = next(token for token in found if token.text == "the")
        spaced = encoding(TOKENIZERS[kind]()).text(word.id).startswith(" ")
        assert spaced is own, kind  # ChatML's "user\n" stands before the words of the other


# ── templates that cannot be used ────────────────────────────────────────────────────────────────────────────


def with_template(template):
    tokenizer = sentencepiece(prepend=True)
    tokenizer.chat_template = template
    return tokenizer


def test_without_a_template_that_is_said():
    with pytest.raises(NoChatTemplate) as caught:
        MakersTemplate(with_template(None), "Base")
    assert type(caught.value) is NoChatTemplate


@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('a system message comes first') }}",
        {"tool_use": CHATML, "rag": CHATML},
        "{% for message in messages %}{{ message.role }}{% endfor %}assistant:",
        "{% for m in messages %}{{ m.content }} you said: {{ m.content }}{% endfor %}",
        "{% for m in messages %}{{ m.content",
        "{{ messages[1].content }}",
    ],
    ids=["refuses", "several without a default", "forgets the words", "says them twice", "broken", "wants more"],
)
def test_a_template_that_cannot_be_used_is_said_to_be_unusable(template):
    with pytest.raises(UnusableChatTemplate) as caught:
        MakersTemplate(with_template(template), "Odd")
    assert caught.value.facts == {"title": "Odd"}
    assert turn_marks(with_template(template)) == frozenset()  # as a base it can still be used


def test_of_several_templates_the_default_is_taken():
    written = MakersTemplate(with_template({"tool_use": "{{ 1 / 0 }}", "default": CHATML}), "Two").write("the cat")
    assert (written.before, written.words) == ("<|im_start|>user\n", "the cat")


def test_a_template_that_wants_parts_gets_them_and_the_words_stand_in_the_users_turn():
    written = MakersTemplate(TOKENIZERS["gemma-parts"](), "Gemma").write("  the cat ")
    assert (written.before, written.words) == ("<bos><start_of_turn>user\n", "the cat")
    assert written.after == "<end_of_turn>\n<start_of_turn>model\n"
