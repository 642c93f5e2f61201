"""A budget of time instead of numbers: what fits is measured in the first seconds, chosen, and said with reasons."""

from __future__ import annotations

import copy
import itertools
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from advnets.config.recipe import Recipe
from advnets.config.resolve import candidates
from advnets.config.tree import Path, grow
from advnets.data.orientation import orientation
from advnets.errors import RecipeError
from advnets.runs.directory import RunDirectory
from advnets.runs.durations import in_words
from advnets.runs.networks import Modules
from advnets.training.batches import Data
from advnets.training.growth import images_a_step, updates_a_step
from advnets.training.room import NoRoomError
from advnets.training.trainer import Trainer
from advnets.world import ALONE, World

WIDTHS = 16, 24, 32, 48, 64, 96, 128
"""Base feature maps of convolutional networks that are chosen from."""
_NARROWEST = 32  # unless even that is too slow
_ENOUGH, _MANY = 400_000, 1_200_000  # images: with fewer a narrower network pays, with more a wider one
_FEW = 30  # passes through the training images, above which D would know them by heart
_WARM, _TIMED, _SECONDS = 2, 3, 0.7  # steps before timing, the fewest that are timed, and how long
_SPARE = 4  # times as many steps as fit, so that time alone ends a training on a machine that gets faster
_RESERVED = 0.8  # of the steps that fit by their own time, where they must come to an end: watching takes some, too
_NOISY = 0.3  # of a training in which what D sees may be blurred
_PARTS = 40  # measurements, pictures and checkpoints in a training, at the most
_JUDGES = 100  # examples held out, with fewer of which a best checkpoint would be a guess


@dataclass(frozen=True)
class Planned:
    """What was chosen.

    Args:
        recipe: to be trained.
        reasons: in words, a line each.
        seconds: what choosing took; they count.
    """

    recipe: Recipe
    reasons: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class _Sharing:
    """Of a minibatch: how many processes have rows of it, and what a step's messages take, by bytes of gradients."""

    processes: int
    exchange: Callable[[int], float]


def planned(
    recipe: Recipe, data: Data, named: Collection[str], modules: Modules | None = None, world: World = ALONE
) -> Planned:
    """What a recipe's budget is spent on: steps, width, augmentation and how often is kept, where nobody said them.

    Args:
        recipe: as it is where it has no budget.
        data: to be trained on.
        named: the fields that stay as they are.
        modules: networks of the user's own by player.
        world: the processes that share a minibatch, all of which plan at once: each is timed with its rows of it, and
            what they send takes its time, too. The first one's plan counts.

    Raises:
        RecipeError: choosing took all of it.
    """
    if recipe.budget_seconds is None:
        return Planned(recipe, (), 0.0)
    begun, budget, reasons = time.perf_counter(), recipe.budget_seconds, list[str]()
    tree = grow(recipe)
    said = {path for name in named for path in candidates(tree, name)}
    fields, sharing = _width_fields(recipe), _Sharing(world.size, world.exchange())
    if fields and not fields & said and (theirs := _widths_begun_from(recipe)):
        recipe = recipe.replace(**theirs)
        took = _step_seconds(recipe, data, None, sharing)
        reasons.append(
            f"width: {', '.join(map(str, sorted(set(theirs.values()))))} maps at half the images' size, as in"
            f" {recipe.from_run}"
        )
    elif fields and not fields & said:
        recipe, took, why = _widened(recipe, data, fields, budget, sharing)
        reasons.append(why)
    else:
        took = _step_seconds(recipe, data, modules, sharing)
    steps = max(1, int(budget / took))
    passes = steps * images_a_step(recipe) / len(data.rows)
    changes, more = _augmentation(recipe, passes, said)
    reasons += more
    # A condition may say which way an image points: there nobody but the user mirrors.
    if ("mirror",) not in said and len(data.shape) == 3 and recipe.game.kind == "adversarial":
        mirror, why = _mirror(data)
        changes["mirror"] = mirror
        reasons.append(why)
    changes |= _pace(recipe, steps, said)
    judged, more = _judged(recipe, data, steps, said)
    changes |= judged
    reasons += more
    recipe = recipe.replace(**changes)
    spent = time.perf_counter() - begun
    if spent >= budget:
        what = f"a budget of {in_words(budget)} was spent on choosing how, which took {in_words(spent)}"
        raise RecipeError(what, "give more, or --steps instead")
    first = (
        f"budget: {in_words(budget)}, about {steps:,} steps at {1000 * took:.3g} ms: {_counted(passes)} times through"
        f" {len(data.rows):,} {'images' if len(data.shape) == 3 else 'points'}"
    )
    return Planned(recipe, (first, *reasons), spent)


