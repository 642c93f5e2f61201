"""Arrays, in memory and in files, of every layout; and the binary formats of MNIST and CIFAR-10."""

from __future__ import annotations

import gzip
import pickle
import warnings
import zipfile
from pathlib import Path
from random import Random

import numpy as np
import pytest
from data_samples import save_images

from advnets.data import open_table
from advnets.data.archive import SMALL_BYTES
from advnets.data.arrays import read_npy, read_npz
from advnets.errors import DataError


def test_layouts_of_arrays(emoji: np.ndarray, digits: np.ndarray) -> None:
    color, expected = emoji[:40], emoji[:40].transpose(0, 3, 1, 2)
    assert np.array_equal(open_table(color).values, expected)
    assert np.array_equal(open_table(np.ascontiguousarray(expected)).values, expected)
    assert np.array_equal(open_table(digits[:20]).values, digits[:20, None])
    assert np.array_equal(open_table(digits[:20] > 99).values, (digits[:20, None] > 99) * np.uint8(255))
    assert open_table(np.zeros((5, 3, 9, 1), np.uint8)).shape == (1, 3, 9)
    assert open_table(np.zeros((5, 3, 9, 1), np.uint8), channels=3).shape == (3, 9, 1)
    assert open_table(np.zeros((5, 2, 9, 9), np.uint8), size=4).shape == (2, 4, 4)


def test_floats_from_zero_to_one_become_bytes(digits: np.ndarray) -> None:
    assert np.array_equal(open_table(digits[:20] / np.float32(255)).values, digits[:20, None])
    for wrong, remedy in (
        (digits / 127.5 - 1, "--range -1:1"),
        (digits / 1.0, "--range 0:255"),
        (digits / 0.1, "--range 0:2550"),
        (np.full((4, 8, 8), np.nan), "replace them"),
    ):
        with pytest.raises(DataError, match=f"array: pixels.*{remedy}"):
            open_table(wrong)


def test_a_range_says_what_is_black_and_white(digits: np.ndarray) -> None:
    some = digits[:20]
    for values, given in (
        (some / 127.5 - 1, (-1, 1)),
        (some.astype(np.float64), "0:255"),
        (some.astype(np.int64), (0, 255)),
        (some.astype(np.uint16) * 16, (0, 4080)),
        (some.astype(np.uint16) * 257, None),
        (some // 255 * 255.0 + 3, "auto"),
    ):
        expected = some // 255 * 255 if given == "auto" else some
        assert np.array_equal(open_table(values, range=given).values[:, 0], expected)


def test_twelve_bits_in_sixteen_are_asked_about_and_not_blackened(digits: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"nearly black.*from 0 to 4080; .*--range 0:4095 or --range auto"):
        open_table(digits[:20].astype(np.uint16) * 16)
    with pytest.raises(DataError, match=r"nearly black.*from 0 to 255; .*--range 0:255"):
        open_table(digits[:20].astype(np.int64))
    masks = open_table((digits[:20] > 99).astype(np.uint8))
    assert masks.values.max() == 1
    assert masks.notes == ("no pixel is brighter than 1 of 255; --range 0:1 makes that white",)
    (said,) = open_table(digits[:20], range=(0, 4095)).notes
    assert said.startswith("in the range 0:4095 no pixel is brighter than 16 of 255; leave --range out")


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 8, 8), np.complex64),
        np.zeros((4, 8)),
        np.zeros((4, 8, 8, 9)),
        np.zeros((0, 8, 8)),
        np.zeros((1, 8, 8)),
        np.array([[[None]]]),
    ],
)
def test_arrays_that_are_no_images_are_one_clear_line(wrong: np.ndarray) -> None:
    with pytest.raises(DataError) as caught:
        open_table(wrong)
    assert "\n" not in str(caught.value)


def test_a_table_of_an_array_does_not_follow_the_array(digits: np.ndarray) -> None:
    mine = digits[:20].copy()
    table = open_table(mine)
    mine[:] = 0
    assert np.array_equal(table.values, digits[:20, None])
    assert open_table(mine).fingerprint != table.fingerprint


