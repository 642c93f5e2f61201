"""A file is written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from advnets.files import meant, write_whole


def test_folders_on_the_way_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.json"
    write_whole(path, b"one")
    write_whole(path, lambda file: file.write(b"two"))
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.json"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError()])
def test_what_was_there_survives_a_failure_in_the_middle(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "run.json"
    write_whole(path, b"old")

    def broken(file: BinaryIO) -> None:
        file.write(b"n")
        raise error

    with pytest.raises(type(error)):
        write_whole(path, broken)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_a_slip_of_a_name_is_found_beside_it(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "minst-old").mkdir()
    names = ["ring", "mnist", "grid"]
    assert meant(str(tmp_path / "photoss"), names) == str(tmp_path / "photos")
    assert (meant(str(tmp_path / "rings"), names), meant(str(tmp_path / "minst"), names)) == ("ring", "mnist")
    assert meant(str(tmp_path / "zebra"), names) == meant(str(tmp_path / "none" / "photos"), names) == ""
    assert meant("", names) == meant(".", names) == meant("/", names) == ""
