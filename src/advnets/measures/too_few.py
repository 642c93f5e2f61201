"""Too few images for a measure: said of the set that is too small, in words of whoever gave it."""

from __future__ import annotations

from advnets.errors import MeasureError


class TooFewError(MeasureError):
    """Fewer images than a measure can use.

    Args:
        name: what they are called: "samples", "real", or as an argument is.
        count: how many there are.
        minimum: how many are needed.
    """

    def __init__(self, name: str, count: int, minimum: int) -> None:
        super().__init__(f"{name}: {count:,} images", f"give at least {minimum:,}")
        self.name, self.minimum = name, minimum

    def told(self, samples: int, real: int, whose: str) -> MeasureError:
        """The same of a set as it was given: a measure of equal counts may have seen no more than the other one has.

        Args:
            samples: how many there are.
            real: how many real images there are.
            whose: in words, what has so many real images of what kind: "photos has 3 test images".
        """
        if self.name not in ("samples", "real"):
            return self
        if samples < self.minimum and (self.name == "samples" or real >= self.minimum):
            return MeasureError(f"{samples:,} samples, {self.minimum:,} are needed", "give or draw more of them")
        return not_enough(whose, self.minimum)


def not_enough(whose: str, minimum: int) -> MeasureError:
    """Of real images, in words: "photos has 3 test images"."""
    return MeasureError(f"{whose}, {minimum:,} are needed", "measure against others with --real, or use more data")