def test_arrays_are_resized_and_recolored_like_image_files(tmp_path: Path, emoji: np.ndarray) -> None:
    save_images(tmp_path / "emoji", emoji[:20])
    files = open_table(tmp_path / "emoji", size=(20, 13), channels=1)
    arrays = open_table(emoji[:20], size=(20, 13), channels=1)
    assert np.array_equal(files.values, arrays.values)
    for split in ("train", "valid", "test"):
        assert np.array_equal(files.rows(split), arrays.rows(split))
    clear = np.zeros((3, 8, 8, 4), np.uint8)
    assert open_table(clear).shape == (4, 8, 8)
    assert (open_table(clear, channels=3).values == 255).all()
    with pytest.raises(DataError, match="2 channels cannot become 3"):
        open_table(np.zeros((5, 2, 9, 9), np.uint8), channels=3)


def test_npy_and_npz(tmp_path: Path, with_labels: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = with_labels
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "b.npz", x=images, y=labels)
    np.savez_compressed(tmp_path / "c.npz", images=images, label=np.array([f"class {n}" for n in labels]))
    np.savez(tmp_path / "d.npz", images)
    for name in ("a.npy", "b.npz", "c.npz", "d.npz"):
        assert np.array_equal(open_table(tmp_path / name).values, images.transpose(0, 3, 1, 2))
    assert open_table(tmp_path / "a.npy").labels is None
    numbers, texts = open_table(tmp_path / "b.npz"), open_table(tmp_path / "c.npz")
    assert numbers.labels is not None
    assert texts.labels is not None
    assert [numbers.classes[n] for n in numbers.labels] == [str(n) for n in labels]
    assert [texts.classes[n] for n in texts.labels] == [f"class {n}" for n in labels]
    assert open_table(tmp_path / "b.npz", labels="none").labels is None
    with pytest.raises(DataError, match="labels by folder"):
        open_table(tmp_path / "b.npz", labels="folder")


def test_an_npz_packed_without_a_limit_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 4, 4), np.uint8))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_BZIP2) as archive:
        archive.write(tmp_path / "x.npy", "x.npy")
    with pytest.raises(DataError, match="packed as NumPy never does"):
        open_table(tmp_path / "a.npz")


