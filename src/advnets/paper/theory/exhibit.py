"""Section 4 of the paper and the course notes' derivations, computed, a file for each part."""

from __future__ import annotations

import dataclasses

from advnets.paper.exhibit import Exhibit, joined
from advnets.paper.theory import descent, exact, learned, likelihood
from advnets.paper.workspace import Workspace


def make(workspace: Workspace) -> Exhibit:
    """Proposition 1 and Theorem 1, maximum likelihood, Proposition 2, and a D that is trained."""
    found = joined(
        "The theory, computed",
        "Sections 4.1 and 4.2 of the paper, with distributions that a computer holds in full: probabilities of a few"
        " outcomes, or densities on a fine grid. Logarithms are natural, so that everything is in nats.",
        [each.section(workspace) for each in (exact, likelihood, descent, learned)],
    )
    return dataclasses.replace(
        found,
        differs=[
            "The paper proves for all distributions; here its statements are computed for some, to rounding.",
            "A trained D, and the bound on JSD that it proves from samples it has not seen, are not in the paper.",
        ],
    )
