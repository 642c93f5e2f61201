"""A training of an encoder that is killed on its way: run by test_encoder_training in a process of its own.

    python kill_encoder.py RUN

One thread, as in the tests.
"""

from __future__ import annotations

import os
import signal
import sys

import torch

import advnets
from advnets.inference import training

KILLED_AT, SETTINGS = 13, {"steps": 20, "batch": 16, "width": 24, "seed": 5}


def main(run: str) -> None:
    torch.set_num_threads(1)
    advance = training.EncoderTraining.advance

    def killed(self: training.EncoderTraining) -> torch.Tensor:
        if self.step == KILLED_AT:
            os.kill(os.getpid(), signal.SIGKILL)
        return advance(self)

    training.EncoderTraining.advance = killed  # type: ignore[method-assign]
    training._CHECKPOINT_EVERY = 5  # type: ignore[assignment]
    advnets.infer(run, count=20, refine=0, **SETTINGS)


if __name__ == "__main__":
    main(sys.argv[1])
