"""Recipe: one typed, validated, serializable description of a game and its training."""

from __future__ import annotations

import dataclasses
import math
import re
import reprlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from advnets.errors import RecipeError
from advnets.games.objectives import OBJECTIVES
from advnets.games.priors import PRIORS
from advnets.networks.build import DISCRIMINATORS, GENERATORS, DiscriminatorConfig, GeneratorConfig
from advnets.networks.mlp import ACTIVATIONS
from advnets.training.averages import AverageConfig
from advnets.training.hooks.measuring import MeasureConfig
from advnets.training.hooks.watch import WatchConfig
from advnets.training.optimizers import OptimizerConfig


@dataclass(frozen=True)
class PenaltyConfig:
    """A penalty on the discriminator; see docs/reference/objectives.md."""

    weight: float = 0.0
    """Its factor in D's cost; 0 leaves it out."""
    every: int = 1
    """Updates of D between computations; the weight is multiplied by it, so that the average force stays."""


@dataclass(frozen=True)
class PenaltiesConfig:
    """Penalties on the discriminator."""

    r1: PenaltyConfig = PenaltyConfig(every=16)
    """1/2 E |grad D(x)|^2 on real images (Mescheder et al. 2018)."""
    r2: PenaltyConfig = PenaltyConfig(every=16)
    """1/2 E |grad D(x)|^2 on generated images."""
    wgan_gp: PenaltyConfig = PenaltyConfig()
    """E (|grad D(x)| - 1)^2 between real and generated images (Gulrajani et al. 2017)."""


@dataclass(frozen=True)
class Recipe:
    """A game and how it is trained. Every field is a flag of `advnets train` and a line of recipe.yaml."""

    name: str = "mnist"
    """What the recipe is called."""
    data: str = "mnist"
    """mnist, stacked-mnist, fashion-mnist, cifar10, tfd (other folds: tfd:2 to tfd:5), ring, grid, or a path: folder,
    .zip, .tar, .npy, .npz, idx."""
    size: int | str | None = None
    """Height and width that images are brought to: H, or HxW. By default the images' own."""
    channels: int | None = None
    """1 for gray, 3 for color. By default the images' own."""
    fit: Literal["crop", "pad", "stretch"] = "crop"
    """How an image of another aspect is brought to size."""
    labels: Literal["auto", "folder", "none"] = "auto"
    """Where labels come from: the source's own, the sub-folders' names, or nowhere."""
    holdout: float = 0.1
    """Share of your own images kept for validation, and as much for test; published sets keep their own splits."""
    strict: bool = False
    """Stop at the first file that cannot be used instead of skipping it."""
    contrast: float | None = None
    """Norm to which each image less its mean is scaled before D sees it (global contrast normalization; 55 in the
    authors' CIFAR-10 models). null: pixels as they are."""

    latent: int = 100
    """Length of z."""
    prior: str = "uniform"
    """Distribution of z: uniform (unit variance), gaussian, sphere."""
    generator: GeneratorConfig = GeneratorConfig()
    discriminator: DiscriminatorConfig = DiscriminatorConfig()
    objective: str = "non-saturating"
    """minimax, non-saturating, maximum-likelihood, least-squares, hinge, wasserstein or relativistic."""
    penalties: PenaltiesConfig = PenaltiesConfig()

    schedule: Literal["simultaneous", "alternating"] = "simultaneous"
    """simultaneous: both players move from the same point, as in the authors' code. alternating: Algorithm 1."""
    discriminator_steps: int = 1
    """Algorithm 1's k: updates of D for each of G (alternating)."""
    generator_steps: int = 1
    """Updates of G in a step (alternating); more than one lets G run ahead of D: the Helvetica scenario."""
    batch: int = 100
    """Images in a minibatch, and as many noise samples."""
    steps: int = 18_000
    """Updates of the generator."""
    seed: int = 0
    """All randomness is a function of it and of the step."""
    generator_optimizer: OptimizerConfig = OptimizerConfig()
    discriminator_optimizer: OptimizerConfig = OptimizerConfig()
    average: AverageConfig = AverageConfig()

    measure: MeasureConfig = MeasureConfig()
    watch: WatchConfig = WatchConfig()

    log_every: int = 100
    """Steps between lines of metrics.jsonl."""
    sample_every: int = 2_000
    """Steps between pictures of the fixed latents; 0 for none."""
    checkpoint_every: int = 2_000
    """Steps between checkpoints."""
    keep_checkpoints: int = 3
    """Checkpoints kept: the newest ones, so that one survives damage to the last."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the forward and backward passes; weights stay float32. auto: bfloat16 where the processor has it."""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, cuda, cuda:1, mps."""

    # pydantic reads this: a field that does not exist is an error, not a silence.
    __pydantic_config__ = ConfigDict(extra="forbid", strict=False)

    def __post_init__(self) -> None:
        _check(self)

    @property
    def height_width(self) -> tuple[int, int] | None:
        """The size as (H, W); None where the images' own is kept."""
        return parse_size(self.size)

    def replace(self, **changes: Any) -> Recipe:
        """A copy with some fields changed; the result is checked like any recipe.

        Raises:
            RecipeError: a field does not exist or a value does not fit.
        """
        return from_dict({**to_dict(self), **{k: _plain(v) for k, v in changes.items()}}, "recipe")


