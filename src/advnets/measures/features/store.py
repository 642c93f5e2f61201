"""What features cost much to make is kept: below the cache folder, under a key, whole and checked by digest.

    features/<key>.json         {"file": "<digest>.npy", "digest": ..., "facts": {...}}
    features/<digest>.npy       or .safetensors: the content, named by what is in it

The record is written after the content, and content is named by its digest, so that processes that make the
same thing at once, even if it differs in the last digit, leave a record and a file that belong together.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from advnets.data.cache_files import write_json, writing
from advnets.files import digest_of, write_whole


def store_folder(cache: Path) -> Path:
    """Where features and their networks lie."""
    return cache / "features"


def key_of(*parts: object) -> str:
    """A key from plain values."""
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


def keep(folder: Path, key: str, suffix: str, write: Callable[[BinaryIO], object], facts: Mapping[str, object]) -> Path:
    """Stores a file under a key, with plain facts about it; returns where it lies.

    Raises:
        DataError: the cache cannot be written.
    """
    aside = folder / f".{uuid.uuid4().hex}{suffix}"
    with writing(folder):
        write_whole(aside, write)
        digest = digest_of(aside)
        path = aside.replace(folder / f"{digest}{suffix}")
    write_json(folder / f"{key}.json", {"file": path.name, "digest": digest, "facts": dict(facts)})
    return path


def find(folder: Path, key: str) -> tuple[Path, dict[str, Any]] | None:
    """The file under a key and the facts about it; None where there is none or it is damaged."""
    try:
        record = json.loads((folder / f"{key}.json").read_text("ascii"))
        path = folder / Path(record["file"]).name
        if digest_of(path) != record["digest"]:
            return None
        return path, dict(record["facts"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
