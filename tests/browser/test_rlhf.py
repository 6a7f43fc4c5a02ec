"""The Base-vs-RLHF tab in the browser: what is shown is what the backend computed, with mouse and keyboard."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import expect
from visiting import Visit

from genai_demo.features.rlhf import backend
from genai_demo.features.rlhf.story import read_story
from genai_demo.models.sampling import SamplingSettings
from genai_demo.models.stages import TunedModel
from genai_demo.page.texts import load_texts

UI = load_texts("genai_demo.page")["ui"]
TEXTS = load_texts("genai_demo.features.rlhf")
COMMON, COMPARE, CHANGED, RECIPE, RATER = (TEXTS[name] for name in ("common", "compare", "changed", "recipe", "rater"))
PROMPT = "the cat sat on"


def ask(visitor: Visit, prompt: str, name: str) -> None:
    visitor.find("textarea").fill(prompt)
    visitor.find("button").get_by_text(name, exact=True).click()


SHOWN_SCENE = "[...document.querySelectorAll('.gx-current .gx-scene')].find((one) => one.offsetParent)?.genaiScene"
DONE = f"""() => {{
  const scene = {SHOWN_SCENE};
  return !!scene && Object.keys(scene.answers).every((key) => scene.progress(key).asking === null);
}}"""
LEARNED = f"""async () => {{
  const [rounds] = await gxModules("#features/rlhf/web/rounds.js");
  const {{ state, settings, answers }} = {SHOWN_SCENE};
  const {{ memory }} = rounds.learnable(state, answers.answers, settings);
  return {{ ...memory, order: rounds.current(state, answers.answers).order, taste: answers.taste ?? null }};
}}"""


def done(visitor: Visit) -> None:
    """Wait until nothing is on its way to the shown scene."""
    visitor.page.wait_for_function(DONE)
    visitor.settle(150)


def chosen(visitor: Visit, label: str) -> str:
    """What a list with this label is set to."""
    return (
        visitor.find(".gx-field")
        .filter(has=visitor.page.get_by_text(label, exact=True))
        .locator("select")
        .input_value()
    )


def answers(visitor: Visit) -> dict[str, Any]:
    """What the shown scene shows."""
    found: dict[str, Any] = visitor.page.evaluate(f"() => {SHOWN_SCENE}.answers")
    return found


def learned(visitor: Visit) -> dict[str, Any]:
    """All that the rater's reward model learns from, the order that is being given, and what it has learned."""
    found: dict[str, Any] = visitor.page.evaluate(LEARNED)
    return found


def final(results):
    *_, last = results
    return last


def test_both_columns_show_what_the_stages_write(visitor: Visit, tuned: TunedModel) -> None:
    visitor.open("compare")
    done(visitor)
    ask(visitor, PROMPT, COMPARE["ask"])
    done(visitor)
    right = chosen(visitor, COMPARE["right"])
    expected = final(backend.compare(tuned, PROMPT, "base", right, seed=1))
    shown = visitor.find(".gx-said")
    assert shown.nth(0).text_content() == expected.left.text
    assert shown.nth(1).text_content() == expected.right.text
    verdict = visitor.find(".gx-work > [role=status]").last.inner_text()
    assert f"{expected.right_scored.kl_nats:.2f} nats a token" in verdict
    visitor.find("summary").nth(1).click()
    assert "<start_of_turn>user" in visitor.find(".gx-exact").nth(1).inner_text()
    assert visitor.find(".gx-control").count() >= 4


def test_typed_control_tokens_and_html_stay_text(visitor: Visit) -> None:
    visitor.open("compare")
    done(visitor)
    ask(visitor, "<end_of_turn><img src=x onerror=alert(1)>", COMPARE["ask"])
    done(visitor)
    visitor.find("summary").nth(1).click()
    assert "<end_of_turn><img src=x" in visitor.find(".gx-exact").nth(1).locator(
        ".gx-plain"
    ).first.inner_text() + "".join(visitor.find(".gx-exact").nth(1).locator(".gx-plain").all_inner_texts())
    assert visitor.find("img").count() == 0


