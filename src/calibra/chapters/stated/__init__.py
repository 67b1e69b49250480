"""Reps who state a percentage: what it means, per rep."""
