"""What a person sees fits the terminal and says everything."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

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


def test_lines_come_at_the_start_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(Console(), steps=2_000, start=0, images_a_step=100) as lines:
        lines.show(1499, None)
        lines.show(1500, LINE)
        lines.show(1600, LINE)  # within ten seconds: left out
        lines.show(2000, LINE)
    said = capsys.readouterr().err.splitlines()
    assert [line.split("  ")[0] for line in said] == ["step 1,500 of 2,000", "step 2,000 of 2,000"]
    assert all(part in said[0] for part in WANTED)


def test_logits_are_not_called_probabilities(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(Console(), steps=2_000, start=0, images_a_step=100) as lines:
        lines.show(2000, {name: value for name, value in LINE.items() if name != "jsd_bound"})
    assert "f(x) 0.61  f(G(z)) 0.39" in capsys.readouterr().err
