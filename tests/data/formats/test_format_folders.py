"""Folders without an image file: of arrays that belong together, and of an archive with lists beside it."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from samples_of_formats import named, nchw, refused, rows

from advnets.data import open_table


@pytest.mark.parametrize("save", [np.save, lambda path, values: np.savez_compressed(f"{path}.npz", values)])
def test_arrays_whose_files_tell_what_they_are(save, tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    for part, some in (("train", slice(0, 30)), ("test", slice(30, 40))):
        save(tmp_path / f"kmnist-{part}-imgs", color[some])
        save(tmp_path / f"kmnist-{part}-labels", numbers[some])
    table = open_table(tmp_path)
    assert np.array_equal(table.values, nchw(color))
    assert named(table) == [str(number) for number in numbers]
    assert np.array_equal(table.rows("test"), np.arange(30, 40))
    assert table.format == "a folder of arrays"


def test_a_folder_of_one_file_is_that_file(tmp_path: Path, color: np.ndarray, numbers: np.ndarray) -> None:
    (tmp_path / "set").mkdir()
    np.savez(tmp_path / "set" / "only.npz", x=color, y=numbers)
    (tmp_path / "set" / "README.md").write_text("what it is")
    table = open_table(tmp_path / "set")
    assert table.fingerprint == open_table(tmp_path / "set" / "only.npz").fingerprint
    assert table.name == "only.npz"
    (tmp_path / "set" / "deep").mkdir()
    for number in range(2):
        Image.fromarray(color[number]).save(tmp_path / "set" / "deep" / f"{number}.png")
    assert len(open_table(tmp_path / "set")) == 2  # then it is a folder of images


def test_arrays_that_do_not_belong_together_are_asked_about(tmp_path: Path, color: np.ndarray) -> None:
    np.save(tmp_path / "images.npy", color)
    np.save(tmp_path / "meta.npy", np.array([{}], object))
    (note,) = open_table(tmp_path).notes
    assert note.endswith("meta.npy: holds Python objects, which are never unpickled")
    np.savez(tmp_path / "other.npz", images=color)
    said = refused(tmp_path)
    assert "several arrays that may be the images, images.npy" in said
    assert said.endswith(f"give one file, as {tmp_path}/images.npy")


def jpeg_named_png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_celeba_as_it_is_given_out(kind: str, tmp_path: Path, color: np.ndarray) -> None:
    folder = tmp_path / "CelebA"
    names = [f"{number + 1:06d}.jpg" for number in range(30)]
    for each in ("Img", "Anno", "Eval"):
        (folder / each).mkdir(parents=True)
    if kind == "zip":
        with zipfile.ZipFile(folder / "Img" / "img_align_celeba.zip", "w") as archive:
            for name, image in zip(names, color, strict=False):
                archive.writestr(f"img_align_celeba/{name}", jpeg_named_png(image))
    else:
        with tarfile.open(folder / "Img" / "img_align_celeba.tar.gz", "w:gz") as archive:
            for name, image in reversed(list(zip(names, color, strict=False))):
                info = tarfile.TarInfo(f"img_align_celeba/{name}")
                info.size = len(jpeg_named_png(image))
                archive.addfile(info, io.BytesIO(jpeg_named_png(image)))
    smiling = np.where(np.arange(30) % 3 == 0, 1, -1)
    attributes = "".join(f"{name} {one:2d} -1\n" for name, one in zip(names, smiling, strict=True))
    (folder / "Anno" / "list_attr_celeba.txt").write_text(f"30\nSmiling Young \n{attributes}")
    people = "".join(f"{name} {number // 2 + 5}\n" for number, name in enumerate(names))
    (folder / "Anno" / "identity_CelebA.txt").write_text(people)
    parts = "".join(f"{name} {(number >= 20) + (number >= 24)}\n" for number, name in enumerate(names))
    (folder / "Eval" / "list_eval_partition.txt").write_text(parts)
    table = open_table(folder)
    assert np.array_equal(table.values, nchw(color[:30]))
    assert rows(table) == [20, 4, 6]
    assert table.columns == ("Smiling", "Young")
    assert table.vectors is not None
    assert np.array_equal(table.vectors, np.stack([smiling, smiling * 0 - 1], 1))
    assert "column identity is left out: it numbers people; --labels identity makes classes of them" in table.notes
    assert named(open_table(folder, labels="identity")) == [str(number // 2 + 5) for number in range(30)]
    assert named(open_table(folder, labels="Smiling")) == [str(one) for one in smiling]


def test_several_archives_are_asked_about(tmp_path: Path, color: np.ndarray) -> None:
    for name in ("a.zip", "b.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("0.png", jpeg_named_png(color[0]))
    assert "no images, and several archives, a.zip, b.zip; give one of them" in refused(tmp_path)


def test_arrays_in_an_archive_are_to_be_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("set/data_batch_1.bin", bytes(3073 * 2))
    assert "arrays as set/data_batch_1.bin are read from the very folder that they lie in" in refused(
        tmp_path / "a.zip"
    )
