"""What a figure is worth: real images damaged in known ways, by doses, and what the measures say of them.

`DEFECTS["blur"].damaged(originals, 0.5)` damages a set of any table's images, `measured` takes the measures of every
defect at every dose, once, and `equivalent_doses` finds those at which a measure says what it said of a generator.

**A defect of your own is one function** of originals and a dose, and one entry of `DEFECTS`.
"""

from advnets.measures.defects.catalog import DEFECTS, VERSION
from advnets.measures.defects.defect import Defect
from advnets.measures.defects.equivalents import differs, equivalent_doses, sentence_of, together
from advnets.measures.defects.kept import Figure
from advnets.measures.defects.measured import Measured, measured
from advnets.measures.defects.originals import Originals, parted

__all__ = [
    "DEFECTS",
    "VERSION",
    "Defect",
    "Figure",
    "Measured",
    "Originals",
    "differs",
    "equivalent_doses",
    "measured",
    "parted",
    "sentence_of",
    "together",
]
