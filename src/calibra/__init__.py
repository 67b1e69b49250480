"""calibra."""
