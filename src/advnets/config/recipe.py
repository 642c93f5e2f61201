"""Recipe: one typed, validated, serializable description of a game and its training."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from advnets.config.coordinating import CoordinationConfig
from advnets.config.games import AdversarialConfig, GameConfig
from advnets.config.kinds import require, require_between, require_positive, require_whole
from advnets.config.measuring import MeasureConfig
from advnets.config.merge import changed
from advnets.config.names import TRACKERS
from advnets.config.networks import GeneratorNetwork, OwnGeneratorConfig
from advnets.config.players import DiscriminatorConfig, GeneratorConfig
from advnets.config.tree import slots
from advnets.config.watching import WatchConfig
from advnets.errors import RecipeError

PlayerConfig = GeneratorConfig | DiscriminatorConfig


def _joined(size: Any) -> Any:
    """A pair (H, W) as HxW."""
    if isinstance(size, list | tuple) and len(size) == 2:
        return "x".join(str(side) for side in size)
    return size


def _range(given: Any) -> Any:
    """A pair (LOW, HIGH) as LOW:HIGH."""
    if isinstance(given, list | tuple) and len(given) == 2:
        return ":".join(f"{each:g}" for each in given)
    return given


@dataclass(frozen=True)
class Recipe:
    """A game and how it is trained. Every field is a flag of `advnets train` and a line of recipe.yaml."""

    name: str = "mnist"
    """What the recipe is called."""

    data: str | None = "mnist"
    """mnist, stacked-mnist, fashion-mnist, cifar10, tfd (other folds: tfd:2 to tfd:5), ring, grid, or a path: folder,
    .zip, .tar, .npy, .npz, .h5, .mat, idx; a table of numbers: .csv, .parquet, .npy. null: to be said."""
    sources: str | None = None
    """Images that are translated into those of data, anything that data may be: for --game.kind translation a partner
    for each, of the same name but for the ending; for cycle any others. They are brought to the data's size and fit."""
    size: Annotated[int | str | None, BeforeValidator(_joined)] = None
    """Height and width that images are brought to: H, or HxW. By default the images' own."""
    channels: int | None = None
    """1 for gray, 3 for color, 4 for color and opacity. By default 1 where all images are gray, else 3, with what is
    transparent laid over white; of arrays their own."""
    source_channels: int | None = None
    """The same of the sources."""
    fit: Literal["crop", "pad", "stretch"] = "crop"
    """How an image of another aspect is brought to size."""
    mirror: bool = False
    """Show half of the images mirrored, left to right: twice as many to learn from, where mirror images belong to the
    set. `advnets data` says whether they do; digits, letters and arrows do not."""
    labels: str = "auto"
    """Where labels come from: auto (the source's own: sub-folders or a column of labels), folder (sub-folders and
    nothing else), none, or the name of a column."""
    range: Annotated[str | None, BeforeValidator(_range)] = None
    """Values that stand for black and white: LOW:HIGH, as 0:4095 for 12 bits in 16 or -1:1, or auto for the least and
    the greatest of the data. By default the whole range of their type."""
    holdout: float = 0.1
    """Share of your own data kept for validation, and as much for test; published sets keep their own splits."""
    strict: bool = False
    """Stop at the first file (of a table: column) that cannot be used instead of skipping it."""
    contrast: float | None = None
    """Norm to which each image less its mean is scaled before D sees it (global contrast normalization; 55 in the
    authors' CIFAR-10 models). null: pixels as they are."""

    game: GameConfig = AdversarialConfig()

    from_run: str | None = None
    """A run to begin with, from for short: its networks' weights are taken wherever they fit; of another size, of other
    classes or widths they are kept in part, and it is said which part."""

    schedule: Literal["simultaneous", "alternating"] = "simultaneous"
    """simultaneous: both players move from the same point, as in the authors' code. alternating: Algorithm 1."""
    discriminator_steps: int = 1
    """Algorithm 1's k: updates of D for each of G (alternating)."""
    generator_steps: int = 1
    """Updates of G in a step (alternating); more than one lets G run ahead of D: the Helvetica scenario."""
    batch: int = 100
    """Images in a minibatch, and as many noise samples."""
    accumulate: int = 1
    """Parts in which a minibatch goes through the networks, one after another: the memory of a part, the gradients of
    the whole, for one more forward pass."""
    shard_optimizer: bool = False
    """Of several processes (torchrun) each keeps a share of what the optimizers remember, and moves that share of the
    weights: less memory for each, the same training but for roundoff."""
    steps: int = 18_000
    """Iterations of Algorithm 1: the discriminators move, then the generators."""
    budget: str | None = None
    """How long to train: 90s, 10m, 2h, 3d. What fits is measured in the first seconds: steps, and of networks of
    convolutions their width, augmentation, mirroring, what is kept how often and by which measure, unless they are
    said. It ends on time, or, where rates or noise fall to an end, after some four fifths of it. null: `steps` say."""
    seed: int = 0
    """All randomness is a function of it and of the step."""

    coordination: CoordinationConfig = CoordinationConfig()
    measure: MeasureConfig = MeasureConfig()
    watch: WatchConfig = WatchConfig()

    track: tuple[str, ...] = ()
    """Trackers that are told of the training, too: wandb (Weights & Biases), mlflow. TensorBoard's files are always
    written."""
    log_every: int = 100
    """Steps between lines of metrics.jsonl."""
    sample_every: int = 2_000
    """Steps between pictures of the fixed latents, the first before the first step; 0 for no picture in samples/."""
    checkpoint_every: int = 2_000
    """Steps between checkpoints."""
    keep_checkpoints: int = 3
    """Checkpoints kept: the newest ones, so that one survives damage to the last."""
    keep_every: int = 0
    """Steps between checkpoints that are kept for good, beside the newest; 0 for none."""
    keep_best: int = 1
    """Checkpoints kept for good beside these: those that measured best, with measure."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the forward and backward passes; weights stay float32. auto: bfloat16 where the processor has it."""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, cuda, cuda:1, mps."""

    def __post_init__(self) -> None:
        require(re.fullmatch(r"\w[\w.-]*", self.name) is not None, "name", self.name, "use letters, digits, _ . -")
        for name in ("data", "sources", "from_run"):
            require(getattr(self, name) != "", name, getattr(self, name), f"name {name}, or null")
        require(self.labels != "", "labels", self.labels, "use auto, folder, none or the name of a table's column")
        require(0 <= self.holdout < 0.5, "holdout", self.holdout, "use 0 up to, not including, 0.5")
        for name in ("channels", "source_channels"):
            require(getattr(self, name) in (None, 1, 3, 4), name, getattr(self, name), "use 1, 3 or 4")
        require(0 <= self.seed < 2**63, "seed", self.seed, "use 0 to 2^63 - 1")
        require_positive(self, "contrast")
        require_whole(self, "batch", "accumulate", "steps", "log_every", "checkpoint_every")
        require_whole(self, "keep_checkpoints", "keep_best")
        require_between(self, 0, math.inf, "sample_every", "keep_every")
        known = set(self.track) <= set(TRACKERS) and len(set(self.track)) == len(self.track)
        require(known, "track", self.track, f"use {', '.join(TRACKERS)}, each once")
        parse_size(self.size)
        parse_duration(self.budget)
        _check_frozen(self)
        _check_schedule(self)
        _check_coordination(self)
        _check_contrast(self)

    @property
    def source(self) -> str:
        """The data.

        Raises:
            RecipeError: the recipe is one for data of the user's own, and names none.
        """
        if self.data is None:
            raise RecipeError(f"{self.name} trains on data of your own", "name them with --data, as a folder of images")
        return self.data

    def check_named(self) -> None:
        """See that the data are named, and the sources where the game needs any.

        Raises:
            RecipeError: they are not.
        """
        _ = self.source
        if self.game.sources and self.sources is None:
            whose = "a partner for each of the data's" if self.game.sources == "paired" else "any"
            what = f"{self.name} translates images of your own into those of {self.data}"
            raise RecipeError(what, f"name them with --sources, as a folder of images, {whose}")

    @property
    def height_width(self) -> tuple[int, int] | None:
        """The size as (H, W); None where the images' own is kept."""
        return parse_size(self.size)

    def place(self, step: int) -> str:
        """A step of the training in words: of how many, or in how much time, where time ends it and has not yet."""
        steps = self.known_steps(step)
        return f"step {step:,} in {self.budget} in all" if steps is None else f"step {step:,} of {steps:,}"

    def known_steps(self, step: int) -> int | None:
        """How many steps there will be; None where time ends the training, and has not yet at this step."""
        return None if self.budget is not None and step < self.steps else self.steps

    @property
    def budget_seconds(self) -> float | None:
        """The budget in seconds; None without."""
        return parse_duration(self.budget)

    @property
    def players(self) -> dict[str, PlayerConfig]:
        """The game's players by name, in the order of its fields."""
        named = {name: getattr(self.game, name) for name in slots(type(self.game))}
        return {name: part for name, part in named.items() if hasattr(part, "network")}

    def replace(self, **changes: Any) -> Recipe:
        """A copy with some fields changed; the result is checked like any recipe.

        Args:
            **changes: values by name, as in a recipe file: steps=500, generator={"base": 16},
                **{"generator.rate": 1e-4}. Parts may be mappings, which change what they name, or configurations.

        Raises:
            RecipeError: a field does not exist or a value does not fit.
        """
        return changed(self, changes)


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


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_duration(budget: str | None) -> float | None:
    """Seconds of "90s", "10m", "1.5h" or "3d"; None from None.

    Raises:
        RecipeError: anything else.
    """
    if budget is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", str(budget).strip())
    if match is None or not float(match[1]):
        raise RecipeError(f"budget {budget!r} is no length of time", "write 90s, 10m, 2h or 3d")
    return float(match[1]) * _SECONDS[match[2]]


