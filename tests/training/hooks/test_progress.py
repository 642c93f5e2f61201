"""What a person sees fits the terminal and says everything."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from advnets.training.hooks import progress
from advnets.training.hooks.progress import Bar, Lines

LINE = {
    "step": 1500, "images": 150_000, "seconds": 31.2, "steps_per_second": 121.5, "cost_d": 0.623, "cost_g": 1.234,
    "d_real": 0.61, "d_fake": 0.39, "jsd_bound": 0.1,
}  # fmt: skip
WANTED = ("12,150", "0.623", "1.234", "D(x) 0.61", "D(G(z)) 0.39", "left")


@pytest.mark.parametrize("width", [80, 160])
def test_the_bar_says_everything_on_any_terminal(width: int) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    with Bar(console, steps=18_000, start=1_000, images_a_step=100) as bar:
        bar.show(1500, LINE)
        bar.say("a note of photo [final].png and a[/b].png")
    said = screen.getvalue()
    assert all(part in said for part in (*WANTED, "1,500/18,000", "a note of photo [final].png and a[/b].png"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds, as its one entry."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


def test_lines_come_after_two_seconds_then_every_ten_and_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = Lines(Console(), steps=2_000, start=0, images_a_step=100)
    clock[0] += 60  # what is before the first step does not count
    with lines:
        for seconds, step in ((1.9, 1400), (0.2, 1500), (9.8, 1600), (0.3, 1700), (1, 2000)):
            clock[0] += seconds
            lines.show(step, None)
            lines.show(step, LINE)
    said = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[0] for line in said] == [f"step {step} of 2,000" for step in ("1,500", "1,700", "2,000")]
    assert all(part in said[0] for part in WANTED)
    assert "4 s left" in said[0]


def test_both_displays_ask_for_figures_when_they_have_room_for_them(clock: list[float]) -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    for display in (Bar(console, 2_000, 0, 100), Lines(console, 2_000, 0, 100)):
        asked: list[bool] = []
        with display:
            for seconds in (1.0, 1.5, 0.5):
                clock[0] += seconds
                asked.append(display.due())
            display.show(10, LINE)
            asked.append(display.due())
            clock[0] += 10
            asked.append(display.due())
        assert asked == [False, True, True, False, True]


def test_a_long_path_is_shown_whole() -> None:
    screen = io.StringIO()
    bar = Bar(Console(file=screen, force_terminal=True, width=40, color_system=None), 10, 0, 1)
    bar.say("run: runs/" + "x" * 60)
    assert screen.getvalue() == "run: runs/" + "x" * 60 + "\n"


def test_logits_are_not_called_probabilities(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(Console(), steps=2_000, start=0, images_a_step=100) as lines:
        lines.show(2000, {name: value for name, value in LINE.items() if name != "jsd_bound"})
    assert "f(x) 0.61  f(G(z)) 0.39" in capsys.readouterr().err
