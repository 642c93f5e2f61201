"""Training, resuming and loading from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import advnets
from advnets.config.load import load_recipe

SMALL: dict[str, Any] = {
    "generator": {"kind": "mlp", "hidden": [8]}, "discriminator": {"kind": "maxout", "units": [8]}, "batch": 10,
    "sample_every": 0, "holdout": 0.2,
}  # fmt: skip


def brightness(path: Path) -> None:
    """An ONNX model whose one feature is an image's mean."""
    mean = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "c", "h", "w"])
    graph = helper.make_graph([helper.make_node("GlobalAveragePool", ["x"], ["y"])], "brightness", [image], [mean])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize("features", ["models/brightness.onnx", "pixels"])
def test_a_resumed_training_finds_what_it_is_measured_in_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, features: str
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "elsewhere").mkdir()
    brightness(tmp_path / "models" / "brightness.onnx")
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8))
    measure = {"metrics": "frechet", "features": features, "every": 1, "count": 10}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    recipe = load_recipe("mnist").replace(data="noise.npy", steps=2, measure=measure, **SMALL)
    advnets.train(recipe, run="run")
    monkeypatch.chdir(tmp_path / "elsewhere")
    run = advnets.resume("../run", steps=3)
    assert [line["step"] for line in run.measures] == [1, 2, 3]
    for line in run.measures:
        assert line["measures"]["frechet"]["features"] == Path(features).name
    expected = features if features == "pixels" else str(tmp_path / features)
    assert run.recipe.measure.features == expected
