"""What is copied into docs/paper: all that may be shown, and nothing of faces and images that may not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from advnets import figures
from advnets.paper.fig2 import COLUMNS, ROWS

SCRIPT = Path(__file__).parents[2] / "docs" / "publish_paper.py"


@pytest.fixture(scope="module")
def publish() -> ModuleType:
    spec = importlib.util.spec_from_file_location("publish_paper", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_faces_stay_and_training_images_are_cut_off(publish: ModuleType, tmp_path: Path) -> None:
    out, here = tmp_path / "out", tmp_path / "docs"
    out.mkdir()
    samples = np.full((ROWS * COLUMNS, 3, 32, 32), 40, np.uint8)
    real = np.full((ROWS * COLUMNS, 3, 32, 32), 220, np.uint8)
    for name in ("fig2-a.png", "fig2-b.png", "fig2-c.png", "table1-tfd-dbn.png", "table1-dbn.png"):
        figures.save(figures.neighbors(samples, real, columns=COLUMNS), out / name)
    (out / "fig2.md").write_text("![TFD](fig2-b.png)\n\n*TFD*\n\n![CIFAR-10](fig2-c.png)\n")
    (out / "fig1-animation.mp4").write_bytes(b"film")
    here.mkdir()
    # An earlier table 1 had the first; the others are of Olivetti and of an exhibit that is not made here.
    for old in ("table1-renamed.png", "fig2-b-olivetti.png", "fig2-other.md", "fig2-other-a.png"):
        (here / old).write_bytes(b"old")
    (out / "table1.md").write_text("")
    publish.copy(out, here)
    assert {path.name for path in here.iterdir()} == {
        "fig2-a.png", "fig2-c.png", "table1-dbn.png", "fig2.md", "fig1-animation.mp4", "table1.md",
        "fig2-b-olivetti.png", "fig2-other.md", "fig2-other-a.png",
    }  # fmt: skip
    assert (here / "fig2.md").read_text() == "(These faces are not to be shown.)\n\n![CIFAR-10](fig2-c.png)\n"
    with Image.open(here / "fig2-c.png") as cut, Image.open(here / "fig2-a.png") as whole:
        assert (np.asarray(whole) == 220).any()
        assert not (np.asarray(cut) == 220).any()
        assert (np.asarray(cut) == 40).sum() == samples.size
