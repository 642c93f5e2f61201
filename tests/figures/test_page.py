"""A page that needs nothing else, with every image named, whatever stands in names."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from advnets.figures import Listing, Section, Strip, Tile, page

EVIL = '</title><script src="https://example.com/x.js">"&\''
EMPTY = {"meta", "img"}


class Reader(HTMLParser):
    """Collects tags, attributes and texts, and sees that tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for each, attrs in self.tags if each == tag]


def pixels(image: dict[str, str | None]) -> np.ndarray:
    kind, _, content = (image["src"] or "").partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 3, 20, 30), np.uint8)


@pytest.fixture(scope="module")
def read(images: np.ndarray) -> Reader:
    tiles = [Tile([images[0]], [EVIL], EVIL), Tile([images[1], images[2]], ["one", "other"])]
    gray = Strip(EVIL, [Tile([images[3, :1]], ["gray"])], EVIL)
    sections = [
        Section(EVIL, [Strip("", tiles), gray], EVIL),
        Section("Figures", [Listing(["name", EVIL], [["-1,234.5", EVIL], ["12 x 3", "7"]])], folded=True),
    ]
    return Reader(page(EVIL, [("term", EVIL), ("term", "again"), ("other", "\udcff")], sections))


def test_nothing_is_fetched_and_nothing_is_run(read: Reader) -> None:
    assert not {tag for tag, _ in read.tags} & {"script", "link", "iframe", "object"}
    for _, attrs in read.tags:
        assert not any(name.startswith("on") for name in attrs)
        assert all(
            (attrs[name] or "").startswith("data:image/png;base64,") for name in ("src", "href") if name in attrs
        )
    assert "url(" not in "".join(read.texts)
    assert read.texts.count(EVIL) >= 8


def test_pixels_are_what_they_were_and_every_image_has_a_name(read: Reader, images: np.ndarray) -> None:
    shown = read.all("img")
    assert [image["alt"] for image in shown] == [EVIL, "one", "other", "gray"]
    for image, expected in zip(shown[:3], images, strict=False):
        assert np.array_equal(pixels(image), expected.transpose(1, 2, 0))
        assert (image["width"], image["height"]) == ("90", "60")  # three times
    assert np.array_equal(pixels(shown[3]), images[3, 0])


def test_a_large_image_is_shrunk() -> None:
    tile = Tile([np.zeros((1, 256, 512), np.uint8)], ["large"])
    (image,) = Reader(page("large", [], [Section("s", [Strip("", [tile])])])).all("img")
    assert pixels(image).shape == (64, 128)
    assert (image["width"], image["height"]) == ("128", "64")


def test_a_term_that_comes_again_is_said_once(read: Reader) -> None:
    assert (len(read.all("dt")), len(read.all("dd"))) == (2, 3)


def test_tables_are_reached_by_the_keyboard_and_numbers_stand_right(read: Reader) -> None:
    (region,) = [attrs for attrs in read.all("div") if attrs.get("role") == "region"]
    assert (region["tabindex"], region["aria-label"]) == ("0", "Figures")
    assert [cell.get("class") for cell in read.all("td")] == ["number", None, None, "number"]
    assert len(read.all("details")) == len(read.all("summary")) == 1


def test_it_is_a_page_for_small_and_dark_screens(read: Reader) -> None:
    assert read.all("html")[0]["lang"] == "en"
    assert any(attrs.get("name") == "viewport" for attrs in read.all("meta"))
    style = next(text for text in read.texts if "color-scheme" in text)
    assert re.search(r"prefers-color-scheme: dark", style)
    assert re.search(r"max-width: 36rem", style)
