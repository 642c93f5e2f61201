"""One thread: tests are small, and their results must not depend on the machine's cores."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
