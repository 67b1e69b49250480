"""Judgments for the lead-time model's tests, from whole days and endings."""

import numpy as np
import pandas as pd

from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale

AS_OF = pd.Timestamp("2026-09-30")
EVENT, EXIT, OPEN = 1, 2, 3


def scale_of(*ranks: str, within_days: int = 60) -> RankScale:
    """A scale whose first rank promises something."""
    return RankScale(ranks, {ranks[0]: Promise(0.5, within_days=within_days)})


def judgments_of(days, ending, *, rep="Abe", rank="A", age_days=None, scale=None, exits=True, **more) -> Judgments:
    """Judgments followed for whole days and ended so; open ones are that old at `AS_OF`, the others a day older."""
    days, ending = np.asarray(days), np.asarray(ending)
    age = np.where(ending == OPEN, days, days + 1) if age_days is None else np.broadcast_to(age_days, days.shape)
    judged = AS_OF - pd.to_timedelta(age, unit="D")
    ended = judged + pd.to_timedelta(days, unit="D")
    columns = {
        "prospect": [f"p{i:05d}" for i in range(days.size)], "rep": np.broadcast_to(rep, days.shape),
        "rank": np.broadcast_to(rank, days.shape), "judged_at": judged,
        "event_at": pd.Series(ended).where(ending == EVENT),
    }  # fmt: skip
    if exits:
        columns["exit_at"] = pd.Series(ended).where(ending == EXIT)
    frame = pd.DataFrame(columns | more)
    scale = scale or scale_of(*sorted(set(np.atleast_1d(rank))))
    roles = {name: name for name in frame.columns}
    return Judgments.from_frame(frame, scale=scale, as_of=AS_OF, columns=roles, check_duplicates=False)


def competing(n: int, *, seed: int, event_days=80.0, exit_days=150.0, follow_days=200.0):
    """Whole days and endings of exponential clocks, censored at ages even up to `follow_days`."""
    rng = np.random.default_rng(seed)
    clock = rng.random(n)
    event = np.floor(clock + rng.exponential(event_days, n))
    exit_ = np.floor(clock + rng.exponential(exit_days, n)) if np.isfinite(exit_days) else np.full(n, np.inf)
    age = np.floor(rng.uniform(1, follow_days, n))
    days = np.minimum(np.minimum(event, exit_), age)
    ending = np.select([event <= np.minimum(exit_, age), exit_ <= age], [EVENT, EXIT], OPEN)
    return days.astype(int), ending
