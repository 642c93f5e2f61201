"""`advnets export`: parse, write, print."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from advnets.errors import UsageError
from advnets.terminal.arguments import Modules, Positional, Step, call


def export(args: list[str]) -> None:
    """Write a generator as a file that other programs draw with, a folder to share, or a web page."""

    def export(
        run: Positional[Path],
        format: Literal["onnx", "safetensors", "hub", "web"] = "onnx",
        out: Path | None = None,
        precision: Literal["float32", "float16", "int8"] = "float32",
        data: str | None = None,
        features: str | None = None,
        license: str | None = None,
        runtime: Path | None = None,
        step: Step = "newest",
        modules: Modules = (),
    ) -> None:
        """Write what `advnets sample` draws: the averaged networks, from latents and classes to bytes.

        Example: advnets export runs/photos --out faces.onnx

        Args:
            run: the run directory.
            format: onnx, one file for ONNX Runtime, which is compared with PyTorch before it gets its name;
                safetensors, one file with the weights; hub, a folder with a model card, ready to upload, which is a
                run that every command and `advnets.load` take, without what its training needs; web, a folder with
                a page that draws in the browser, for any file server.
            out: where to; by default NAME.onnx, NAME.safetensors, NAME-hub or NAME-web, beside what the run directory
                holds.
            precision: of an ONNX file's arithmetic; of float16 and int8 it is measured what they change.
            data: real images that this is measured against; by default what the run was trained on.
            features: that the distance is taken in: as for `advnets evaluate`.
            license: of a hub's weights, as model hubs name it: mit, cc-by-4.0, other.
            runtime: onnxruntime-web for a page, its tarball or a folder that has it; by default it is fetched once from
                the npm registry that npm_config_registry names.
        """
        from advnets.terminal.runs import load_run

        if license is not None and format != "hub":
            raise UsageError(f"--license {license} changes nothing of --format {format}", "leave it out")
        if runtime is not None and format != "web":
            raise UsageError(f"--runtime {runtime} changes nothing of --format {format}", "leave it out")
        if precision != "float32" and format != "onnx":
            raise UsageError(f"--precision {precision} is for --format onnx", "leave it out")
        for flag, value in (("--data", data), ("--features", features)):
            if value is not None and precision == "float32":
                what = f"{flag} {value} changes nothing: what is in float32 is not measured"
                raise UsageError(what, "leave it out, or give --precision float16")
        loaded = load_run(run, step, modules)
        endings = {"onnx": ".onnx", "safetensors": ".safetensors", "hub": "-hub", "web": "-web"}
        target = out or run / f"{loaded.recipe.name}{endings[format]}"
        from advnets.terminal import exported

        lines = {
            "onnx": lambda: exported.onnx(loaded, target, precision, data, features),
            "safetensors": lambda: exported.weights(loaded, target),
            "hub": lambda: exported.hub(loaded, target, license),
            "web": lambda: exported.web(loaded, target, runtime),
        }
        for line in lines[format]():
            print(line)

    call(export, args)
