"""What a generator is for: files that draw without a training's directory, and elsewhere."""
