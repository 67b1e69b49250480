"""Advice and styles of every kind, for what the chapter of thresholds says of them."""

from functools import cache

import numpy as np

from calibra.chapters.thresholds.advice import ThresholdAdvice, recommend_thresholds
from calibra.chapters.thresholds.style import (
    CANNOT_TELL,
    CAUTIOUS,
    READS_TOO_MUCH,
    STARTS_HIGHER,
    STARTS_LOWER,
    RepStyles,
)
from calibra.data.counting.weekly import RecentCounts
from calibra.data.scale import Promise
from tests.chapters.thresholds.worlds import A7_CUTS, A7_D, fit_of, scale_with

TOO_LOOSE, TOO_STRICT = A7_CUTS, (2.2, 0.5, -0.4, -1.1)
"""Cuts of a rep who calls too many and too few prospects A, where A promises 0.6."""
MISFIT = {"n": (300,) * 5, "events": (170, 60, 20, 60, 150)}
"""Counts that no shift of normal signals gives back."""


def late(*counts_of_rep: tuple[int, ...]) -> RecentCounts:
    """Recent judgments of ranks A to E, a rep each."""
    reps = tuple(f"rep {i}" for i in range(len(counts_of_rep)))
    return RecentCounts(reps, tuple("ABCDE"), np.array(counts_of_rep), np.full(len(reps), 13))


@cache
def advices() -> dict[str, ThresholdAdvice]:
    """Name to advice of each kind."""
    two = fit_of([0.25, 0.25], A7_D, [TOO_LOOSE, TOO_STRICT])
    low, high = scale_with({"A": 0.7}), scale_with({"A": 0.35})
    mixed = scale_with({"A": 0.6, "B": Promise(0.35, within_days=180)})
    blind = {"base_rate": 0.4, "cutpoints": (1.0, 0.3, -0.3, -1.0)}
    return {
        "moves": recommend_thresholds(two),
        "moves from recent shares": recommend_thresholds(two, recent=late((10, 10, 20, 10, 10), (1, 10, 20, 20, 10))),
        "moved already": recommend_thresholds(two, recent=late((14, 26, 80, 40, 40), (35, 20, 75, 35, 35))),
        "tighten without an aim": recommend_thresholds(fit_of(0.31, A7_D, A7_CUTS, scale=low, **MISFIT)),
        "tighten without an aim, recent": recommend_thresholds(
            fit_of(0.31, A7_D, A7_CUTS, scale=low, **MISFIT), recent=late((20, 10, 10, 10, 10))
        ),
        "loosen without an aim": recommend_thresholds(fit_of(0.31, A7_D, A7_CUTS, scale=high, **MISFIT)),
        "keep": recommend_thresholds(fit_of(0.25, A7_D, A7_CUTS, scale=scale_with({"A": 0.53}))),
        "out of reach": recommend_thresholds(fit_of(0.25, A7_D, A7_CUTS, scale=scale_with({"A": 0.95, "B": 0.9}))),
        "cannot tell": recommend_thresholds(fit_of(0.25, A7_D, (1.45, 0.3, -0.4, -1.1), spread=0.3)),
        "leaning to tighten": recommend_thresholds(fit_of(0.25, A7_D, (1.1, 0.3, -0.4, -1.1), spread=0.15)),
        "leaning to loosen": recommend_thresholds(fit_of(0.25, A7_D, (2.5, 0.3, -0.4, -1.1), spread=0.15)),
        "leaning to keep": recommend_thresholds(
            fit_of(0.25, A7_D, A7_CUTS, spread=0.15, scale=scale_with({"A": 0.53}))
        ),
        "met by all": recommend_thresholds(fit_of(0.9, 0.5, (1.5, 0.6, 0.0, -0.5), scale=scale_with({"A": 0.8}))),
        "few keep it": recommend_thresholds(fit_of(0.25, A7_D, A7_CUTS, spread=0.1, scale=scale_with({"A": 0.77}))),
        "tells nothing": recommend_thresholds(fit_of(discrimination=0.0, **blind)),
        "the wrong way": recommend_thresholds(fit_of(discrimination=-0.6, **blind)),
        "all reps' bars": recommend_thresholds(two, target="all reps"),
        "two horizons": recommend_thresholds(
            {
                90: fit_of(0.25, 0.0, A7_CUTS, scale=mixed),
                180: fit_of(0.35, A7_D, A7_CUTS, scale=mixed, within_days=180),
            }
        ),
    }


def styles(*said: str, gaps: tuple[float, ...] = (-7.0, 9.0, -12.0, 3.0, 0.5)) -> RepStyles:
    """Styles of a few reps."""
    words = np.array(said or (STARTS_LOWER, STARTS_HIGHER, READS_TOO_MUCH, CAUTIOUS, CANNOT_TELL), dtype=object)
    n, gap = len(words), np.array(gaps[: len(words)])
    prob = np.where(words == CANNOT_TELL, np.nan, 0.95)
    half = np.full(n, 0.5)
    return RepStyles(
        reps=tuple(f"rep {i}" for i in range(n)),
        bar_gap_points=gap,
        lower=gap - 2.0,
        upper=gap + 3.0,
        prob_lower=half,
        prob_higher=half,
        prob_within=half,
        prob_reads_too_much=half,
        prob_cautious=half,
        style=words,
        prob_style=prob,
        n=np.full(n, 1234),
        margin_odds=1.25,
        interval_prob=0.9,
        engine="laplace",
    )
