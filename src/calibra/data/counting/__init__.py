"""Rows counted once, checked on the counts, and what came of it: judgments."""
