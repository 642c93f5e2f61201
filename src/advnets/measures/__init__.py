"""Numbers about a generator: pure functions of arrays, each with its error and with what it cannot tell."""

from advnets.measures.neighbors import nearest
from advnets.measures.parzen import CAVEAT, Parzen, parzen
from advnets.measures.total_variation import TotalVariation, total_variation

__all__ = ["CAVEAT", "Parzen", "TotalVariation", "nearest", "parzen", "total_variation"]
