"""Search for the settings of a recipe: many trials of it, each a run of its own, by a measure."""
