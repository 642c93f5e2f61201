"""Libraries that only some formats need: imported when such a file is met, or named where they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from advnets.errors import DataError


def need(module: str, what: str) -> Any:
    """A module of the extra `data`.

    Args:
        module: its name.
        what: what it reads, in words.

    Raises:
        DataError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        remedy = "install it with: pip install 'advnets[data]'"
        raise DataError(f"{what} need the package {package}, which is not installed", remedy) from None


def pyarrow_parquet() -> tuple[Any, Any]:
    """The modules pyarrow.parquet and pyarrow."""
    return need("pyarrow.parquet", "parquet files"), need("pyarrow", "parquet files")
