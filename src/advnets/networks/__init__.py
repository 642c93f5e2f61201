"""Generators and discriminators: plain torch modules that know nothing of costs."""
