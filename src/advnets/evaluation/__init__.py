"""What a generator is worth: measured, compared, reported."""
