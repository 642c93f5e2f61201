"""Write benchmarks/README.md: every result, as its script words it, with its command, date and machine.

    python benchmarks/readme.py

A script writes it anew once it has a result.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # rooms import each other as benchmarks.ROOM

from advnets.files import write_whole
from benchmarks.machine import in_words

HERE = Path(__file__).parent
OPENING = """# Benchmarks and their results

Rooms: `data/` (people's files), `speed/` (a training step, start-up, memory, the measures), `quality/` (time to
quality, the watch), `measures/` (what the measures say, and against whom they were checked), `paper/` (what Table 1
needs beside `advnets paper`), `extensions/` (section 7 of the paper and the tutorial's applications: a script for each
page of docs/extensions; `make extensions` runs them all). Each script says at its head what it does and takes; `make
bench` runs the two that need no more than minutes. What a script found lies beside it in `results/` as JSON, and
`python benchmarks/readme.py` makes this page of it.

Speeds compare within a table, whose rows were taken in turn on one machine, and not between tables or days."""
EXTENSIONS: dict[str, str] = {
    "completion": "Images with holes, completed",
    "conditional_further": "Few labels, photographs by class, attributes",
    "coordination": "Better coordination, better z",
    "inference": "Learned inference",
    "semi_supervised": "Few labels, many images",
    "translation": "Images to images",
    "zoo": "The zoo: well-known games on MNIST",
}
"""Scripts of the extensions, and what their results are called."""
RESULTS = {
    "speed/training": "Speed of a training step",
    "speed/before_after": "The step before and after the one engine",
    "speed/sampling": "Samples, one and ten thousand",
    "speed/contention": "Training beside busy processes",
    "speed/measures": "Speed and memory of the measures",
    "speed/reading": "Reading many small files",
    "speed/flat": "Memory over a long training",
    "speed/parzen": "Parzen evaluation, ours and the authors' way",
    "together/kills": "Random kills of processes that train together",
    "together/scaling": "Several processes: what is measured and what is to be expected",
    "quality/race": "Quality at equal processor time",
    "quality/time_to_quality": "Time to quality",
    "quality/toys": "Modes of the ring and the grid",
    "quality/leaks": "Arrows: does G learn what augmentation does?",
    "quality/conditional": "Digits, emoji and photographs by class",
    "quality/watch": "The Helvetica watch on forty-six runs",
    "data/fuzz": "Damaged files of every format",
    "data/many": "A million small images",
    "measures/verdicts": "Six generators, fifteen verdicts",
    "measures/noise_floor": "Noise floors",
    "measures/defects": "Real images damaged in known ways",
    "measures/against_torch_fidelity": "Measures against torch-fidelity's",
    "measures/against_torch_fidelity_features": "The FID network against torch-fidelity's",
    "paper/faces": "Table 1's column of faces on FER2013",
    "paper/rivals": "Settings of Table 1's rivals",
    **{f"extensions/{name}": title for name, title in EXTENSIONS.items()},
}
"""Scripts, in the order of the page, and what their results are called there."""


def write() -> Path:
    """Write the page; its path."""
    page = HERE / "README.md"
    found = {name: read for name in RESULTS if (read := _read(name)) is not None}
    write_whole(page, "\n\n".join([OPENING, *(section(*each) for each in found.items())]).encode() + b"\n")
    return page


def section(name: str, result: dict[str, Any]) -> str:
    """A script's result in words."""
    room, script = name.split("/")
    made = f"`{result['command']}`, {result['date']}, [figures]({room}/results/{script}.json)."
    machine = [f"{in_words(result['machine'])}."] if "machine" in result else []
    if missing := result.get("missing"):
        text = f"{len(missing)} of {len(missing) + len(result['cells'])} figures have not been taken."
    else:
        text: str = importlib.import_module(f"benchmarks.{room}.{script}").page(result)
    return "\n\n".join([f"## {RESULTS[name]}", *["\n".join([made, *machine])], text.strip()])


def _read(name: str) -> dict[str, Any] | None:
    room, script = name.split("/")
    path = HERE / room / "results" / f"{script}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


if __name__ == "__main__":
    print(write())
