"""Facts: the scale, the judgments and their counts. The only floor that knows narwhals and DuckDB."""
