"""Every table, figure and theorem of *Generative Adversarial Nets*, each made by one command with the paper's figures.

An exhibit is a file here, or a room with a file `exhibit.py`, with a function `make(workspace)`, and a line in
`EXHIBITS`.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path

from advnets.errors import UsageError
from advnets.files import write_whole
from advnets.paper.exhibit import Exhibit, Provenance, to_json
from advnets.paper.markdown import page_of, text_of
from advnets.paper.workspace import PARTS, RUNS, Workspace
from advnets.runs.directory import writing

EXHIBITS = {
    "theory": "Theorem 1, Propositions 1 and 2, maximum likelihood: computed",
    "costs": "The tutorial's three costs of the generator: where they saturate",
    "fig1": "Figure 1, alive: a game in one dimension, trained",
    "fig2": "Figure 2: fair draws and their nearest training examples",
    "fig3": "Figure 3: straight lines in z space",
    "table1": "Table 1: Parzen log-likelihood, with the rivals running",
    "table2": "Table 2: what each family of models has to do, measured",
    "claims": "What the paper says of Algorithm 1, tested",
}
"""Names of the exhibits and what they show, in the order of the page."""


_SEEDS = 2**32  # exhibits count up from it


def make(
    name: str,
    folder: Path,
    *,
    quick: bool = False,
    seed: int = 0,
    fresh: bool = False,
    say: Callable[[str], None] = print,
    data: str = "",
) -> Path:
    """Make an exhibit, or `all` of them and the page that shows them.

    Args:
        name: a key of `EXHIBITS`, or "all".
        folder: where to. What takes long is kept in its folder `parts` and not computed again, so that a command that
            was killed goes on where it was when it is given again.
        quick: in less than a minute, with fewer steps, samples and seeds.
        seed: of everything that is drawn.
        fresh: compute anew what is kept; trained runs, which exhibits share, only with "all".
        say: is told how far it is.
        data: what Figure 1's game is played on, "gaussian", "mixture" or "gamma"; by default the paper's Gaussian.

    Returns:
        The path of the text.

    Raises:
        UsageError: no such exhibit or data, data for another exhibit than `fig1`, or a seed out of range.
        RunError: a file cannot be written.
    """
    if name != "all" and name not in EXHIBITS:
        raise UsageError(f"no exhibit {name!r}", f"choose one of {', '.join(EXHIBITS)}, all")
    if not 0 <= seed < _SEEDS:
        raise UsageError(f"--seed {seed}", f"use 0 to {_SEEDS - 1}")
    if data and name != "fig1":
        raise UsageError(f"--data {data} with {name}", "only fig1 has a choice of data")
    with writing(folder, "or give another --out; what was computed is kept"):
        for kept in [*EXHIBITS, RUNS] if name == "all" else [name]:
            if fresh and (folder / PARTS / kept).exists():
                shutil.rmtree(folder / PARTS / kept)
        if name != "all":
            return _write(workspace := Workspace(name, folder, quick, seed, say, data), _made(workspace))
        page = folder / "README.md"
        write_whole(page, page_of(_all(folder, quick, seed, say), quick).encode())
        return page


def _all(folder: Path, quick: bool, seed: int, say: Callable[[str], None]) -> dict[str, Exhibit]:
    """Make and write every exhibit, in the order of the page."""
    exhibits: dict[str, Exhibit] = {}
    for name in EXHIBITS:
        workspace = Workspace(name, folder, quick, seed, say)
        exhibits[name] = _made(workspace)
        say(f"{name}: {_write(workspace, exhibits[name])}")
    return exhibits


def _made(workspace: Workspace) -> Exhibit:
    room = "" if (Path(__file__).parent / f"{workspace.name}.py").exists() else ".exhibit"
    return importlib.import_module(f"advnets.paper.{workspace.name}{room}").make(workspace)


def _write(workspace: Workspace, exhibit: Exhibit) -> Path:
    """Write NAME.json and NAME.md, whose path is returned; the pictures are there already."""
    made = Provenance(workspace.command, workspace.quick, workspace.seed)
    write_whole(workspace.path(".json"), to_json(exhibit, made).encode())
    text = workspace.path(".md")
    write_whole(text, text_of(exhibit, made).encode())
    return text
