"""What a reader of figures should know beside them, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from advnets.evaluation.changes import equal_counts
from advnets.evaluation.choices import Wish
from advnets.evaluation.counted import real_images
from advnets.evaluation.halves import FEW
from advnets.measures.catalog import MEASURES, Subject
from advnets.measures.words import explained


def notes_of(subject: Subject, wish: Wish, taken: Iterable[str], of: Mapping[str, Any]) -> list[str]:
    """What is known of the features, of the real images, and of the words that were used.

    Args:
        subject: what was measured.
        wish: what was asked.
        taken: the measures that were taken.
        of: what the answers are of, as `Evaluation.of` has it.
    """
    names = list(taken)
    classes = subject.classifying.features if "inception_score" in names else ""
    return [
        *_of_selection(of),
        *_worth(subject, names),
        *_of_real(subject, names, of),
        *explained(wish.words, subject.features, classes),
    ]


def _of_selection(of: Mapping[str, Any]) -> list[str]:
    """Which of the samples that the generator makes these are."""
    cut, tried = of.get("truncation"), of.get("candidates")
    return [
        *([] if cut is None else [f"latents are truncated at {cut:g}: these are not all of the generator's samples"]),
        *([] if tried is None else [f"of {tried:,} candidates a sample the one that the discriminator preferred"]),
    ]


def _worth(subject: Subject, names: Sequence[str]) -> list[str]:
    """What is known of the extractors that took part, such as a classifier's accuracy."""
    if subject.extractor is None:
        return []
    asked = {MEASURES[name].of for name in names}
    extractors = [subject.extractor]
    extractors += [subject.classifying.extractor] if "classes" in asked else []
    extractors += [subject.naming.extractor] if "conditions" in asked else []
    return list(dict.fromkeys(each.note for each in extractors if each is not None and each.note))


def _of_real(subject: Subject, names: Sequence[str], of: Mapping[str, Any]) -> list[str]:
    """How few real images there are, that features were trained on them, that some were left out."""
    count, notes = of["real_images"], list[str]()
    if subject.statistics is not None:
        notes.append(_about_statistics(subject, of))
    if count is None:
        return notes
    if count < FEW:
        notes.append(f"{real_images(of)} are few: others would give other figures")
    if subject.real in ("all", "train") and subject.extractor is not None and subject.extractor.confusion is not None:
        notes.append(f"the classifier was trained on {of['data']}'s training images: --real valid+test are others")
    return [*notes, *equal_counts(len(subject.samples), count, names)]


def _about_statistics(subject: Subject, of: Mapping[str, Any]) -> str:
    """Against what the Frechet distance was taken."""
    assert subject.statistics is not None
    which = ", and by which of the Inception networks in use" if len(subject.statistics.mean) == 2048 else ""
    return f"frechet is against mu and sigma in {of['data']}: of how many images they are{which}, it does not say"