@pytest.mark.parametrize(
    ("scene", "name"), [("compare", COMPARE["ask"]), ("changed", CHANGED["write"]), ("rater", RATER["sample"])]
)
def test_a_prompt_that_is_refused_loses_nothing(visitor: Visit, scene: str, name: str) -> None:
    visitor.open(scene)
    done(visitor)
    before = answers(visitor)
    ask(visitor, "cat " * 3_000, name)
    expect(visitor.find(".gx-message.gx-error")).to_contain_text("1,024")
    assert answers(visitor) == before
    assert COMMON["writing"] not in visitor.find(".gx-work").inner_text()


def test_stop_keeps_what_was_written(visitor: Visit) -> None:
    visitor.open("compare")
    done(visitor)
    visitor.find("textarea").fill("a table on the cat")
    visitor.find("button").get_by_text(COMPARE["ask"], exact=True).click()
    visitor.find("button").get_by_text(COMMON["stop"], exact=True).click()
    done(visitor)
    states = " ".join(visitor.find(".gx-replies .gx-soft").all_inner_texts())
    assert COMMON["writing"] not in states


def test_guess_first_hides_the_names_until_they_are_revealed(visitor: Visit) -> None:
    visitor.open("compare")
    done(visitor)
    tuned_name = COMMON[f"stage_{chosen(visitor, COMPARE['right'])}"]
    visitor.find("label").filter(has_text=COMPARE["guess"]).locator("input").check()
    ask(visitor, PROMPT, COMPARE["ask"])
    done(visitor)
    assert visitor.find(".gx-replies h3").all_inner_texts() == ["Model A", "Model B"]
    assert "nats" not in visitor.find(".gx-work").inner_text()
    visitor.find("button").get_by_text(COMPARE["guess_left"], exact=True).click()
    visitor.find("button").get_by_text(COMPARE["reveal"], exact=True).click()
    names = visitor.find(".gx-replies h3").all_inner_texts()
    assert sorted(names) == sorted([COMMON["stage_base"], tuned_name])
    found = int(names[0] == tuned_name)  # the columns stay where they were, and the vote was for the left one
    assert f"{found} of 1 found it" in visitor.find(".gx-work").inner_text()


def test_in_projector_mode_the_raw_column_is_blurred_until_a_click(visitor: Visit) -> None:
    page = visitor.open("compare")
    done(visitor)
    ask(visitor, PROMPT, COMPARE["ask"])
    done(visitor)
    page.locator("#gx-projector").click()
    raw = visitor.find(".gx-reply").first
    assert "gx-blurred" in raw.get_attribute("class")
    visitor.find(".gx-cover:visible").click()
    assert "gx-blurred" not in raw.get_attribute("class")


def test_every_token_is_marked_by_its_rank_and_opens_both_top_tens(visitor: Visit, tuned: TunedModel) -> None:
    page = visitor.open("changed")
    done(visitor)
    ask(visitor, PROMPT, CHANGED["write"])
    done(visitor)
    stage = chosen(visitor, CHANGED["stage"])
    expected = final(backend.changed_words(tuned, PROMPT, stage, "base", SamplingSettings(temperature=0))).scored
    chips = visitor.find(".gx-written button")
    assert chips.count() == len(expected.tokens)
    for chip, token in zip(chips.all(), expected.tokens, strict=True):
        kind = "gx-first" if token.other_rank == 1 else "gx-near" if token.other_rank <= 3 else "gx-far"
        assert kind in chip.get_attribute("class")
    with visitor.no_request():
        chips.first.focus()
        page.keyboard.press("Enter")
    first = expected.tokens[0]
    for chart, candidates in zip(
        visitor.find(".gx-pair .gx-bars").all(), (first.candidates, first.other_candidates), strict=True
    ):
        widths = [
            float(one.evaluate("(bar) => parseFloat(bar.style.width)")) for one in chart.locator(".gx-bar-fill").all()
        ]
        assert widths[:8] == pytest.approx([100 * one.probability for one in candidates[:8]], abs=1e-2)
    assert visitor.find(".gx-kl rect").count() == len(expected.tokens)


def test_a_model_is_not_marked_by_itself(visitor: Visit) -> None:
    visitor.open("changed")
    done(visitor)
    visitor.find("select").nth(2).select_option(chosen(visitor, CHANGED["stage"]))
    expect(visitor.find(".gx-message")).to_have_text(CHANGED["choose_other"])


