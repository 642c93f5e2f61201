"""A folder of static files that draws in a browser: a page, the generator as ONNX, and what runs it."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from advnets.errors import RunError
from advnets.files import write_whole
from advnets.runs.run import Run
from advnets.serving.directions import directions_of
from advnets.serving.drawn import Drawn, latents
from advnets.serving.folders import check_new, new_folder
from advnets.serving.onnx import Exported, about, export_onnx, packed
from advnets.serving.runtime import FILES, VERSION, runtime_folder

_PAGE = "index.html", "page.js", "page.css"
_NAMES = dict(zip(FILES, ("ort.js", "ort-wasm.js", "ort-wasm.wasm"), strict=True))
"""What the runtime's files are called in a site: plain servers know what .js is, and not all know .mjs."""
_SHOWN = 1, 3  # channels that a browser shows


def export_web(run: Run, folder: Path, runtime: Path | None = None) -> Exported:
    """Write a folder that any file server shows as a page which draws.

    Args:
        run: whose samples are images, made of latents, classes and attributes.
        folder: new or empty.
        runtime: onnxruntime-web, a folder or its tarball; by default it is fetched once.

    Returns:
        What its ONNX file is like, `model.onnx`.

    Raises:
        RunError: samples that a page cannot show or make, networks that cannot be exported, no runtime, or the folder
            cannot be written.
        DataError: the download broke off.
    """
    _check_shown(run)
    check_new(folder)
    source = runtime_folder(runtime)
    with new_folder(folder) as aside:
        aside.mkdir()
        made = export_onnx(run, aside / "model.onnx")
        write_whole(aside / "model.json", json.dumps(_facts(run)).encode("ascii"))
        for name in _PAGE:
            write_whole(aside / name, files("advnets.serving").joinpath("web", name).read_bytes())
        for name, plain in _NAMES.items():
            write_whole(aside / "runtime" / plain, (source / name).read_bytes())
        _add_licenses(aside / "runtime")
    return made


def _check_shown(run: Run) -> None:
    if len(run.shape) != 3 or run.shape[0] not in _SHOWN:
        what = "points" if len(run.shape) != 3 else f"images of {run.shape[0]} channels"
        raise RunError(f"{run.path} makes {what}, and a page shows gray and colored images", "use --format onnx")
    given = [name for name in run.sampler.inputs(1) if name in ("source", "image", "mask")]
    if given or "z" not in run.sampler.inputs(1):
        what = f"{run.path} makes its samples of images ({', '.join(given)}), which a page does not have"
        raise RunError(what, "use --format onnx, or advnets translate and complete")


def _add_licenses(folder: Path) -> None:
    """Of ONNX Runtime, whose npm package has none, and of what is built into it, where the one for Python has it."""
    write_whole(folder / "VERSION.txt", f"onnxruntime-web {VERSION}, as the npm registry has it\n".encode())
    write_whole(folder / "LICENSE.txt", files("advnets.serving").joinpath("web", "LICENSE.onnxruntime").read_bytes())
    spec = find_spec("onnxruntime")
    notices = Path((spec and spec.origin) or "").with_name("ThirdPartyNotices.txt")
    if notices.is_file():
        shutil.copyfile(notices, folder / notices.name)


def _facts(run: Run) -> dict[str, Any]:
    """model.json: what the ONNX file says of itself, and what the page asks for."""
    inputs = latents(run)
    found = directions_of(Drawn(run), inputs, run.sampler.at_a_time)
    trained = [name for name, count in zip(run.classes, run.data.counts, strict=True) if count] if run.classes else []
    return {
        **about(run, inputs),
        "prior": getattr(run.recipe.game, "prior", None),
        "trained": trained,
        "attributes": _attributes(run),
        "code": {name: getattr(run.game, name, 0) for name in ("categories", "continuous")}
        if "code" in inputs
        else None,
        "directions": {"vectors": packed(found.vectors), "shares": found.shares},
    }


def _attributes(run: Run) -> list[dict[str, Any]]:
    """Each with the least and greatest value, and with what of these enters the network."""
    known = run.attributes
    if not known:
        return []
    ends = run.sampler.entering(torch.tensor([[each.least for each in known], [each.greatest for each in known]]))
    return [
        {"name": each.name, "values": [each.least, each.greatest], "enter": pair, "two": each.two}
        for each, pair in zip(known, ends.T.tolist(), strict=True)
    ]
