"""The `nuts` engine: the same declarations in PyMC."""
