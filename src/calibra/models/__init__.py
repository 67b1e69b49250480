"""One file per model: its cells, its terms, and how its posterior is read."""
