"""Parzen evaluation, ours beside the authors' way, on MNIST.

    python benchmarks/speed/parzen.py [--rounds 3] [--batches 6] [--whole]

The authors' script (parzen_ll.py) takes 100 test images at a time, broadcasts their differences to all 10,000
samples, and makes one pass over the validation images for each of ten sigmas and one over the test images:
200 batches. Here it is in PyTorch, in float32 and on all cores, which is kinder to it than Theano on a
processor was. Rounds alternate between some of its batches and all of ours; its whole time is the median of
its batches times 200, or, with --whole, one complete run is measured too. "Samples" are training images.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.data import open_table
from advnets.measures import parzen
from advnets.measures.inputs import rows_of
from advnets.measures.parzen import VALIDATION_IMAGES, log_likelihoods
from benchmarks.machine import in_words, machine
from benchmarks.memory import beyond
from benchmarks.record import record, result_of

SAMPLES, BATCH = 10_000, 100
SIGMAS = np.logspace(-1, 0, 10)


def authors_batch(x: torch.Tensor, mu: torch.Tensor, sigma: float) -> torch.Tensor:
    """theano_parzen of the authors' script, line for line."""
    a = (x[:, None] - mu[None]) / sigma
    energy = log_mean_exp(-0.5 * (a**2).sum(2))
    return energy - mu.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))


def log_mean_exp(a: torch.Tensor) -> torch.Tensor:
    largest = a.max(1).values
    return largest + (a - largest[:, None]).exp().mean(1).log()


def authors_scores(images: torch.Tensor, mu: torch.Tensor, sigma: float) -> np.ndarray:
    """get_nll of the authors' script, in the images' own order."""
    return torch.cat([authors_batch(batch, mu, sigma) for batch in images.split(BATCH)]).numpy()


def authors_whole(samples: torch.Tensor, test: torch.Tensor, valid: torch.Tensor) -> tuple[float, np.ndarray]:
    means = [authors_scores(valid, samples, sigma).mean() for sigma in SIGMAS]
    sigma = float(SIGMAS[int(np.argmax(means))])
    return sigma, authors_scores(test, samples, sigma)


def direct_scores(images: np.ndarray, samples: np.ndarray, sigma: float) -> np.ndarray:
    """The formula itself in float64, by differences: what every figure here is held against."""
    scores = np.empty(len(images))
    for place, image in enumerate(images / 255):
        exponents = -np.square(image - samples / 255).sum(1) / (2 * sigma**2)
        largest = exponents.max()
        scores[place] = largest + np.log(np.exp(exponents - largest).mean())
    return scores - samples.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))


def timed(work, *arguments):
    start = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - start, result


def images() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples (training images drawn at random), test and validation images: uint8 rows."""
    table = open_table("mnist")
    drawn = np.random.default_rng(0).choice(table.rows("train"), SAMPLES, replace=False)
    parts = (drawn, table.rows("test"), table.rows("valid")[:VALIDATION_IMAGES])
    return tuple(np.ascontiguousarray(table.values[rows]).reshape(len(rows), -1) for rows in parts)


def floats(part: np.ndarray) -> np.ndarray:
    return (part / 255).astype(np.float32)


def interleaved(arrays: tuple[np.ndarray, ...], rounds: int, batches: int) -> dict[str, float]:
    """Median seconds of one of the authors' batches, and of our whole evaluation, in turn."""
    as_floats = [floats(part) for part in arrays]
    samples, test = (torch.as_tensor(part) for part in as_floats[:2])
    times: dict[str, list[float]] = {"batch": [], "ours": [], "ours_float": []}
    for number in range(rounds):
        for chunk in test.split(BATCH)[number * batches : (number + 1) * batches]:
            times["batch"].append(timed(authors_batch, chunk, samples, float(SIGMAS[2]))[0])
        times["ours"].append(timed(parzen, *arrays)[0])
        times["ours_float"].append(timed(parzen, *as_floats)[0])
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def largest_errors(samples: np.ndarray, test: np.ndarray, sigma: float) -> dict[str, float]:
    """Nats by which the log-likelihood of a test image is off at most, over 200 of them drawn at random."""
    some = test[np.random.default_rng(1).choice(len(test), 200, replace=False)]
    truth = direct_scores(some, samples, sigma)
    scores = {
        "authors_float32": authors_scores(*map(torch.as_tensor, (floats(some), floats(samples))), sigma),
        "ours_uint8": log_likelihoods(rows_of(samples, "samples"), rows_of(some, "test"), [sigma])[0],
        "ours_float32": log_likelihoods(rows_of(floats(samples), "samples"), rows_of(floats(some), "test"), [sigma])[0],
    }
    return {name: float(np.abs(found - truth).max()) for name, found in scores.items()}


