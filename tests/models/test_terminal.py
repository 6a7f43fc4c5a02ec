"""The progress bar in the terminal."""

from __future__ import annotations

from genai_demo.models.terminal import TerminalProgress


def test_the_bar_names_the_stage_says_how_far_it_is_and_ends(capsys):
    progress = TerminalProgress(lambda stage: f"now {stage}")
    progress("converting", 0.44)
    half = capsys.readouterr().err
    assert "now converting" in half
    assert "44 %" in half
    progress("ready", 1.0)
    done = capsys.readouterr().err
    assert "now ready" in done
    assert "100 %" in done
    assert done.endswith("\n")
