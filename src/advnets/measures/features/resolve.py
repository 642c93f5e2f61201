"""From a name to an extractor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from advnets.data import Table, holds_images
from advnets.data.cache import cache_folder
from advnets.errors import MeasureError
from advnets.measures.features.classifier import classifier
from advnets.measures.features.extractor import Extractor
from advnets.measures.features.inception import inception
from advnets.measures.features.onnx import onnx
from advnets.measures.features.pixels import pixels
from advnets.measures.features.random import random
from advnets.measures.features.setting import Setting
from advnets.measures.features.worth import check_worth

BUILDERS: dict[str, Callable[[Setting], Extractor]] = {
    "pixels": pixels,
    "classifier": classifier,
    "inception": inception,
    "random": random,
}
"""The extractors known by name. Another is one entry: `BUILDERS["mine"] = build`."""


def extractor_for(name: str, table: Table, *, progress: bool = False) -> Extractor | None:
    """The extractor of a name for a table's examples; None for points, which are features themselves.

    Raises:
        MeasureError: no such features, or features of images where the examples are points.
    """
    if holds_images(table):
        return extractor(name, table, progress=progress)
    if name != "pixels":
        raise MeasureError(f"{table.name} holds points, which have no {name}", "leave the features out")
    return None


def extractor(
    name: str,
    table: Table,
    *,
    cache: Path | None = None,
    progress: bool = False,
    device: torch.device | str = "cpu",
) -> Extractor:
    """The extractor of a name.

    Args:
        name: a key of `BUILDERS`, or the path of an .onnx file.
        table: the data that will be measured; the classifier is trained on its labels.
        cache: the cache folder; default as the environment says.
        progress: show progress where there is a terminal.
        device: where networks run (an ONNX model: on the processor).

    Raises:
        MeasureError: no such name or file, no labels to train with, a classifier no better than chance, weights or a
            package that are missing.
        DataError: a download broke off, or the cache cannot be written.
    """
    setting = Setting(table=table, cache=cache_folder(cache), progress=progress, device=torch.device(device))
    if name in BUILDERS:
        return check_worth(BUILDERS[name](setting), table)
    if name.lower().endswith(".onnx"):
        return onnx(Path(name).expanduser(), setting)
    raise MeasureError(f"there are no features {name!r}", f"choose {', '.join(BUILDERS)} or the path of an .onnx file")
