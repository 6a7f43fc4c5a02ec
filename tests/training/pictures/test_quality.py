"""The examiner: what it asks, how it marks, and that it can tell good pictures from spoiled ones."""

from __future__ import annotations

import json
import math

import numpy as np
import torch

from genai_demo.datasets.drawings.compositions import Rung, Scene, Thing, World, paint_many
from genai_demo.datasets.drawings.sprites import Sprites
from genai_demo.models.picture import PictureModel, save_weights
from genai_demo.training.pictures import quality
from genai_demo.training.pictures.judge import NOTHING, SKIP, Answer, Judge, judge_for, spoil, train_judge
from genai_demo.training.pictures.quality import exam_pairs, exam_scenes, mark, mark_pairs, report, table
from genai_demo.training.pictures.sampling import contact_sheet, draw

from .test_train import RECIPE, SIDE, Reader

FAMILIAR = World(Sprites.load(), Rung(objects=2, colours=("red", "blue")))
CAT = Scene((Thing("cat", "red", "small"),), "blue")
SUN = Scene((Thing("sun", "", "large"),), "black")


def test_marks_count_what_was_asked_for_and_nothing_else():
    answers = [Answer("cat", "red", "blue", "large", 0.9), Answer("sun", "pink", "black", "large", 0.9)]
    marks = mark([CAT, SUN], answers)
    assert (marks.object, marks.colour, marks.background, marks.size, marks.everything) == (1, 1, 1, 0.5, 0.5)
    assert marks.by_object == (("cat", 1.0), ("sun", 1.0))
    assert marks.by_size == (("small", 1.0), ("large", 1.0))
    wrong = mark([CAT], [Answer(NOTHING, "blue", "red", "large", 0.3)])
    assert (wrong.object, wrong.colour, wrong.background) == (0, 0, 0)
    assert math.isnan(mark([SUN], answers[1:]).colour)


def test_the_exam_asks_held_out_scenes_and_gives_every_object_its_share():
    world = World(Sprites.load(), Rung())
    scenes = exam_scenes(world, 300)
    assert scenes == exam_scenes(world, 300)
    assert len(scenes) == len(set(scenes)) == 300
    assert all(scene.held_out for scene in scenes)
    counts = [sum(scene.things[0].name == kind.name for scene in scenes) for kind in world.kinds]
    assert min(counts) >= 3
    assert max(counts) <= 12


def test_a_pair_is_right_when_each_half_shows_one_of_the_two():
    scene = Scene((Thing("heart", "red"), Thing("star")), "black")
    shown = {
        "left": Answer("star", "blue", "black", "small", 1.0),
        "right": Answer("heart", "red", "black", "small", 1.0),
    }

    class Eyes:
        def __init__(self) -> None:
            self.turns = iter(("left", "right"))

        def answers(self, pictures: torch.Tensor) -> list[Answer]:
            assert pictures.shape == (1, 3, SIDE, SIDE)
            return [shown[next(self.turns)]]

    pictures = torch.rand(1, 3, SIDE, SIDE)
    assert mark_pairs([scene], pictures, Eyes()) == 1
    assert mark_pairs([Scene((Thing("heart", "blue"), Thing("star")), "black")], pictures, Eyes()) == 0
    assert mark_pairs([Scene((Thing("heart"), Thing("heart")), "black")], pictures, Eyes()) == 0


def test_the_exam_of_pairs_is_held_out_too():
    scenes = exam_pairs(FAMILIAR, 5)
    assert all(scene.held_out and len(scene.things) == 2 for scene in scenes)
    assert scenes == exam_pairs(FAMILIAR, 5)


def test_labels_leave_out_a_colour_that_nobody_asked_for():
    judge = Judge(["cat", "sun"])
    labels = judge.labels([CAT, SUN])
    assert labels["colour"].tolist() == [0, SKIP]
    assert labels["object"].tolist() == [0, 1]
    assert judge.choices["object"][-1] == NOTHING


