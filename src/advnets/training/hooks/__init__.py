"""What is done after a step: log, pictures, measures, the watch, checkpoints."""
