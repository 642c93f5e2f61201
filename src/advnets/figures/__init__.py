"""Pictures from arrays: sample grids, neighbors, interpolations, curves. Nothing here knows of nets."""

from advnets.figures.completions import completions
from advnets.figures.files import ENDINGS, check_channels, check_picture, save, save_one, shows, step_of
from advnets.figures.grid import grid, interpolation, neighbors
from advnets.figures.labels import MOST_ROWS, by_class, can_name, walks_by_class
from advnets.figures.lines import Line, Panel, panels
from advnets.figures.page import Listing, Section, Strip, Tile, page
from advnets.figures.plots import curves, intervals, looks, measurements, scatter
from advnets.figures.samples import save_samples, side_by_side
from advnets.figures.scores import score_names

__all__ = [
    "ENDINGS",
    "MOST_ROWS",
    "Line",
    "Listing",
    "Panel",
    "Section",
    "Strip",
    "Tile",
    "by_class",
    "can_name",
    "check_channels",
    "check_picture",
    "completions",
    "curves",
    "grid",
    "interpolation",
    "intervals",
    "looks",
    "measurements",
    "neighbors",
    "page",
    "panels",
    "save",
    "save_one",
    "save_samples",
    "scatter",
    "score_names",
    "shows",
    "side_by_side",
    "step_of",
    "walks_by_class",
]
