"""Table 2, live: what each family of models has to do for training, inference, sampling and p(x), as our runs show."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from advnets.data import ImageTable, open_table
from advnets.paper.exhibit import Exhibit, Row, Table
from advnets.paper.models.contractive import SIGMA
from advnets.paper.models.learning import trained_seconds
from advnets.paper.models.mixing import SHORTEST, mixing
from advnets.paper.models.partition import ais_log_partition, log_probability_bound
from advnets.paper.models.rbm import up
from advnets.paper.models.vae import divergence_from_prior
from advnets.paper.rivals import GAMES, OURS, adversarial, cae, dbn, folder, gsn, settings, train_images, vae
from advnets.paper.workspace import Workspace


@dataclass(frozen=True)
class Looks:
    """How much is looked at: with a model's settings, all that its figures depend on."""

    figures: int = 8
    """Of a chain's image: brightness and the first principal components."""
    components_of: int = 3_000
    """Training images, whose principal components these are and whose mean annealing starts at."""
    chains: int = 20
    burn_in: int = 300
    """Steps of each chain before those that are looked at."""
    steps: int = 20_000
    """Of each chain that are looked at."""
    annealed: int = 100
    """Chains of annealed importance sampling."""
    temperatures: int = 100_000
    """Of each: with a tenth of them, 4 of 100 chains carried all of the weight."""
    tests: int = 2_000
    """Test images whose p(x) is taken."""
    draws: int = 500
    """Of z for each test image, of the VAE."""
    passes: int = 10
    """Up the layers for each test image, of the DBN."""
    timed: int = 2_000
    """Samples that are drawn together and timed."""
    timed_steps: int = 20
    """Of each sample's chain."""
    shortest: float = SHORTEST
    """Autocorrelation times that fit into a chain where they are measured."""


_GAME = GAMES[OURS]
_FULL = Looks()
_QUICK = Looks(burn_in=20, steps=60, annealed=20, temperatures=200, tests=100, draws=50)

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