def penalty_names() -> list[str]:
    """The penalties that a recipe can weigh, in the order in which they are computed."""
    return [field.name for field in dataclasses.fields(PenaltiesConfig)]


def parse_size(size: int | str | None) -> tuple[int, int] | None:
    """(H, W) from 64, "64" or "48x64"; None from None.

    Raises:
        RecipeError: anything else.
    """
    if size is None:
        return None
    match = re.fullmatch(r"(\d+)(?:[xX](\d+))?", str(size).strip())
    if match is None or int(match[1]) == 0 or (match[2] is not None and int(match[2]) == 0):
        raise RecipeError(f"size {size!r} is not a size", "write H, or HxW: 64, 48x64")
    return int(match[1]), int(match[2] or match[1])


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain dictionaries, lists and numbers, in the order of its fields."""
    return _plain(recipe)


def to_yaml(recipe: Recipe) -> str:
    """The recipe as YAML that `load_recipe` reads back to an equal recipe."""
    return yaml.safe_dump(to_dict(recipe), sort_keys=False, width=100)


def from_dict(values: Any, where: str) -> Recipe:
    """A recipe from plain values; fields left out keep their defaults.

    Args:
        values: a mapping of field names. A size may also be a pair, (H, W).
        where: named in errors, such as the file.

    Raises:
        RecipeError: unknown field, wrong type, value out of range.
    """
    if not isinstance(values, dict):
        raise RecipeError(f"{where} does not hold a recipe", "write field: value lines, as `advnets recipe mnist` does")
    if isinstance(values.get("size"), list | tuple) and len(values["size"]) == 2:
        values = {**values, "size": "x".join(str(side) for side in values["size"])}
    if isinstance(values.get("watch"), dict) and values["watch"].get("action") is False:
        values = {**values, "watch": {**values["watch"], "action": "off"}}  # YAML reads off as false
    try:
        return _ADAPTER.validate_python(values)
    except RecipeError as error:
        raise RecipeError(f"{where}: {error.what}", error.remedy) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "unexpected_keyword_argument":
            raise RecipeError(f"{where}: unknown field {place!r}", "`advnets recipe mnist` lists the fields") from None
        raise RecipeError(f"{where}: {place} = {reprlib.repr(first['input'])}: {first['msg']}") from None


def recipe_names() -> list[str]:
    """Names of the built-in recipes, sorted."""
    return sorted(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".yaml"))


def recipe_summary(name: str) -> str:
    """The first comment line of a built-in recipe."""
    return (_folder() / f"{name}.yaml").read_text("utf-8").splitlines()[0].lstrip("# ")


def load_recipe(source: str | Path) -> Recipe:
    """The recipe of that name, or in that YAML file.

    Only data is read: nothing that a recipe file says is imported or run.

    Raises:
        RecipeError: neither a name nor a readable recipe file.
    """
    name = str(source)
    if name in recipe_names():
        text, where = (_folder() / f"{name}.yaml").read_text("utf-8"), f"recipe {name}"
    else:
        path = Path(source)
        try:
            if path.is_dir() and (path / "recipe.yaml").exists():
                path = path / "recipe.yaml"
            if not path.is_file():
                raise RecipeError(f"no recipe {name!r}", f"name a YAML file, or one of {', '.join(recipe_names())}")
            text, where = path.read_text("utf-8"), str(path)
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"{path} cannot be read as a recipe ({error.__class__.__name__})") from None
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise RecipeError(f"{where}{line} is not plain YAML") from None
    return from_dict(values, where)


def _folder() -> Any:
    return resources.files("advnets") / "config" / "recipes"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, Path) else value


def _check(recipe: Recipe) -> None:
    positive = (
        "latent",
        "discriminator_steps",
        "generator_steps",
        "batch",
        "steps",
        "log_every",
        "checkpoint_every",
        "keep_checkpoints",
    )
    _require(re.fullmatch(r"\w[\w.-]*", recipe.name) is not None, "name", recipe.name, "use letters, digits, _ . -")
    for name in positive:
        _require(getattr(recipe, name) >= 1, name, getattr(recipe, name), "use 1 or more")
    _require(recipe.sample_every >= 0, "sample_every", recipe.sample_every, "use 0 for none")
    _require(0 <= recipe.seed < 2**63, "seed", recipe.seed, "use 0 to 2^63 - 1")
    _require(0 <= recipe.holdout < 0.5, "holdout", recipe.holdout, "use 0 up to, not including, 0.5")
    _require(recipe.channels in (None, 1, 3), "channels", recipe.channels, "use 1 or 3")
    _check_contrast(recipe.contrast, recipe.generator)
    _require(
        recipe.objective in OBJECTIVES,
        "objective",
        recipe.objective,
        f"choose one of {', '.join(OBJECTIVES)}",
    )
    _require(recipe.prior in PRIORS, "prior", recipe.prior, f"choose one of {', '.join(PRIORS)}")
    _require(recipe.average.every >= 1, "average.every", recipe.average.every, "use 1 or more")
    _require(0 <= recipe.average.decay < 1, "average.decay", recipe.average.decay, "use 0 up to, not including, 1")
    _require(0 < recipe.average.share <= 1, "average.share", recipe.average.share, "use a share above 0, up to 1")
    _require(recipe.measure.every >= 0, "measure.every", recipe.measure.every, "use steps, or 0")
    _require(0 < recipe.measure.budget <= 1, "measure.budget", recipe.measure.budget, "use a share above 0, up to 1")
    _require(
        recipe.measure.count == 0 or recipe.measure.count >= 2, "measure.count", recipe.measure.count, "use 2 or more"
    )
    _require(recipe.measure.patience >= 0, "measure.patience", recipe.measure.patience, "use 0 for never")
    _require(recipe.watch.every >= 1, "watch.every", recipe.watch.every, "use 1 or more")
    _require(recipe.watch.rollbacks >= 0, "watch.rollbacks", recipe.watch.rollbacks, "use 0")
    for name in ("generator_optimizer", "discriminator_optimizer"):
        _check_optimizer(getattr(recipe, name), name)
    _check_networks(recipe.generator, recipe.discriminator)
    for name in penalty_names():
        penalty = getattr(recipe.penalties, name)
        _require(penalty.every >= 1, f"penalties.{name}.every", penalty.every, "use 1 or more")
        _require(0 <= penalty.weight < math.inf, f"penalties.{name}.weight", penalty.weight, "use 0 or more")
    for name in ("discriminator_steps", "generator_steps"):
        updates = getattr(recipe, name)
        _require(updates == 1 or recipe.schedule == "alternating", name, updates, "use schedule alternating, or 1")
    parse_size(recipe.size)


def _check_contrast(contrast: float | None, generator: GeneratorConfig) -> None:
    """Normalized images have no bounds and, without `output_range`, nothing that says what is black and white."""
    if contrast is not None:
        _require(0 < contrast < math.inf, "contrast", contrast, "use a positive norm, or null")
        known = generator.output_range is not None
        _require(known, "generator.output_range", None, "say which normalized values stand for black and white")


def _check_optimizer(config: OptimizerConfig, name: str) -> None:
    _require(0 < config.rate < math.inf, f"{name}.rate", config.rate, "use a positive rate")
    _require(all(0 <= b < 1 for b in config.betas), f"{name}.betas", config.betas, "use 0 up to, not including, 1")
    for field in ("momentum", "final_momentum", "decay_from"):
        value = getattr(config, field)
        _require(0 <= value <= 1, f"{name}.{field}", value, "use 0 to 1")
    for field in ("epsilon", "floor", "warmup", "momentum_steps"):
        value = getattr(config, field)
        _require(0 <= value < math.inf, f"{name}.{field}", value, "use 0 or more")
    _require(0 < config.decay < math.inf, f"{name}.decay", config.decay, "use a positive number")


def _check_networks(generator: GeneratorConfig, discriminator: DiscriminatorConfig) -> None:
    for name, kind, known in (
        ("generator", generator.kind, GENERATORS),
        ("discriminator", discriminator.kind, DISCRIMINATORS),
    ):
        _require(kind in known, f"{name}.kind", kind, f"choose one of {', '.join(known)}")
    for name, sizes in (
        ("generator.hidden", generator.hidden),
        ("generator.base", (generator.base,)),
        ("generator.output_sparse", [n for n in (generator.output_sparse,) if n is not None]),
        ("generator.maps", [n for n in (generator.maps,) if n is not None]),
        ("discriminator.units", discriminator.units),
        ("discriminator.pieces", (discriminator.pieces,)),
        ("discriminator.base", (discriminator.base,)),
        ("discriminator.widths", discriminator.widths),
        ("discriminator.dense", (discriminator.dense,)),
    ):
        _require(all(size >= 1 for size in sizes), name, sizes, "use 1 or more")
    for name, init in (
        ("generator.init", generator.init),
        ("generator.output_init", generator.output_init),
        ("discriminator.init", discriminator.init),
    ):
        _require(init is None or 0 <= init < math.inf, name, init, "use 0 or more")
    for name, limit in (("generator", generator.max_norm), ("discriminator", discriminator.max_norm)):
        _require(limit is None or 0 < limit < math.inf, f"{name}.max_norm", limit, "use a positive norm, or null")
    _require(math.isfinite(generator.hidden_bias), "generator.hidden_bias", generator.hidden_bias, "use a number")
    _check_output(generator)
    if discriminator.kind == "maxout":
        _require(len(discriminator.units) > 0, "discriminator.units", discriminator.units, "name at least one layer")
    for field in ("keep_input", "keep_hidden"):
        keep = getattr(discriminator, field)
        _require(0 < keep <= 1, f"discriminator.{field}", keep, "use a probability above 0")
    if generator.kind == "mlp":
        given, layers = generator.activations, len(generator.hidden)
        _require(len(given) in (1, layers), "generator.activations", given, f"name one, or {layers}")
        for field, values in (("activations", given), ("output", (generator.output,))):
            known = set(values) <= set(ACTIVATIONS)
            _require(known, f"generator.{field}", getattr(generator, field), f"choose from {', '.join(ACTIVATIONS)}")


def _check_output(generator: GeneratorConfig) -> None:
    """Refuse what would be ignored and matters: a range that the output has not, weights that no layer takes."""
    shown, kind = generator.output_range, generator.kind
    if shown is not None:
        linear = kind == "paper-conv" or (kind == "mlp" and generator.output == "linear")
        _require(linear, "generator.output_range", shown, "use null: a sigmoid or tanh has its own, or output linear")
        _require(-math.inf < shown[0] < shown[1] < math.inf, "generator.output_range", shown, "give [black, white]")
    trained = generator.pretrained
    _require(trained is None or kind == "mlp", "generator.pretrained", trained, "use generator.kind mlp, or null")


def _require(holds: bool, name: str, value: object, remedy: str) -> None:
    if not holds:
        raise RecipeError(f"{name} cannot be {value!r}", remedy)


_ADAPTER: TypeAdapter[Recipe] = TypeAdapter(Recipe)
