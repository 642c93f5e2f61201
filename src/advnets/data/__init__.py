"""Images in: any source becomes an `ImageTable`."""

from advnets.data.open import open_table
from advnets.data.table import ImageTable, Skipped

__all__ = ["ImageTable", "Skipped", "open_table"]
