"""A page of images and facts as one HTML file: no script, nothing fetched, light or dark as its reader has it."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from advnets.figures.layout import Pixels, with_colors

_COMFORTABLE = 96  # pixels of the page that a small image is enlarged to, at most
_LARGEST = 128  # pixels of an image in the page: larger ones are shrunk


@dataclass(frozen=True, eq=False)
class Tile:
    """One image of a page, or several side by side.

    Args:
        images: uint8, C x H x W each, as `figures.grid` takes them.
        names: what each is called, for readers who do not see it.
        caption: what stands below.
    """

    images: Sequence[Pixels]
    names: Sequence[str]
    caption: str = ""


@dataclass(frozen=True, eq=False)
class Strip:
    """Images that belong together.

    Args:
        title: what they are; may be empty.
        tiles: the images, which go on in the next line where there is no room.
        text: said below the title.
    """

    title: str
    tiles: Sequence[Tile]
    text: str = ""


@dataclass(frozen=True)
class Listing:
    """A table.

    Args:
        headings: of the columns.
        rows: texts, of which those that are numbers stand to the right.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Args:
        title: its heading.
        parts: images and tables, in their order.
        text: said below the title.
        folded: whether it is opened by its reader.
    """

    title: str
    parts: Sequence[Strip | Listing]
    text: str = ""
    folded: bool = False


def page(title: str, facts: Sequence[tuple[str, str]], sections: Sequence[Section]) -> str:
    """A page of HTML that needs no other file.

    Args:
        title: of the page.
        facts: pairs of a term and what is said of it; a term may come again.
        sections: what follows.
    """
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        f'<head><meta charset="utf-8"><title>{_safe(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head>",
        f"<body><main><h1>{_safe(title)}</h1>",
        *_facts(facts),
        *(line for section in sections for line in _section(section)),
        "</main></body></html>",
    ]
    return "\n".join(lines) + "\n"


def _facts(facts: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield "<dl>"
    before = ""
    for term, text in facts:
        if term != before:
            yield f"<dt>{_safe(term)}</dt>"
        yield f"<dd>{_safe(text)}</dd>"
        before = term
    yield "</dl>"


def _section(section: Section) -> Iterator[str]:
    said = f"<p>{_safe(section.text)}</p>" if section.text else ""
    if section.folded:
        yield f"<details><summary>{_safe(section.title)}</summary>{said}"
    else:
        yield f"<section><h2>{_safe(section.title)}</h2>{said}"
    for part in section.parts:
        yield from _strip(part) if isinstance(part, Strip) else _listing(section.title, part)
    yield "</details>" if section.folded else "</section>"


def _strip(strip: Strip) -> Iterator[str]:
    if strip.title:
        yield f"<h3>{_safe(strip.title)}</h3>"
    if strip.text:
        yield f"<p>{_safe(strip.text)}</p>"
    yield '<ul class="tiles">'
    for tile in strip.tiles:
        images = "".join(_image(image, name) for image, name in zip(tile.images, tile.names, strict=True))
        caption = f"<figcaption>{_safe(tile.caption)}</figcaption>" if tile.caption else ""
        yield f"<li><figure><div>{images}</div>{caption}</figure></li>"
    yield "</ul>"


def _listing(title: str, listing: Listing) -> Iterator[str]:
    # A table that is wider than the page is scrolled, by the keyboard too, once it has the focus.
    yield f'<div class="wide" role="region" tabindex="0" aria-label="{_safe(title)}"><table>'
    headings = "".join(f'<th scope="col">{_safe(each)}</th>' for each in listing.headings)
    yield f"<thead><tr>{headings}</tr></thead><tbody>"
    for row in listing.rows:
        yield f"<tr>{''.join(_cell(text) for text in row)}</tr>"
    yield "</tbody></table></div>"


def _cell(text: str) -> str:
    is_number = text.lstrip("-").replace(",", "").replace(".", "", 1).isdecimal()
    kind = ' class="number"' if is_number else ""
    return f"<td{kind}>{_safe(text)}</td>"


def _image(image: Pixels, name: str) -> str:
    picture = _picture(image)
    factor = max(1, _COMFORTABLE // max(picture.size))
    width, height = picture.width * factor, picture.height * factor
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    source = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
    return f'<img src="{source}" alt="{_safe(name)}" width="{width}" height="{height}">'


def _picture(image: Pixels) -> Image.Image:
    """An image, shrunk where it is large."""
    pixels = np.ascontiguousarray(with_colors(image[None])[0])
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if max(picture.size) > _LARGEST:
        picture.thumbnail((_LARGEST, _LARGEST), Image.Resampling.LANCZOS)
    return picture


def _safe(text: str) -> str:
    """Text that ends no tag; where it came from names of files, any may stand in it."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))


_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --soft: #5c5c5c; --line: #ccc; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #161616; --soft: #a8a8a8; --line: #444; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 .5rem; color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; }
dt { grid-column: 1; color: var(--soft); }
dd { grid-column: 2; margin: 0; overflow-wrap: anywhere; }
@media (max-width: 36rem) { dl { display: block; } dd { margin: 0 0 .5rem; } }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; list-style: none; }
figure { margin: 0; width: min-content; }
figure div { display: flex; gap: 2px; }
img { display: block; image-rendering: pixelated; outline: 1px solid var(--line); }
figcaption { min-width: 6rem; margin-top: .2rem; font-size: .75rem; line-height: 1.3; color: var(--soft); }
figcaption { overflow-wrap: anywhere; }
summary { margin: 2rem 0 .5rem; font-size: 1.2rem; font-weight: bold; cursor: pointer; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .75rem .15rem 0; border-bottom: 1px solid var(--line); text-align: left; }
td.number { text-align: right; }
"""