def test_the_third_step_shows_what_each_run_wrote_at_each_moment(visitor: Visit) -> None:
    page = visitor.open("recipe")
    visitor.find("button").filter(has_text=RECIPE["step_3"]).click()
    told = read_story()
    assert visitor.find(".gx-lines:visible").count() == 4
    assert told.practices
    *_, last = told.practices.values()
    telling, _ = max(last.samples.values(), key=lambda one: one[1][-1].reward - one[1][0].reward)
    for name, practice in told.practices.items():
        with visitor.no_request():
            if len(told.practices) > 1:
                visitor.find("button").get_by_text(RECIPE[f"run_{name}"], exact=True).click()
            samples = dict(practice.samples.values())[telling]
            assert visitor.find("select:visible option:checked").inner_text() == telling
            slider = visitor.find("input[type=range]:visible")
            for sample, key in zip((samples[-1], samples[0], samples[1]), ("End", "Home", "ArrowRight"), strict=True):
                slider.focus()
                page.keyboard.press(key)
                shown = visitor.find(".gx-reply:visible")
                expect(shown).to_have_text(sample.text or COMMON["nothing"])
                assert f"after {sample.step} steps" in visitor.find(".gx-panel:visible").first.inner_text()
    another = next(prompt for prompt, _ in last.samples.values() if prompt != telling)
    visitor.find("select:visible").select_option(label=another)
    visitor.find("button").get_by_text(RECIPE["run_rlhf"], exact=True).click()
    assert visitor.find("select:visible option:checked").inner_text() == another  # to be compared


def test_a_class_pools_its_orders_in_files(visitor: Visit, tmp_path) -> None:
    page = visitor.open("rater")
    done(visitor)
    visitor.find("button").get_by_text(RATER["sample"], exact=True).click()
    done(visitor)
    with visitor.answer():
        for key in "3142":
            page.keyboard.press(key)
    with page.expect_download() as download:
        visitor.find("button").get_by_text(RATER["save"], exact=True).click()
    saved = tmp_path / "orders.json"
    download.value.save_as(saved)
    held = json.loads(saved.read_text())
    assert [len(held["answers"]), held["rankings"]] == [4, [[2, 0, 3, 1]]]
    for name, change in (("a", {}), ("b", {"rankings": [[0, 1, 2, 3]]})):
        (tmp_path / name).write_text(json.dumps(held | change))
    with visitor.answer():
        visitor.find(".gx-file").set_input_files([tmp_path / "a", tmp_path / "b"])
    pooled = learned(visitor)
    assert [pooled["raters"], pooled["taste"]["pairs"], len(pooled["answers"])] == [3, 18, 12]
    assert pooled["rankings"] == [[2, 0, 3, 1], [6, 4, 7, 5], [8, 9, 10, 11]]
    assert "18 pairs of answers by 3 raters" in visitor.find(".gx-panel").last.inner_text()
    for name, content in (
        ("not-json", "{"),
        ("alien", json.dumps(held | {"model": "GPT"})),
        ("far", '{"answers": []}'),
    ):
        (tmp_path / name).write_text(content)
        visitor.find(".gx-file").set_input_files(tmp_path / name)
        expect(visitor.find(".gx-message")).to_contain_text(name)
    assert learned(visitor) == pooled


def test_answers_can_be_dragged_into_order(visitor: Visit) -> None:
    page = visitor.open("rater")
    done(visitor)
    page.set_viewport_size({"width": 1280, "height": 1200})
    cards = visitor.find(".gx-answers li")
    last, first = (cards.nth(place).bounding_box() for place in (3, 0))
    page.mouse.move(last["x"] + 40, last["y"] + 12)
    page.mouse.down()
    page.mouse.move(first["x"] + 40, first["y"] + 12, steps=12)
    page.mouse.up()
    visitor.settle()
    assert [text[:8] for text in cards.all_inner_texts()] == ["Answer D", "Answer A", "Answer B", "Answer C"]
    assert learned(visitor)["order"] == []  # the click that ends a drag places nothing
    with visitor.answer():
        visitor.find("button").get_by_text(RATER["my_order"], exact=True).click()
    assert learned(visitor)["rankings"] == [[3, 0, 1, 2]]


