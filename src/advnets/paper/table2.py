"""Table 2, live: what each family of models has to do for training, inference, sampling and p(x), as our runs show."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.baselines.contractive import SIGMA
from advnets.baselines.course import trained_seconds
from advnets.baselines.partition import (
    SHORTEST,
    SlowChainError,
    ais_log_partition,
    autocorrelation_time,
    log_probability_bound,
)
from advnets.baselines.rbm import up
from advnets.data import ImageTable, open_table
from advnets.paper.exhibit import Bench, Exhibit, Row, Table
from advnets.paper.rivals import adversarial, cae, dbn, folder, gsn, settings, train_images, vae

_FIGURES = 8
"""What is observed along a chain: brightness and the first principal components; the slowest of them counts."""

_FAMILIES = ("deep directed (VAE)", "deep undirected (DBN)", "generative auto-encoders (CAE, GSN)", "adversarial")
_NO_DENSITY = "Not explicitly represented, may be approximated with Parzen density estimation"
_PAPER = {
    "Training": (
        "Inference needed during training.",
        "Inference needed during training. MCMC needed to approximate partition function gradient.",
        "Enforced tradeoff between mixing and power of reconstruction generation",
        "Synchronizing the discriminator with the generator. Helvetica.",
    ),
    "Inference": (
        "Learned approximate inference", "Variational inference", "MCMC-based inference",
        "Learned approximate inference",
    ),
    "Sampling": ("No difficulties", "Requires Markov chain", "Requires Markov chain", "No difficulties"),
    "Evaluating p(x)": (*["Intractable, may be approximated with AIS"] * 2, *[_NO_DENSITY] * 2),
    "Model design": (
        "Nearly all models incur extreme difficulty", "Careful design needed to ensure multiple properties",
        *["Any differentiable function is theoretically permitted"] * 2,
    ),
}  # fmt: skip
"""The paper's Table 2, task by task: a cell for each of `_FAMILIES`."""


_CHAINS = 20


def make(bench: Bench) -> Exhibit:
    """Each family on its own part; then the paper's table with our figures in it."""
    table = open_table("mnist")
    parts: dict[str, Callable[[Bench, ImageTable], dict[str, Any]]] = {
        "vae": _directed, "dbn": _undirected, "cae": _contractive, "gsn": _stochastic, "mnist": _adversarial,
    }  # fmt: skip
    found = {
        name: bench.keep(name, lambda part=part: part(bench, table), of=[settings(name), _CHAINS, _length(bench)])
        for name, part in parts.items()
    }
    return Exhibit(
        "Table 2: what each family has to do",
        [
            "The paper's table names the difficulty of each kind of model in each task. Here all four kinds are trained"
            " on MNIST and the difficulty is measured: in Markov steps for each independent sample (the integrated"
            f" autocorrelation time of the slowest of {_FIGURES} figures of the image), in seconds, in nats.",
            _table(found),
            "**Sampling.** A Markov chain's next state resembles its last: only after so many steps is a sample as good"
            " as a new one. Directed models and adversarial nets draw each sample anew, in one pass. Seconds leave out"
            " burn-in, which each chain needs once, and are of many chains timed side by side, or of many samples drawn"
            " together: a single chain takes longer for each step.",
            "**p(x)** is of test images made black and white (above or below 127), for these models give probabilities"
            " of such: a bound by the inference network and its tightening with many draws (VAE), a bound with the"
            " partition function by annealed importance sampling (DBN). Neither auto-encoders nor adversarial nets have"
            " a p(x): for them the Parzen estimate of [Table 1](table1.md) stands in. Chains of annealed importance"
            " sampling that never see a part of the distribution make log Z too low and p(x) too high.",
        ],
        _rows(found),
        found,
        [
            "The paper's table is words; the figures are ours.",
            "Inference is simpler than the paper's for DBN, CAE and GSN: one pass up. Beside these adversarial nets no"
            " inference net is trained.",
            "The VAE's p(x) is bounded by its inference network and by importance sampling instead of AIS.",
        ],
    )


