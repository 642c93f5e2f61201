"""What the log says of an iteration: costs and mean scores, of several views together and of each one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advnets.games.game import Game, figures
from advnets.training.gradients import Outcome


def figures_of(game: Game, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Costs and mean scores of an iteration, and the numbers that the game remembered when it was played.

    The direct cost, of a game that has one, is `cost_direct`, as it is weighed, and no part of `cost_g`.

    Of several views: the sums of the costs, G's over those of what its side made; means of everything else over
    these; and each view's own.

    Args:
        game: what was played.
        outcomes: what the discriminators said, a view each.
    """
    remembered = {name: float(each) for name, each in outcomes[0].batch.memory.items() if not each.ndim}
    own = [figures(game, each.discriminator, each.real, each.fake, each.batch) for each in outcomes]
    direct = {} if outcomes[0].direct is None else {"cost_direct": float(outcomes[0].direct)}
    return (own[0] if len(own) == 1 else _of_views(outcomes, own)) | direct | remembered


def _of_views(outcomes: Sequence[Outcome], own: Sequence[Mapping[str, float]]) -> dict[str, float]:
    weights = [each.weight for each in outcomes]
    made = [(each, said.weight) for each, said in zip(own, outcomes, strict=True) if said.made]
    found = _means(made or list(zip(own, weights, strict=True)))
    found["cost_d"] = sum(each["cost_d"] * weight for each, weight in zip(own, weights, strict=True))
    found["cost_g"] = sum((each["cost_g"] * weight for each, weight in made), start=0.0)
    for number, (outcome, each) in enumerate(zip(outcomes, own, strict=True)):
        found |= {f"{name}_{number}_{outcome.discriminator}": value for name, value in each.items()}
    return found


def _means(views: Sequence[tuple[Mapping[str, float], float]]) -> dict[str, float]:
    """What all views say, weighted."""
    whole = sum(weight for _, weight in views)
    first, *rest = (each for each, _ in views)
    common = [name for name in first if all(name in each for each in rest)]
    return {name: sum(each[name] * weight for each, weight in views) / whole for name in common}