def extended(recipe: Recipe, budget: str, step: int, seconds: float) -> Recipe:
    """A recipe with another budget, with room for as many steps as it may take.

    Args:
        recipe: of a run.
        budget: in all, what has been spent included.
        step: that the run has logged last.
        seconds: that these steps have taken.
    """
    longer = recipe.replace(budget=budget)
    now = longer.budget_seconds
    assert now is not None
    share = max(1.0, now / seconds) if seconds > 0 else float(_PARTS)
    room = 1 if _follows_its_end(recipe) else _SPARE
    return longer.replace(steps=max(recipe.steps, round(room * max(step, 1) * share)))


def _widened(
    recipe: Recipe, data: Data, fields: set[Path], budget: float, sharing: _Sharing
) -> tuple[Recipe, float, str]:
    """The widest networks that enough images fit in the budget of, what a step takes, and why these."""
    tried, width = {_NARROWEST: _timed(recipe, data, fields, _NARROWEST, sharing)}, _NARROWEST

    def wanted(enough: int) -> float:
        return max(enough, 2 * len(data.rows)) * recipe.batch / images_a_step(recipe)

    def fits(width: int) -> bool:
        return budget / tried[width][1] * recipe.batch >= wanted(_MANY if width > _NARROWEST else _ENOUGH)

    upward = fits(width)
    others = [each for each in WIDTHS if (each > width if upward else each < width)]
    for each in others if upward else reversed(others):
        tried[each] = _timed(recipe, data, fields, each, sharing)
        if upward and not fits(each):
            break
        width = each
        if not upward and fits(each):
            break
    found, took = tried[width]
    seen = {each: int(budget / seconds * recipe.batch) for each, (_, seconds) in tried.items()}
    if math.isinf(took):
        _step_seconds(found, data, None, sharing)  # says what does not fit
    wider = min((each for each in tried if each > width), default=None)
    why = f"width: {width} maps at half the images' size, with which {seen[width]:,} images are seen"
    if wider is not None and math.isinf(tried[wider][1]):
        why += f"; {wider} do not fit in memory"
    elif wider is not None:
        needed = int(wanted(_MANY if wider > _NARROWEST else _ENOUGH))
        why += f"; with {wider} {seen[wider]:,}, and some {needed:,} are needed before it pays"
    return found, took, why


def _timed(recipe: Recipe, data: Data, fields: set[Path], width: int, sharing: _Sharing) -> tuple[Recipe, float]:
    """A recipe of that width, and what a step of it takes; for ever, where there is no room for it."""
    changed = recipe.replace(**{".".join(path): width for path in fields})
    try:
        return changed, _step_seconds(changed, data, None, sharing)
    except NoRoomError:
        return changed, math.inf


