"""What a person sees: plots, tables for reading, the report."""
