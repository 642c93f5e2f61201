"""What trackers wrote, as their own packages read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BLOCK, _HEAD = 32_768, 7


def wandb_records(folder: Path) -> Iterator[Any]:
    """The records of an offline run: pieces in blocks, each behind a checksum, length and kind (LevelDB's log)."""
    from wandb.proto.wandb_internal_pb2 import Record

    (file,) = folder.glob("run-*.wandb")
    data, at, whole = file.read_bytes(), _HEAD, b""
    assert data.startswith(b":W&B")
    while at + _HEAD <= len(data):
        if _BLOCK - at % _BLOCK < _HEAD:
            at += _BLOCK - at % _BLOCK
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        whole += data[at + _HEAD : at + _HEAD + length]
        at += _HEAD + length
        if kind in (1, 4):  # whole, or the last piece
            yield Record.FromString(whole)
            whole = b""


def wandb_history(folder: Path) -> list[dict[str, Any]]:
    """What was logged, a line each."""
    lines = (record.history for record in wandb_records(folder) if record.HasField("history"))
    return [
        {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in line.item} for line in lines
    ]
