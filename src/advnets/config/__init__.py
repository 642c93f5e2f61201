"""What a training is described by: frozen dataclasses that import nothing of the rest."""
