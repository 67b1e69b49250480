"""What a reliability curve is made of: its cases, its bins, its bands, each as a table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.stats.forecasts.cells import Floats
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

ASSUMED = {"smooth": "is smooth", "windows": "never falls", "honest": "never falls", "resampling": "never falls"}
"""What each confidence band takes the true curve to be; "exact" takes it to be nothing."""


class _Columns:
    """Equally long arrays that can be shown as a table."""

    __slots__ = ()

    @property
    def table(self) -> pd.DataFrame:
        """The arrays side by side."""
        return make_table({field.name: getattr(self, field.name) for field in fields(self)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class CurveCases(_Columns):
    """One row per group and distinct forecast."""

    __repr__ = brief

    group: NDArray[np.str_]
    """Group label."""
    prob: Floats
    """Forecast probability, ascending within the group."""
    n: NDArray[np.int64]
    """Forecasts of this value."""
    rate: Floats
    """Share of events among them (weighted where weights were given)."""
    recalibrated: Floats
    """The curve: probability after recalibration."""


@dataclass(frozen=True, slots=True, eq=False)
class CurveBins(_Columns):
    """One row per group and bin; the bins of "corp" are the stretches on which the curve is flat."""

    __repr__ = brief

    group: NDArray[np.str_]
    """Group label."""
    prob_min: Floats
    """Smallest forecast in the bin."""
    prob_max: Floats
    """Greatest forecast in the bin."""
    prob_mean: Floats
    """Mean forecast in the bin (weighted)."""
    n: NDArray[np.int64]
    """Forecasts in the bin."""
    rate: Floats
    """Share of events in the bin (weighted)."""


@dataclass(frozen=True, slots=True, eq=False)
class BandEdges(_Columns):
    """One row per group and forecast of a band's grid."""

    __repr__ = brief

    group: NDArray[np.str_]
    """Group label."""
    prob: Floats
    """Forecast, ascending within the group."""
    lower: Floats
    """Lower end."""
    upper: Floats
    """Upper end."""


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationBand:
    """A band with its name, its level and how it was made."""

    __repr__ = brief

    kind: str
    """"consistency" (around the diagonal: where would the curve of calibrated forecasts lie) or "confidence"
    (around the curve: where may the true curve be)."""
    method: str
    """"exact", "simulation", "smooth", "windows", "honest" or "resampling"."""
    coverage: str
    """"pointwise" (each forecast apart) or "simultaneous" (the whole curve at once)."""
    interval_prob: float
    """Level, in (0, 1)."""
    approximate: bool
    """Whether the level only holds about: smooth, resampling, weights, simulated merged cells, or binned forecasts."""
    edges: BandEdges
    """The ends, per group on a grid of forecasts."""

    @property
    def label(self) -> str:
        """Name, level, method and what is assumed in a few words, as a legend needs them."""
        about = "about " if self.approximate else ""
        assumed = ASSUMED.get(self.method)
        more = f"; assumes that the true curve {assumed}" if assumed else ""
        return f"{about}{self.interval_prob:.0%} {self.kind} band ({self.method}, {self.coverage}{more})"

    @property
    def table(self) -> pd.DataFrame:
        """The ends as a table."""
        return self.edges.table
