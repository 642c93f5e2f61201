"""What report.md says of games besides the paper's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from game_kinds import KINDS, recipe_of

import advnets


def report_of(kind: str, folder: Path) -> str:
    data = KINDS[kind].data()
    values = data.values.transpose(0, 2, 3, 1)
    named = {} if data.labels is None else {"labels": data.labels}
    np.savez(folder / "data.npz", images=values, **named)
    advnets.train(recipe_of(kind, data=str(folder / "data.npz")), run=folder / "run")
    return (folder / "run" / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("kind", "said", "bound"),
    [
        ("adversarial", "adversarial game, non-saturating objective, batch", True),
        ("began", "began game, batch", False),
        ("semi-supervised", "semi-supervised game, 12 labels used, batch", False),
        ("completion", "directly, D(x)", True),
    ],
)  # fmt: skip
def test_a_report_is_of_its_game(kind: str, said: str, bound: bool, tmp_path: Path) -> None:
    text = report_of(kind, tmp_path)
    assert said in text
    assert ("bounds the Jensen-Shannon divergence" in text) == bound
    drawn = "![Completions](samples/completions-00000012.png)" in text
    assert drawn == (kind == "completion")
    assert not drawn or "Of step 12: an image, its hole" in text
