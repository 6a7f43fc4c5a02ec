"""Writing the recorded examples."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from genai_demo.asks import Feature, Opening
from genai_demo.editions import record
from genai_demo.models import cache


def recorded(figure: int) -> None:
    """Record a feature of one scene, which opens with `figure`."""
    openings = {"scene": {"figure": Opening("tell", {}, {"value": figure})}}
    feature: Feature[Any] = Feature("tab", lambda models: models.language, (), {"scene": ()}, lambda _: openings)
    record._write(feature, None)


def test_a_disk_that_runs_full_leaves_the_recorded_example_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "RECORDED", tmp_path)
    recorded(1)
    before = (tmp_path / "tab" / "scene.json").read_text(encoding="utf-8")

    def runs_full(path, text, **options):
        with path.open("w", **options) as file:
            file.write(text[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.Path, "write_text", runs_full)
    with pytest.raises(SystemExit, match="No space left on device"):
        recorded(2)
    assert [file.name for file in (tmp_path / "tab").iterdir()] == ["scene.json"]
    assert (tmp_path / "tab" / "scene.json").read_text(encoding="utf-8") == before
