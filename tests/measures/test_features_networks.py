"""Networks behind features: any shape of image, where weights come from, and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from onnx import TensorProto, helper

from advnets.data import ImageTable, open_table
from advnets.data.download import UnreachableError
from advnets.errors import MeasureError
from advnets.measures.features import Extractor, Setting, cached_features, extract_all, extractor, inception_weights
from advnets.measures.features.classifier import classifier
from advnets.measures.features.classifier_training import Plan
from advnets.measures.features.inception import inception, resize_like_tensorflow
from advnets.measures.features.inception_network import InceptionV3
from advnets.measures.features.store import digest_of, find, keep, store_folder


def table_of(shape: tuple[int, int, int], count: int = 60, classes: int = 3) -> ImageTable:
    images = np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)
    names = tuple(str(name) for name in range(classes))
    return ImageTable(images, np.arange(count, dtype=np.int64) % classes, names, f"noise-{shape}-{count}", "noise")


def setting(table: ImageTable, cache: Path) -> Setting:
    return Setting(table=table, cache=cache, progress=False, device=torch.device("cpu"))


# Any extractor -------------------------------------------------------------------------------------------------------


def test_rows_choose_images_and_their_order() -> None:
    table = table_of((2, 3, 4))
    found = extract_all(extractor("pixels", table), table.values, np.array([5, 0, 5]))
    np.testing.assert_array_equal(found, table.values[[5, 0, 5]].reshape(3, -1) / np.float32(255))


def test_pixels_have_no_classes_and_are_not_kept(tmp_path: Path) -> None:
    table = table_of((1, 4, 4))
    pixels = extractor("pixels", table, cache=tmp_path)
    features = cached_features(pixels, table, table.rows("train"), cache=tmp_path)
    assert pixels.probabilities(features) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("images", [np.zeros((2, 1, 4, 4)), np.zeros((2, 16), np.uint8)], ids=["floats", "flat"])
def test_only_bytes_in_four_axes_are_images(images: np.ndarray) -> None:
    with pytest.raises(MeasureError, match="give uint8 images, N x C x H x W"):
        extract_all(extractor("pixels", table_of((1, 4, 4))), images)


def test_a_feature_that_is_not_finite_is_refused() -> None:
    broken = Extractor(name="broken", dimension=1, identity="1", extract=lambda x: np.full((len(x), 1), np.nan, "f4"))
    with pytest.raises(MeasureError, match="broken: a feature is not finite"):
        extract_all(broken, table_of((1, 2, 2)).values)


def test_features_of_another_extractor_or_order_are_others(tmp_path: Path) -> None:
    table, rows = table_of((1, 2, 2)), np.arange(10)

    def make(identity: str, factor: float) -> Extractor:
        def extract(images: np.ndarray) -> np.ndarray:
            return images.reshape(len(images), -1) * np.float32(factor)

        return Extractor(name="scaled", dimension=4, identity=identity, extract=extract)

    once = cached_features(make("one", 1), table, rows, cache=tmp_path)
    twice = cached_features(make("two", 2), table, rows, cache=tmp_path)
    np.testing.assert_array_equal(twice, 2 * once)
    np.testing.assert_array_equal(cached_features(make("one", 1), table, rows[::-1], cache=tmp_path), once[::-1])


def test_a_record_leads_to_its_own_content_only(tmp_path: Path) -> None:
    keep(tmp_path, "key", ".bin", lambda file: file.write(b"first"), {"n": 1})
    path = keep(tmp_path, "key", ".bin", lambda file: file.write(b"second"), {"n": 2})
    assert find(tmp_path, "key") == (path, {"n": 2})
    path.write_bytes(b"secone")
    assert find(tmp_path, "key") is None
    (tmp_path / "key.json").write_text('{"file": "../../etc/passwd"}')
    assert find(tmp_path, "key") is None
    assert find(tmp_path, "other") is None


# The classifier ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 5, 2), (1, 90, 70), (4, 1, 1), (2, 33, 17)])
def test_images_of_any_shape_are_classified(shape: tuple[int, int, int], tmp_path: Path) -> None:
    table = table_of(shape)
    found = classifier(setting(table, tmp_path), Plan(pixels=1, least_steps=3, batch=16))
    features = extract_all(found, table.values)
    assert features.shape == (60, found.dimension)
    np.testing.assert_allclose(extract_all(found, table.values, batch=7), features, rtol=1e-4, atol=1e-4)
    chances = found.probabilities(features)
    assert chances is not None
    assert chances.shape == (60, 3)
    assert "no other images to test it on" in found.note


def test_a_damaged_record_is_no_record(tmp_path: Path) -> None:
    table, plan = table_of((1, 6, 6)), Plan(pixels=1, least_steps=3, batch=16)
    first = classifier(setting(table, tmp_path), plan)
    (record,) = store_folder(tmp_path).glob("*.json")
    for damage in ("", "{}", "[]", '{"file": 3}'):
        record.write_text(damage)
        assert classifier(setting(table, tmp_path), plan).identity == first.identity
        assert find(store_folder(tmp_path), record.stem) is not None


def test_a_plan_or_a_table_of_another_kind_is_another_classifier(tmp_path: Path) -> None:
    plan = Plan(pixels=1, least_steps=2, batch=16)
    tables = table_of((1, 6, 6)), table_of((1, 6, 7))
    identities = {classifier(setting(table, tmp_path), plan).identity for table in tables}
    identities.add(classifier(setting(tables[0], tmp_path), Plan(pixels=1, least_steps=2, batch=16, seed=1)).identity)
    assert len(identities) == 3


def test_one_class_cannot_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="60 training images of 1 classes cannot train"):
        extractor("classifier", table_of((1, 4, 4), classes=1), cache=tmp_path)


def test_time_does_not_grow_with_the_images_size() -> None:
    plan = Plan()
    costs = [plan.steps(50_000, (1, side, side)) * min(side, 64) ** 2 for side in (28, 32, 64, 256)]
    assert max(costs) / min(costs) < 1.01
    assert plan.steps(100, (1, 28, 28)) == plan.least_steps


# Inception -----------------------------------------------------------------------------------------------------------


def direct_resize(image: np.ndarray, side: int) -> np.ndarray:
    """TensorFlow 1's formula in float64, one output at a time: H x W -> side x side."""
    height, width = image.shape
    result = np.empty((side, side))
    for row in range(side):
        for column in range(side):
            y, x = row * height / side, column * width / side
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
            top = image[y0, x0] + (image[y0, x1] - image[y0, x0]) * (x - x0)
            low = image[y1, x0] + (image[y1, x1] - image[y1, x0]) * (x - x0)
            result[row, column] = top + (low - top) * (y - y0)
    return result


