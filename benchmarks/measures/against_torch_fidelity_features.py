"""Our Inception features against torch-fidelity's: the same random weights in both, the same images.

    pip install --no-deps --target /tmp/torch-fidelity torch-fidelity
    python benchmarks/measures/against_torch_fidelity_features.py /tmp/torch-fidelity [WEIGHTS.pth]

torch-fidelity's package imports torchvision, of which its Inception network needs nothing: only that module is
imported. With WEIGHTS.pth, the published weights, the comparison is of the features that FID is taken in.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import types
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.data import open_table
from advnets.measures.features.inception import features_of, logits_unbiased
from advnets.measures.features.inception_network import InceptionV3
from advnets.measures.features.inception_weights import load_network
from benchmarks.record import record, result_of

LIMIT = 1e-5
IMAGES = 8


def main(target: str, weights: str | None = None) -> None:
    sys.path.append(target)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(weights) if weights else random_weights(Path(folder) / "random.pth")
        ours, theirs = load_network(path), reference(target, path)
        found = {name: compare(ours, theirs, images) for name, images in pictures().items()}
    result = {
        "torch-fidelity": version("torch-fidelity"),
        "weights": "given" if weights else "random",
        "relative_difference": found,
    }
    record(result_of(__file__), result)
    print(page(result))
    worst = max(max(each.values()) for each in found.values())
    sys.exit(0 if worst <= LIMIT else f"a difference of {worst:.2g} is more than {LIMIT:g}")


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = [
        f"The largest difference over the largest value, with {result['weights']} weights; torch-fidelity"
        f" {result['torch-fidelity']}; wanted at most {LIMIT:g}.", "",
        "| images | features | logits without bias |", "|---|---|---|",
    ]  # fmt: skip
    for images, each in result["relative_difference"].items():
        lines.append(f"| {images} | {each['features']:g} | {each['logits_unbiased']:g} |")
    return "\n".join(lines)


def random_weights(path: Path) -> Path:
    """Weights that keep activations of a size, with statistics of batch normalization that matter."""
    generator = torch.Generator().manual_seed(0)
    network = InceptionV3()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            for values in (module.weight.data, module.running_var):
                values.uniform_(0.5, 1.5, generator=generator)
            for values in (module.bias.data, module.running_mean):
                values.normal_(0, 0.1, generator=generator)
    nn.init.normal_(network.fc.weight, std=0.02, generator=generator)
    torch.save(network.state_dict(), path)
    return path


def reference(target: str, weights: Path) -> nn.Module:
    """torch-fidelity's extractor of features and of logits without the bias."""
    package = types.ModuleType("torch_fidelity")
    package.__path__ = [str(Path(target) / "torch_fidelity")]
    sys.modules["torch_fidelity"] = package
    module = importlib.import_module("torch_fidelity.feature_extractor_inceptionv3")
    return module.FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(weights)
    )


def pictures() -> dict[str, Tensor]:
    """Digits, color noise of uneven sides, and color noise larger than the network's input."""
    rng = np.random.default_rng(0)
    table = open_table("mnist")
    return {
        "digits 28 x 28": torch.from_numpy(table.values[table.rows("test")[:IMAGES]]),
        "color 32 x 48": torch.from_numpy(rng.integers(0, 256, (IMAGES, 3, 32, 48), dtype=np.uint8)),
        "color 310 x 301": torch.from_numpy(rng.integers(0, 256, (IMAGES, 3, 310, 301), dtype=np.uint8)),
    }


def compare(ours: InceptionV3, theirs: nn.Module, images: Tensor) -> dict[str, float]:
    """The largest difference over the largest value, of features and of logits."""
    features = features_of(ours, images)
    with torch.inference_mode():
        their_features, their_logits = theirs(images.expand(-1, 3, -1, -1).contiguous())
    return {
        "features": relative(features, their_features),
        "logits_unbiased": relative(logits_unbiased(ours, features), their_logits),
    }


def relative(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max())


if __name__ == "__main__":
    main(*sys.argv[1:])
