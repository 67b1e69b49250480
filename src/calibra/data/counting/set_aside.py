"""Rows left out of the counts: why, how many and of whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calibra.data.counting.problems import REASONS
from calibra.tables import make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class RowFault:
    """One problem, as it was found."""

    reason: int
    """A key of REASONS."""
    per_rep: Mapping[str, int]
    """Rep to number of rows."""
    examples: tuple[str, ...]
    """Its first rows, in words."""
    message: str
    """Expected, found, how many, the first three, how to mend it."""


@dataclass(frozen=True, slots=True, eq=False)
class SetAside:
    """Which rows were left out of the counts, why, and of whom?"""

    findings: tuple[RowFault, ...] = ()
    """One per reason, in order of precedence."""

    @property
    def n_rows(self) -> int:
        """How many rows were left out."""
        return sum(self.by_reason.values())

    @property
    def by_reason(self) -> dict[str, int]:
        """Reason to number of rows."""
        return {REASONS[found.reason].name: sum(found.per_rep.values()) for found in self.findings}

    @property
    def examples(self) -> dict[str, tuple[str, ...]]:
        """Reason to its first rows, in words."""
        return {REASONS[found.reason].name: found.examples for found in self.findings}

    @property
    def table(self) -> pd.DataFrame:
        """One row per reason and rep: reason, rep, n."""
        rows = [(REASONS[found.reason].name, rep, n) for found in self.findings for rep, n in found.per_rep.items()]
        reasons, reps, n = zip(*rows, strict=True) if rows else ((), (), ())
        return make_table({"reason": list(reasons), "rep": list(reps), "n": np.array(n, dtype=np.int64)})

    @property
    def heading(self) -> str:
        """How many rows, and why, on one line."""
        if not self.n_rows:
            return "No row was set aside"
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in self.by_reason.items())
        return f"{counted(self.n_rows, 'row')} {'was' if self.n_rows == 1 else 'were'} set aside: {reasons}"

    def __str__(self) -> str:
        """All of it, to be read."""
        return "\n".join([f"{self.heading}.", *(f"- {found.message}" for found in self.findings)])
