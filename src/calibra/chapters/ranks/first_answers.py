"""When can a probability be shown that cannot be shown yet?"""

from datetime import date, timedelta

import numpy as np

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.weekly import WEEK_DAYS
from calibra.errors import InputError
from calibra.reading.flags import FEWEST_SHOWN
from calibra.reading.means import ALL_REPS


def first_answers(judgments: Judgments, within_days: int | None) -> dict[tuple[str, str], date]:
    """When will enough judgments be old enough? By rep (all reps too) and rank, where they are not yet but are made.

    The day by which the fifth judgment will be as old as the horizon; of a week the last day counts. Empty where no
    days are known.
    """
    try:
        weeks = judgments.weekly_counts()
    except InputError:  # ready-made counts
        return {}
    if within_days is None:
        return {}
    found = {}
    rep_of = np.array([*weeks.reps, ALL_REPS], dtype=object)
    shape = (len(rep_of), len(weeks.ranks), int(weeks.weeks_ago.max(initial=0)) + 1)
    made = np.zeros(shape, dtype=np.int64)
    np.add.at(made, (weeks.rep, weeks.rank, weeks.weeks_ago), weeks.n)
    made[-1] = made[:-1].sum(axis=0)
    by_age = made[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]  # judgments of that week or an older one
    for rep, rank in zip(*np.nonzero(by_age[:, :, 0] >= FEWEST_SHOWN), strict=True):
        week = int(np.nonzero(by_age[rep, rank] >= FEWEST_SHOWN)[0].max())
        day = weeks.as_of + timedelta(days=within_days - WEEK_DAYS * week)
        if day > weeks.as_of:
            found[str(rep_of[rep]), weeks.ranks[rank]] = day
    return found
