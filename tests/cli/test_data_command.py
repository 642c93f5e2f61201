"""`advnets data`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import Terminal, quiet
from PIL import Image


@pytest.fixture
def photos(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """24 gray noises of 12 x 16 in two classes, a copy, a broken file."""
    monkeypatch.setenv("ADVNETS_CACHE", str(folder / "cache"))
    images = np.random.default_rng(0).integers(0, 256, (24, 12, 16), np.uint8)
    for number, image in enumerate(images):
        place = folder / "photos" / ("odd" if number % 2 else "even")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
    Image.fromarray(images[0]).save(folder / "photos" / "even" / "again.png")
    (folder / "photos" / "odd" / "[broken].png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder / "photos"


@pytest.mark.usefixtures("photos")
def test_what_it_says_of_a_folder(terminal: Terminal) -> None:
    said = dict(
        re.findall(r"^(\w[\w ]*): (.*)$", terminal.out("data", "photos", "--size", "8x6", "--fit", "pad"), re.M)
    )
    assert said["data"] == "photos, a folder of images: 25 images"
    assert said["stored as"] == "PNG, gray, 8 bits"
    assert said["sizes"] == "all 12 x 16"
    assert said["seen as"] == "8 x 6, gray"
    assert said["classes"].startswith("2, from 12 (odd) to 13 (even); fewer than 50 for training of even, odd")
    assert said["left out"] == "1 file, not a readable image (odd/[broken].png)"
    assert said["copies"] == "1 exact copy of 1 example"
    assert said["near duplicates"] == "none (correlation of 0.99 and more)"
    train = int(said["splits"].split()[0])
    plan = (
        "advnets train photos --size=8x6 --fit=pad: recipe images, the one for these data; 40,000 steps of 32 examples"
    )
    assert said["training"].startswith(f"{plan}, {40_000 * 32 / train:,.0f} times through {train}; fewer examples than")
    assert said["training"].endswith("not told of the classes (--game.kind conditional)")


@pytest.mark.usefixtures("photos", "no_report")
def test_what_it_says_a_training_does_it_does(terminal: Terminal) -> None:
    planned = json.loads(terminal.out("data", "photos", "--size", "8", "--holdout", "0", "--json"))["training"]
    assert planned["command"] == "advnets train photos --size=8 --holdout=0.0"
    small = "--steps 1 --batch 4 --generator.base 2 --discriminator.base 2 --sample-every 0 --run run"
    quiet(*planned["command"].split()[1:], *small.split())
    facts = json.loads(Path("run/run.json").read_text("utf-8"))
    assert facts["data"]["training"] == planned["examples"] == 25
    assert facts["data"]["shape"] == planned["shape"] == [1, 8, 8]


@pytest.mark.usefixtures("photos")
def test_the_page_names_every_image_and_json_is_alone_on_the_output(terminal: Terminal) -> None:
    said = json.loads(terminal.out("data", "photos", "--out", "made/page.html", "--json"))
    assert said["examples"] == 25
    page = Path("made/page.html").read_text("utf-8")
    assert 'alt="even/0.png, even"' in page
    assert "odd/[broken].png" in page
    assert len(re.findall("<h3>", page)) == 5  # two classes; darkest, brightest, least contrast
    assert terminal.out("data", "photos", "--out", "made/page.html").endswith("page: made/page.html\n")


@pytest.mark.usefixtures("photos")
def test_verify_says_what_it_found(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, photos: Path) -> None:
    monkeypatch.setattr("advnets.data.open.lookup_key", lambda *_: "key")
    assert "note: read for the first time" in terminal.out("data", "photos", "--verify")
    assert "note: every byte was read again" in terminal.out("data", "photos", "--verify")
    Image.new("L", (16, 12), 9).save(photos / "odd" / "1.png")
    assert "photos has changed since it was read" in terminal.mistake("data", "photos", "--verify")
    assert "note: every byte was read again" in terminal.out("data", "photos", "--verify")


def test_points_are_described_by_their_columns(terminal: Terminal) -> None:
    said = terminal.out("data", "ring")
    assert "seen as: points of 2 numbers" in said
    assert "deviation" in said
    assert "near duplicates" not in said


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("", "Missing from advnets data"),
        ("nowhere", "nowhere: no such file or folder; give "),
        ("photos --out page.png", "--out page.png: the page is an HTML file; name it page.html"),
        ("photos --out photos/odd/1.png/page.html", "photos/odd/1.png"),
        ("photos --strict", "odd/[broken].png"),
        ("photos --labels species", "no column 'species'"),
        ("photos --range 9:3", "range 9:3 is empty"),
        ("photos --fit squash", "fit = 'squash'"),
        ("ring --size 8", "--size changes nothing: ring has points, no images"),
        ("ring --verify", "ring is drawn, not read"),
        ("mnist --holdout 0.2", "--holdout changes nothing: mnist keeps the parts"),
        ("photos --steps 3", "--steps"),
    ],
)
def test_a_mistake_is_one_line(args: str, says: str, terminal: Terminal) -> None:
    assert says in terminal.mistake("data", *args.split())


@pytest.mark.usefixtures("photos")
def test_a_range_below_zero_needs_no_equals_sign(terminal: Terminal) -> None:
    assert "--range=-100:300" in terminal.out("data", "photos", "--range", "-100:300")


def test_a_run_is_no_data(terminal: Terminal, folder: Path) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_text("{}")
    assert "run is a run" in terminal.mistake("data", "run")
