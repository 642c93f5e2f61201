"""Results of benchmarks: what each found, when, where and by which command."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Any

from advnets.files import write_whole

HERE = Path(__file__).parent


def result_of(script: str) -> Path:
    """Where a script's result lies: beside it, in its room's folder `results`."""
    path = Path(script).resolve()
    return path.parent / "results" / f"{path.stem}.json"


def record(path: Path, result: dict[str, Any]) -> None:
    """Write a result with its date and command; one in the repository goes into benchmarks/README.md, too."""
    stamp = {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "command": command()}
    write_whole(path, (json.dumps({**stamp, **result}, indent=1) + "\n").encode())
    if path.resolve().is_relative_to(HERE):
        from benchmarks import readme

        readme.write()


def command() -> str:
    """What was given on the command line, without the names of this machine's folders."""
    script, *words = sys.argv
    path = Path(script).resolve()
    name = path.relative_to(HERE.parent) if path.is_relative_to(HERE) else Path(path.name)
    return " ".join(["python", str(name), *("PATH" if Path(word).exists() else word for word in words)])
