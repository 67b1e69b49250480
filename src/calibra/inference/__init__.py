"""Declarations of multilevel models on cells, and the engines that turn them into draws."""
