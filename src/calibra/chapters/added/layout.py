"""Which ways of reading a judgment are compared, and what their curves and contrasts are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.heaps import heaped_bins
from calibra.data.counting.signal_cells import SignalCells
from calibra.data.frames.roles import MACHINE_PROB, STATED_PROB
from calibra.inference.declare.cells import PopulationTerm
from calibra.inference.declare.priors import Pooled
from calibra.reading.cells import residual_basis

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

BASE, RANK, STATED, BOTH = "base", "rank", "stated", "both"
"""Ways of reading: the machine's score alone (or nothing), with the rank, with the stated percentage, with both."""
KNOT_PARTS = 6
"""Parts of all judgments, each of which has a knot where a curve may leave its line."""
COMMON_SHARE = 0.05
"""Share of the judgments from which on a rank is common enough to be named."""
END_SHARE = 0.1
"""Share of the statements that lie beyond what is called a low and a high percentage."""


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """Where a curve may leave its line: it runs straight between knots and keeps its distance beyond the last."""

    knots: Floats
    """Log-odds of the knots, increasing, (knot,)."""
    basis: Floats
    """Orthonormal basis of what no line can say, (knot, coefficient); no coefficient with fewer than three knots."""

    def design(self, log_odds: Floats) -> Floats:
        """What every coefficient adds at these log-odds, (…, coefficient)."""
        weights = np.stack([np.interp(log_odds, self.knots, row) for row in np.eye(len(self.knots))], axis=-1)
        return np.asarray(weights @ self.basis)

    def term(self, name: str, log_odds: Floats, prior: Pooled) -> list[PopulationTerm]:
        """The term of the bend, if there is one."""
        labels = tuple(str(i + 1) for i in range(self.basis.shape[1]))
        return [PopulationTerm(name, f"{name}_shape", labels, self.design(log_odds), prior)] if labels else []


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What is compared on these cells."""

    readings: tuple[str, ...]
    """Ways of reading, that which reads most last."""
    machine: Bend | None
    """Bend of the machine's score, where there is one."""
    stated: Bend | None
    """Bend of the stated percentage, where it is compared."""
    mean_machine: float
    """Mean log-odds of the machine's scores."""
    mean_stated: float
    """Mean log-odds of what is stated."""
    contrasts: Floats
    """Differences between ranks, orthonormal, (rank, used rank − 1); 0 for a rank that nobody uses."""
    steps: Floats
    """Steps of the ranks, the best highest, of mean 0 and standard deviation 1 over the judgments, (rank,)."""
    rank_ends: tuple[int, int]
    """The best and the worst rank that are common."""
    stated_ends: tuple[float, float]
    """A low and a high stated probability: a tenth of the statements lies beyond each."""


def layout_of(cells: SignalCells) -> Layout:
    """What these cells let compare."""
    machine, stated = (_bend(cells, role) if role in cells.mean else None for role in (MACHINE_PROB, STATED_PROB))
    n_by_rank = np.bincount(cells.rank.ravel(), cells.n.ravel(), minlength=len(cells.ranks))
    used = np.flatnonzero(n_by_rank > 0)
    ranked = [RANK] if len(used) > 1 else []
    readings = (BASE, *ranked, *([STATED] if stated else []), *([BOTH] if stated and ranked else []))
    contrasts = np.zeros((len(cells.ranks), len(used) - 1))
    contrasts[used] = _contrasts(len(used))
    steps = -np.arange(len(cells.ranks), dtype=float)
    mean = np.average(steps, weights=n_by_rank)
    spread = np.sqrt(np.average((steps - mean) ** 2, weights=n_by_rank)) or 1.0
    common = np.flatnonzero(n_by_rank >= COMMON_SHARE * n_by_rank.sum())
    ends = (int(common[0]), int(common[-1])) if len(common) > 1 else (int(used[0]), int(used[-1]))
    mean_machine, mean_stated = (_mean(cells, role) for role in (MACHINE_PROB, STATED_PROB))
    low_high = _low_high(cells) if stated else (0.5, 0.5)
    return Layout(
        readings, machine, stated, mean_machine, mean_stated, contrasts, (steps - mean) / spread, ends, low_high
    )


def _contrasts(n: int) -> Floats:
    """Orthonormal basis of the differences between n things, (n, n − 1)."""
    full = np.linalg.qr(np.concatenate([np.ones((n, 1)), np.eye(n)], axis=1))[0]
    return np.asarray(full[:, 1:n])


def _mean(cells: SignalCells, role: str) -> float:
    return float(np.average(cells.log_odds(role), weights=cells.n)) if role in cells.mean else 0.0


def _bend(cells: SignalCells, role: str) -> Bend:
    """Knots at the means of bins of about equally many judgments; heaps have one of their own."""
    log_odds, place = np.unique(np.round(cells.log_odds(role), 6), return_inverse=True)
    n = np.bincount(place.ravel(), cells.n.ravel())
    kept = n > 0
    bins = heaped_bins(n[kept], parts=KNOT_PARTS)
    knots = np.bincount(bins, (n * log_odds)[kept]) / np.bincount(bins, n[kept])
    return Bend(knots, residual_basis(knots) if len(knots) > 2 else np.zeros((len(knots), 0)))


def _low_high(cells: SignalCells) -> tuple[float, float]:
    order = np.argsort(cells.mean[STATED_PROB], axis=None)
    stated, n = cells.mean[STATED_PROB].ravel()[order], cells.n.ravel()[order]
    below = np.cumsum(n) / n.sum()
    low, high = (stated[min(int(np.searchsorted(below, at)), len(below) - 1)] for at in (END_SHARE, 1.0 - END_SHARE))
    return _round(float(low)), _round(float(high))


def _round(stated: float) -> float:
    """To a tenth, as people state it; to a hundredth near 0 and 1."""
    return round(stated, 1 if 0.1 <= stated <= 0.9 else 2)
