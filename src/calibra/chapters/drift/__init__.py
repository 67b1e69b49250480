"""Has a reading changed? Two reps, two periods or two groups, compared."""