def test_spoiled_pictures_are_other_pictures():
    pictures = torch.rand(12, 3, 16, 16)
    spoiled = spoil(pictures, np.random.default_rng(0))
    assert spoiled.shape == pictures.shape
    assert not any(torch.equal(a, b) for a, b in zip(pictures, spoiled, strict=True))
    assert torch.equal(spoil(pictures, np.random.default_rng(0)), spoiled)


def test_a_judge_learns_from_real_pictures_and_is_kept(tmp_path):
    judge = train_judge(FAMILIAR, 16, pictures=6_400, batch=32)
    rng = np.random.default_rng(1)
    scenes = [FAMILIAR.singles[index] for index in rng.integers(len(FAMILIAR.singles), size=200)]
    pictures = torch.from_numpy(paint_many(scenes, FAMILIAR.sprites, rng, 16)).float() / 255
    marks = mark(scenes, judge.answers(pictures))
    assert marks.object > 0.85
    assert marks.background > 0.85
    torch.save(judge.state_dict(), tmp_path / "judge.pt")
    kept = judge_for(FAMILIAR, 16, tmp_path / "judge.pt")
    assert kept.answers(pictures) == judge.answers(pictures)


def test_drawing_is_reproducible_and_guidance_one_ignores_the_empty_prompt():
    torch.manual_seed(0)
    model = PictureModel(RECIPE.model).eval()
    text, nothing = Reader().encode(["a red cat", "a blue cat"]), Reader().encode([""])
    one = draw(model, text, nothing, [1, 2], steps=3)
    assert one.shape == (2, 3, SIDE, SIDE)
    assert torch.equal(one, draw(model, text, nothing, [1, 2], steps=3))
    other = Reader().encode(["something else"])
    plain = draw(model, text, nothing, [1, 2], steps=3, guidance=1.0)
    assert torch.allclose(plain, draw(model, text, other, [1, 2], steps=3, guidance=1.0), atol=1e-5)
    assert torch.allclose(
        draw(model, text, nothing, [1, 2], steps=3, guidance=0.0),
        draw(model, nothing.stack([nothing, nothing]), nothing, [1, 2], steps=3, guidance=1.0),
        atol=1e-5,
    )


def test_a_sheet_has_room_for_all():
    assert contact_sheet(torch.rand(5, 3, 8, 8), columns=3, zoom=2).size == (3 * 20 + 4, 2 * 20 + 4)


def test_the_command_writes_a_table_beside_the_weights(tmp_path, monkeypatch, capsys):
    save_weights(PictureModel(RECIPE.model), tmp_path)
    monkeypatch.setattr(quality.TextEncoder, "load", lambda *_: Reader())
    monkeypatch.setattr(quality, "judge_for", lambda world, *_: Judge([k.name for k in world.kinds]).eval())
    monkeypatch.setattr(quality, "STEPS", 2)
    words = ["--folder", tmp_path, "--prompts", 6, "--objects", 3, "--guidance", 1, 2, "--pairs", 2]
    quality.main([str(word) for word in (*words, "--device", "cpu", "--threads", torch.get_num_threads())])
    values = json.loads((tmp_path / "quality.json").read_text())
    assert list(values) == [
        "the classifier itself, on real compositions",
        "the model, guidance 1",
        "the model, guidance 2",
        "pairs",
    ]
    assert values["the model, guidance 1"]["pictures"] == 6
    printed = capsys.readouterr().out
    assert "never trained on" in printed
    assert "Two objects" in printed
    assert (tmp_path / "quality.md").exists()
    assert (tmp_path / "quality.png").exists()


def test_the_table_can_be_read():
    marks = mark([CAT], [Answer("cat", "red", "blue", "small", 1.0)])
    assert "| x | 1 | 100.0 % | 100.0 % | 100.0 % | 100.0 % | 100.0 % |" in table({"x": marks})
    assert "cat 100 %" in report({"x": marks}, "x", 3.0, Rung())
    assert "small 100 %" in report({"x": marks}, "x", 3.0, Rung())
