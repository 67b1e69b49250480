"""Whom to contact this week? Open prospects by name, with the chance of the next days, and the same after a wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import open_judgments
from calibra.data.scale import check_days
from calibra.errors import InputError, check_kind
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed

if TYPE_CHECKING:
    import pandas as pd


def prospects_to_contact(
    judgments: Judgments, lead_fit: LeadTimeFit, *, wait_days: int = 30, interval_prob: float = INTERVAL_PROB
) -> pd.DataFrame:
    """Which open prospects are likeliest to move now, and what changes if they wait?

    The chance of an event within the next days is that of the rep, the rank and the age; after a wait it is that of a
    prospect still open then. It describes the prospects as they are worked now: it is not what a call would bring.

    Parameters
    ----------
    judgments : Judgments
        With rows: those of the fit, or a newer snapshot. A rep the fit does not know is read as all reps.
    lead_fit : LeadTimeFit
        The fit.
    wait_days : int
        Length of the wait, and of the days that chances are of.
    interval_prob : float
        Level of the interval.

    Returns
    -------
    pandas.DataFrame
        Highest chance first: `prospect`, `rep`, `rank`, `judged_at`, `age_days`; `chance` with `lower`, `upper`;
        `chance_after_wait`; `change_points`, the one less the other. Those of whom so much is not followed are left
        out; `attrs["n_unknown"]` counts them.

    Raises
    ------
    InputError
        Ready-made counts, which name nobody; judgments of other ranks.
    """
    check_kind(judgments, "judgments", Judgments)
    check_kind(lead_fit, "lead_fit", LeadTimeFit)
    check_days(wait_days, "wait_days")
    if judgments.scale.ranks != lead_fit.ranks:
        raise InputError(f"`judgments` must be of the ranks of the fit ({', '.join(lead_fit.ranks)}).")
    opened = open_judgments(judgments)
    followed = opened.age_days + 2 * wait_days <= lead_fit.last_edge_days
    place = {rep: i + 1 for i, rep in enumerate(lead_fit.reps)}
    row = np.array([place.get(rep, 0) for rep in opened.rep[followed]], dtype=np.int64)
    rank = np.array([lead_fit.ranks.index(label) for label in opened.rank[followed]], dtype=np.int64)
    age = opened.age_days[followed]
    found = np.zeros((4, age.size))
    days = np.unique(np.concatenate([age, age + wait_days, age + 2 * wait_days]))
    for rows, curves in lead_fit.draws.with_all_reps(days + 0.5):
        own = np.flatnonzero((row >= rows.start) & (row < rows.stop))
        for some in np.array_split(own, max(1, own.size // 500)):
            at = (slice(None), row[some] - rows.start, rank[some])
            now, then, later = (np.searchsorted(days, age[some] + step * wait_days) for step in range(3))
            event = [curves.event[(*at, moment)] for moment in (now, then, later)]
            still = [np.maximum(curves.open[(*at, moment)], 1e-300) for moment in (now, then)]
            ends = equal_tailed((event[1] - event[0]) / still[0], interval_prob=interval_prob)
            found[:, some] = [*ends, ((event[2] - event[1]) / still[1]).mean(axis=0)]
    order = np.argsort(-found[0], kind="stable")
    names = ("prospect", "rep", "rank", "judged_at", "age_days")
    columns = {name: getattr(opened, name)[followed][order] for name in names}
    columns["judged_at"] = columns["judged_at"].astype("datetime64[s]")
    for name, values in zip(("chance", "lower", "upper", "chance_after_wait"), found, strict=True):
        columns[name] = values[order]
    columns["change_points"] = 100.0 * (columns["chance_after_wait"] - columns["chance"])
    settings = {"wait_days": wait_days, "n_unknown": int((~followed).sum())}
    return lead_fit.table(columns, interval_prob, **settings)