def make(workspace: Workspace) -> Exhibit:
    """Each family on its own part; then the paper's table with our figures in it."""
    found, looks = _found(workspace, open_table("mnist")), _looks(workspace)
    return Exhibit(
        "Table 2: what each family has to do",
        [
            "The paper's table names the difficulty of each kind of model in each task. Here all four kinds are trained"
            " on MNIST and the difficulty is measured: in Markov steps for each independent sample (the integrated"
            f" autocorrelation time of {looks.figures} figures of the image), in seconds of processor time, in nats.",
            _table(found),
            "**Sampling.** A Markov chain's next state resembles its last: only after so many steps is a sample as good"
            " as a new one. Directed models and adversarial nets draw each sample anew, in one pass. Seconds leave out"
            " burn-in, which each chain needs once, and are of"
            f" {looks.timed:,} samples or chains side by side: one alone takes longer. An independent sample costs the"
            " steps of the slowest figure.",
            f"How many steps depends on what one looks at. Below: {looks.chains} chains of each model,"
            f" {looks.steps:,} steps after a burn-in of {looks.burn_in}. Where {looks.shortest:g} times as many steps"
            " as an independent sample takes do not fit into a chain, only that is known: more than"
            f" {looks.steps / looks.shortest:.0f}. R-hat (Gelman and Rubin 1992) is how much wider a figure spreads"
            " over all chains than within each of them: 1 where every chain went through all that the others did, more"
            " where chains keep to places of their own.",
            _mixing_table(found),
            f"**p(x)** is of {looks.tests:,} test images made black and white (above or below 127), for these models"
            " give probabilities of such; ± is the standard error over them. Of the VAE: a lower bound by its inference"
            " network, and a tighter one with many draws. Of the DBN: a lower bound in which log Z stands, less log Z"
            " as annealed importance sampling estimates it. That estimate is low on average, lower still where its"
            " chains never see a part of the distribution, and makes p(x) too high: so the figure is a bound only if"
            " log Z is right, and may lie above the truth. Neither auto-encoders nor adversarial nets have a p(x): for"
            " them the Parzen estimate of [Table 1](table1.md) stands in.",
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


def _found(workspace: Workspace, table: ImageTable) -> dict[str, dict[str, Any]]:
    """What was measured of each model, kept until a setting of the model or of the looks is another."""
    parts: dict[str, Callable[[Workspace, ImageTable], dict[str, Any]]] = {
        "vae": _directed, "dbn": _undirected, "cae": _contractive, "gsn": _stochastic, _GAME: _adversarial,
    }  # fmt: skip
    looks = dataclasses.asdict(_looks(workspace))
    return {
        name: workspace.keep(name, lambda part=part: part(workspace, table), of=[settings(name), looks])
        for name, part in parts.items()
    }


def _looks(workspace: Workspace) -> Looks:
    return _QUICK if workspace.quick else _FULL


def _rows(found: dict[str, dict[str, Any]]) -> list[Row]:
    """A row for each task, in short: what was measured of it."""
    vae_, dbn_, cae_, gsn_, gan = (found[name] for name in ("vae", "dbn", "cae", "gsn", _GAME))
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
            "Markov steps for an independent sample, as the fastest and the slowest figure of the image have it: DBN"
            f" {_steps(dbn_)}; CAE {_steps(cae_)}; GSN {_steps(gsn_)}; VAE and adversarial nets need none",
            "no difficulties (directed, adversarial); requires Markov chain (undirected, auto-encoders)",
        ),
        Row(
            "Evaluating p(x)",
            f"VAE {_over_images(vae_, 'bound')} nats at least; DBN {_about(dbn_)}; the others: Parzen",
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


def _mixing_table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """How fast each figure of each chain forgets, and how far its chains stay apart."""
    chains = {"DBN": found["dbn"], "CAE": found["cae"], "GSN": found["gsn"]}
    names = ["brightness", *(f"principal component {place}" for place in range(1, len(found["dbn"]["figures"])))]
    rows = [
        [
            name,
            *(
                f"{_time(each, each['figures'][place])} ({each['figures'][place]['R-hat']:.3f})"
                for each in chains.values()
            ),
        ]
        for place, name in enumerate(names)
    ]
    return Table(["steps for an independent sample (R-hat)", *chains], rows)


def _ours(found: dict[str, dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """What we did and found, task by task: a cell for each of `_FAMILIES`."""
    vae_, dbn_, gan = found["vae"], found["dbn"], found[_GAME]
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
            f"{_over_images(vae_, 'bound')} nats at least; {_over_images(vae_, 'estimate')} with {vae_['draws']} draws",
            _annealed(dbn_),
            *["Parzen, in [Table 1](table1.md)"] * 2,
        ),
        "Model design": (
            "latents that can be reparametrized; q for each model", "energies whose conditionals factor",
            "any code that contracts or denoises", "any differentiable function",
        ),
    }  # fmt: skip


def _chain(found: dict[str, Any]) -> str:
    return f"{_steps(found)}: Markov steps, {_milliseconds(found)} an independent sample"


def _annealed(found: dict[str, Any]) -> str:
    return (
        f"{_about(found)}, log Z = {found['log Z']:.1f} ({_low(found)} to {found['high']:.1f};"
        f" {found['effective']:.0f} of {found['chains']} chains carry the weight)"
    )


def _about(found: dict[str, Any]) -> str:
    """A lower bound on log p(x) less an estimate of log Z that is low on average: no bound for certain."""
    return f"about {_over_images(found, 'bound')} nats (a bound, if log Z is right)"


def _over_images(found: Mapping[str, Any], name: str) -> str:
    """The mean over test images and its standard error."""
    return f"{found[name]:.1f} ± {found[f'{name} error']:.1f}"


def _directed(workspace: Workspace, table: ImageTable) -> dict[str, Any]:
    network = vae(workspace, table)
    looks = _looks(workspace)
    x = _binary(table, looks.tests)
    return {
        "minutes": trained_seconds(folder(workspace, "vae")) / 60,
        **_mean("bound", network.log_probability(x, 1, workspace.seed)),  # with one draw: the evidence lower bound
        **_mean("estimate", network.log_probability(x, looks.draws, workspace.seed)),
        "divergence": float(divergence_from_prior(*network.posterior(x)).mean()),
        "draws": looks.draws,
        "seconds": _pace(lambda count: network.sample(count, workspace.seed), looks.timed),
    }


def _undirected(workspace: Workspace, table: ImageTable) -> dict[str, Any]:
    network = dbn(workspace, table)
    looks = _looks(workspace)
    some = _some(workspace, table)
    mean = up(network.machines[:-1], some, torch.Generator().manual_seed(workspace.seed)).float().mean(0)
    z = ais_log_partition(network.machines[-1], looks.annealed, looks.temperatures, workspace.seed, mean)
    bound, _ = log_probability_bound(network, _binary(table, looks.tests), z.value, looks.passes)
    axes = _axes(some, looks.figures)
    seen = network.trace(lambda v: v @ axes, looks.chains, looks.steps, workspace.seed, looks.burn_in).numpy()
    return {
        "minutes": trained_seconds(folder(workspace, "dbn")) / 60,
        "log Z": z.value, "low": z.low if math.isfinite(z.low) else None, "high": z.high,
        "effective": z.effective, "chains": looks.annealed, "temperatures": looks.temperatures,
        **_mean("bound", bound), **mixing(seen, _a_step(workspace, network.sample), looks.shortest),
    }  # fmt: skip


def _contractive(workspace: Workspace, table: ImageTable) -> dict[str, Any]:
    network = cae(workspace, table)
    chain = network.chain(_looks(workspace).chains, workspace.seed, SIGMA)
    return _of_chain(workspace, table, "cae", chain, functools.partial(network.sample, sigma=SIGMA))


def _stochastic(workspace: Workspace, table: ImageTable) -> dict[str, Any]:
    network = gsn(workspace, table)
    return _of_chain(workspace, table, "gsn", network.chain(_looks(workspace).chains, workspace.seed), network.sample)


def _adversarial(workspace: Workspace, table: ImageTable) -> dict[str, Any]:
    del table
    run = adversarial(workspace, _GAME)
    seconds = _pace(lambda count: run.sample(count, workspace.seed), _looks(workspace).timed)
    return {"minutes": run.metrics[-1]["seconds"] / 60, "seconds": seconds}


def _of_chain(
    workspace: Workspace, table: ImageTable, name: str, chain: Iterator[Tensor], sample: Callable[..., object]
) -> dict[str, Any]:
    """What a chain took to learn, how slowly it forgets, and what an independent sample of it costs."""
    mixes = mixing(_seen(workspace, table, chain), _a_step(workspace, sample), _looks(workspace).shortest)
    return {"minutes": trained_seconds(folder(workspace, name)) / 60, **mixes}


def _seen(workspace: Workspace, table: ImageTable, chain: Iterator[Tensor]) -> npt.NDArray[Any]:
    """What is looked at of chains' states after their burn-in, chains x steps x figures."""
    looks = _looks(workspace)
    axes = _axes(_some(workspace, table), looks.figures)
    states = itertools.islice(chain, looks.burn_in, looks.burn_in + looks.steps)
    return np.stack([(state.float() @ axes).numpy() for state in states], 1)


def _a_step(workspace: Workspace, sample: Callable[..., object]) -> float:
    """Seconds of processor time that a step of one of many chains takes; `sample` is called as `DBN.sample` is."""
    looks = _looks(workspace)
    pace = _pace(lambda count: sample(count, workspace.seed, steps=looks.timed_steps), looks.timed)
    return pace / looks.timed_steps


def _mean(name: str, values: Tensor) -> dict[str, float]:
    """The mean over images and its standard error, under `name` and `name` with "error"."""
    return {name: float(values.mean()), f"{name} error": float(values.std()) / math.sqrt(len(values))}


def _some(workspace: Workspace, table: ImageTable) -> Tensor:
    """Training images in [0, 1], N x D."""
    images = train_images(workspace, table)[: _looks(workspace).components_of]
    return torch.from_numpy(images.reshape(len(images), -1)).float() / 255


def _axes(rows: Tensor, figures: int) -> Tensor:
    """Directions of pixels that are observed, D x figures: brightness and the first principal components."""
    _, _, directions = torch.linalg.svd(rows - rows.mean(0), full_matrices=False)
    even = torch.full((1, rows.shape[1]), rows.shape[1] ** -0.5)
    return torch.cat([even, directions[: figures - 1]]).T


def _binary(table: ImageTable, count: int) -> Tensor:
    rows = table.values[table.rows("test")[:count]].reshape(count, -1)
    return torch.from_numpy((rows > 127).astype(np.float32))


def _pace(draw: Callable[[int], object], count: int) -> float:
    """Seconds a sample, of many drawn together: of processor time, for what else runs here is no part of it."""
    draw(10)
    begun = time.process_time()
    draw(count)
    return (time.process_time() - begun) / count


def _low(found: dict[str, Any]) -> str:
    return "no limit" if found["low"] is None else f"{found['low']:.1f}"


def _steps(found: Mapping[str, Any]) -> str:
    """The fastest and the slowest of a chain's figures, and how far apart its chains stay."""
    figures = sorted(found["figures"], key=lambda each: math.inf if each["steps"] is None else each["steps"])
    ends = dict.fromkeys(_time(found, each) for each in (figures[0], figures[-1]))
    measured = sum(each["steps"] is not None for each in figures)
    apart = max(each["R-hat"] for each in figures)
    return f"{' to '.join(ends)} ({measured} of {len(figures)} figures measured; R-hat at most {apart:.3f})"


def _time(found: Mapping[str, Any], figure: Mapping[str, Any]) -> str:
    """Steps for an independent sample, as one figure of a chain has it."""
    steps = figure["steps"]
    if steps is None:
        return f"more than {found['more than']:.0f}"
    return f"{steps:{'.0f' if steps >= 100 else '.3g'}} ± {figure['error']:{'.0f' if figure['error'] >= 1 else '.1g'}}"


def _milliseconds(found: dict[str, Any]) -> str:
    more = "more than " if any(each["steps"] is None for each in found.get("figures", [])) else ""
    return f"{more}{1e3 * found['seconds']:.3g} ms"
