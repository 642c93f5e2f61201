"""The process that speaks to one tracker: it reads what it is to tell, a line of JSON each, and answers each with one.

A process of its own takes no time of the training's interpreter, and can be ended where a tracker hangs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from advnets.training.trackers.tracker import Opening, Record, Tracker, opener

_GENTLY = 5  # steps of niceness


def main(name: str) -> None:
    """Speak to a tracker until the training has ended, in order or not."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it stops the training, which then has more to tell
    os.nice(_GENTLY)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a package prints is no answer
    try:
        for answer in told(opener(name), sys.stdin):
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    except BaseException as error:  # whatever a stranger's package raises, SystemExit included
        said = " ".join(str(error).split())[:200]
        answers.write(json.dumps({"wrong": f"{error.__class__.__name__}{f': {said}' if said else ''}"}) + "\n")
        answers.flush()


def told(begin: Callable[[Opening], Tracker], lines: IO[str]) -> Iterator[dict[str, Any]]:
    """What is to be answered to each line, after it was done."""
    tracker = begin(_opening(json.loads(lines.readline())))
    yield {"last": tracker.last, "place": tracker.place}
    for line in lines:
        said = json.loads(line)
        if "status" in said:
            tracker.end(said["status"])
            yield {}
            return
        tracker.tell(Record(said["step"], said["scalars"], [Path(each) for each in said["pictures"]]))
        yield {}
    tracker.end("interrupted")  # the training was killed


def _opening(said: dict[str, Any]) -> Opening:
    files = [Path(each) for each in said["files"]]
    return Opening(Path(said["run"]), said["name"], said["key"], said["config"], files)


if __name__ == "__main__":
    main(sys.argv[1])
