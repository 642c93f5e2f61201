"""What other libraries call our measures, explained: which figures of theirs ours may be held against."""

from __future__ import annotations

from collections.abc import Sequence

from advnets.measures.features import where_weights_go

_INCEPTION = "inception"  # what the features of the published network are called, and no others
_WORDS = {
    "fid": ("frechet", "FID figures"),
    "kid": ("kernel", "KID figures"),
    "isc": ("inception_score", "Inception Scores"),
    "is": ("inception_score", "Inception Scores"),
}
_PRC = "prc is precision and recall of 3 neighbors: published ones are mostly in features of VGG-16, which are not here"


def explained(said: Sequence[str], features: str, classes: str) -> list[str]:
    """What to tell of words of other libraries.

    Args:
        said: those that were used, such as fid.
        features: what distances were taken in.
        classes: what named classes; empty where nothing did.
    """
    notes = [
        _explained(word, features if _WORDS[word][0] != "inception_score" else classes)
        for word in _WORDS
        if word in said
    ]
    return [*notes, *([_PRC] if "prc" in said else [])]


def _explained(word: str, taken_in: str) -> str:
    ours, published = _WORDS[word]
    if taken_in == _INCEPTION:
        alike = "as many samples against the same real images at the same size"
        return (
            f"{word} is {ours}, here in the network's own features: it compares with published {published} of {alike}"
        )
    network = f"which are in the inception network's features; {where_weights_go()}"
    return f"{word} is {ours}, here in {taken_in}: it does not compare with published {published}, {network}"
