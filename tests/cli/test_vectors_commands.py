"""Commands on a table of numbers: its columns are named throughout, and samples come back as such a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from command_line import Terminal, quiet
from PIL import Image

from advnets.data.formats.delimited import read_csv

TINY = (
    "--generator.hidden", "16", "--discriminator.units", "8", "--batch", "32", "--steps", "10", "--sample-every", "0",
)  # fmt: skip


def rows() -> str:
    rng = np.random.default_rng(0)
    kinds, pounds = rng.integers(0, 2, 300), rng.integers(90, 120, 300)
    trees = enumerate(zip(pounds, kinds, strict=True))
    lines = [f"{p};{p / 7 + k:.2f};{'oak' if k else 'elm'};u{n}" for n, (p, k) in trees]
    return "\n".join(["pounds;length;class;tag", *(line.replace(".", ",") for line in lines)])


@pytest.fixture(scope="session")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a table of 300 trees, by class, in the folder of its table."""
    folder = tmp_path_factory.mktemp("trees")
    (folder / "trees.csv").write_text(rows())
    quiet("train", folder / "trees.csv", *TINY, "--game.kind", "conditional", "--run", folder / "run")
    return folder / "run"


def test_columns_are_named_and_what_was_left_out_too(terminal: Terminal, trees: Path) -> None:
    said = terminal.out("info", trees)
    assert "data: trees.csv, 300 examples, 2 columns (pounds, length), 2 classes (elm, oak)" in said
    scale = json.loads(terminal.out("info", trees, "--json"))["data"]["scale"]
    assert (scale["columns"], scale["decimals"], scale["label"]) == (["pounds", "length"], [0, 2], "class")
    assert "left out: 1 column, text, such as 'u0' (tag)" in terminal.out("data", trees.parent / "trees.csv")
    report = (trees / "report.md").read_text()
    assert "300 examples of 2 columns (pounds, length)" in report
    assert "Left out: column tag: text, such as 'u0'; --labels tag makes classes of it." in report


def test_samples_are_a_table_again(terminal: Terminal, trees: Path, folder: Path) -> None:
    for name in ("made.csv", "made.parquet", "made.npy", "made.npz", "made.png"):
        assert f"40 samples: {name}" in terminal.out("sample", trees, "--count", 40, "--out", name)
    found = read_csv(folder / "made.csv")
    assert list(found.columns) == ["pounds", "length", "class"]
    table = pq.read_table(folder / "made.parquet")
    assert table.column_names == ["pounds", "length", "class"]
    for name in ("pounds", "length"):
        np.testing.assert_array_equal(found.columns[name], table[name].to_numpy())
    assert set(table["class"].to_pylist()) == {"elm", "oak"}
    array = np.load(folder / "made.npy")
    np.testing.assert_array_equal(array, np.stack([found.columns["pounds"], found.columns["length"]], 1))
    assert (array[:, 0] == np.round(array[:, 0])).all()
    assert Image.open(folder / "made.png").size[0] > 100
    terminal.out("sample", trees, "--class", "oak", "--count", 3, "--out", "oaks.csv")
    assert [line.split(",")[2] for line in (folder / "oaks.csv").read_text().split()] == ["class", "oak", "oak", "oak"]
    assert "name a .png, .npy, .npz, .csv or .parquet" in terminal.mistake("sample", trees, "--out", "made")


def test_a_run_and_its_samples_measure_the_same_to_the_last_bit(terminal: Terminal, trees: Path, folder: Path) -> None:
    said = terminal.out("evaluate", trees, "--count", 60, "--json", "run.json")
    assert "60 samples, 2 columns, against 58 real points of trees.csv (valid+test), in points" in said
    terminal.out("sample", trees, "--count", 60, "--seed", 1, "--out", "made.csv")
    data = "--data", trees.parent / "trees.csv", "--real", "valid+test"
    terminal.out("evaluate", "made.csv", *data, "--json", "made.json")
    of_run, of_file = (json.loads((folder / name).read_text()) for name in ("run.json", "made.json"))
    assert list(of_run) == ["sliced_wasserstein", "kernel", "precision", "recall", "memorization"]
    for name, answer in of_run.items():
        assert (answer["value"], answer["interval"]) == (of_file[name]["value"], of_file[name]["interval"])
    (folder / "other.csv").write_text("a,b\n" + "\n".join(f"{number},{number**2}" for number in range(60)))
    assert "made.csv lacks columns a, b" in terminal.mistake("evaluate", "made.csv", "--data", "other.csv")


def test_within_classes(terminal: Terminal, trees: Path) -> None:
    said = terminal.out(
        "evaluate", trees, "--count", 80, "--metrics", "precision", "--real", "train", "--per-class"
    ).split()
    assert {"elm", "oak"} <= set(said)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--size", "8"), "--size changes nothing: trees.csv is a table of numbers; leave it out"),
        (("--labels", "kind"), "trees.csv has no column 'kind'; name one of pounds, length, class, tag"),
        (("--labels", "folder"), "labels by folder need image files; use labels auto or none, or name a column"),
        (("--strict",), "column tag: text, such as 'u0'; --labels tag makes classes of it; leave the column out"),
    ],
)
def test_a_mistake_is_one_line(terminal: Terminal, folder: Path, args: tuple[str, ...], says: str) -> None:
    (folder / "trees.csv").write_text(rows())
    assert says in terminal.mistake("train", "trees.csv", *args)
    assert not (folder / "runs").exists()
