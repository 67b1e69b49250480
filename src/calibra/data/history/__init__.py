"""Logs of rank changes, cut into spells, and the judgments they hold."""
