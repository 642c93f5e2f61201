"""What a run draws, drawn by other programs; folders to share."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors
import safetensors.torch
import torch
import yaml
from game_kinds import DENSE, given, recipe_of
from small_games import ring
from torch import Tensor, nn

import advnets
from advnets.cli import main
from advnets.config.load import load_recipe
from advnets.errors import AdvnetsError
from advnets.runs.run import Run
from advnets.serving.onnx import export_onnx
from advnets.serving.pack import export_hub
from advnets.serving.site import export_web
from advnets.serving.worth import worth_of

SHORT = {"steps": 20, "batch": 16, "log_every": 10, "checkpoint_every": 20, "sample_every": 0}
CONV = {
    "generator.network": {"kind": "conv", "base": 4, "blocks": 1, "modulation": True},
    "discriminator.network": {"kind": "conv", "base": 4},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Small trainings."""
    place = tmp_path_factory.mktemp("export")
    small = {**DENSE, **SHORT, "data": "mnist"}
    recipes = {
        "dense": load_recipe("mnist-dense").replace(**SHORT),
        "convolutions": load_recipe("dcgan").replace(data="mnist", **SHORT, **CONV),
        "classes": load_recipe("dcgan").replace(**{"game.kind": "conditional"}).replace(**small),
        "points": ring(steps=20),
    }
    return {name: advnets.train(recipe, run=place / name) for name, recipe in recipes.items()}


def inputs_in(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The latents in a file, read as anybody would."""
    said = json.loads({each.key: each.value for each in onnx.load(str(path)).metadata_props}["advnets"])
    return {
        name: np.frombuffer(base64.b64decode(each["base64"]), each["type"]).reshape(each["shape"])
        for name, each in said["latents"].items()
    }


@pytest.mark.parametrize("name", ["classes", "points"])
def test_an_onnx_file_draws_what_sample_draws(runs: dict[str, Run], name: str, tmp_path: Path) -> None:
    run, path = runs[name], tmp_path / "made.onnx"
    export_onnx(run, path)
    known = inputs_in(path)
    assert set(known) == ({"z", "condition"} if name == "classes" else {"z"})
    session = onnxruntime.InferenceSession(str(path))
    made = session.run(None, known)[0]
    wanted = np.concatenate([run.sample(16, seed) for seed in range(4)])
    assert made.dtype == wanted.dtype
    assert np.abs(made.astype(float) - wanted).max() <= (1e-4 if name == "points" else 1)
    assert [each.name for each in tmp_path.iterdir()] == ["made.onnx"]
    if name == "classes":
        sevens = session.run(None, {"z": known["z"][:5], "condition": np.full(5, 7)})[0]
        assert np.abs(sevens.astype(int) - run.sample(5, 0, classes=["7"])).max() <= 1


@pytest.mark.parametrize("kind", ["completion", "super-resolution"])
def test_images_are_inputs_that_do_not_travel_along(kind: str, tmp_path: Path) -> None:
    run, path = advnets.train(recipe_of(kind, steps=2), data=given(kind), run=tmp_path / "run"), tmp_path / "made.onnx"
    made = export_onnx(run, path)
    assert made.levels <= 1
    assert set(made.inputs) == {"z", *(["source"] if kind == "super-resolution" else ["image", "mask"])}
    assert set(inputs_in(path)) == {"z"}
    with pytest.raises(AdvnetsError, match="makes its samples of images"):
        export_web(run, tmp_path / "site")
    if kind == "super-resolution":
        export_hub(run, tmp_path / "hub", "mit")
        assert "run.translate(images)" in (tmp_path / "hub" / "README.md").read_text()
        shared = advnets.load(tmp_path / "hub")
        small = np.zeros((1, 1, 6, 5), np.uint8)
        np.testing.assert_array_equal(shared.translate(small), run.translate(small))
        with pytest.raises(AdvnetsError, match="left out when the run was exported; give it some"):
            shared.sample(2)


def test_coarser_arithmetic_is_measured(runs: dict[str, Run], tmp_path: Path) -> None:
    run, path = runs["convolutions"], tmp_path / "made.onnx"
    made = export_onnx(run, path, "int8")
    assert made.quantized
    found = worth_of(run, path, count=900)
    assert found.run.value != found.file.value
    assert found.file.value == pytest.approx(found.run.value, rel=0.2)
    assert export_onnx(run, path, "float16").levels <= 3


class Restless(nn.Module):
    """Draws in its forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 2)

    def forward(self, z: Tensor) -> Tensor:
        return self.linear(z + torch.randn_like(z))


