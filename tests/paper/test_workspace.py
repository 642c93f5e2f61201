"""What is kept of an exhibit and does not fit is computed anew, whatever it is, and never run."""

from __future__ import annotations

import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from advnets.paper.workspace import Workspace, keep_samples, read_samples

KEY = {"quick": False, "seed": 0, "of": None}
GOOD = {"score": 1.5}


def kept(folder: Path, text: str) -> tuple[Any, int]:
    """What `keep` gives where such a file lies, and how often it computed."""
    workspace, calls = Workspace("name", folder, say=lambda _: None), []
    workspace.parts.mkdir(parents=True)
    (workspace.parts / "part.json").write_text(text)
    check = TypeAdapter(dict[str, float]).validate_python
    return workspace.keep("part", lambda: calls.append(1) or GOOD, check=check), len(calls)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "null",
        '["key", "value"]',
        '"key value"',
        '{"key": 1}',
        "[" * 100_000,
        '{"key": ' + "[" * 100_000 + "]" * 100_000 + ', "value": 1}',
        json.dumps({"key": KEY, "value": [1, 2]}),
        json.dumps({"key": KEY, "value": {"score": "high"}}),
        json.dumps({"key": KEY, "value": None}),
    ],
    ids=range(11),
)
def test_a_part_that_does_not_fit_is_computed_anew(tmp_path: Path, text: str) -> None:
    assert kept(tmp_path, text) == (GOOD, 1)
    stored = json.loads((tmp_path / "parts" / "name" / "part.json").read_text("utf-8"))
    assert stored == {"key": KEY, "value": GOOD}


def test_a_part_that_fits_is_given_back(tmp_path: Path) -> None:
    assert kept(tmp_path, json.dumps({"key": KEY, "value": {"score": 2}})) == ({"score": 2}, 0)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def header(count: int) -> bytes:
    file = io.BytesIO()
    facts = {"descr": "|u1", "fortran_order": False, "shape": (count, 3, 4, 5)}
    np.lib.format.write_array_header_1_0(file, facts)
    return file.getvalue()


SAMPLES = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)


def test_samples_are_read_as_they_were_kept(tmp_path: Path) -> None:
    checksum = keep_samples(tmp_path / "a.npy", SAMPLES)
    np.testing.assert_array_equal(read_samples(tmp_path / "a.npy", (3, 4, 5), checksum), SAMPLES)


class Trap:
    """Would leave a trace if anything unpickled it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("trace", "w")


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"PK\x03\x04" + bytes(50),
        npy(SAMPLES)[:-1],
        npy(SAMPLES)[:20],
        header(10**12) + bytes(120),
        npy(SAMPLES.astype(float)),
        npy(SAMPLES[0]),
        npy(SAMPLES[:0]),
        npy(SAMPLES[:, :1]),
        npy(SAMPLES + 1),
        npy(np.full((2, 3, 4, 5), Trap(), object)),
    ],
    ids=range(12),
)
def test_other_samples_are_refused_and_nothing_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("a.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npy: not"):
        read_samples(Path("a.npy"), (3, 4, 5), zlib.crc32(SAMPLES))
    assert not Path("trace").exists()
