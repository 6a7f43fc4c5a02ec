"""The progress bar in the terminal."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("begun", [True, False])
def test_a_failure_is_a_sentence_and_not_a_hundred_percent(capsys, begun):
    progress = TerminalProgress(lambda stage: f"now {stage}")
    if begun:
        progress("converting", 0.44)
    progress.fail("The disk is full.")
    said = capsys.readouterr().err
    assert said.endswith("The disk is full.\n")
    assert ("44 %" in said) is begun
    assert "100 %" not in said
    progress("converting", 0.5)  # somebody tries again
    assert "50 %" in capsys.readouterr().err


def test_what_is_said_meanwhile_stands_on_a_line_of_its_own(capsys):
    progress = TerminalProgress(str)
    progress("converting", 0.44)
    progress.say("Open the page.")
    assert "Open the page." in capsys.readouterr().out.splitlines()
