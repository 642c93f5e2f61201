"""A training of every kind of game, each killed in the middle: run by test_kill_kinds in a process of its own.

    python killed_kinds.py FOLDER

One thread, as in the tests. PyTorch is imported once and has computed nothing when a child is forked for each kind.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import torch
from game_kinds import FURTHER, KINDS, given, of, recipe_of, sources_of

import advnets
from advnets.training.trainer import Trainer


def train_until_killed(kind: str, run: Path) -> None:
    """Train; at the beginning of a step after a checkpoint and before the next, the process is gone."""
    advance = Trainer.advance

    def killed(self: Trainer):
        if self.step == of(kind).killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return advance(self)

    Trainer.advance = killed  # type: ignore[method-assign]
    advnets.train(recipe_of(kind), data=given(kind), sources=sources_of(kind), run=run)


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    ended: dict[str, int] = {}
    for kind in KINDS | FURTHER:
        child = os.fork()
        if child == 0:
            train_until_killed(kind, folder / kind)
            os._exit(0)
        ended[kind] = -os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps(ended))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
