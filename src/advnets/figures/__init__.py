"""Pictures from arrays: sample grids, neighbors, interpolations, curves. Nothing here knows of nets."""

from advnets.figures.files import save, save_each, step_of
from advnets.figures.grid import grid, interpolation, neighbors
from advnets.figures.plots import courses, curves, intervals, looks, scatter

__all__ = [
    "courses",
    "curves",
    "grid",
    "interpolation",
    "intervals",
    "looks",
    "neighbors",
    "save",
    "save_each",
    "scatter",
    "step_of",
]
