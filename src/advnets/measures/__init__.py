"""Numbers about a generator: pure functions of arrays, each with its error and with what it cannot tell."""

from advnets.measures.measurement import Measurement
from advnets.measures.neighbors import nearest
from advnets.measures.parzen import CAVEAT, parzen
from advnets.measures.total_variation import total_variation

__all__ = ["CAVEAT", "Measurement", "nearest", "parzen", "total_variation"]