def test_a_rater_teaches_a_reward_model_by_keyboard_alone(visitor: Visit) -> None:
    page = visitor.open("rater")
    done(visitor)
    for _ in range(2):
        visitor.find("button").get_by_text(RATER["sample"], exact=True).focus()
        page.keyboard.press("Enter")
        done(visitor)
        expect(visitor.find(".gx-verdict").first).to_have_text(RATER["order"])
        with visitor.answer():
            for key in "3142":
                page.keyboard.press(key)
        expect(visitor.find(".gx-verdict").first).to_have_text(RATER["ordered"])
    badges = visitor.find(".gx-answer").nth(2).locator(".gx-badge").all_inner_texts()
    assert badges[0] == "Place 1"
    assert badges[1].startswith("Your model's choice")
    panel = visitor.find(".gx-panel").last.inner_text()
    assert "12 pairs" in panel
    assert "of 1 times" in panel
    visitor.find("button").get_by_text(RATER["forget"], exact=True).click()
    assert RATER["taste_empty"] in visitor.find(".gx-panel").last.inner_text()


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────

LINKS = {
    "compare": (
        {"prompt": PROMPT, "left": "sft", "temperature": "0.3", "seed": "7", "same": "true"},
        """({ left, prompt }) => [prompt, left.stage, document.querySelector("#scene-rlhf-compare .gx-seed").value]""",
        [PROMPT, "sft", "7"],
        "replies",
    ),
    "changed": (
        {"prompt": PROMPT, "stage": "sft", "length": "80", "token": "3"},
        """({ stage, prompt }) => [prompt, stage,
          [...document.querySelectorAll(".gx-written button")].findIndex((one) => one.ariaPressed === "true")]""",
        [PROMPT, "sft", 3],
        "marked",
    ),
    "recipe": (
        {"part": "reinforcement", "run": "unleashed", "unleashed_step": "8", "ranking": "5", "kind": "list"},
        """({ number }) => [number, document.querySelector("#scene-rlhf-recipe output:not([hidden] *)").value,
          document.querySelector("#scene-rlhf-recipe .gx-row [aria-pressed=true]").textContent]""",
        [5, "after 8 steps", RECIPE["run_unleashed"]],
        "ranking",
    ),
    "rater": (
        {"prompt": PROMPT, "seed": "9"},
        """({ prompt, seed }) => [prompt, seed, document.querySelector("#scene-rlhf-rater textarea").value]""",
        [PROMPT, 9, PROMPT],
        "answers",
    ),
}


@pytest.mark.parametrize("scene", LINKS)
def test_a_link_opens_the_screen_that_was_chosen_and_nonsense_in_it_is_noted(visitor: Visit, scene: str) -> None:
    values, look, expected, key = LINKS[scene]
    page = visitor.page
    see = f"() => ({look})({SHOWN_SCENE}.answers.{key})"
    page.goto(f"{visitor.address}/?{urlencode({'tab': 'rlhf', 'scene': scene, **values})}")
    visitor.wait_for_live()
    done(visitor)
    assert page.evaluate(see) == expected
    assert visitor.find(".gx-message:visible").count() == 0
    held = page.url
    assert dict(parse_qsl(urlsplit(held).query)) == {"tab": "rlhf", "scene": scene, **values}
    other = next(one for one in LINKS if one != scene)
    visitor.go_to(other)
    done(visitor)
    page.go_back()
    page.wait_for_url(held)
    assert page.evaluate(see) == expected
    name = "part" if scene == "recipe" else "seed" if scene == "rater" else "stage" if scene == "changed" else "left"
    page.goto(f"{visitor.address}/?{urlencode({'tab': 'rlhf', 'scene': scene, name: '<img src=x>'})}")
    visitor.wait_for_live()
    expect(visitor.find(".gx-message.gx-note")).to_have_text(UI["link_in_part"])
    assert page.evaluate(f"() => {SHOWN_SCENE}.fields.{name}.initial === {SHOWN_SCENE}.state.{name}")


def test_what_a_rater_has_taught_survives_a_reload(visitor: Visit) -> None:
    page = visitor.open("rater")
    done(visitor)
    with visitor.answer():
        for key in "3142":
            page.keyboard.press(key)
    page.wait_for_timeout(1_500)
    before = learned(visitor)
    page.reload()
    visitor.wait_for_live()
    done(visitor)
    after = learned(visitor)
    assert after["rankings"] == before["rankings"] == [[2, 0, 3, 1]]
    assert after["answers"] == before["answers"]
    assert after["taste"] == before["taste"]
    assert "6 pairs" in visitor.find(".gx-panel").last.inner_text()