def _step_seconds(recipe: Recipe, data: Data, modules: Modules | None, sharing: _Sharing) -> float:
    """What a step takes, the median of some; where batches grow, one of their mean."""
    if recipe.coordination.final_batch:
        mean = round(images_a_step(recipe) / updates_a_step(recipe))
        recipe = recipe.replace(batch=mean, **{"coordination.final_batch": 0})
    recipe = recipe.replace(batch=-(-recipe.batch // sharing.processes))
    trainer, took = Trainer(recipe.replace(steps=10**6), data, copy.deepcopy(modules)), list[float]()
    for number in itertools.count():
        begun = time.perf_counter()
        trainer.advance()
        if number >= _WARM:
            took.append(time.perf_counter() - begun)
        if len(took) >= _TIMED and sum(took) >= _SECONDS:
            sent = sum(player.master.flat.nbytes for player in trainer.players.values())
            return sorted(took)[len(took) // 2] + sharing.exchange(sent)
    raise AssertionError("unreachable")


def _widths_begun_from(recipe: Recipe) -> dict[str, int]:
    """The widths of the run that a recipe begins with, whose weights another width would leave behind; by field."""
    if recipe.from_run is None:
        return {}
    theirs = RunDirectory.open(FilePath(recipe.from_run).expanduser()).recipe.players
    return {
        f"game.{name}.network.base": theirs[name].network.base  # type: ignore[attr-defined]  # convolutional ones have it
        for name in recipe.players
        if name in theirs and theirs[name].network.kind == "conv"
    }


def _width_fields(recipe: Recipe) -> set[Path]:
    """The widths of a recipe's networks, where all of them are plain convolutional ones; else none."""
    kinds = {player.network.kind for player in recipe.players.values()}
    wanted = {("game", name, "network", "base") for name in recipe.players}
    return wanted if kinds == {"conv"} else set()


def _augmentation(recipe: Recipe, passes: float, said: Collection[Path]) -> tuple[dict[str, Any], list[str]]:
    """What a recipe has, where D will see the same images often enough to know them by heart; else none."""
    if not getattr(recipe.game, "augment", ()) or any(path[-1].startswith("augment") for path in said):
        return {}, []
    seen = f"as each image is seen {_counted(passes)} times"
    if passes < _FEW:
        return {"game.augment": (), "game.augment_target": 0.0}, [f"augmentation: none, {seen}"]
    return {}, [f"augmentation: {', '.join(recipe.game.augment)}, {seen}"]  # type: ignore[attr-defined]  # it has it


def _counted(passes: float) -> str:
    return f"{passes:.3g}" if passes < 1000 else f"{passes:,.0f}"  # never 1.2e+04


def _mirror(data: Data) -> tuple[bool, str]:
    """Whether images are shown mirrored, too, and why."""
    found = orientation(data.values, rows=data.rows)  # type: ignore[arg-type]  # images are bytes
    if not found.count:
        few = f"{len(data.rows):,} images are too few to see whether mirror images belong to the set"
        return False, f"mirror: off: {few}"
    share = f"{100 * found.share:.0f} % of {found.count:,} images have their nearest other one as it is"
    doing = "on, as mirror images belong to the set" if found.any_way else "off"
    return found.any_way, f"mirror: {doing}: {share}, where chance is 50 %"


def _judged(recipe: Recipe, data: Data, steps: int, said: Collection[Path]) -> tuple[Mapping[str, Any], list[str]]:
    """By what the best checkpoint is kept, as the last need not be it, and how often it is looked for."""
    every = max(1, steps // _PARTS)
    if recipe.measure.names and not recipe.measure.every:
        return {"measure.every": every}, []
    if recipe.measure.names or any(path[0] == "measure" for path in said):
        return {}, []
    held_out = f"{len(data.valid):,} held-out {'images' if len(data.shape) == 3 else 'points'}"
    if not (chosen := judge(data)):
        return {}, [f"best checkpoint: none but the last, as {held_out} are too few to judge by"]
    measure = {
        "frechet": "Frechet distance in random convolutions",
        "sliced_wasserstein": "sliced Wasserstein distance",
    }[chosen["measure.metrics"]]
    reason = f"best checkpoint: by the {measure} to {held_out}, every {every:,} steps"
    return {**chosen, "measure.every": every}, [reason]


def judge(data: Data) -> dict[str, str]:
    """A measure that can be taken of every set, as changes of a recipe; none where too few examples are held out.

    Args:
        data: to be trained on.
    """
    if len(data.valid) < _JUDGES:
        return {}
    if len(data.shape) == 3 and min(data.shape[1:]) > 1:  # else convolutions see nothing
        return {"measure.metrics": "frechet", "measure.features": "random"}
    return {"measure.metrics": "sliced_wasserstein"}


def _pace(recipe: Recipe, steps: int, said: Collection[Path]) -> Mapping[str, Any]:
    """How many steps there are, and how often something is kept and drawn."""
    part = max(1, steps // _PARTS)
    follows = _follows_its_end(recipe)
    wanted: dict[str, Any] = {
        "steps": max(1, round(_RESERVED * steps)) if follows else _SPARE * steps,
        "checkpoint_every": part,
        "log_every": min(100, part),
    }
    if recipe.sample_every:
        wanted["sample_every"] = max(1, steps // 10)
    chosen = {name: each for name, each in wanted.items() if (name,) not in said}
    if getattr(recipe.game, "instance_noise", 0) > 0 and ("game", "instance_noise_until") not in said:
        # Beside other work fewer steps may fit than were planned: noise has to be over all the same.
        chosen["game.instance_noise_until"] = min(_NOISY, recipe.game.instance_noise_until)  # type: ignore[attr-defined]
    return chosen


def _follows_its_end(recipe: Recipe) -> bool:
    """Whether a step depends on how many there are: rates or noise that fall, batches that grow, shares that shrink."""
    falls = any(player.optimizer.schedule in ("linear", "cosine") for player in recipe.players.values())
    falls = falls or getattr(recipe.game, "instance_noise", 0) > 0
    return falls or recipe.coordination.final_batch > 0 or recipe.coordination.top_share < 1
