"""`advnets complete`: pictures, arrays and folders of completions, and what it asks about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import Terminal
from completing_runs import SHAPE, colors
from PIL import Image

from advnets.data.holes import Wanted, read_holed
from advnets.errors import DataError

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


def test_observed_colors_are_not_lost(work: Path) -> None:
    gray = np.where(HOLE[..., None] > 0, PHOTO, 90)  # colors where nothing is observed
    Image.fromarray(gray.astype(np.uint8)).save(work / "gray.png")
    wanted = Wanted((1, *SHAPE[1:]))
    assert (read_holed(work / "gray.png", work / "mask.png", wanted).pixels[0, HOLE == 0] == 90).all()
    with pytest.raises(DataError, match=r"photo\.png has colors, and gray images are wanted; make it gray first"):
        read_holed(work / "photo.png", work / "mask.png", wanted)
    assert read_holed(work / "photo.png", work / "mask.png", replace(wanted, drop_colors=True)).pixels.shape[0] == 1


def test_everything_may_be_missing_where_that_is_meant(work: Path, terminal: Terminal) -> None:
    Image.fromarray(np.full(SHAPE[1:], 255, np.uint8)).save(work / "all.png")
    terminal.out("complete", colors().path, "photo.png", "--mask", "all.png", "--anyway", "--out", "x.npy")
    np.testing.assert_array_equal(np.load(work / "x.npy")[0].transpose(0, 3, 1, 2), colors().sample(8))


def test_a_run_of_another_game(work: Path, terminal: Terminal, ring: Path) -> None:
    said = terminal.mistake("complete", ring, "photo.png", "--mask", "mask.png")
    assert "completes no images; train with --game.kind completion" in said


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.png"))


def test_a_folder_is_gone_on_with_and_nothing_of_another_origin_is_lost(work: Path, terminal: Terminal) -> None:
    task = ("complete", colors().path, "photos", "--mask", "masks", "--count", 2, "--out", "filled")
    terminal.out(*task)
    before = {name: (work / "filled" / name).read_bytes() for name in names(work / "filled")}
    (work / "filled" / "b-1.png").unlink()
    (work / "filled" / ".b-1.png.0.part").touch()
    stamp = (work / "filled" / "a-2.png").stat().st_mtime_ns
    assert "(3 of them were there)" in terminal.out(*task)
    assert {name: (work / "filled" / name).read_bytes() for name in names(work / "filled")} == before
    assert ((work / "filled" / "a-2.png").stat().st_mtime_ns, *(work / "filled").glob(".*")) == (stamp,)
    assert "filled/a-1.png is another picture than the run makes of" in terminal.mistake(*task, "--seed", 1)
    assert "filled holds other pictures, as a-2.png" in terminal.mistake(*task, "--count", 1)
    (work / "filled" / "a-1.png").unlink()
    Image.fromarray(PHOTO).save(work / "filled" / "b-2.png")
    assert "filled/b-2.png is another picture" in terminal.mistake(*task)
    assert names(work / "filled") == ["a-2.png", "b-1.png", "b-2.png"]
    np.testing.assert_array_equal(np.asarray(Image.open(work / "filled" / "b-2.png")), PHOTO)


def test_what_was_stopped_says_how_many_are_there(
    work: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from advnets import cli, figures

    task, save_one = ("complete", colors().path, "photos", "--mask", "masks", "--count", 2), figures.save_one

    def stopped(image: np.ndarray, path: Path) -> None:
        if path.name == "b-1.png":
            raise KeyboardInterrupt
        save_one(image, path)

    with monkeypatch.context() as patch:
        patch.setattr(figures, "save_one", stopped)
        assert cli.main([*map(str, task), "--out", "filled"]) == 2
    assert "stopped: 2 of 4 completions are in filled; the same command goes on" in capsys.readouterr().err
    assert "(2 of them were there)" in terminal.out(*task, "--out", "filled")


def test_nothing_is_written_where_the_last_mask_does_not_do(work: Path, terminal: Terminal) -> None:
    task = ("complete", colors().path, "photos", "--mask", "masks", "--count", 2, "--out", "filled")
    Image.fromarray(HOLE * 0).save(work / "masks" / "b.jpg")
    assert "photos/b.png: nothing is missing, as masks/b.jpg says" in terminal.mistake(*task)
    assert not (work / "filled").exists()
    (work / "photos" / "b.png").write_bytes((work / "photos" / "a.png").read_bytes()[:150])
    assert "photos/b.png: broken or truncated" in terminal.mistake(*task)
    assert not (work / "filled").exists()


def test_what_is_left_out_of_a_folder_is_named(
    work: Path, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    from advnets import cli

    (work / "photos" / "deep").mkdir()
    (work / "photos" / "notes.txt").write_text("no image")
    (work / "photos" / ".hidden").touch()
    (work / "photos" / "empty.png").touch()
    task = "complete", str(colors().path), "photos", "--mask", "masks", "--count", "1", "--out", "filled"
    assert cli.main([*task]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("left out: ")]
    assert [line.split(" ")[2] for line in said] == ["photos/deep:", "photos/empty.png:", "photos/notes.txt:"]
    assert "empty file" in said[1]
    assert "not a readable image" in said[2]


def test_a_mask_in_a_dark_color_is_to_be_read_by_channel(work: Path, terminal: Terminal) -> None:
    Image.fromarray(np.dstack([HOLE, HOLE * 0, HOLE * 0])).save(work / "red.png")
    task = ("complete", colors().path, "photo.png", "--mask", "red.png", "--count", 2, "--out", "x.npy")
    said = terminal.mistake(*task)
    assert "nothing is missing, as red.png says; look at the mask (has colors, of which lightness counts: " in said
    assert "--by-channel takes each" in said
    terminal.out(*task, "--by-channel")
    np.testing.assert_array_equal(np.load(work / "x.npy")[0, ..., 1:], np.stack([PHOTO[..., 1:]] * 2))
    Image.fromarray(HOLE * 0).save(work / "red.png")
    assert "--by-channel" not in terminal.mistake(*task)
