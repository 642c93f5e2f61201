"""Our measures against torch-fidelity's on the same features: Frechet, kernel, Inception Score, precision, recall.

    pip install --no-deps --target /tmp/torch-fidelity torch-fidelity tqdm
    python benchmarks/measures/against_torch_fidelity.py /tmp/torch-fidelity

torch-fidelity's package imports torchvision; its formulas need nothing of it, so only their modules are imported. The
features are the trained classifier's of real digits, and correlated noise of 2,048 numbers. Result:
results/against_torch_fidelity.json.
"""

from __future__ import annotations

import importlib
import sys
import types
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.data import open_table
from advnets.measures.features import cached_features, extractor
from advnets.measures.frechet import frechet
from advnets.measures.inception_score import inception_score
from advnets.measures.kernel import kernel
from advnets.measures.manifold import manifold
from benchmarks.record import record, result_of

LIMIT = 1e-6


class _Stub(types.ModuleType):
    """Stands for a module of theirs that imports torchvision; none of its functions is called."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: None


def theirs(target: str, name: str) -> Any:
    """One of their modules of formulas."""
    if "torch_fidelity" not in sys.modules:
        sys.path.append(target)
        package = types.ModuleType("torch_fidelity")
        package.__path__ = [str(Path(target) / "torch_fidelity")]
        sys.modules["torch_fidelity"] = package
        sys.modules["torch_fidelity.utils"] = _Stub("torch_fidelity.utils")
    return importlib.import_module(f"torch_fidelity.{name}")


def features() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Two sets by what they are, float32."""
    rng, table = np.random.default_rng(0), open_table("mnist")
    digits = extractor("classifier", table, progress=True)
    noise = rng.normal(size=(2048, 2048)) / 45
    return {
        "classifier, digits, 5,000 x 128": (
            np.array(cached_features(digits, table, table.rows("valid")[:5000])),
            np.array(cached_features(digits, table, table.rows("test")[:5000])),
        ),
        "correlated noise, 3,000 x 2,048": (
            (rng.normal(size=(3000, 2048)) @ noise).astype(np.float32),
            (rng.normal(size=(3000, 2048)) @ noise * 1.02 + 0.05).astype(np.float32),
        ),
    }


def pairs(target: str, x: np.ndarray, y: np.ndarray) -> dict[str, tuple[float, float]]:
    """Ours and theirs, by measure."""
    a, b = torch.from_numpy(x), torch.from_numpy(y)
    fid = theirs(target, "metric_fid")
    statistics = [fid.fid_features_to_statistics(each) for each in (a, b)]
    kid = theirs(target, "metric_kid").kid_features_to_metric(
        a.double(), b.double(), kid_subsets=20, kid_subset_size=1000, kid_kernel="poly", kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1, kid_degree=3, kid_gamma=None, kid_coef0=1,
        rng_seed=2020, verbose=False,
    )  # fmt: skip
    logits = a[:, :100].double()
    isc = theirs(target, "metric_isc").isc_features_to_metric(logits, splits=10, shuffle=True, rng_seed=2020)
    prc = theirs(target, "metric_prc").prc_features_to_metric(
        a, b, prc_neighborhood=3, prc_batch_size=1000, save_cpu_ram=False, verbose=False
    )
    distance = fid.fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]
    k = kernel(x, y, subsets=20)
    score = inception_score(logits.softmax(1).numpy())
    m = manifold(x, y)
    return {
        "frechet": (
            frechet(x, y).value,
            float(distance),
        ),
        "kernel": (k.value, float(kid["kernel_inception_distance_mean"])),
        "kernel, spread": (k.details["spread"], float(kid["kernel_inception_distance_std"])),
        "inception_score": (score.value, float(isc["inception_score_mean"])),
        "inception_score, spread": (score.details["spread"], float(isc["inception_score_std"])),
        "precision": (m["precision"].value, float(prc["precision"])),
        "recall": (m["recall"].value, float(prc["recall"])),
    }


def main(target: str) -> None:
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, (x, y) in features().items():
        found[name] = {
            measure: {"ours": ours, "theirs": other, "relative_difference": abs(ours - other) / max(abs(other), 1e-12)}
            for measure, (ours, other) in pairs(target, x, y).items()
        }
    result = {"torch-fidelity": version("torch-fidelity"), "found": found}
    record(result_of(__file__), result)
    print(page(result))


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = ["| features | measure | ours | torch-fidelity's | relative difference |", "|---|---|---|---|---|"]
    for features, measures in result["found"].items():
        for name, each in measures.items():
            figures = f"{each['ours']:.6g} | {each['theirs']:.6g} | {each['relative_difference']:.1e}"
            lines.append(f"| {features} | {name} | {figures} |")
    worst = max(each["relative_difference"] for found in result["found"].values() for each in found.values())
    said = (
        f"torch-fidelity {result['torch-fidelity']}. The largest difference is {worst:.2g}, wanted at most {LIMIT:g}."
    )
    return "\n".join([said, "", *lines])


if __name__ == "__main__":
    main(*sys.argv[1:])
