"""Moving pictures: a GIF that plays what it was given, and a film where ffmpeg can make one."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.errors import DataError
from advnets.figures.animation import film, gif


def square_at(place: int, height: int = 41, width: int = 61) -> np.ndarray:
    """White with a blue square that moves to the right."""
    frame = np.full((height, width, 3), 255, np.uint8)
    frame[10:20, place : place + 10] = (36, 86, 166)
    return frame


FRAMES = [square_at(place) for place in (0, 10, 20, 30)]

ENCODER = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
(here / "asked.json").write_text(json.dumps(sys.argv[1:]))
out, raw = pathlib.Path(sys.argv[-1]), pathlib.Path(sys.argv[sys.argv.index("-i") + 1])
if out.suffix in {refused}:
    sys.exit("no such encoder")
out.write_bytes(raw.read_bytes())
"""


def put_encoder(folder: Path, monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...] = ()) -> None:
    """A program `ffmpeg`, alone on the PATH, that hands its frames through."""
    program = folder / "ffmpeg"
    program.write_text(ENCODER.format(python=sys.executable, refused=refused))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def test_a_gif_plays_its_frames_and_begins_anew(tmp_path: Path) -> None:
    with Image.open(gif(FRAMES, tmp_path / "a.gif", [50, 50, 50, 900])) as picture:
        assert (picture.format, picture.info["loop"]) == ("GIF", 0)
        assert getattr(picture, "n_frames", 1) == 4
        for place, (frame, stay) in enumerate(zip(FRAMES, (50, 50, 50, 900), strict=True)):
            picture.seek(place)
            shown = np.asarray(picture.convert("RGB"), np.int16)
            assert np.abs(shown - frame).max() <= 8
            assert picture.info["duration"] == stay


def test_the_same_frames_are_the_same_gif(tmp_path: Path) -> None:
    assert gif(FRAMES, tmp_path / "a.gif").read_bytes() == gif(FRAMES, tmp_path / "b.gif").read_bytes()


@pytest.mark.parametrize(
    "frames",
    [[], [FRAMES[0], square_at(0, height=40)], [FRAMES[0].astype(np.float32)], [FRAMES[0][..., 0]]],
    ids=["none", "two sizes", "not bytes", "gray"],
)
def test_what_is_no_film_is_refused(frames: list[np.ndarray], tmp_path: Path) -> None:
    for make in (gif, film):
        with pytest.raises(DataError):
            make(frames, tmp_path / "x.gif")
    assert not list(tmp_path.iterdir())


def test_without_an_encoder_there_is_no_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert film(FRAMES, tmp_path / "film") is None
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="the stand-in encoder is a script")
def test_an_encoder_gets_every_frame_as_often_as_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_encoder(tmp_path, monkeypatch)
    made = film(FRAMES, tmp_path / "film", [100, 100, 100, 500])
    assert made == tmp_path / "film.mp4"
    size = (40, 60, 3)  # even sides
    frames = np.frombuffer(made.read_bytes(), np.uint8).reshape(-1, *size)
    assert len(frames) == 8
    for shown, place in zip(frames, (0, 1, 2, 3, 3, 3, 3, 3), strict=True):
        assert (shown == FRAMES[place][:40, :60]).all()
    asked = (tmp_path / "asked.json").read_text()
    assert '"60x40"' in asked
    assert '"-r", "10"' in asked


@pytest.mark.skipif(os.name != "posix", reason="the stand-in encoder is a script")
def test_webm_is_made_where_mp4_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_encoder(tmp_path, monkeypatch, refused=(".mp4",))
    assert film(FRAMES, tmp_path / "film") == tmp_path / "film.webm"


@pytest.mark.skipif(os.name != "posix", reason="the stand-in encoder is a script")
def test_an_encoder_without_either_format_makes_no_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_encoder(tmp_path, monkeypatch, refused=(".mp4", ".webm"))
    assert film(FRAMES, tmp_path / "film") is None


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
def test_ffmpeg_itself_makes_a_film(tmp_path: Path) -> None:
    made = film([square_at(place, 64, 64) for place in range(0, 50, 5)], tmp_path / "film")
    if made is None:
        pytest.skip("this ffmpeg has neither encoder")
    head = made.read_bytes()[:12]
    assert head[4:8] == b"ftyp" if made.suffix == ".mp4" else head[:4] == b"\x1a\x45\xdf\xa3"
