"""Every defect by its name, with its doses. One more is one function and one entry."""

from __future__ import annotations

import math

from advnets.measures.defects import colors, strangers, textures, tones, variety, warps
from advnets.measures.defects.defect import Defect, each
from advnets.measures.defects.originals import CLUSTERS, Originals

VERSION = 1
"""Counted up when a defect or a measure changes: figures that were kept before are not used again."""

OTHERS = "other_images"
"""The defect that needs images of another table."""

_PER_CLUSTER = 20


def _colorless(originals: Originals) -> str:
    return "" if originals.colored else "the images have no colors"


def _classless(originals: Originals) -> str:
    return "" if originals.classes > 1 else "the images have no classes"


def _few(originals: Originals) -> str:
    fewest = CLUSTERS * _PER_CLUSTER
    return "" if len(originals.pool) >= fewest else f"fewer than {fewest} images have no clusters"


def _small(originals: Originals) -> str:
    return "" if min(originals.shape[1:]) >= 2 * strangers.TILES else "the images are too small"


def _alone(originals: Originals) -> str:
    return "" if originals.others is not None else "no images of another table are at hand"


def _quarter(originals: Originals) -> float:
    return min(originals.shape[1:]) / 4


def _half_of_classes(originals: Originals) -> float:
    return originals.classes / 2


def _half(originals: Originals) -> float:
    return math.sqrt(originals.count)


_SHARES = (0.02, 0.05, 0.1, 0.25)

DEFECTS: dict[str, Defect] = {
    "blur": Defect("a blur of sigma {}", "sharpness", 0, (0.3, 0.4, 0.5, 0.7, 1, 2), each(textures.blur)),
    "noise": Defect("noise of {} of white", "noise", 0, (0.02, 0.05, 0.1, 0.2), each(tones.noise), "share"),
    "shift": Defect("a shift by {} pixel{s}", "place", 0, (1, 2, 4), each(warps.shift), most=_quarter),
    OTHERS: Defect(
        "{} of images of another table", "strangers", 0, _SHARES,
        strangers.some("others", strangers.other_images), "share", why_not=_alone,
    ),
    "scrambled_images": Defect(
        "{} of scrambled images", "strangers", 0, _SHARES,
        strangers.some("scrambled", strangers.scrambled_images), "share", why_not=_small,
    ),
    "classes_missing": Defect(
        "{} class{es} missing", "kinds", 0, (1, 2, 5),
        variety.classes_missing, why_not=_classless, most=_half_of_classes,
    ),
    "repeated": Defect("each image {} time{s}", "copies", 1, (2, 5, 10), variety.repeated, log=True, most=_half),
    "jpeg": Defect("JPEG of quality {}", "marks", 100, (90, 70, 50, 30, 10), each(textures.jpeg), "whole"),
    "contrast": Defect("{} less contrast", "tones", 0, (0.1, 0.25, 0.5), each(tones.contrast), "share"),
    "rotation": Defect("a rotation by {} degree{s}", "place", 0, (5, 10, 20, 45), each(warps.rotation)),
    "elastic": Defect("an elastic warp of {} pixel{s}", "place", 0, (0.5, 1, 2), each(warps.elastic)),
    "zoom": Defect("a zoom by {}", "place", 0, (0.05, 0.1, 0.25), each(warps.zoom), "share"),
    "shear": Defect("a shear of {}", "place", 0, (0.1, 0.25, 0.5), each(warps.shear)),
    "mirrored": Defect("{} of the images mirrored", "place", 0, (0.1, 0.25, 0.5, 1), warps.mirrored, "share"),
    "salt_and_pepper": Defect(
        "salt and pepper in {} of the pixels", "noise", 0, (0.005, 0.02, 0.05, 0.2),
        each(tones.salt_and_pepper), "share",
    ),
    "checkerboard": Defect(
        "a checkerboard of {} of white", "marks", 0, (0.02, 0.05, 0.1, 0.2), each(textures.checkerboard), "share",
    ),
    "blocks": Defect(
        "blocks of {} pixel{s}", "sharpness", 1, (2, 3, 4), each(textures.blocks), log=True, most=_quarter,
    ),
    "patch": Defect("a gray patch over {}", "marks", 0, (0.01, 0.05, 0.1, 0.25), each(textures.patch), "share"),
    "threshold": Defect("{} of black and white", "tones", 0, (0.25, 0.5, 1), each(tones.threshold), "share"),
    "gray_levels": Defect("{} gray levels", "tones", 256, (16, 8, 4, 3), each(tones.gray_levels), "whole", log=True),
    "brightness": Defect("{} brighter", "tones", 0, (0.02, 0.05, 0.1, 0.2), each(tones.brightness), "share"),
    "gamma": Defect("a gamma of {}", "tones", 1, (1.2, 1.5, 2, 3), each(tones.gamma), log=True),
    "cast": Defect(
        "a color cast of {} of white", "colors", 0, (0.02, 0.05, 0.1, 0.2),
        each(colors.cast), "share", why_not=_colorless,
    ),
    "hue": Defect(
        "a hue turned by {} degree{s}", "colors", 0, (10, 30, 60, 120), each(colors.hue), why_not=_colorless,
    ),
    "desaturation": Defect(
        "{} less color", "colors", 0, (0.25, 0.5, 1), each(colors.desaturation), "share", why_not=_colorless,
    ),
    "channel_swap": Defect(
        "red and blue exchanged in {}", "colors", 0, (0.1, 0.25, 0.5, 1),
        colors.channel_swap, "share", why_not=_colorless,
    ),
    "noise_images": Defect(
        "{} of images of noise", "strangers", 0, _SHARES, strangers.some("noise", strangers.noise_images), "share",
    ),
    "blends": Defect(
        "{} of blends of two images", "strangers", 0, (0.05, 0.1, 0.25, 1),
        strangers.some("blends", strangers.blends), "share",
    ),
    "ghosts": Defect(
        "another image shining through at {}", "strangers", 0, (0.05, 0.1, 0.25), strangers.ghosts, "share",
    ),
    "uneven_classes": Defect(
        "a class {} times rarer than another", "kinds", 1, (2, 5, 10),
        variety.uneven_classes, why_not=_classless, log=True,
    ),
    "clusters_missing": Defect(
        "{} of 10 clusters missing", "kinds", 0, (1, 2, 5), variety.clusters_missing, why_not=_few,
    ),
    "copies_of_few": Defect(
        "{} copies of a hundredth of the images", "copies", 0, (0.1, 0.25, 0.5, 0.75), variety.copies_of_few, "share",
    ),
    "memorized": Defect(
        "{} of images that it was trained on", "copies", 0, (0.1, 0.25, 0.5, 1),
        strangers.some("memorized", strangers.memorized), "share",
    ),
}  # fmt: skip
"""The defects, the more telling ones first: a sentence takes the first of each family."""
