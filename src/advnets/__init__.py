"""Adversarial nets (Goodfellow et al., 2014) as real software."""