@pytest.mark.parametrize("size", [(28, 28), (5, 90), (1, 1), (60, 41), (37, 37)])
def test_every_pixel_of_the_resize_is_the_formulas(size: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, size).astype(np.float64)
    found = resize_like_tensorflow(torch.tensor(image, dtype=torch.float32)[None, None], 37)
    np.testing.assert_allclose(found[0, 0].numpy(), direct_resize(image, 37), atol=2e-3)


def test_an_image_of_the_networks_size_is_left_as_it_is() -> None:
    images = torch.randint(0, 256, (1, 2, 299, 299), generator=torch.Generator().manual_seed(0)).float()
    assert torch.equal(resize_like_tensorflow(images, 299), images)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stands for the published file: the same names and shapes, random values."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = InceptionV3()
    path = tmp_path_factory.mktemp("published") / "weights.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, published: Path) -> Callable[[bytes], list[Path]]:
    """Puts content behind the URL; returns the list of what was fetched."""
    monkeypatch.delenv("ADVNETS_INCEPTION", raising=False)
    monkeypatch.setattr(inception_weights, "SHA256", digest_of(published))

    def serving(content: bytes) -> list[Path]:
        fetched: list[Path] = []

        def download(url: str, target: Path, *, progress: bool = True) -> None:
            if not content:
                raise UnreachableError(f"{url} cannot be reached")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            fetched.append(target)

        monkeypatch.setattr(inception_weights, "download", download)
        return fetched

    return serving


def test_weights_are_downloaded_once(serve: Callable[[bytes], list[Path]], published: Path, tmp_path: Path) -> None:
    fetched = serve(published.read_bytes())
    found = [inception_weights.weights_file(tmp_path, progress=False) for _ in range(2)]
    assert found == [(store_folder(tmp_path) / inception_weights.FILE_NAME, digest_of(published))] * 2
    assert len(fetched) == 1
    fetched[0].write_bytes(b"damaged")
    inception_weights.weights_file(tmp_path, progress=False)
    assert len(fetched) == 2


def test_a_download_of_other_content_is_not_kept(serve: Callable[[bytes], list[Path]], tmp_path: Path) -> None:
    (fetched,) = [serve(b"something else")]
    with pytest.raises(MeasureError, match="is not the published content; run again to fetch it"):
        inception_weights.weights_file(tmp_path, progress=False)
    assert not fetched[0].exists()


