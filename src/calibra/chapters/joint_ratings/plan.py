"""How many prospects have to be shared before a difference shows?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr

from calibra.errors import check_whole, check_within
from calibra.reading.flags import FLAG_PROB
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

SIZES = (5, 8, 10, 12, 15, 20, 25, 30, 40, 60, 80, 120)
"""Numbers of shared prospects that are tried."""
N_MEETINGS = 4_000
"""Simulated meetings a size."""
_GRADES = (0.15, 0.35, 0.6, 0.85)
"""Shares of a rank or better with which the other bars of five ranks are drawn."""


def plan_joint_rating(
    *, n_reps: int = 6, difference_points: float = 10.0, share: float = 0.35, reliability: float = 0.5, seed: int = 0
) -> pd.DataFrame:
    """How many shared prospects show that a rep calls so many more of 100 A, or B or better, than the others?

    Simulated meetings: one rep's bars lie lower than the others', who are alike; each rank counts as its normal score,
    and the rep is compared with the mean of the others prospect by prospect.

    Parameters
    ----------
    n_reps : int
        Reps who rank every prospect.
    difference_points : float
        True difference in the share of a rank or better, rep less others, in points.
    share : float
        What that share is with the others; 0.35 is A and B of the usual five ranks together.
    reliability : float
        Correlation of what two reps read of the same prospects.
    seed : int
        Same seed, same table.

    Returns
    -------
    pandas.DataFrame
        `n_prospects`; `chance_to_see`, share of meetings in which it is 90 % sure on which side the rep lies, and that
        is the right one; `wrong_sign`, the same of the wrong one.

    Examples
    --------
    >>> plan = plan_joint_rating(difference_points=20)
    >>> int(plan.query("chance_to_see >= 0.8")["n_prospects"].iloc[0]) <= 15
    True
    """
    check_whole(n_reps, "n_reps", 2, mend="A joint rating needs two reps.")
    check_within(share, "share", 0, 1, ends="()", mend="Write 35 % as 0.35.")
    check_within(reliability, "reliability", 0, 1, ends="()", mend="0.5 is usual.")
    most = 100.0 * (1.0 - share)
    check_within(difference_points, "difference_points", 0, most, ends="()", mend="Give points, such as 10.")
    rng = np.random.default_rng(seed)
    cuts = -ndtri(np.array(_GRADES))  # of a reading whose variance over the pool is 1
    lower = float(ndtri(share + difference_points / 100.0) - ndtri(share))
    rows = [_seen(rng, n, n_reps, cuts, lower, reliability) for n in SIZES]
    columns = {"n_prospects": np.array(SIZES), "chance_to_see": np.array([right for right, _ in rows])}
    return make_table(columns | {"wrong_sign": np.array([wrong for _, wrong in rows])})


def _seen(
    rng: np.random.Generator, n: int, n_reps: int, cuts: Floats, lower: float, reliability: float
) -> tuple[float, float]:
    """Share of meetings in which the side is known and right, and known and wrong."""
    quality = rng.normal(0.0, np.sqrt(reliability), (N_MEETINGS, n, 1))
    reading = quality + rng.normal(0.0, np.sqrt(1.0 - reliability), (N_MEETINGS, n, n_reps))
    reading[:, :, 0] += lower
    edges = np.concatenate([[-np.inf], np.sort(cuts), [np.inf]])
    density = np.exp(-0.5 * edges**2) / np.sqrt(2.0 * np.pi)
    below = np.array([0.0, *(1.0 - np.array(_GRADES))[::-1], 1.0])
    score = (density[:-1] - density[1:]) / np.diff(below)
    given = score[np.searchsorted(np.sort(cuts), reading)]
    apart = given[:, :, 0] - given[:, :, 1:].mean(axis=2)
    error = apart.std(axis=1, ddof=1) / np.sqrt(n)
    sure = stdtr(n - 1.0, apart.mean(axis=1) / np.maximum(error, 1e-12))
    return float((sure >= FLAG_PROB).mean()), float((sure <= 1.0 - FLAG_PROB).mean())
