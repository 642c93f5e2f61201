"""Trackers of experiments beside TensorBoard: each is told what a training logs, and is left where it fails."""