def _rows(found: dict[str, dict[str, Any]]) -> list[Row]:
    """A row for each task, in short: what was measured of it."""
    vae_, dbn_, cae_, gsn_, gan = (found[name] for name in ("vae", "dbn", "cae", "gsn", "mnist"))
    minutes = ", ".join(
        f"{name} {each['minutes']:.1f}"
        for name, each in (("VAE", vae_), ("DBN", dbn_), ("CAE", cae_), ("GSN", gsn_), ("adversarial nets", gan))
    )
    return [
        Row(
            "Training", f"minutes: {minutes}",
            "inference (directed, undirected); MCMC (undirected); mixing against reconstruction (auto-encoders);"
            " synchronizing D with G, Helvetica (adversarial)",
        ),
        Row(
            "Inference", "VAE: learned; DBN: a pass up its layers; CAE, GSN: a pass of the encoder; adversarial: none",
            "learned (directed, adversarial); variational (undirected); MCMC (auto-encoders)",
        ),
        Row(
            "Sampling",
            f"Markov steps for an independent sample: DBN {_steps(dbn_)}, CAE {_steps(cae_)}, GSN {_steps(gsn_)};"
            " VAE and adversarial nets need none",
            "no difficulties (directed, adversarial); requires Markov chain (undirected, auto-encoders)",
        ),
        Row(
            "Evaluating p(x)",
            f"VAE {vae_['bound']:.1f} nats at least, DBN {dbn_['bound']:.1f} nats at least; the others: Parzen",
            "AIS (directed, undirected); Parzen (auto-encoders, adversarial)",
        ),
        Row(
            "Model design", "in words, below",
            "extreme difficulty (directed); careful design (undirected); any differentiable function (auto-encoders,"
            " adversarial)",
        ),
    ]  # fmt: skip


def _table(found: dict[str, dict[str, Any]]) -> Table:
    """The paper's table, in each cell its words above ours."""
    return Table(
        ["", *_FAMILIES],
        [
            [task, *(f"paper: {p}<br>ours: {o}" for p, o in zip(_PAPER[task], ours, strict=True))]
            for task, ours in _ours(found).items()
        ],
    )


