"""Data in: any source becomes a `Table`."""

from advnets.data.open import open_table
from advnets.data.open_data import open_again, open_data
from advnets.data.table import ImageTable, Skipped, Table, class_counts, describe, holds_images, in_order_of, labels_of
from advnets.data.toys import PointTable, open_points

__all__ = [
    "ImageTable",
    "PointTable",
    "Skipped",
    "Table",
    "class_counts",
    "describe",
    "holds_images",
    "in_order_of",
    "labels_of",
    "open_again",
    "open_data",
    "open_points",
    "open_table",
]
