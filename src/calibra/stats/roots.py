"""Roots of many increasing functions at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NEWTON_STEPS, _STEPS = 40, 110  # bisection alone after 40 steps: 70 halvings end any bracket below 1e-12


def solve_increasing(
    function: Callable[[Floats, NDArray[np.intp]], tuple[Floats, Floats]],
    *,
    lower: Floats,
    upper: Floats,
    start: Floats,
    tolerance: float = 1e-13,
) -> Floats:
    """Where does each function cross zero? Newton's method, kept inside a shrinking bracket, else bisection.

    Parameters
    ----------
    function : callable
        Takes points and their indices into the flat arrays, returns values (increasing in the point) and slopes.
    lower, upper, start : array of float, shape (n,)
        Brackets that hold the roots, and first guesses.
    tolerance : float
        Step, relative to 1 + |x|, below which a root is found.
    """
    lower, upper = lower.copy(), upper.copy()
    root = np.clip(start, lower, upper)
    open_ = np.arange(root.size)
    for step in range(_STEPS):
        x = root[open_]
        value, slope = function(x, open_)
        below = value < 0.0
        lower[open_] = np.where(below, x, lower[open_])
        upper[open_] = np.where(below, upper[open_], x)
        low, high = lower[open_], upper[open_]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = x - value / slope
        inside = (newton >= low) & (newton <= high) & (step < _NEWTON_STEPS)
        following = np.where(inside, newton, 0.5 * (low + high))
        root[open_] = following
        open_ = open_[np.abs(following - x) > tolerance * (1.0 + np.abs(x))]
        if open_.size == 0:
            break
    return root
