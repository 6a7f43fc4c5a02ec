"""What the scenes open with, computed by the model and its stages; `genai_demo/record.py` writes it into files."""

from __future__ import annotations

from ..models.stages import StagedModel
from ..ui.request import Json
from ..ui.texts import load_texts
from . import requests, story, view

MARKED_TOKENS = 40  # more would not fit into a recorded file


def openings(model: StagedModel) -> dict[str, Json]:
    """The opening example of each scene: scene → payload."""
    presets = load_texts("genai_demo.rlhf")["common"]["presets"]
    tuned, first = model.stages[-1], {"prompt": presets[0]["prompt"], "seed": 1}
    *_, compared = requests.compare(model, {**first, "right": tuned})
    greedy = {"temperature": 0, "max_new_tokens": MARKED_TOKENS}
    *_, marked = requests.mark_changed(model, {**first, **greedy, "stage": tuned})
    several_ways = {"prompt": presets[1]["prompt"], "seed": 1}  # a short fact leaves nothing to prefer
    *_, answers = requests.sample_answers(model, {**several_ways, "stage": model.stages[1]})
    told = view.story_payload(story.read_story(), story.ranked_example(model, story.read_rankings(), 0))
    return {"compare": compared, "changed": marked, "recipe": told, "rater": answers}
