"""Pictures from arrays: sample grids, neighbors, interpolations, curves. Nothing here knows of nets."""

from advnets.figures.grid import grid, interpolation, neighbors
from advnets.figures.labels import MOST_ROWS, by_class, can_name, walks_by_class
from advnets.figures.lines import Line, Panel, panels
from advnets.figures.plots import curves, intervals, looks, measurements, scatter
from advnets.figures.png import save, save_each, step_of
from advnets.figures.samples import save_samples
from advnets.figures.scores import score_names

__all__ = [
    "MOST_ROWS",
    "Line",
    "Panel",
    "by_class",
    "can_name",
    "curves",
    "grid",
    "interpolation",
    "intervals",
    "looks",
    "measurements",
    "neighbors",
    "panels",
    "save",
    "save_each",
    "save_samples",
    "scatter",
    "score_names",
    "step_of",
    "walks_by_class",
]
