"""A checkpoint exists whole or not at all, says when it is damaged, and holds no code."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import pytest
import torch

from advnets.errors import RunError
from advnets.runs import checkpoint
from advnets.runs.checkpoint import Checkpoint, LaterFormatError

FILES = [
    "players/generator/weights.safetensors",
    "players/generator/optimizer.safetensors",
    "game.safetensors",
    "state.json",
]


def example(step: int) -> Checkpoint:
    torch.manual_seed(step)
    tensors = {
        "players/generator/weights": {"weight": torch.randn(3, 4), "bias": torch.randn(3)},
        "players/generator/optimizer": {"mean.weight": torch.randn(3, 4), "mean.bias": torch.randn(3)},
        "game": {"strength": torch.tensor(step)},
    }
    return Checkpoint(step, tensors, {"images": 100 * step, "seconds": 1.5, "seed": 7})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for step in (10, 20):
        checkpoint.save(tmp_path, example(step), keep=3)
    return tmp_path


def test_what_is_saved_is_loaded(folder: Path) -> None:
    found, damaged = checkpoint.newest(folder)
    assert found is not None
    assert damaged == []
    assert found.step == 20
    assert (found.state["images"], found.state["seconds"], found.state["seed"]) == (2000, 1.5, 7)
    for name, tensors in example(20).tensors.items():
        for key, value in tensors.items():
            assert torch.equal(found.tensors[name][key], value)


def test_equal_states_are_equal_files(tmp_path: Path) -> None:
    files = [checkpoint.save(tmp_path / name, example(5), keep=1) for name in ("a", "b")]
    for name in FILES:
        assert (files[0] / name).read_bytes() == (files[1] / name).read_bytes()


@pytest.mark.parametrize("file", FILES)
def test_any_flipped_bit_is_seen(folder: Path, file: str) -> None:
    path = folder / "step-00000020" / file
    whole = path.read_bytes()
    for position in range(0, len(whole), max(len(whole) // 40, 1)):
        data = bytearray(whole)
        data[position] ^= 1 << (position % 8)
        path.write_bytes(data)
        found, damaged = checkpoint.newest(folder)
        assert found is not None
        assert found.step == 10, f"bit {position % 8} of byte {position}"
        assert len(damaged) == 1


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("length", [0, 1, 60])
def test_a_truncated_file_is_seen(folder: Path, file: str, length: int) -> None:
    path = folder / "step-00000020" / file
    path.write_bytes(path.read_bytes()[:length])
    found, damaged = checkpoint.newest(folder)
    assert found is not None
    assert found.step == 10
    assert "damaged" in damaged[0]


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_seen(folder: Path, file: str) -> None:
    (folder / "step-00000020" / file).unlink()
    with pytest.raises(RunError, match="damaged"):
        checkpoint.load(folder / "step-00000020")


def test_none_sound_is_none(folder: Path) -> None:
    for state in folder.glob("step-*/state.json"):
        state.write_bytes(b"[]")
    found, damaged = checkpoint.newest(folder)
    assert found is None
    assert len(damaged) == 2


def test_a_later_format_is_refused_and_not_passed_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
    checkpoint.save(folder, example(30), keep=3)
    monkeypatch.undo()
    with pytest.raises(LaterFormatError, match="later Advnets; update"):
        checkpoint.newest(folder)


def test_the_newest_are_kept(tmp_path: Path) -> None:
    for step in range(1, 6):
        checkpoint.save(tmp_path, example(step), keep=2)
    assert checkpoint.steps(tmp_path) == [4, 5]


def test_half_written_ones_do_not_count_and_are_removed(folder: Path) -> None:
    half = folder / ".step-00000030.123"
    half.mkdir()
    (half / "game.safetensors").write_bytes(b"\0" * 10)
    assert checkpoint.steps(folder) == [10, 20]
    checkpoint.discard_after(folder, 20)
    assert not half.exists()
    assert checkpoint.steps(folder) == [10, 20]
    checkpoint.discard_after(folder, 10)
    assert checkpoint.steps(folder) == [10]


def test_a_failed_write_leaves_the_others_as_they_were(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def full(path: Path, data: bytes) -> None:
        path.write_bytes(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(folder, example(30), keep=1)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


class Trap:
    """Runs code when unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("sprung"),))


def test_nothing_is_unpickled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    path = folder / "step-00000020" / "game.safetensors"
    path.write_bytes(pickle.dumps(Trap()))
    # Even with digests that fit: an attacker writes those too.
    say_files(path.parent, {path.name: path})
    found, damaged = checkpoint.newest(folder)
    assert found is not None
    assert found.step == 10
    assert damaged
    assert not Path("sprung").exists()


def say_files(of: Path, files: dict[str, Path]) -> None:
    """Make a checkpoint's state.json name these files, with digests that fit."""
    state = json.loads((of / "state.json").read_bytes())
    del state["digest"]
    state["files"] |= {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    (of / "state.json").write_text(json.dumps({**state, "digest": checkpoint._digest(state)}))


@pytest.mark.parametrize(
    "name",
    ["../step-00000010/game.safetensors", "players/../../step-00000010/game.safetensors", "/absolute", "mine.txt", ""],
)
def test_a_checkpoint_names_only_files_of_its_own(folder: Path, name: str) -> None:
    """Not even a sound file elsewhere, whatever a stranger's state.json says of it."""
    other = folder / "step-00000010" / "game.safetensors"
    said = str(other) if name == "/absolute" else name
    (folder / "step-00000020" / "mine.txt").write_bytes(other.read_bytes())
    say_files(folder / "step-00000020", {said: other})
    with pytest.raises(RunError, match="damaged"):
        checkpoint.load(folder / "step-00000020")


def test_tied_weights_are_saved(tmp_path: Path) -> None:
    shared = torch.randn(4)
    checkpoint.save(tmp_path, Checkpoint(1, {"game": {"a": shared, "b": shared}}, {}), keep=1)
    found, _ = checkpoint.newest(tmp_path)
    assert found is not None
    assert torch.equal(found.tensors["game"]["a"], found.tensors["game"]["b"])