class Trap:
    """An object whose unpickling leaves a mark."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("trapped"),)  # type: ignore[return-value]


def test_files_from_strangers_never_run_code(tmp_path: Path) -> None:
    trap = np.empty(3, object)
    trap[:] = Trap()
    np.save(tmp_path / "a.npy", trap)
    np.savez(tmp_path / "b.npz", x=trap)
    np.savez(tmp_path / "c.npz", x=np.zeros((3, 4, 4), np.uint8), y=trap)
    (tmp_path / "d.npy").write_bytes(pickle.dumps(Trap()))
    for name in ("a.npy", "b.npz", "c.npz"):
        with pytest.raises(DataError, match="never unpickled"):
            open_table(tmp_path / name)
    with pytest.raises(DataError, match="a pickle, which is never read"):
        open_table(tmp_path / "d.npy")
    assert not Path("trapped").exists()


def test_damaged_numpy_files_are_one_clear_line(tmp_path: Path, digits: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", digits)
    np.savez(tmp_path / "b.npz", x=digits)
    np.savez(tmp_path / "c.npz", weights=digits[0])
    np.savez(tmp_path / "d.npz", x=digits, y=np.zeros(7, int))
    for name in ("a.npy", "b.npz"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:100_000])
    for name, message in (
        ("a.npy", "not a readable NumPy file"),
        ("b.npz", "not a readable NumPy file"),
        ("c.npz", "no images among weights"),
        ("d.npz", r"labels of shape \(7,\)"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            open_table(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(2**63, 3, 3), (2**32, 2**31, 4), (0, 10**30, 3), (2**62, 4, 0), (41, 3, 3)])
def test_an_array_that_declares_what_it_has_not_is_one_line(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        file.write(bytes(40 * 3 * 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a product that 64 bits do not hold
        with pytest.raises(DataError, match=r"a\.npy: not a readable NumPy file \(it declares .* which is not what"):
            open_table(tmp_path / "a.npy")


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_files_with_their_labels(tmp_path: Path, digits: np.ndarray, suffix: str) -> None:
    pack = gzip.compress if suffix else bytes
    labels = np.arange(40, dtype=np.uint8) // 10
    (tmp_path / f"my-images-idx3-ubyte{suffix}").write_bytes(pack(idx(digits[:40])))
    assert open_table(tmp_path / f"my-images-idx3-ubyte{suffix}").labels is None
    (tmp_path / "my-labels-idx1-ubyte").write_bytes(idx(labels))
    table = open_table(tmp_path / f"my-images-idx3-ubyte{suffix}")
    assert np.array_equal(table.values[:, 0], digits[:40])
    assert table.labels is not None
    assert table.labels.tolist() == labels.tolist()


def test_a_folder_of_idx_files_keeps_its_test_part(tmp_path: Path, digits: np.ndarray) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for part, rows in (("train", slice(0, 60)), ("t10k", slice(60, 80))):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(digits[rows]))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(idx(np.arange(80, dtype=np.uint8)[rows] % 4))
        )
    table = open_table(folder)
    assert np.array_equal(table.values[:, 0], digits[:80])
    assert [table.rows(split).tolist() for split in ("train", "valid", "test")] == [
        list(range(50)),
        list(range(50, 60)),
        list(range(60, 80)),
    ]
    assert table.labels is not None
    assert table.labels.tolist() == [n % 4 for n in range(80)]


def test_damaged_idx_files_are_one_clear_line(tmp_path: Path, digits: np.ndarray) -> None:
    path = tmp_path / "images.idx"
    for content, message in (
        (idx(digits)[:-1], "breaks off"),
        (gzip.compress(idx(digits))[:5000], "breaks off"),
        (idx(np.arange(9, dtype=np.uint8)), "not an idx file of images"),
        (idx(digits[:1])[:4] + np.array([9000, 9000, 9000], ">u4").tobytes(), "far beyond its size"),
    ):
        assert len(content) < SMALL_BYTES
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            open_table(path)
    (tmp_path / "a-images-idx3-ubyte").write_bytes(idx(digits[:40]))
    (tmp_path / "a-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.arange(40, dtype=np.uint8)))[:20])
    with pytest.raises(DataError, match=r"a-labels-idx1-ubyte\.gz: not a whole idx file of labels"):
        open_table(tmp_path / "a-images-idx3-ubyte")
    assert open_table(tmp_path / "a-images-idx3-ubyte", labels="none").labels is None


def test_cifar_batches_as_file_and_folder(tmp_path: Path, with_labels: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = with_labels
    expected = images.transpose(0, 3, 1, 2)
    rows = np.concatenate([labels[:, None].astype(np.uint8), expected.reshape(300, -1)], axis=1)
    folder = tmp_path / "set" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for name, part in (
        ("data_batch_1", rows[:150]),
        ("data_batch_2", rows[150:200]),
        ("test_batch", rows[200:]),
    ):
        (folder / f"{name}.bin").write_bytes(part.tobytes())
    for source in (folder, tmp_path / "set"):
        table = open_table(source)
        assert np.array_equal(table.values, expected)
        assert table.labels is not None
        assert table.labels.tolist() == labels.tolist()
        assert table.classes[3] == "cat"
        assert [len(table.rows(split)) for split in ("train", "valid", "test")] == [160, 40, 100]
    one = open_table(folder / "data_batch_1.bin")
    assert np.array_equal(one.values, expected[:150])
    (folder / "data_batch_1.bin").write_bytes(rows.tobytes()[:5000])
    for source in (folder, folder / "data_batch_1.bin"):
        with pytest.raises(DataError, match=r"data_batch_1\.bin: not a"):
            open_table(source)


def damaged(good: bytes, seed: int) -> bytes:
    """A file with some bytes changed, most of them at its head, and perhaps without its end."""
    rng, found = Random(seed), bytearray(good)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        found[rng.randrange(128 if rng.random() < 0.5 else len(found))] = rng.randrange(256)
    return bytes(found[: rng.randrange(len(found))] if rng.random() < 0.2 else found)


def test_damaged_files_are_read_or_one_line(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8), np.uint8)
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "b.npz", x=images, y=np.arange(6))
    np.savez_compressed(tmp_path / "c.npz", x=images, y=np.array(list("abcdef")))
    said: list[str] = []
    for path in sorted(tmp_path.iterdir()):
        good = path.read_bytes()
        for seed in range(150):
            path.write_bytes(damaged(good, seed))
            try:
                read_npy(path) if path.suffix == ".npy" else read_npz(path)
            except DataError as error:
                said.append(str(error))
    assert len(said) > 300
    assert not any("\n" in each for each in said)
