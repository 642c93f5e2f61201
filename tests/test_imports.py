"""Imports point downward only, and `import advnets` costs nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import advnets

ROOT = Path(advnets.__file__).parent

COMMON = {"errors", "files"}
LAYERS = {
    "config": set(),
    "devices": set(),
    "processors": set(),
    "randomness": set(),
    "world": {"devices", "processors"},
    "sharing": {"world"},
    "figures": set(),
    "data": {"config", "processors"},
    "networks": {"config"},
    "games": {"config", "networks"},
    "theory": {"games", "networks"},
    "measures": {"data", "sharing"},
    "runs": {"config", "data", "devices", "games", "measures", "networks", "randomness", "sharing"},
    "training": {
        "config", "data", "devices", "figures", "games", "measures", "networks", "processors", "randomness", "runs",
        "sharing", "world",
    },
    "evaluation": {"config", "data", "figures", "measures", "runs", "sharing"},
    "serving": {"config", "data", "evaluation", "figures", "measures", "runs"},
    "inference": {
        "config", "data", "figures", "games", "measures", "randomness", "runs", "training",
    },
    "api": {"config", "data", "evaluation", "runs", "training", "world"},
    "classifier": {"config", "runs", "training"},
    "paper": {
        "api", "config", "data", "devices", "evaluation", "figures", "games", "measures", "randomness", "runs",
        "theory", "training",
    },
    "tuning": {"api", "config", "data", "measures", "runs", "training"},
    "terminal": {
        "api", "config", "data", "evaluation", "figures", "inference", "measures", "processors", "runs", "serving",
        "sharing", "training", "tuning", "world",
    },
    "cli": {"api", "config", "paper", "processors", "sharing", "terminal"},
    "__main__": {"cli"},
    "__init__": {"api", "classifier", "config", "evaluation", "inference", "runs"},
}  # fmt: skip
"""What each part may import besides `COMMON` and itself, inside functions and under TYPE_CHECKING, too."""


def imported(path: Path) -> set[str]:
    """The parts of advnets that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("advnets.")}
    return found


def files(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py")) or [ROOT / f"{part}.py"]


def test_every_part_has_its_place() -> None:
    parts = {path.stem if path.is_file() else path.name for path in ROOT.iterdir() if _is_code(path)}
    assert parts == {*LAYERS, *COMMON}


def _is_code(path: Path) -> bool:
    return path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")))


@pytest.mark.parametrize("part", [*LAYERS, *sorted(COMMON)])
def test_imports_point_downward(part: str) -> None:
    common = set() if part in COMMON else COMMON
    for path in files(part):
        above = imported(path) - LAYERS.get(part, set()) - common - {part}
        assert not above, f"{path.relative_to(ROOT)} imports {', '.join(sorted(above))}"


@pytest.mark.parametrize("part", LAYERS)
def test_what_a_part_may_import_it_does(part: str) -> None:
    """So that the list says what is, not what was."""
    idle = LAYERS[part].difference(*(imported(path) for path in files(part)))
    assert not idle, f"{part} no longer imports {', '.join(sorted(idle))}"


def test_no_parts_import_each_other_however_far_around() -> None:
    below = {part: allowed & LAYERS.keys() for part, allowed in LAYERS.items()}
    while ready := [part for part, allowed in below.items() if not allowed]:
        below = {part: allowed - set(ready) for part, allowed in below.items() if part not in ready}
    assert not below, f"{', '.join(sorted(below))} stand on each other"


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "statement", ["import advnets", "import advnets.cli", "from advnets.cli import main; main([])"]
)
def test_pytorch_is_not_imported_before_it_is_needed(statement: str) -> None:
    loaded = modules_after(statement)
    assert "advnets" in loaded
    assert not loaded & {"torch", "scipy", "matplotlib", "tensorboard"}


def test_the_public_face() -> None:
    functions = {"evaluate", "infer", "load", "resume", "train"}
    assert set(advnets.__all__) == {"AdversarialClassifier", "AdvnetsError", "Recipe", "Run", *functions}
    for name in advnets.__all__:
        assert getattr(advnets, name) is not None
    assert dir(advnets) == sorted(advnets.__all__)
    with pytest.raises(AttributeError, match="no attribute 'fit'"):
        _ = advnets.fit  # type: ignore[attr-defined]
