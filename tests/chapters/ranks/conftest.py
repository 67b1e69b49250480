"""Fits whose labels nobody should have to fear."""

from tests.hostile import hostile as hostile, hostile_fit as hostile_fit, wide_fit as wide_fit
