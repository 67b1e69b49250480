"""Joint ratings: the same prospects, ranked by several reps."""
