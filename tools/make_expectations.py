"""Cut the pictures of docs/how-to/what-to-expect.md out of those that races have drawn.

    python benchmarks/quality/race.py emoji --seconds 60,600,3600 --pictures FOLDER
    python tools/make_expectations.py FOLDER

Eight columns of sixteen, as they were drawn: nothing is picked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent.parent / "docs" / "pictures"
PICTURES = {
    "emoji": {"images": (60, 600, 3600), "dcgan": (60, 600, 3600)},
    "fashion-mnist": {"images": (60, 600), "dcgan": (60, 600)},
}
"""Sets whose samples may be shown, the recipes, and the processor seconds of each picture."""


def main() -> None:
    """Cut and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the races' pictures")
    folder = parser.parse_args().folder
    for data, recipes in PICTURES.items():
        for recipe, moments in recipes.items():
            for moment in moments:
                with Image.open(folder / f"{data}-{recipe}-0-{moment}.png") as whole:
                    half = whole.crop((0, 0, (whole.width + 2) // 2, whole.height))
                half.save(HERE / f"expect-{data}-{recipe}-{moment}.png", optimize=True)


if __name__ == "__main__":
    main()
