"""Pictures from arrays: sample grids, neighbors, interpolations, curves. Nothing here knows of nets."""

from advnets.figures.files import save
from advnets.figures.grid import grid, interpolation, neighbors
from advnets.figures.plots import curves, scatter

__all__ = ["curves", "grid", "interpolation", "neighbors", "save", "scatter"]
