"""Training, resuming and loading from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from small_games import saved

import advnets
from advnets.config.load import load_recipe
from advnets.errors import AdvnetsError, DataError, RunError

SMALL: dict[str, Any] = {
    "generator": {"kind": "mlp", "hidden": [8]}, "discriminator": {"kind": "maxout", "units": [8]}, "batch": 10,
    "sample_every": 0, "holdout": 0.2,
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("no_report")


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)


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
    recipe = load_recipe("mnist-dense").replace(data="noise.npy", steps=2, measure=measure, **SMALL)
    advnets.train(recipe, run="run")
    monkeypatch.chdir(tmp_path / "elsewhere")
    run = advnets.resume("../run", steps=3)
    assert [line["step"] for line in run.measures] == [1, 2, 3]
    for line in run.measures:
        assert line["measures"]["frechet"]["features"] == Path(features).name
    expected = features if features == "pixels" else str(tmp_path / features)
    assert run.recipe.measure.features == expected


@pytest.fixture
def of_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> advnets.Run:
    """A training on images in memory, 4 steps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    return advnets.train("mnist-dense", data=noise(), steps=4, checkpoint_every=2, run="memory", **SMALL)


def test_images_in_memory_train_as_those_of_a_file(of_arrays: advnets.Run) -> None:
    np.save("noise.npy", noise())
    of_file = advnets.train("mnist-dense", data="noise.npy", steps=4, checkpoint_every=2, run="file", **SMALL)
    assert saved(of_arrays.path) == saved(of_file.path)
    assert of_arrays.recipe.data == "(in memory)"
    assert of_arrays.facts["data"]["fingerprint"] == of_file.facts["data"]["fingerprint"]
    np.testing.assert_array_equal(advnets.load("memory").sample(3), of_file.sample(3))


def test_data_that_were_moved_are_asked_for_again(of_arrays: advnets.Run, tmp_path: Path) -> None:
    np.save(tmp_path / "noise.npy", noise())
    path = advnets.train("mnist-dense", data=tmp_path / "noise.npy", steps=2, run=tmp_path / "run", **SMALL).path
    (tmp_path / "noise.npy").rename(tmp_path / "moved.npy")
    for ask in (lambda: advnets.resume(path, steps=4), lambda: advnets.evaluate(path, metrics="total_variation")):
        with pytest.raises(DataError, match="the run's data are no longer there; say where they are now with --data"):
            ask()
    assert advnets.resume(path, steps=4, data=tmp_path / "moved.npy").step == 4


def test_images_in_memory_are_asked_for_again_and_must_be_the_same(of_arrays: advnets.Run) -> None:
    with pytest.raises(RunError, match="its data were passed in Python; pass the same images: "):
        advnets.resume("memory", steps=6)
    with pytest.raises(RunError, match="others when it was started; give those with --data, or train anew"):
        advnets.resume("memory", steps=6, data=noise(1))
    assert advnets.resume("memory", steps=6, data=noise()).step == 6
    with pytest.raises(AdvnetsError, match="in memory"):
        advnets.evaluate(of_arrays, metrics="total_variation", count=50)


def test_changes_may_be_names_or_nested(tmp_path: Path) -> None:
    short: dict[str, Any] = {"steps": 1, "sample_every": 0, "batch": 8, "discriminator.units": [4]}
    names = {"generator.network.hidden": [4], "generator.rate": 0.01}
    nested = {"generator": {"network": {"hidden": [4]}, "optimizer": {"rate": 0.01}}}
    by_names = advnets.train("ring", run=tmp_path / "names", **names, **short)
    by_parts = advnets.train("ring", run=tmp_path / "parts", **nested, **short)
    assert by_names.recipe == by_parts.recipe
    assert saved(by_names.path) == saved(by_parts.path)


def test_a_run_has_its_players_by_name(finished: Path) -> None:
    run = advnets.load(finished)
    assert list(run.players) == list(run.raw_players) == ["generator", "discriminator"]
    assert (run.generator, run.discriminator) == (run.players["generator"], run.players["discriminator"])
    assert not any(network.training for network in run.players.values())
