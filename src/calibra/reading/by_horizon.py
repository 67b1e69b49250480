"""Horizon to result: a mapping that says which horizons there are when asked for another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from calibra.errors import HorizonError

if TYPE_CHECKING:
    import pandas as pd


class ByHorizon[Result](dict[int | None, Result]):
    """Horizon in days to result, shortest first; a miss names the horizons that are there."""

    def __missing__(self, days: object) -> NoReturn:
        """Say which horizons there are; `get` and `in` ask without that."""
        there = ", ".join(map(str, self)) or "none"
        raise HorizonError(
            f"A horizon that was fitted was expected: {there}; got {days!r}. Take one of these, or fit it too: read "
            "the judgments with `horizons=[...]`, and calibrate anew."
        )


def stack(name: str, tables: Mapping[int | None, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of all horizons under one name, told apart by `within_days`; nothing where there is none."""
    import pandas as pd

    if not tables:
        return {}
    dated = [table.assign(within_days=days)[["within_days", *table.columns]] for days, table in tables.items()]
    return {name: pd.concat(dated)}


def file_name(what: str, within_days: int | None) -> str:
    """Name of a file of one horizon."""
    return what if within_days is None else f"{what}-{within_days}"
