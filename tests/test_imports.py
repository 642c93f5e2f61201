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
    "data": {"config"},
    "devices": set(),
    "randomness": set(),
    "figures": set(),
    "networks": set(),
    "games": {"networks"},
    "measures": {"games", "networks", "data", "randomness", "devices"},
    "theory": {"games", "networks"},
}
"""What each part may import besides `COMMON` and itself. Parts that are not named stand above all of these."""


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


@pytest.mark.parametrize("part", [part for part in LAYERS if (ROOT / part).exists() or (ROOT / f"{part}.py").exists()])
def test_imports_point_downward(part: str) -> None:
    for path in files(part):
        above = imported(path) - LAYERS[part] - COMMON - {part}
        assert not above, f"{path.relative_to(ROOT)} imports {', '.join(sorted(above))}"


@pytest.mark.parametrize("part", sorted(COMMON))
def test_common_parts_stand_alone(part: str) -> None:
    assert imported(ROOT / f"{part}.py") == set()


def test_nothing_imports_the_command_line() -> None:
    for path in ROOT.rglob("*.py"):
        assert path.name in ("cli.py", "__main__.py") or not imported(path) & {"cli", "flags"}, path


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
    assert set(advnets.__all__) == {"AdvnetsError", "Recipe", "Run", "evaluate", "load", "resume", "train"}
    for name in advnets.__all__:
        assert getattr(advnets, name) is not None
    assert dir(advnets) == sorted(advnets.__all__)
    with pytest.raises(AttributeError, match="no attribute 'fit'"):
        _ = advnets.fit  # type: ignore[attr-defined]
