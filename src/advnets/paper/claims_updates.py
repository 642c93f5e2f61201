"""k updates of D for each of G: 1, 2 and 5, against steps, updates and seconds."""

from __future__ import annotations

from collections.abc import Sequence

from advnets import figures
from advnets.paper.claims_courses import distances, ends, ends_table, farther, seconds, shares
from advnets.paper.claims_parts import MARGIN, NOT_SUPPORTED, SUPPORTED, UNDECIDED, claim, no_worse, plain, ratios
from advnets.paper.claims_ring import STEPS, THE_GAME, Lines, floor, games
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row

_K = (1, 2, 5)
_QUOTE = (
    'Section 4: "The number of steps to apply to the discriminator, k, is a hyperparameter. We used k = 1, the least'
    ' expensive option, in our experiments."'
)
_DID = f"The game: {THE_GAME}; Adam with a rate of .001 for both. {STEPS:,} steps of G at k = 1, 2 and 5."
_WHY = {
    SUPPORTED: f"Counted in D's updates, k = 1 ends at most {MARGIN:g} times as far from the data as k = 5.",
    UNDECIDED: f"Counted in D's updates, the interval reaches from below 1 to above {MARGIN:g}.",
    NOT_SUPPORTED: "k = 1 is worse than k = 5 even where D's updates are counted.",
}


def section(bench: Bench) -> Exhibit:
    """What more updates of D give for what they cost."""
    found = {k: games(bench, f"k{k}", discriminator_steps=k) for k in _K}
    named = {f"k = {k}": courses for k, courses in found.items()}
    axes = {"step": "steps of G", "updates": "updates of D", "seconds": "seconds of the processor"}
    shown = [distances(named, label, key) for key, label in axes.items()]
    figures.panels([*shown, shares(named)], bench.path("-k.png"), columns=2)
    per_step = farther(found[1], found[5])
    per_update = ratios(_after(found[1], found[1]), _after(found[5], found[1]))
    verdict = no_worse(per_update)
    saw = [
        Picture(bench.path("-k.png").name, "Distance against G's steps, D's updates and the processor's seconds."),
        ends_table(named),
        f"Points of the data themselves, as many, are at a distance of {floor()}.",
        f"After as many steps of G, k = 1 is {per_step} times as far from the data as k = 5; after as many updates of D"
        f" as k = 1 makes in all, {per_update} times. A step with k = 5 takes"
        f" {seconds(found[5]) / seconds(found[1]):.2g} times as long.",
    ]
    ours = f"k = 1 over k = 5, distance: {per_update} an update of D, {per_step} a step of G"
    return Exhibit(
        "k = 1, 2 and 5",
        claim(_QUOTE, [_DID], saw, verdict, _WHY[verdict]),
        [Row("k = 1 is the least expensive option", ours, "used k = 1", verdict)],
        {"per step": plain(per_step), "per update": plain(per_update), "end": ends(named)},
    )


def _after(courses: Sequence[Lines], like: Sequence[Lines]) -> list[float]:
    """Each seed's distance once D has made as many updates as in `like`: over the looks in the quarter before that."""
    updates = like[0][-1]["updates"]
    some = [[line["distance"] for line in course if 0.75 * updates <= line["updates"] <= updates] for course in courses]
    return [sum(each) / len(each) for each in some]
