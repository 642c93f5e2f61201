"""`advnets export`: parse, write, print."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from advnets.errors import UsageError
from advnets.terminal.arguments import Modules, Positional, Step, call


def export(args: list[str]) -> None:
    """Write a generator as a file that other programs draw with, or a folder to share."""

    def export(
        run: Positional[Path],
        format: Literal["onnx", "safetensors", "hub"] = "onnx",
        out: Path | None = None,
        precision: Literal["float32", "float16", "int8"] = "float32",
        data: str | None = None,
        features: str | None = None,
        license: str | None = None,
        step: Step = "newest",
        modules: Modules = (),
    ) -> None:
        """Write what `advnets sample` draws: the averaged networks, from latents and classes to bytes.

        Example: advnets export runs/photos --out faces.onnx

        Args:
            run: the run directory.
            format: onnx, one file for ONNX Runtime, which is compared with PyTorch before it gets its name;
                safetensors, one file with the weights; hub, a folder with a model card, ready to upload, which is a
                run that every command and `advnets.load` take, without what its training needs.
            out: where to; by default NAME.onnx, NAME.safetensors or NAME-hub, beside what the run directory holds.
            precision: of an ONNX file's arithmetic; of float16 and int8 it is measured what they change.
            data: real images that this is measured against; by default what the run was trained on.
            features: that the distance is taken in: as for `advnets evaluate`.
            license: of a hub's weights, as model hubs name it: mit, cc-by-4.0, other.
        """
        from advnets.terminal.runs import load_run

        if license is not None and format != "hub":
            raise UsageError(f"--license {license} changes nothing of --format {format}", "leave it out")
        if precision != "float32" and format != "onnx":
            raise UsageError(f"--precision {precision} is for --format onnx", "leave it out")
        for flag, value in (("--data", data), ("--features", features)):
            if value is not None and precision == "float32":
                what = f"{flag} {value} changes nothing: what is in float32 is not measured"
                raise UsageError(what, "leave it out, or give --precision float16")
        loaded = load_run(run, step, modules)
        name = loaded.recipe.name
        endings = {"onnx": f"{name}.onnx", "safetensors": f"{name}.safetensors", "hub": f"{name}-hub"}
        target = out or run / endings[format]
        if format == "onnx":
            from advnets.terminal.exported import onnx

            for line in onnx(loaded, target, precision, data, features):
                print(line)
            return
        from advnets.serving.pack import export_hub, export_safetensors

        if format == "hub":
            export_hub(loaded, target, license or "other")
            print(f"{target}: README.md is its card{'' if license else '; it names no license (--license)'}")
            if loaded.sampler.sources is not None:
                print("the images that samples are made of are left out: give it some by advnets translate")
        else:
            print(f"{target}: {export_safetensors(loaded, target):,} numbers, and latents of some seeds")

    call(export, args)