class Branching(nn.Module):
    """Looks at values, which no graph can."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 2)

    def forward(self, z: Tensor) -> Tensor:
        return self.linear(z) if float(z.detach().sum()) > 0 else self.linear(-z)


class Counting(nn.Module):
    """Counts rows in a way that a trace takes for a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 2)

    def forward(self, z: Tensor) -> Tensor:
        return self.linear(z).reshape(len(z), 2)


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (Counting, "they fix the number of rows"),
        (Restless, "random numbers of their own"),
        (Branching, "cannot be an ONNX"),
    ],
)
def test_what_no_file_could_draw_is_refused(network: type[nn.Module], why: str, tmp_path: Path) -> None:
    run = advnets.train(ring(steps=2), run=tmp_path / "run", generator=network())
    (tmp_path / "made").mkdir()
    with pytest.raises(AdvnetsError, match=why):
        export_onnx(run, tmp_path / "made" / "made.onnx")
    assert not list((tmp_path / "made").iterdir())


def test_a_card_says_which_modules_are_missing(tmp_path: Path) -> None:
    run = advnets.train(ring(steps=2), run=tmp_path / "run", generator=nn.Linear(16, 2))
    export_hub(run, tmp_path / "hub", "mit")
    assert 'modules={"generator": generator})' in (tmp_path / "hub" / "README.md").read_text()
    shared = advnets.load(tmp_path / "hub", modules={"generator": nn.Linear(16, 2)})
    np.testing.assert_array_equal(shared.sample(3), run.sample(3))


def test_a_safetensors_file_has_the_averaged_weights(runs: dict[str, Run], tmp_path: Path) -> None:
    run, path = runs["dense"], tmp_path / "made.safetensors"
    assert main(["export", str(run.path), "--format", "safetensors", "--out", str(path)]) == 0
    tensors = safetensors.torch.load_file(path)
    for name, value in run.generator.state_dict().items():
        assert torch.equal(tensors[f"generator.{name}"], value)
    assert torch.equal(tensors["latents.z"][16:32], run.sampler.inputs(16, 1)["z"])
    with safetensors.safe_open(path, "pt") as file:  # pyright: ignore[reportPrivateImportUsage]
        assert yaml.safe_load(file.metadata()["recipe"])["name"] == "mnist-dense"


def test_a_hub_folder_is_a_run(runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, folder = runs["classes"], tmp_path / "hub"
    assert main(["evaluate", str(run.path), "--count", "300", "--metrics", "total_variation"]) == 0
    assert main(["export", str(run.path), "--format", "hub", "--license", "mit", "--out", str(folder)]) == 0
    shared = advnets.load(folder)
    np.testing.assert_array_equal(shared.sample(20, 3, classes=["4"]), run.sample(20, 3, classes=["4"]))
    np.testing.assert_array_equal(shared.sample(20, 3), run.sample(20, 3))
    card = (folder / "README.md").read_text()
    front = yaml.safe_load(re.split("^---$", card, flags=re.MULTILINE)[1])
    assert front["license"] == "mit"
    assert run.facts["data"]["fingerprint"] in card
    assert "| total_variation |" in card
    for text in (folder / "run.json", folder / "recipe.yaml", folder / "README.md", folder / "evaluation.json"):
        assert str(tmp_path.parent) not in text.read_text()
        assert "command" not in text.read_text()
    assert main(["sample", str(folder), "--count", "4", "--out", str(tmp_path / "drawn.png")]) == 0
    capsys.readouterr()
    assert main(["resume", str(folder), "--steps", "40"]) == 2
    assert "it was exported, and holds nothing to train on with; begin another training" in capsys.readouterr().err
    assert main(["export", str(run.path), "--format", "hub", "--out", str(folder)]) == 2
    assert "is there already; name another --out" in capsys.readouterr().err
    with pytest.raises(AdvnetsError, match="holds the generator averaged alone: it was exported"):
        shared.sample(2, averaged=False)
    more = run.recipe.replace(steps=2, from_run=str(folder))
    begun = advnets.train(more, run=tmp_path / "more")
    assert begun.step == 2


def test_flags_without_effect_are_refused(runs: dict[str, Run], capsys: pytest.CaptureFixture[str]) -> None:
    path = str(runs["dense"].path)
    for line, why in (
        (["--license", "mit"], "--license mit changes nothing of --format onnx"),
        (["--format", "hub", "--precision", "int8"], "--precision int8 is for --format onnx"),
        (["--runtime", "here"], "--runtime here changes nothing of --format onnx"),
        (["--features", "pixels"], "what is in float32 is not measured"),
    ):
        assert main(["export", path, *line]) == 2
        assert why in capsys.readouterr().err
