"""Names on Hugging Face's hub, which is stood in for: what it is asked, what is read, what is said without it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import huggingface_hub
import pytest
from encoded_samples import KINDS, expected, photos, png

from advnets import Recipe
from advnets.data import open_data, open_table
from advnets.data.hub import HubName
from advnets.data.places import anchored
from advnets.data.recognize import is_known
from advnets.errors import DataError


class Hub:
    """A hub with one data set, cats, whose newest commit may change, and no network if so told."""

    def __init__(self) -> None:
        self.commit, self.offline, self.asked = "a" * 40, False, list[tuple[Any, ...]]()

    def dataset_info(self, name: str, *, revision: str | None = None, timeout: float) -> SimpleNamespace:
        if self.offline:
            raise ConnectionError("[Errno -2] Name or service\nnot known")
        if name != "me/cats":
            raise huggingface_hub.errors.HFValidationError("Repo id must be\nsomething else")
        return SimpleNamespace(sha=self.commit if revision is None else "b" * 40)

    def load_dataset(self, *args: object, **named: object) -> datasets.DatasetDict:
        self.asked.append((*args, *named.values()))
        if self.offline or args[1] == "none":
            raise ValueError("Config name is missing.\nPlease pick one")
        names = list(photos())
        features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=list(KINDS))})
        rows = {
            "image": [{"bytes": photos()[name], "path": name} for name in names],
            "label": [KINDS.index(name.split("/")[0]) for name in names],
        }
        return datasets.DatasetDict({"train": datasets.Dataset.from_dict(rows, features)})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    hub = Hub()
    monkeypatch.setattr(
        huggingface_hub.HfApi, "dataset_info", lambda _, *args, **named: hub.dataset_info(*args, **named)
    )
    monkeypatch.setattr(datasets, "load_dataset", hub.load_dataset)
    return hub


def test_a_set_has_the_folders_fingerprint_and_is_loaded_once(hub: Hub, tmp_path: Path) -> None:
    table = open_table("hf:me/cats")
    assert (table.name, table.notes) == ("hf:me/cats", ())
    assert table.fingerprint == expected(tmp_path).fingerprint
    hub.offline = True
    assert open_data(Recipe(data="hf:me/cats")).fingerprint == table.fingerprint
    assert hub.asked == [("me/cats", None, "a" * 40)]


def test_images_that_are_files_lie_among_the_downloads(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "downloads")
    paths = [tmp_path / place / f"{n}.png" for place in ("downloads", "mine") for n in range(3)]
    for n, path in enumerate(paths):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(n))
    columns = {"image": [{"bytes": None, "path": str(path)} for path in paths]}
    rows = datasets.Dataset.from_dict(columns, datasets.Features({"image": datasets.Image()}))
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: datasets.DatasetDict({"train": rows}))
    table = open_table("hf:me/cats")
    assert len(table) == 3
    assert {each.reason for each in table.skipped} == {"a path that leaves the folder of its file"}


def test_a_new_commit_is_read_anew(hub: Hub) -> None:
    open_table("hf:me/cats")
    hub.commit = "c" * 40
    open_table("hf:me/cats")
    open_table("hf://datasets/me/cats:small@old")
    open_table("hf:me/cats@" + "d" * 40)
    assert [asked[1:] for asked in hub.asked] == [
        (None, "a" * 40),
        (None, "c" * 40),
        ("small", "b" * 40),
        (None, "d" * 40),
    ]


@pytest.mark.parametrize(
    ("source", "offline", "said"),
    [
        ("hf:me/cats", True, r"cannot be reached \(\[Errno -2\] Name or service not known\); try again with a network"),
        ("hf:me/dogs", False, r"the hub does not give it \(Repo id must be something else\); look for"),
        (
            "hf:me/cats:none",
            False,
            r"cannot be loaded \(Config name is missing. Please pick one\); write hf:me/cats:CO",
        ),
        ("hf:me/cats/more", False, "no name on Hugging Face's hub; write hf:owner/name"),
    ],
)
def test_what_cannot_be_had_is_one_line(hub: Hub, source: str, offline: bool, said: str) -> None:
    hub.offline = offline
    with pytest.raises(DataError, match=said) as caught:
        open_table(source)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("said", ["hf:me/cats", "hf://me/cats", "hf://datasets/me/cats"])
def test_all_ways_of_writing_a_name(said: str) -> None:
    assert HubName.read(said) == HubName("me/cats")
    assert HubName.read(f"{said}:small@main") == HubName("me/cats", "small", "main")
    assert is_known(said)
    assert anchored(Recipe(data=said)).data == said


def test_a_path_of_that_name_is_written_with_a_dot(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "hf:me").mkdir()
    for name in photos():
        (tmp_path / "hf:me" / name.replace("/", "-")).write_bytes(photos()[name])
    assert len(open_table("./hf:me")) == 10
    assert not hub.asked
