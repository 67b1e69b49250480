"""The `laplace` engine: nested Laplace, corrected by importance inside and out."""
