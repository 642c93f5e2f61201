"""A training on disk: its directory, its checkpoints, its networks, its samples."""
