"""Horizon to result: a mapping that says which horizons there are when asked for another."""

from __future__ import annotations

from typing import NoReturn

from calibra.errors import HorizonError


class ByHorizon[Result](dict[int | None, Result]):
    """Horizon in days to result, shortest first; a miss names the horizons that are there."""

    def __missing__(self, days: object) -> NoReturn:
        """Say which horizons there are; `get` and `in` ask without that."""
        there = ", ".join(map(str, self)) or "none"
        raise HorizonError(
            f"A horizon that was fitted was expected: {there}; got {days!r}. Take one of these, or fit it too: read "
            "the judgments with `horizons=[...]`, and calibrate anew."
        )
