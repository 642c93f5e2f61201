"""Claims that the paper makes in its text, tried."""
