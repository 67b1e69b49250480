"""Pure mathematics on arrays: numpy and scipy only."""