def _check_schedule(recipe: Recipe) -> None:
    """Each player moves once where both move at once."""
    require_whole(recipe, "discriminator_steps", "generator_steps")
    for name in ("discriminator_steps", "generator_steps"):
        updates = getattr(recipe, name)
        require(updates == 1 or recipe.schedule == "alternating", name, updates, "use schedule alternating, or 1")


def _check_frozen(recipe: Recipe) -> None:
    """Layers stay as they are that another run has trained."""
    for name, player in recipe.players.items():
        frozen = getattr(player, "frozen", 0)
        begun = recipe.from_run is not None
        require(not frozen or begun, f"game.{name}.frozen", frozen, "say the run that trained these layers: --from RUN")


def _check_coordination(recipe: Recipe) -> None:
    """What goes with the schedule, and with each other."""
    config, name = recipe.coordination, "coordination.most_discriminator_steps"
    most, last = config.most_discriminator_steps, config.final_batch
    require(not most or recipe.schedule == "alternating", name, most, "use schedule alternating, or 0")
    first = recipe.discriminator_steps
    require(not most or most >= first, name, most, f"use at least discriminator_steps, {first}, which k begins with")
    name, remedy = "coordination.final_batch", f"use more than batch, {recipe.batch}, or 0"
    require(not last or last > recipe.batch, name, last, remedy)
    unknown = "use 0: how many updates D will have is not known where k is adaptive"
    require(not (last and most), name, last, unknown)


def _check_contrast(recipe: Recipe) -> None:
    """Normalized images have no bounds, and nothing but `output_range` says what of them is black and white."""
    if recipe.contrast is None:
        return
    remedy = "use null: what is observed of an image has to come back as it was"
    require(recipe.game.kind != "completion", "contrast", recipe.contrast, remedy)
    for name, player in recipe.players.items():
        network = player.network
        if not isinstance(network, GeneratorNetwork) or isinstance(network, OwnGeneratorConfig):
            continue
        linear = hasattr(network, "output_range")
        require(linear, "contrast", recipe.contrast, f"use null: the outputs of a {network.kind} generator have bounds")
        shown = getattr(network, "output_range", None)
        field = f"game.{name}.network.output_range"
        require(shown is not None, field, None, "say which normalized values stand for black and white")