def test_without_a_network_one_line_says_what_to_put_where(
    serve: Callable[[bytes], list[Path]], tmp_path: Path
) -> None:
    serve(b"")
    with pytest.raises(MeasureError) as caught:
        extractor("inception", table_of((1, 4, 4)), cache=tmp_path)
    assert f"put {inception_weights.FILE_NAME} into {store_folder(tmp_path)}" in str(caught.value)
    assert "ADVNETS_INCEPTION" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gray_is_color_of_three_equal_channels(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVNETS_INCEPTION", str(published))
    found = inception(setting(table_of((1, 8, 9)), tmp_path))
    gray = table_of((1, 8, 9)).values[:2]
    features = found.extract(gray)
    np.testing.assert_array_equal(found.extract(gray.repeat(3, 1)), features)
    np.testing.assert_allclose(extract_all(found, gray, batch=1), features, rtol=1e-4, atol=1e-6)
    with pytest.raises(MeasureError, match="2 channels; give images of 1 or 3 channels"):
        found.extract(gray.repeat(2, 1))


def test_a_copy_without_counters_as_safetensors_serves(published: Path, tmp_path: Path) -> None:
    state = torch.load(published, weights_only=True)
    kept = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    assert len(kept) == 94 * 5 + 2
    safetensors.torch.save_file(kept, tmp_path / "copy.safetensors")
    again = inception_weights.load_network(tmp_path / "copy.safetensors").state_dict()
    assert all(torch.equal(again[name], value) for name, value in kept.items())
    assert not any(value.is_meta for value in again.values())


def test_the_numbers_of_the_network_that_is_published() -> None:
    with torch.device("meta"):
        network = InceptionV3()
    counted = {name: value.numel() for name, value in network.state_dict().items() if "num_batches" not in name}
    assert sum(counted.values()) == 23_885_392
    statistics = sum(count for name, count in counted.items() if "running" in name)
    assert (statistics, sum(value.numel() for value in network.parameters())) == (34_432, 23_850_960)


# ONNX ----------------------------------------------------------------------------------------------------------------


def flattening(path: Path, shape: list[int | str]) -> Path:
    """A model whose features are the images it is given, as they arrive."""
    entry = helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)
    output = helper.make_tensor_value_info("values", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Flatten", ["images"], ["values"])], "flatten", [entry], [output])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_a_model_is_given_values_from_zero_to_one(tmp_path: Path) -> None:
    table = table_of((3, 4, 5))
    found = extractor(str(flattening(tmp_path / "flat.onnx", ["n", 3, "h", "w"])), table)
    pixels = extract_all(extractor("pixels", table), table.values)
    np.testing.assert_allclose(extract_all(found, table.values), pixels, rtol=1e-6)


def test_channels_are_averaged_to_one_and_repeated_to_many(tmp_path: Path) -> None:
    color, gray = table_of((3, 4, 5)), table_of((1, 4, 5))
    averaging = extractor(str(flattening(tmp_path / "one.onnx", ["n", 1, "h", "w"])), color)
    expected = color.values.astype(np.float64).mean(1).reshape(60, -1) / 255
    np.testing.assert_allclose(extract_all(averaging, color.values), expected, rtol=1e-5)
    repeating = extractor(str(flattening(tmp_path / "three.onnx", ["n", 3, "h", "w"])), gray)
    expected = gray.values.repeat(3, 1).reshape(60, -1) / 255
    np.testing.assert_allclose(extract_all(repeating, gray.values), expected, rtol=1e-5)


def test_channels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = flattening(tmp_path / "four.onnx", ["n", 4, "h", "w"])
    with pytest.raises(MeasureError, match="its input is N x 4 x H x W, the images have 3 channels"):
        extractor(str(path), table_of((3, 4, 5)))


def test_a_model_of_a_fixed_batch_takes_any_number(tmp_path: Path) -> None:
    table = table_of((1, 4, 5), count=11)
    found = extractor(str(flattening(tmp_path / "eight.onnx", [8, 1, 4, 5])), table)
    np.testing.assert_allclose(extract_all(found, table.values), table.values.reshape(11, -1) / 255, rtol=1e-6)


def test_another_model_of_the_same_name_is_another_extractor(tmp_path: Path) -> None:
    table = table_of((1, 4, 4))
    identities = set[str]()
    for side in (4, 2):
        found = extractor(str(flattening(tmp_path / "model.onnx", ["n", 1, side, side])), table)
        identities.add(found.identity)
        assert found.dimension == side**2
    assert len(identities) == 2


def test_without_onnxruntime_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = flattening(tmp_path / "model.onnx", ["n", 1, "h", "w"])
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MeasureError, match=r"need onnxruntime; pip install advnets\[onnx\]"):
        extractor(str(path), table_of((1, 4, 4)))


def test_digits_are_open_to_all_extractors_without_weights(tmp_path: Path) -> None:
    table = open_table("mnist")
    assert extractor("pixels", table).dimension == 784
    assert extractor(str(flattening(tmp_path / "m.onnx", ["n", 1, 14, 14])), table).dimension == 196