def _ours(found: dict[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """What we did and found, task by task: a cell for each of `_FAMILIES`."""
    vae_, dbn_, gan = found["vae"], found["dbn"], found["mnist"]
    return {
        "Training": (
            f"a network of its own infers; {vae_['minutes']:.1f} min",
            f"persistent contrastive divergence, chains that go on step by step; {dbn_['minutes']:.1f} min",
            f"{found['cae']['minutes']:.1f} and {found['gsn']['minutes']:.1f} min",
            f"both move in every step; {gan['minutes']:.1f} min",
        ),
        "Inference": (
            f"learned, approximate: KL {vae_['divergence']:.1f} nats of q(z given x) from the prior",
            "layer by layer, approximate", "one pass of the encoder; none of a p(z given x)",
            "none in this game (learned beside it in others)",
        ),
        "Sampling": (
            f"{_milliseconds(vae_)} a sample, no chain", _chain(dbn_),
            f"CAE: {_chain(found['cae'])}; GSN: {_chain(found['gsn'])}", f"{_milliseconds(gan)} a sample, no chain",
        ),
        "Evaluating p(x)": (
            f"{vae_['bound']:.1f} nats at least; {vae_['estimate']:.1f} with {vae_['draws']} draws", _annealed(dbn_),
            *["Parzen, in [Table 1](table1.md)"] * 2,
        ),
        "Model design": (
            "latents that can be reparametrized; q for each model", "energies whose conditionals factor",
            "any code that contracts or denoises", "any differentiable function",
        ),
    }  # fmt: skip


def _chain(found: dict[str, Any]) -> str:
    return f"{_steps(found)} Markov steps, {_milliseconds(found)} an independent sample"


def _annealed(found: dict[str, Any]) -> str:
    return (
        f"{found['bound']:.1f} nats at least, log Z = {found['log Z']:.1f} ({_low(found)} to {found['high']:.1f};"
        f" {found['effective']:.0f} of {found['chains']} chains carry the weight)"
    )


def _directed(bench: Bench, table: ImageTable) -> dict[str, Any]:
    network = vae(bench, table)
    x, draws = _binary(table, 100 if bench.quick else 2_000), 50 if bench.quick else 500
    parts = network.bound(x, torch.Generator().manual_seed(bench.seed))
    return {
        "minutes": trained_seconds(folder(bench, "vae")) / 60,
        "bound": -float(parts["cost"]),
        "divergence": float(parts["divergence"]),
        "estimate": float(network.log_probability(x, draws, bench.seed).mean()),
        "draws": draws,
        "seconds": _pace(lambda count: network.sample(count, bench.seed)),
    }


def _undirected(bench: Bench, table: ImageTable) -> dict[str, Any]:
    network = dbn(bench, table)
    chains, temperatures = (20, 200) if bench.quick else (100, 10_000)
    some = torch.from_numpy(train_images(bench, table)[:3_000].reshape(3_000, -1)).float() / 255
    mean = up(network.machines[:-1], some, torch.Generator().manual_seed(bench.seed)).float().mean(0)
    z = ais_log_partition(network.machines[-1], chains, temperatures, bench.seed, mean)
    x = _binary(table, 100 if bench.quick else 2_000)
    bound, _ = log_probability_bound(network, x, z.value)
    axes = _axes(bench, table)
    seen = network.trace(lambda v: v @ axes, _CHAINS, _length(bench), bench.seed).numpy()  # chains x steps x figures
    series = [seen[:, :, i] for i in range(seen.shape[2])]
    begun = time.perf_counter()
    network.sample(1_000, bench.seed, steps=20)
    a_step = (time.perf_counter() - begun) / 20 / 1_000
    return {
        "minutes": trained_seconds(folder(bench, "dbn")) / 60,
        "log Z": z.value, "low": z.low if math.isfinite(z.low) else None, "high": z.high,
        "effective": z.effective, "chains": chains, "temperatures": temperatures,
        "bound": float(bound.mean()), **_slowest(series, a_step),
    }  # fmt: skip


def _contractive(bench: Bench, table: ImageTable) -> dict[str, Any]:
    network = cae(bench, table)
    found = _of_chain(bench, table, lambda count: network.chain(count, bench.seed, SIGMA))
    return {"minutes": trained_seconds(folder(bench, "cae")) / 60, **found}


def _stochastic(bench: Bench, table: ImageTable) -> dict[str, Any]:
    network = gsn(bench, table)
    found = _of_chain(bench, table, lambda count: network.chain(count, bench.seed))
    return {"minutes": trained_seconds(folder(bench, "gsn")) / 60, **found}


def _adversarial(bench: Bench, table: ImageTable) -> dict[str, Any]:
    del table
    run = adversarial(bench, "mnist")
    return {"minutes": run.metrics[-1]["seconds"] / 60, "seconds": _pace(lambda count: run.sample(count, bench.seed))}


def _of_chain(bench: Bench, table: ImageTable, chain: Callable[[int], Any]) -> dict[str, Any]:
    """How slowly a chain forgets, and what an independent sample of it costs."""
    axes, burn_in, length = _axes(bench, table), 20 if bench.quick else 200, _length(bench)
    states = itertools.islice(chain(_CHAINS), burn_in, burn_in + length)
    begun = time.perf_counter()
    seen = np.stack([(state.float() @ axes).numpy() for state in states])  # steps x chains x figures
    a_step = (time.perf_counter() - begun) / (burn_in + length) / _CHAINS
    return _slowest([seen[:, :, i].T for i in range(seen.shape[2])], a_step)


def _length(bench: Bench) -> int:
    """Steps of each chain that are looked at."""
    return 60 if bench.quick else 20_000


def _slowest(series: list[npt.NDArray[Any]], a_step: float) -> dict[str, Any]:
    """Of several figures of a chain, chains x steps each; the seconds of a step, and of an independent sample."""
    try:
        times = [autocorrelation_time(each) for each in series]
    except SlowChainError:
        least = series[0].shape[1] / SHORTEST
        return {"steps": None, "more than": least, "a step": a_step, "seconds": a_step * least}
    slowest = max(times, key=lambda each: each.time)
    return {
        "steps": slowest.time, "error": slowest.standard_error, "a step": a_step, "seconds": a_step * slowest.time,
        "all": [each.time for each in times],
    }  # fmt: skip


def _axes(bench: Bench, table: ImageTable) -> Tensor:
    """Directions of pixels that are observed, D x figures: brightness and the first principal components."""
    rows = torch.from_numpy(train_images(bench, table)[:3_000].reshape(3_000, -1)).float() / 255
    _, _, directions = torch.linalg.svd(rows - rows.mean(0), full_matrices=False)
    even = torch.full((1, rows.shape[1]), rows.shape[1] ** -0.5)
    return torch.cat([even, directions[: _FIGURES - 1]]).T


def _binary(table: ImageTable, count: int) -> Tensor:
    rows = table.images[table.rows("test")[:count]].reshape(count, -1)
    return torch.from_numpy((rows > 127).astype(np.float32))


def _pace(draw: Callable[[int], object], count: int = 2_000) -> float:
    """Seconds a sample, of many drawn together."""
    draw(10)
    begun = time.perf_counter()
    draw(count)
    return (time.perf_counter() - begun) / count


def _low(found: dict[str, Any]) -> str:
    return "no limit" if found["low"] is None else f"{found['low']:.1f}"


def _steps(found: dict[str, Any]) -> str:
    if found["steps"] is None:
        return f"more than {found['more than']:.0f}"
    return f"{found['steps']:.3g} ± {found['error']:.1g}"


def _milliseconds(found: dict[str, Any]) -> str:
    more = "more than " if found.get("steps", 0) is None else ""
    return f"{more}{1e3 * found['seconds']:.3g} ms"
