"""The version of calibra."""

__version__ = "0.1.0"
