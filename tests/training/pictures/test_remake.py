"""The picture model is remade from start to end, on settings that take seconds: the page can load what comes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from genai_demo.datasets.records import read_json, read_log
from genai_demo.models.picture import load_picture_model
from genai_demo.models.picture_generator import PictureGenerator, trained_objects
from genai_demo.models.text_encoder import TextEncoder
from genai_demo.training.pictures.remake import SMOKE, main
from genai_demo.training.pictures.trainer import PictureTrainer


@pytest.fixture
def smoke(encoder: TextEncoder, tmp_path: Path, monkeypatch) -> Callable[[], Path]:
    """Runs the script; returns the folder of what it made."""
    monkeypatch.setattr(TextEncoder, "load", lambda *_: encoder)

    def run() -> Path:
        own = ["--device", "cpu", "--threads", str(torch.get_num_threads())]
        main(["--smoke", "--folder", str(tmp_path / "all"), *own])
        torch.set_flush_denormal(False)
        return tmp_path / "all" / "made"

    return run


def test_what_is_remade_can_be_loaded_and_draws(smoke, encoder):
    made = smoke()
    generator = PictureGenerator(load_picture_model(made), encoder, trained_objects(made))
    side = SMOKE.network[1]
    x0 = generator.predict(torch.randn(1, 3, side, side), 50, [generator.encode("a red apple")])
    assert x0.shape == (1, 3, side, side)
    assert x0.isfinite().all()
    assert trained_objects(made) == SMOKE.objects
    assert {"sheet.png", "quality.md", "quality.png"} <= {file.name for file in made.iterdir()}
    assert read_json(made / "quality.json")["the model, guidance 4"]["pictures"] == SMOKE.exam
    assert read_json(made / "training.json")["recipe"]["rung"]["pair_share"] == SMOKE.pair_share


def test_a_script_that_was_stopped_goes_on_where_it_was(smoke, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr(PictureTrainer, "total", property(lambda trainer: min(trainer.pace.pictures, 40)))
        made = smoke()
    assert "the same command goes on" in capsys.readouterr().out
    assert not (made / "quality.json").exists()
    smoke()
    said = capsys.readouterr().out
    assert said.count("done before") == 1
    assert f"made: {made}" in said
    assert [line["from_pictures"] for line in read_log(made) if "from_pictures" in line] == [0, 32, 40]
    smoke()
    assert capsys.readouterr().out.count("done before") == 3
