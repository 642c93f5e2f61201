"""The reference page of recipes says what the fields say."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_as_its_script_writes_it() -> None:
    text = (ROOT / "docs" / "reference" / "recipes.md").read_text("utf-8")
    assert runpy.run_path(str(ROOT / "tools" / "recipe_page.py"))["page"](text) == text
