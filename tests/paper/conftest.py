"""What tests of exhibits share: all exhibits, made once; no pictures; workspaces that compute nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advnets import figures, paper
from advnets.paper.workspace import Workspace


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test comes first makes all exhibits."""
    for item in items:
        if "exhibits" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def exhibits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all exhibits, quick ones, and their page, by the one command."""
    folder = tmp_path_factory.mktemp("paper")
    assert paper.make("all", folder, quick=True, say=lambda _: None) == folder / "README.md"
    return folder


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "panels", lambda *_, **__: None)


class Keys(Workspace):
    """Computes nothing: the parts that would be kept, and what each is of."""

    def keep(self, part: str, compute: Callable[[], Any], of: Any = None, check: Any = None) -> Any:
        return json.dumps([part, of])


@pytest.fixture
def keys(tmp_path: Path) -> Callable[[str], Keys]:
    """Workspaces of exhibits by name, which compute nothing."""
    return lambda name: Keys(name, tmp_path, quick=True)
