"""Data in: any source becomes a `Table`."""

from advnets.data.open import open_table
from advnets.data.open_data import open_again, open_data
from advnets.data.points import PointTable
from advnets.data.survey import Survey, survey
from advnets.data.table import (
    HELD_OUT,
    ImageTable,
    Skipped,
    Table,
    class_counts,
    describe,
    holds_images,
    labels_of,
)
from advnets.data.toys import open_points
from advnets.data.vectors import is_vectors, open_vectors

__all__ = [
    "HELD_OUT",
    "ImageTable",
    "PointTable",
    "Skipped",
    "Survey",
    "Table",
    "class_counts",
    "describe",
    "holds_images",
    "is_vectors",
    "labels_of",
    "open_again",
    "open_data",
    "open_points",
    "open_table",
    "open_vectors",
    "survey",
]
