"""Features of a table's images, made once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.data import Table
from advnets.data.cache import cache_folder
from advnets.measures.features.extractor import Extractor, Features, extract_all
from advnets.measures.features.store import find, keep, key_of, store_folder
from advnets.sharing import everybody, in_turn

VERSION = 1


def cached_features(
    extractor: Extractor,
    table: Table,
    rows: npt.NDArray[np.int64],
    *,
    cache: Path | None = None,
    progress: bool = False,
) -> Features:
    """Features of some of a table's images, kept by the table's fingerprint, the rows and the extractor.

    A damaged file is made anew. What an extractor calls not worth caching (pixels) is made each time.

    Args:
        extractor: what makes them.
        table: the data.
        rows: row numbers, in the order wanted.
        cache: the cache folder; default as the environment says.
        progress: show a progress bar where there is a terminal.

    Returns:
        float32, len(rows) x D; mapped from disk and read-only where it is kept.

    Raises:
        MeasureError: images that the extractor cannot take.
        DataError: the cache cannot be written.
    """
    if not extractor.cached:
        return extract_all(extractor, table.values, rows, progress=progress)
    folder = store_folder(cache_folder(cache))
    key = key_of("features", VERSION, extractor.identity, table.fingerprint, rows_digest(rows))
    stored = find(folder, key)
    if everybody(stored is not None):
        path = stored[0]  # type: ignore[index]  # everybody's is there
    else:
        features = extract_all(extractor, table.values, rows, progress=progress)
        facts = {"features": extractor.name, "data": table.name, "images": len(rows)}
        path = in_turn(lambda: _kept(folder, key, features, facts))
    return np.load(path, mmap_mode="r", allow_pickle=False)


def rows_digest(rows: npt.NDArray[np.int64]) -> str:
    """SHA-256 (hex) of which rows, in which order."""
    return hashlib.sha256(np.ascontiguousarray(rows, dtype=np.int64).tobytes()).hexdigest()


def _kept(folder: Path, key: str, features: Features, facts: dict[str, Any]) -> Path:
    """The file of these features, which another process may have written."""
    stored = find(folder, key)
    if stored is not None:
        return stored[0]
    return keep(folder, key, ".npy", lambda file: np.save(file, features, allow_pickle=False), facts)
