"""`advnets complete`: pictures, arrays and folders of completions, and what it asks about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import Terminal
from completing_runs import SHAPE, colors
from PIL import Image

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (*SHAPE[1:], 3), np.uint8)
HOLE = np.zeros(SHAPE[1:], np.uint8)
HOLE[2:6, 3:8] = 255


@pytest.fixture
def work(folder: Path, no_report: None) -> Path:
    """A photo and its mask; a folder of two photos, one transparent in a corner, and one of masks."""
    (folder / "photos").mkdir()
    (folder / "masks").mkdir()
    for name in ("photo", "photos/a", "photos/b"):
        Image.fromarray(PHOTO).save(folder / f"{name}.png")
    for name in ("mask.png", "masks/a.png", "masks/b.jpg"):
        Image.fromarray(HOLE).save(folder / name)
    return folder


def test_pictures_arrays_and_folders(work: Path, terminal: Terminal) -> None:
    run, task = colors().path, ("photo.png", "--mask", "mask.png", "--count", 3)
    assert "3 completions of 1 image: few.npy" in terminal.out("complete", run, *task, "--out", "few.npy")
    made = np.load(work / "few.npy")
    assert made.shape == (1, 3, *SHAPE[1:], 3)
    np.testing.assert_array_equal(made[0, :, HOLE == 0], np.repeat(PHOTO[HOLE == 0][:, None], 3, 1))
    terminal.out("complete", run, *task, "--out", "filled")
    files = [work / "filled" / f"photo-{number}.png" for number in (1, 2, 3)]
    np.testing.assert_array_equal([np.asarray(Image.open(file)) for file in files], made[0])
    terminal.out("complete", run, *task)
    assert Image.open(run / "completions.png").size[0] > 100


def test_folders_of_images_and_masks(work: Path, terminal: Terminal) -> None:
    run = colors().path
    said = terminal.out("complete", run, "photos", "--mask", "masks", "--count", 2, "--out", "filled")
    assert "2 completions of 2 images, each: filled" in said
    assert sorted(path.name for path in (work / "filled").iterdir()) == ["a-1.png", "a-2.png", "b-1.png", "b-2.png"]
    (work / "masks" / "b.jpg").unlink()
    assert "masks has no mask for photos/b.png" in terminal.mistake("complete", run, "photos", "--mask", "masks")
    Image.fromarray(PHOTO).save(work / "photos" / "a.webp")
    assert "completions of one name; rename" in terminal.mistake("complete", run, "photos", "--mask", "mask.png")


def test_the_share_that_is_missing_is_said(work: Path, terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    from advnets import cli

    Image.fromarray(PHOTO.repeat(4, 0).repeat(4, 1)).save(work / "large.png")
    command = ["complete", str(colors().path), "photo.png", "large.png", "--mask", "mask.png", "--out", "x.npy"]
    assert cli.main(command) == 0
    said = capsys.readouterr().err
    assert "photo.png: 16.7% missing\n" in said
    assert "large.png: 16.7% missing, at 12 x 10, the run's size; its mask of 12 x 10 was brought to its size" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("photo.png",), "photo.png has no transparent part that says what is missing; name its --mask"),
        (("photo.png", "--mask", "all.png"), "photo.png: everything is missing, as all.png says; look at the mask"),
        (("photo.png", "--mask", "all.png", "--invert"), "photo.png: nothing is missing, as all.png says"),
        (("photo.png", "--mask", "none.png"), "none.png cannot be read (no such file or directory)"),
        (("photo.png", "--mask", "mask.png", "--out", "x.gif"), "completions cannot be written to x.gif"),
        (("photo.png", "--mask", "mask.png", "--count", "0"), "0 completions cannot be made"),
        (("photos", "--mask", "mask.png", "--out", "photos"), "--out photos is where the images lie"),
        (("masks/nothing", "--mask", "mask.png"), "masks/nothing: no image there"),
        ((), "there is nothing to complete; name images, or a folder of them"),
    ],
)
def test_mistakes(words, said: str, work: Path, terminal: Terminal) -> None:
    Image.fromarray(np.full(SHAPE[1:], 255, np.uint8)).save(work / "all.png")
    (work / "masks" / "nothing").mkdir()
    assert said in terminal.mistake("complete", colors().path, *words)


def test_everything_may_be_missing_where_that_is_meant(work: Path, terminal: Terminal) -> None:
    Image.fromarray(np.full(SHAPE[1:], 255, np.uint8)).save(work / "all.png")
    terminal.out("complete", colors().path, "photo.png", "--mask", "all.png", "--anyway", "--out", "x.npy")
    np.testing.assert_array_equal(np.load(work / "x.npy")[0].transpose(0, 3, 1, 2), colors().sample(8))


def test_a_run_of_another_game(work: Path, terminal: Terminal, ring: Path) -> None:
    said = terminal.mistake("complete", ring, "photo.png", "--mask", "mask.png")
    assert "completes no images; train with --game.kind completion" in said
