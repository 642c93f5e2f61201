"""The process that speaks to one tracker: it reads what it is to tell, a line of JSON each, and answers each with one.

A process of its own takes no time of the training's interpreter, tells what it was handed even if the training is
killed, and can be ended where a tracker hangs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from advnets.training.trackers.ledger import Ledger, alone, folder_of
from advnets.training.trackers.tracker import Opening, Record, Tracker, opener

_GENTLY = 5  # steps of niceness


def main(name: str) -> None:
    """Speak to a tracker until the training has ended, in order or not."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it stops the training, which then has more to tell
    os.nice(_GENTLY)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a package prints is no answer

    def answer(said: dict[str, Any]) -> None:
        try:
            answers.write(json.dumps(said) + "\n")
            answers.flush()
        except BrokenPipeError:  # nobody is there to hear it; what was handed over is told all the same
            os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())

    try:
        for said in told(name, opener(name), sys.stdin):
            answer(said)
    except BaseException as error:  # whatever a stranger's package raises, SystemExit included
        said = " ".join(str(error).split())[:200]
        answer({"wrong": f"{error.__class__.__name__}{f': {said}' if said else ''}"})


def told(name: str, begin: Callable[[Opening], Tracker], lines: IO[str]) -> Iterator[dict[str, Any]]:
    """What is to be answered to each line, after it was done."""
    first = json.loads(lines.readline())
    run = Path(first["run"])
    with alone(folder_of(run, name)):
        ledger = Ledger(folder_of(run, name), first["rollbacks"])
        files = [Path(each) for each in first["files"]]
        tracker = begin(Opening(run, first["name"], ledger.key, first["config"], files))
        ledger.note(max(ledger.step, tracker.last))
        yield {"last": ledger.step, "place": tracker.place}
        for line in lines:
            said = json.loads(line)
            if "status" in said:
                tracker.end(said["status"])
                yield {}
                return
            if said["step"] > ledger.step:  # else it is played again after a kill, and known there
                tracker.tell(Record(said["step"], said["scalars"], [Path(each) for each in said["pictures"]]))
                ledger.note(said["step"])
            yield {}
        tracker.end("interrupted")  # the training was killed


if __name__ == "__main__":
    main(sys.argv[1])
