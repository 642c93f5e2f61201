"""Playing the game: the iteration, the loop, and what is kept of it."""
