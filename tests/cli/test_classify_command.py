"""`advnets classify`: classes of rows, how often they are wrong, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import Terminal, quiet
from PIL import Image

import advnets
from advnets.data import open_table
from advnets.evaluation import classification
from advnets.runs.classifying import outputs

SMALL = ("--generator.hidden", "16", "--discriminator.base", "4", "--discriminator.dense", "8", "--sample-every", "0")


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a tiny semi-supervised game, of 30 labels."""
    run = tmp_path_factory.mktemp("runs") / "few"
    short = ("--steps", 30, "--batch", 16, "--game.labelled", 16, "--game.labels", 30, "--watch.action", "off")
    quiet("train", "mnist-semi-supervised", *SMALL, *short, "--run", run)
    return run


def test_what_is_said_is_what_the_averaged_network_says(few: Path, terminal: Terminal, folder: Path) -> None:
    said = terminal.out("classify", few, "--out", "classes.csv", "--json", "answers.json")
    with (folder / "classes.csv").open() as file:
        rows = list(csv.DictReader(file))
    table, run = open_table("mnist", progress=False), advnets.load(few)
    logits, features = outputs(run, table.values[table.rows("test")])
    assert [row["class"] for row in rows] == [str(number) for number in logits.argmax(1)]
    assert [int(row["row"]) for row in rows] == table.rows("test").tolist()
    odds = np.exp(logits.astype(np.float64))
    likeliest = (odds / odds.sum(1, keepdims=True)).max(1)
    np.testing.assert_allclose([float(row["probability"]) for row in rows], likeliest, atol=2e-6)
    assert features.shape == (10_000, 8)
    wrong = int((logits.argmax(1) != table.labels[table.rows("test")]).sum())
    answers = json.loads((folder / "answers.json").read_text())
    assert answers["errors"] == wrong
    assert answers["error"] == wrong / 10_000
    assert f"mnist: {wrong / 100:.2f} % of 10,000 are taken for another class" in said
    saved = run.directory.recipe.game
    assert (saved.kind, saved.labels) == ("semi-supervised", 30)  # type: ignore[attr-defined]
    assert "game: semi-supervised, 30 labels used\n" in terminal.out("info", few)


def test_copies_are_agreed_upon_row_by_row(few: Path, terminal: Terminal, folder: Path) -> None:
    run, values = advnets.load(few), open_table("mnist", progress=False).values[:300]
    several, features = outputs(run, values, copies=3)
    np.testing.assert_allclose(several[[7]], outputs(run, values[[7]], copies=3)[0], rtol=1e-4, atol=1e-5)
    once, same = outputs(run, values)
    np.testing.assert_array_equal(features, same)
    network, warp = run.discriminator.eval(), run.game.warp  # type: ignore[attr-defined]
    rows = torch.from_numpy(values).float() / 255
    said = [torch.from_numpy(once).double().log_softmax(1)]
    for way in (1, -1):
        drawn = way * warp.draw(1, torch.Generator().manual_seed(1)).expand(len(rows), -1)
        with torch.no_grad():
            said.append(network(warp.times(0.5)(rows, drawn, None))[:, :10].double().log_softmax(1))
    np.testing.assert_allclose(several, torch.stack(said).mean(0).numpy(), atol=1e-5)
    assert terminal.out("classify", few, "--copies", 2, "--out", "twice.csv") != terminal.out("classify", few)
    assert "0 copies of each row; ask for 1 or more" in terminal.mistake("classify", few, "--copies", 0)


def test_a_training_says_what_of_the_labels_is_used(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    for asked, said in ((30, "labels: 30 are used, all others are hidden"), ("null", "labels: all 50,000 are used\n")):
        quiet(
            "train", "mnist-semi-supervised", *SMALL, "--steps", 1, "--game.labels", asked, "--run", folder / f"{asked}"
        )
        assert said in capsys.readouterr().err


def test_evaluate_says_it_beside_the_measures(few: Path, terminal: Terminal) -> None:
    said = terminal.out("evaluate", few, "--count", 50, "--metrics", "total_variation")
    assert "the run's own classifier: " in said
    assert "% of 10,000 are taken for another class" in " ".join(said.split())


def test_images_without_classes_are_named_by_file(few: Path, terminal: Terminal, folder: Path) -> None:
    (folder / "mine").mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "mine" / f"photo-{number}.png")
    said = terminal.out("classify", few, "--data", "mine", "--out", "mine.csv")
    assert "3 rows, none of them with a label of 0, 1, 2" in said
    assert (folder / "mine.csv").read_text().splitlines()[2].startswith("1,photo-1.png,")
    assert classification.classify(advnets.load(few), "mine").notes == ["3 of 3 images lose their colors"]
    one = str(Path("mine", "photo-1.png"))
    assert classification.classify(advnets.load(few), one).notes == [f"{one} loses its colors"]
    terminal.out("classify", few, "--data", one)


def test_one_image_is_classified(few: Path, terminal: Terminal, folder: Path) -> None:
    run, images = advnets.load(few), open_table("mnist", progress=False).values[:2]
    for number, image in enumerate(images):
        (folder / f"kinds{number}" / "7").mkdir(parents=True)
        Image.fromarray(image[0]).save(folder / f"kinds{number}" / "7" / "one.png")
        logits = outputs(run, image[None])[0][0].astype(np.float64)
        likeliest, odds = str(logits.argmax()), np.exp(logits.max()) / np.exp(logits).sum()
        for data, file in ((f"kinds{number}/7/one.png", "one.png"), (f"kinds{number}/7", "one.png")):
            said = terminal.out("classify", few, "--data", data, "--out", "one.csv")
            assert f": 1 row: {likeliest} ({odds:.1%}); it has no label of 0, 1, 2" in said
            assert (folder / "one.csv").read_text().splitlines()[1] == f"0,{file},{likeliest},{odds:.6f}"
        wrong = 100 * (likeliest != "7")
        assert f"{wrong}.00 % of 1 are taken" in terminal.out("classify", few, "--data", f"kinds{number}")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--out", "classes.txt"), "--out classes.txt; name a .csv file"),
        (("--data", "ring"), "ring has rows of shape (2,), "),
        (("--data", "nowhere"), "nowhere"),
    ],
)
def test_what_does_not_fit_is_refused(few: Path, terminal: Terminal, more: tuple[str, ...], said: str) -> None:
    assert said in terminal.mistake("classify", few, *more)


def test_other_games_have_no_classifier(digits: Path, terminal: Terminal) -> None:
    assert "has no classifier; train with --game.kind semi-supervised" in terminal.mistake("classify", digits)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--game.labels", 105), "105 labels of 10 classes are not as many of each; use --game.labels 100, or another"),
        (("--game.labels", 60_000), "6,000 labels of class '0' are asked for, 4,932 training examples have it; use"),
        (("--game.labels", 0), "game.labels cannot be 0"),
        (("--game.labelled", 65), "65 rows with labels beside a batch of 64; use --game.labelled 64, or less"),
    ],
)
def test_labels_that_there_are_not(terminal: Terminal, asked: tuple[str, int], said: str) -> None:
    assert said in terminal.mistake("train", "mnist-semi-supervised", *SMALL, *asked, "--steps", 2, "--run", "none")
    assert not Path("none").exists()
