"""Many samples go into a directory or an array part by part: nothing of what is written is lost, mixed or torn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conditional_runs import digits
from PIL import Image

from advnets import cli
from advnets.runs.run import Run, Samples
from advnets.terminal import streaming


def said(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    capsys.readouterr()
    cli.main(["sample", str(digits().path), *map(str, args)])
    out, err = capsys.readouterr()
    return out + err


def stop_after(monkeypatch: pytest.MonkeyPatch, parts: int) -> None:
    """Ctrl-C comes when so many parts of 256 samples are drawn."""
    stream = Run.stream

    def stopped(*args: object, **named: object) -> Iterator[Samples]:
        for number, part in enumerate(stream(*args, **named)):  # type: ignore[arg-type]
            if number == parts:
                raise KeyboardInterrupt
            yield part

    monkeypatch.setattr(Run, "stream", stopped)


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_an_array_is_what_would_be_drawn_at_once(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"made.{ending}"
    assert cli.main(["sample", str(digits().path), "--count", "600", "--seed", "2", "--out", str(target)]) == 0
    loaded = np.load(target)
    made = loaded if ending == "npy" else loaded["x"]
    np.testing.assert_array_equal(made.transpose(0, 3, 1, 2), digits().sample(600, 2))


def test_an_npz_has_the_names_of_classes(tmp_path: Path) -> None:
    target = tmp_path / "made.npz"
    assert cli.main(["sample", str(digits().path), "--class", "7,3", "--count", "5", "--out", str(target)]) == 0
    loaded = np.load(target)
    assert loaded["y"].tolist() == ["7", "3", "7", "3", "7"]
    np.testing.assert_array_equal(loaded["x"].transpose(0, 3, 1, 2), digits().sample(5, classes=["7", "3"]))


def test_a_stopped_array_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "made.npy").write_bytes(b"old")
    stop_after(monkeypatch, 2)
    line = said(capsys, "--count", 600, "--out", tmp_path / "made.npy")
    assert line == (
        f"advnets: stopped at 512 of 600 samples: {tmp_path / 'made.npy'} is not written;"
        " what goes into a directory instead is kept, and gone on with\n"
    )
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("made.npy", b"old")]


@pytest.mark.parametrize("classes", [(), ("--class", "3,5")])
def test_a_stopped_directory_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], classes: tuple[str, ...]
) -> None:
    folder, asked = tmp_path / "made", ("--count", 600, *classes, "--out", tmp_path / "made")
    with monkeypatch.context() as patched:
        stop_after(patched, 2)
        line = said(capsys, *asked)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")}
    count = len(before)
    assert 480 < count <= 512  # what waited to be written need not be
    assert line == f"advnets: stopped: {count} of 600 samples are in {folder}; the same command goes on\n"
    (folder / ".000512.png.ab.part").write_bytes(b"torn")  # as a kill leaves it
    assert f"({count} of them were there): " in said(capsys, *asked)
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert not (folder / ".000512.png.ab.part").exists()
    names = ["3", "5"] if classes else None
    images = digits().sample(600, classes=names)
    for number in (0, 1, 511, 512, 513, 599):
        path = f"{names[number % 2]}/{number // 2:06d}.png" if names else f"{number:06d}.png"
        np.testing.assert_array_equal(np.asarray(Image.open(folder / path)), images[number, 0])
    assert len(list(folder.rglob("*.png"))) == 600


def test_what_is_missing_is_written_again_and_more_is_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "made"
    said(capsys, "--count", 20, "--out", folder)
    (folder / "000007.png").unlink()
    assert said(capsys, "--count", 30, "--out", folder) == f"30 samples (7 of them were there): {folder}\n"
    assert len(list(folder.glob("*.png"))) == 30


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (("--seed", 1), "holds other pictures"), (("--step", 30), "holds other pictures"),
        (("--class", "3"), "holds other pictures"), (("--format", "webp"), "holds other pictures"),
        (("--count", 3), "holds more than these 3 samples"),
    ],
)  # fmt: skip
def test_other_samples_are_never_mixed_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], other: tuple[object, ...], says: str
) -> None:
    said(capsys, "--count", 5, "--out", tmp_path / "made")
    there = {path: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    assert says in said(capsys, "--count", 5, *other, "--out", tmp_path / "made")
    assert {path: path.read_bytes() for path in (tmp_path / "made").iterdir()} == there


@pytest.mark.parametrize("name", ["holiday.jpg", "000000.png"])
def test_pictures_of_the_users_own_are_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / name).write_bytes(b"mine")
    assert "holds other pictures; name an empty or a new directory" in said(capsys, "--count", 5, "--out", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_files_are_of_the_format_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = digits().sample(3)[:, 0].astype(int)
    for form, most in (("png", 0), ("webp", 0), ("jpg", 60)):
        said(capsys, "--count", 3, "--out", tmp_path / form, "--format", form)
        files = sorted((tmp_path / form).glob("*"))
        assert [file.name for file in files] == [f"{number:06d}.{form}" for number in range(3)]
        for image, file in zip(made, files, strict=True):
            assert abs(np.asarray(Image.open(file).convert("L")).astype(int) - image).max() <= most
    assert "--format jpg changes nothing" in said(capsys, "--out", tmp_path / "made.png", "--format", "jpg")


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "webp"])
def test_grids_of_other_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    for classes in ((), ("--class", "3,5")):
        said(capsys, "--count", 6, *classes, "--out", tmp_path / f"made.{ending}")
        with Image.open(tmp_path / f"made.{ending}") as picture:
            assert picture.format == ("WEBP" if ending == "webp" else "JPEG")


def test_several_seeds_have_a_file_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    out = said(capsys, "--seeds", "0-1,5", "--count", 4, "--out", "made.npy")
    assert out.splitlines() == [f"4 samples: made-{seed}.npy" for seed in (0, 1, 5)]
    for seed in (0, 1, 5):
        np.testing.assert_array_equal(np.load(f"made-{seed}.npy").transpose(0, 3, 1, 2), digits().sample(4, seed))
    said(capsys, "--seeds", "2-3", "--count", 4, "--out", "folder")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["folder-2", "folder-3"]


def test_images_of_odd_channels_are_no_files_of_every_format(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Run, "shape", property(lambda self: (2, 8, 8)))
    wanted = streaming.Wanted(digits(), 3, 0, None)
    with pytest.raises(cli.AdvnetsError, match=r"images of 2 channels are no \.jpg files; name a \.npy or \.npz"):
        streaming.save_folder(wanted, tmp_path / "made", ".jpg")
    assert not (tmp_path / "made").exists()