def measure_whole(arrays: tuple[np.ndarray, ...]) -> dict[str, float]:
    seconds, (sigma, scores) = timed(authors_whole, *(torch.as_tensor(floats(part)) for part in arrays))
    scores = scores.astype(np.float64)
    error = float(scores.std() / math.sqrt(len(scores)))
    return {"seconds": seconds, "value": float(scores.mean()), "standard_error": error, "sigma": sigma}


def measure(rounds: int, batches: int, whole: bool) -> dict[str, Any]:
    arrays = images()
    samples, test, valid = arrays
    as_floats = [floats(part) for part in arrays]
    memory, float_memory = (beyond(lambda parts=parts: parzen(*parts)) for parts in (arrays, as_floats))
    seconds = interleaved(arrays, rounds, batches)
    ours = parzen(*arrays)
    authors_batches = math.ceil(len(test) / BATCH) + len(SIGMAS) * math.ceil(len(valid) / BATCH)
    authors_seconds = seconds["batch"] * authors_batches
    return {
        "machine": machine(),
        "work": f"{len(samples)} samples, {len(test)} test and {len(valid)} validation images, 10 sigmas",
        "rounds": rounds,
        "authors_seconds": authors_seconds,
        "authors_batch_seconds": seconds["batch"],
        "authors_batches": authors_batches,
        "ours_seconds": seconds["ours"],
        "ours_float_seconds": seconds["ours_float"],
        "times_faster": authors_seconds / seconds["ours"],
        "times_faster_float": authors_seconds / seconds["ours_float"],
        "peak_memory_mb": memory,
        "peak_memory_float_mb": float_memory,
        "largest_error_nats": largest_errors(samples, test, ours.details["sigma"]),
        "ours": {"value": ours.value, "standard_error": ours.standard_error, "sigma": ours.details["sigma"]},
    } | ({"authors_whole": measure_whole(arrays)} if whole else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, default=6, help="the authors' batches in each round")
    parser.add_argument("--whole", action="store_true", help="run the authors' way in full once (minutes)")
    options = parser.parse_args()
    result = measure(options.rounds, options.batches, options.whole)
    record(result_of(__file__), result)
    print(f"{in_words(result['machine'])}\n\n{page(result)}")


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    ours, errors = result["ours"], result["largest_error_nats"]
    rows = [
        ("the authors' way (200 batches)", result["authors_seconds"], 1.0, errors["authors_float32"], ""),
        ("ours, uint8", result["ours_seconds"], result["times_faster"], errors["ours_uint8"], "peak_memory_mb"),
        (
            "ours, float32 in", result["ours_float_seconds"], result["times_faster_float"], errors["ours_float32"],
            "peak_memory_float_mb",
        ),
    ]  # fmt: skip
    lines = [f"{result['work']}.", "", "| | seconds | times faster | error, nats | peak MB |", "|---|---|---|---|---|"]
    for name, seconds, faster, error, memory in rows:
        peak = f"{result[memory]:.0f}" if memory else ""
        lines.append(f"| {name} | {seconds:.3g} | {faster:.0f} | {error:.1e} | {peak} |")
    said = [f"{ours['value']:.4f} ± {ours['standard_error']:.4f} nats at sigma {ours['sigma']:.4f}"]
    if whole := result.get("authors_whole"):
        said.append(
            f"the authors' way in full: {whole['value']:.4f} ± {whole['standard_error']:.4f} nats at sigma"
            f" {whole['sigma']:.4f} in {whole['seconds']:.0f} s"
        )
    return "\n".join([*lines, "", f"The answer: {'; '.join(said)}."])


if __name__ == "__main__":
    main()
