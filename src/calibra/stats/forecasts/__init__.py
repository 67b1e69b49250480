"""Forecasts of a yes/no outcome: reliability, scores, tests."""
