"""Declarations of multilevel models, read by every engine."""
