"""A folder as people have it: every kind of image, and every kind of file that is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from data_samples import bomb, save_images
from PIL import Image

from advnets import cli
from advnets.data import open_table
from advnets.errors import DataError


def snapshot(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((str(p), p.lstat().st_size, p.lstat().st_mtime_ns) for p in folder.rglob("*"))


@pytest.fixture
def untidy(tmp_path: Path, emoji: np.ndarray) -> Path:
    """Ten good images of every sort and seven files that cannot be used."""
    folder = tmp_path / "untidy"
    folder.mkdir()
    image = Image.fromarray(emoji[7]).resize((80, 60))
    image.save(folder / "a.png")
    image.save(folder / "b.JPG", "JPEG")
    image.save(folder / "c.webp")
    image.save(folder / "d.bmp")
    image.quantize(20).save(folder / "e.gif")
    image.convert("CMYK").save(folder / "f.tif")
    image.convert("RGBA").save(folder / "图像 ещё.png")
    Image.fromarray(np.full((40, 90), 40000, np.uint16)).save(folder / "deep.png")
    (folder / "deeper" / "down").mkdir(parents=True)
    image.convert("LA").save(folder / "deeper" / "down" / "g.png")
    image.resize((300, 2)).save(folder / "no suffix", "PNG")
    jpeg = (folder / "b.JPG").read_bytes()
    (folder / "truncated.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "text.png").write_text("not an image at all")
    (folder / "empty.png").touch()
    (folder / "bomb.png").write_bytes(bomb(50_000, 50_000))
    (tmp_path / "outside.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "nowhere.png").symlink_to(folder / "gone.png")
    os.mkfifo(folder / "pipe.png")
    (folder / ".hidden.png").write_text("")
    (folder / "Thumbs.db").write_text("")
    return folder


def test_an_untidy_folder_gives_its_images_and_names_the_rest(untidy: Path) -> None:
    before = snapshot(untidy)
    table = open_table(untidy)
    assert (len(table), table.shape, table.values.dtype) == (10, (3, 64, 64), np.uint8)
    reasons = {item.name: item.reason for item in table.skipped}
    assert sorted(reasons) == [
        "bomb.png",
        "empty.png",
        "link.png",
        "nowhere.png",
        "pipe.png",
        "text.png",
        "truncated.jpg",
    ]
    assert "too large: more than 100,000,000 pixels" in reasons["bomb.png"]
    assert reasons["empty.png"] == "empty file"
    assert "leaves the folder" in reasons["link.png"]
    assert "not a readable image" in reasons["text.png"]
    assert "truncated" in reasons["truncated.jpg"]
    assert snapshot(untidy) == before


def test_an_untidy_folder_trains_and_each_bad_file_is_named_first(
    untidy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    networks = ["--generator.base", "4", "--discriminator.base", "4", "--batch", "4", "--size", "16"]
    small = [*networks, "--steps", "3", "--sample-every", "0"]
    assert cli.main(["train", "--data", str(untidy), *small, "--run", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().err
    for name in ("bomb", "empty", "link", "nowhere", "pipe", "text"):
        assert said.index(f"left out: {name}.png: ") < said.index("step 3 of 3")
    assert "left out: truncated.jpg: " in said
    assert (tmp_path / "run" / "samples.png").exists()


def test_strict_stops_at_the_first_bad_file_also_when_the_table_is_cached(untidy: Path) -> None:
    for _ in range(2):
        with pytest.raises(DataError, match=r"untidy: \S+: .+strict") as caught:
            open_table(untidy, strict=True)
        assert "\n" not in str(caught.value)
        open_table(untidy)


def test_the_table_is_mapped_read_only_and_contiguous(gray_folder: Path) -> None:
    table = open_table(gray_folder)
    assert isinstance(table.values, np.memmap)
    assert table.values.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        table.values[0] = 0
    assert not table.rows("train").flags.writeable


def test_small_images_of_one_size_keep_it_and_their_pixels(tmp_path: Path, digits: np.ndarray) -> None:
    save_images(tmp_path / "digits", digits[:30])
    table = open_table(tmp_path / "digits")
    assert np.array_equal(table.values[:, 0], digits[:30])


@pytest.mark.parametrize(
    "sizes", [[(20, 20), (20, 21)], [(20, 20), (300, 300)], [(300, 300), (20, 20)], [(65, 10)] * 2]
)
def test_images_that_vary_or_are_large_become_64(tmp_path: Path, sizes: list[tuple[int, int]]) -> None:
    for number, size in enumerate(sizes):
        Image.new("L", size, number).save(tmp_path / f"{number}.png")
    assert open_table(tmp_path).shape == (1, 64, 64)


@pytest.mark.parametrize(("size", "shape"), [(16, (16, 16)), ((20, 9), (20, 9)), ((1, 7), (1, 7))])
def test_any_size_can_be_asked_for(gray_folder: Path, size: int | tuple[int, int], shape: tuple[int, int]) -> None:
    assert open_table(gray_folder, size=size).shape == (1, *shape)


def test_channels_follow_the_images_or_the_caller(tmp_path: Path, digits: np.ndarray, emoji: np.ndarray) -> None:
    folder = tmp_path / "mixed"
    save_images(folder, digits[:5, ::2, ::2])
    gray_as_rgb = np.repeat(digits[5, ::2, ::2, None], 3, axis=2)
    Image.fromarray(gray_as_rgb).save(folder / "rgb.png")
    assert open_table(folder).shape == (1, 32, 32)
    Image.fromarray(emoji[7]).save(folder / "z.png")
    table = open_table(folder)
    assert table.shape == (3, 32, 32)
    assert np.array_equal(table.values[0], np.repeat(digits[:1, ::2, ::2], 3, axis=0))
    assert np.array_equal(table.values[-1].transpose(1, 2, 0), emoji[7])
    gray = open_table(folder, channels=1)
    assert np.array_equal(gray.values[-1, 0], np.asarray(Image.fromarray(emoji[7]).convert("L")))
    assert open_table(folder, channels=3).shape == (3, 32, 32)
    with pytest.raises(DataError, match="channels 5"):
        open_table(folder, channels=5)


def test_subfolders_are_classes(tmp_path: Path, with_labels: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = with_labels
    for label in range(3):
        save_images(tmp_path / "set" / "photos" / f"{label * 5}", images[labels == label][: 4 + label])
    table = open_table(tmp_path / "set")
    assert table.classes == ("0", "5", "10")
    assert table.labels is not None
    assert table.labels.dtype == np.int64
    assert np.bincount(table.labels).tolist() == [4, 5, 6]
    first = np.flatnonzero(table.labels == 1)[0]
    assert np.array_equal(table.values[first].transpose(1, 2, 0), images[labels == 1][0])
    assert open_table(tmp_path / "set", labels="none").labels is None
    Image.fromarray(images[0]).save(tmp_path / "set" / "stray.png")
    assert open_table(tmp_path / "set").labels is None
    with pytest.raises(DataError, match=r"no class for .*stray\.png"):
        open_table(tmp_path / "set", labels="folder")


def test_fewer_than_two_images_is_one_clear_line(tmp_path: Path) -> None:
    folder = tmp_path / "poor"
    folder.mkdir()
    (folder / "note\nwith a\x1b[31m newline.txt").write_text("text")
    with pytest.raises(DataError, match=r"no usable image .*note\\nwith a\\x1b.*at least two") as caught:
        open_table(folder)
    assert "\n" not in str(caught.value)
    Image.new("L", (8, 8)).save(folder / "one.png")
    with pytest.raises(DataError, match="only one usable image"):
        open_table(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_file_names_of_any_bytes(gray_folder: Path) -> None:
    Image.new("L", (10, 12), 3).save(os.fsencode(gray_folder) + b"/\xff\xfe.png", "PNG")
    Path(os.fsdecode(os.fsencode(gray_folder) + b"/\xfd.png")).write_text("text")
    table = open_table(gray_folder)
    assert len(table) == 21
    str(table.skipped[0]).encode("utf-8")


def test_links_inside_the_folder_are_followed_but_never_to_folders(gray_folder: Path) -> None:
    (gray_folder / "again.png").symlink_to("0000.png")
    (gray_folder / "loop").symlink_to(gray_folder)
    table = open_table(gray_folder)
    assert len(table) == 21
    assert [str(item) for item in table.skipped] == ["loop: a link to a folder"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fit": "squeeze"}, "fit 'squeeze'"),
        ({"labels": "yes"}, "no column 'yes' of labels"),
        ({"range": "wide"}, "range 'wide'"),
        ({"range": (9, 9)}, "range 9:9"),
        ({"size": 0}, "size 0x0"),
        ({"size": (8, 100_000)}, "size 8x100000"),
        ({"channels": 0}, "channels 0"),
        ({"holdout": 0.5}, "holdout 0.5"),
    ],
)
def test_wrong_options_are_named(gray_folder: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_table(gray_folder, **arguments)  # type: ignore[arg-type]


def test_what_is_not_there_is_told_with_a_guess() -> None:
    with pytest.raises(DataError, match=r"minst: no such file or folder; perhaps you mean mnist"):
        open_table("minst")
    with pytest.raises(DataError, match="no such file or folder"):
        open_table(Path("mnist"))
