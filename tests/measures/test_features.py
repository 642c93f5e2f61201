"""Extractors: the same features whatever the batch, kept and found again, and nothing in a file ever runs."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from onnx import TensorProto, helper

from advnets.data import ImageTable, open_table
from advnets.errors import MeasureError
from advnets.measures.features import BUILDERS, Extractor, Setting, cached_features, extract_all, extractor
from advnets.measures.features import cache as features_cache
from advnets.measures.features import random as random_features
from advnets.measures.features.classifier import classifier
from advnets.measures.features.classifier_training import Plan
from advnets.measures.features.inception import features_of, logits_unbiased, resize_like_tensorflow
from advnets.measures.features.inception_network import InceptionV3
from advnets.measures.features.store import store_folder
from advnets.measures.frechet import GaussianStatistics, frechet_distance

QUICK = Plan(pixels=1, least_steps=60)


@pytest.fixture(scope="module")
def stripes() -> ImageTable:
    """Upright or lying stripes with noise: two classes that anything can learn."""
    rng = np.random.default_rng(0)
    images = np.zeros((400, 12, 12), np.uint8)
    images[::2, :, ::3] = 180
    images[1::2, ::3, :] = 180
    images += rng.integers(0, 70, images.shape, dtype=np.uint8)
    table = open_table(images, progress=False)
    labels = (np.arange(400) % 2).astype(np.int64)
    return ImageTable(table.values, labels, ("upright", "lying"), table.fingerprint, "stripes", (), table.splits)


def setting(table: ImageTable, cache: Path) -> Setting:
    return Setting(table=table, cache=cache, progress=False, device=torch.device("cpu"))


def test_pixels_are_values_from_zero_to_one(stripes: ImageTable) -> None:
    found = extract_all(extractor("pixels", stripes), stripes.values, batch=7)
    np.testing.assert_array_equal(found, stripes.values.reshape(400, -1) / np.float32(255))


def test_the_classifier_learns_and_is_found_again(stripes: ImageTable, tmp_path: Path) -> None:
    first = classifier(setting(stripes, tmp_path), QUICK)
    features = extract_all(first, stripes.values, batch=50)
    assert features.shape == (400, first.dimension)
    chances = first.probabilities(features)
    assert chances is not None
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    assert (chances.argmax(1) == stripes.labels).mean() > 0.95
    assert "right on" in first.note
    before = sorted(path.name for path in store_folder(tmp_path).iterdir())
    again = classifier(setting(stripes, tmp_path), QUICK)
    assert again.identity == first.identity
    np.testing.assert_array_equal(extract_all(again, stripes.values, batch=50), features)
    assert sorted(path.name for path in store_folder(tmp_path).iterdir()) == before
    np.testing.assert_allclose(extract_all(again, stripes.values, batch=13), features, atol=1e-4)


def test_a_damaged_classifier_is_trained_anew(stripes: ImageTable, tmp_path: Path) -> None:
    first = classifier(setting(stripes, tmp_path), QUICK)
    (weights,) = store_folder(tmp_path).glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-100])
    state = torch.get_rng_state()
    assert classifier(setting(stripes, tmp_path), QUICK).identity == first.identity  # the same training, bit for bit
    assert torch.equal(torch.get_rng_state(), state)


def test_without_labels_there_is_no_classifier(tmp_path: Path) -> None:
    table = open_table(np.zeros((20, 8, 8), np.uint8), progress=False)
    with pytest.raises(MeasureError, match=r"no labels to train a classifier.*take the features pixels"):
        extractor("classifier", table, cache=tmp_path)


@pytest.mark.slow
def test_digits_are_told_apart_in_99_of_100(tmp_path: Path) -> None:
    found = classifier(setting(open_table("mnist"), tmp_path))
    share = float(found.note.split("right on ")[1].split("%")[0])
    assert share >= 99


def test_a_tables_features_are_made_once(stripes: ImageTable, tmp_path: Path) -> None:
    calls: list[int] = []

    def extract(images: np.ndarray) -> np.ndarray:
        calls.append(len(images))
        return images.reshape(len(images), -1)[:, :3].astype(np.float32)

    mine = Extractor(name="mine", dimension=3, identity="mine-1", extract=extract)
    rows = np.arange(100)
    first = np.array(cached_features(mine, stripes, rows, cache=tmp_path))
    np.testing.assert_array_equal(cached_features(mine, stripes, rows, cache=tmp_path), first)
    assert sum(calls) == 100
    cached_features(mine, stripes, rows[:50], cache=tmp_path)
    assert sum(calls) == 150
    for path in store_folder(tmp_path).glob("*.npy"):
        path.write_bytes(b"damaged")
    np.testing.assert_array_equal(cached_features(mine, stripes, rows, cache=tmp_path), first)
    assert features_cache.VERSION


def test_features_of_ones_own_are_one_entry(stripes: ImageTable, monkeypatch: pytest.MonkeyPatch) -> None:
    def brightness(given: Setting) -> Extractor:
        def extract(images: np.ndarray) -> np.ndarray:
            return images.mean((1, 2, 3), dtype="float32")[:, None] / 255

        return Extractor(name="brightness", dimension=1, identity="brightness-1", extract=extract)

    monkeypatch.setitem(BUILDERS, "brightness", brightness)
    assert extract_all(extractor("brightness", stripes), stripes.values).shape == (400, 1)


def test_what_is_no_extractor_is_refused(stripes: ImageTable, tmp_path: Path) -> None:
    for name, message in (("clip", "clip"), (str(tmp_path / "none.onnx"), "there is no file")):
        with pytest.raises(MeasureError, match=message):
            extractor(name, stripes)
    with pytest.raises(MeasureError, match="give samples and data of one size"):
        extract_all(extractor("pixels", stripes), np.zeros((3, 1, 9, 9), np.uint8))


# Inception -----------------------------------------------------------------------------------------------------------


def test_the_resize_is_tensorflows() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 1, 28, 20)).astype(np.float32)
    found = resize_like_tensorflow(torch.from_numpy(images), 299).numpy()
    for row, column in ((0, 0), (298, 298), (150, 77), (13, 290)):
        y, x = row * 28 / 299, column * 20 / 299
        y0, x0 = int(y), int(x)
        y1, x1, dy, dx = min(y0 + 1, 27), min(x0 + 1, 19), y - y0, x - x0
        top = images[:, :, y0, x0] * (1 - dx) + images[:, :, y0, x1] * dx
        low = images[:, :, y1, x0] * (1 - dx) + images[:, :, y1, x1] * dx
        np.testing.assert_allclose(found[:, :, row, column], top * (1 - dy) + low * dy, rtol=1e-4, atol=1e-3)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of the network, in PyTorch's format as the published ones are."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(InceptionV3().state_dict(), path)
    return path


def test_the_network_is_the_published_one() -> None:
    with torch.device("meta"):
        network = InceptionV3()
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    # Names and shapes of pt_inception-2015-12-05: 94 convolutions of six tensors each, and the last layer.
    assert len(shapes) == 94 * 6 + 2
    assert shapes["Conv2d_1a_3x3.conv.weight"] == (32, 3, 3, 3)
    assert shapes["Mixed_5b.branch5x5_2.conv.weight"] == (64, 48, 5, 5)
    assert shapes["Mixed_6e.branch7x7dbl_5.conv.weight"] == (192, 192, 1, 7)
    assert shapes["Mixed_7c.branch3x3dbl_3b.bn.running_var"] == (384,)
    assert shapes["fc.weight"] == (1008, 2048)
    # 23,834,568 without the auxiliary head and with ImageNet's 1,000 classes.
    assert sum(p.numel() for p in network.parameters()) == 23_834_568 + 8 * 2049


def test_features_and_classes_of_a_given_file(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stripes: ImageTable
) -> None:
    monkeypatch.setenv("ADVNETS_INCEPTION", str(weights))
    found = extractor("inception", stripes, cache=tmp_path)
    assert found.name.startswith("inception-")  # not the published weights: never to be called FID
    assert "do not call this FID" in found.note
    features = extract_all(found, stripes.values[:3])
    assert features.shape == (3, 2048)
    network = InceptionV3()
    network.load_state_dict(torch.load(weights, weights_only=True))
    raw = torch.from_numpy(np.array(stripes.values[:3]))
    np.testing.assert_allclose(features, features_of(network.eval(), raw), rtol=1e-4, atol=1e-5)
    chances = found.probabilities(features)
    expected = logits_unbiased(network, torch.from_numpy(features)).softmax(1)
    np.testing.assert_allclose(chances, expected.numpy(), rtol=1e-4, atol=1e-7)


class Trap:
    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (Path("trapped"),)


def test_weights_that_are_no_weights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stripes: ImageTable
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trap.pth").write_bytes(pickle.dumps({"fc.weight": Trap()}))
    torch.save({"fc.weight": torch.zeros(2, 2)}, tmp_path / "other.pth")
    safetensors.torch.save_file({"fc.weight": torch.zeros(1008, 2048)}, tmp_path / "part.safetensors")
    (tmp_path / "text.pth").write_text("no weights")
    for name in ("trap.pth", "other.pth", "part.safetensors", "text.pth"):
        monkeypatch.setenv("ADVNETS_INCEPTION", name)
        with pytest.raises(MeasureError, match="not the weights of the FID network"):
            extractor("inception", stripes, cache=tmp_path)
    assert not (tmp_path / "trapped").exists()
    monkeypatch.setenv("ADVNETS_INCEPTION", "nowhere.pth")
    with pytest.raises(MeasureError, match="there is no file nowhere"):
        extractor("inception", stripes, cache=tmp_path)


# ONNX ----------------------------------------------------------------------------------------------------------------


def model(path: Path, shape: list[Any], inputs: int = 1, kind: int = TensorProto.FLOAT) -> Path:
    """The mean over height and width."""
    entries = [helper.make_tensor_value_info(f"x{n}", kind, shape) for n in range(inputs)]
    node = helper.make_node("GlobalAveragePool", ["x0"], ["y"])
    output = helper.make_tensor_value_info("y", kind, None)
    graph = helper.make_graph([node], "mean", entries, [output])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_an_onnx_model_makes_features(tmp_path: Path, stripes: ImageTable) -> None:
    found = extractor(str(model(tmp_path / "mean.onnx", ["n", "c", "h", "w"])), stripes)
    assert (found.name, found.dimension) == ("mean.onnx", 1)
    features = extract_all(found, stripes.values, batch=33)
    np.testing.assert_allclose(features[:, 0], stripes.values.mean((1, 2, 3)) / 255, rtol=1e-4)


def test_images_are_fitted_to_a_model_of_fixed_shape(tmp_path: Path, stripes: ImageTable) -> None:
    found = extractor(str(model(tmp_path / "fixed.onnx", [4, 3, 6, 6])), stripes)
    features = extract_all(found, stripes.values[:10])
    assert features.shape == (10, 3)
    assert (features[:, 0] == features[:, 2]).all()
    np.testing.assert_allclose(features[:, 0], stripes.values[:10].mean((1, 2, 3)) / 255, atol=0.05)


def test_other_models_are_refused_in_one_line(tmp_path: Path, stripes: ImageTable) -> None:
    for path in (
        model(tmp_path / "flat.onnx", ["n", "d"]),
        model(tmp_path / "double.onnx", ["n", "c", "h", "w"], kind=TensorProto.DOUBLE),
        model(tmp_path / "two.onnx", ["n", "c", "h", "w"], inputs=2),
    ):
        with pytest.raises(MeasureError, match=r"export it with one float32 input|cannot run it"):
            extractor(str(path), stripes)
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(MeasureError, match="ONNX Runtime cannot run it"):
        extractor(str(tmp_path / "text.onnx"), stripes)


@pytest.mark.parametrize("shape", [(1, 12, 12), (3, 9, 14), (4, 3, 5), (1, 5, 6)])
def test_random_convolutions_are_those_of_everyone_and_see_each_image_alone(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, *shape), np.uint8)
    table = open_table(images, progress=False)
    first, again = extractor("random", table), extractor("random", table)
    found = extract_all(first, images, batch=7)
    assert found.shape == (40, first.dimension)
    assert first.identity == again.identity
    np.testing.assert_allclose(extract_all(again, images[3:5]), found[3:5], rtol=1e-5, atol=1e-6)
    inside = torch.nn.functional.conv2d(
        torch.from_numpy(images[:1]).double() / 127.5 - 1,
        random_features._weights(*shape)[0].double(),
        stride=2,
        padding=1,
    )
    seen = torch.where(inside > 0, inside, 0.2 * inside)[0].flatten(1).numpy()
    np.testing.assert_allclose(found[0, : len(seen)], seen.mean(1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[0, len(seen) : 2 * len(seen)], seen.std(1), rtol=1e-4, atol=1e-5)


def test_random_convolutions_need_two_pixels() -> None:
    table = open_table(np.random.default_rng(0).integers(0, 256, (40, 1, 12), np.uint8), progress=False)
    with pytest.raises(
        MeasureError, match="random convolutions see nothing of images of 1 x 1 x 12; take the features"
    ):
        extractor("random", table)


def test_in_random_convolutions_worse_images_are_farther(stripes: ImageTable) -> None:
    features, rng = extractor("random", stripes), np.random.default_rng(1)
    half, other = stripes.values[:200], stripes.values[200:]
    real = GaussianStatistics.of(extract_all(features, half))
    noisy = [np.clip(other + rng.normal(0, each, other.shape), 0, 255).astype(np.uint8) for each in (0, 20, 40, 80)]
    far = [frechet_distance(GaussianStatistics.of(extract_all(features, each)), real) for each in noisy]
    assert far == sorted(far)
    assert far[-1] > 10 * far[0]
