"""What a figure is worth: real images damaged in known ways, by doses.

`DEFECTS["blur"].damaged(originals, 0.5)` damages a set of any table's images.

**A defect of your own is one function** of originals and a dose, and one entry of `DEFECTS`.
"""

from advnets.measures.defects.catalog import DEFECTS, VERSION
from advnets.measures.defects.defect import Defect
from advnets.measures.defects.originals import Originals, parted

__all__ = ["DEFECTS", "VERSION", "Defect", "Originals", "parted"]
