"""Judgments for the models' tests."""

import numpy as np
import pandas as pd

from calibra.data.judgments import Judgments
from calibra.data.scale import Promise, RankScale


def scale_of(*ranks: str) -> RankScale:
    """A scale that promises falling probabilities within 90 days."""
    probs = np.linspace(0.7, 0.1, len(ranks)) if len(ranks) > 1 else [0.5]
    return RankScale(ranks, {rank: Promise(float(p), within_days=90) for rank, p in zip(ranks, probs, strict=True)})


def counts(n, events, *, reps=None, scale=None) -> Judgments:
    """Ready-made counts from arrays (rep, rank)."""
    n, events = np.atleast_2d(n), np.atleast_2d(events)
    scale = scale or scale_of(*"ABCDEFGHIJ"[: n.shape[1]])
    reps = reps or [f"rep {i:02d}" for i in range(len(n))]
    frame = pd.DataFrame({
        "rep": np.repeat(np.array(reps, dtype=object), n.shape[1]), "rank": np.tile(scale.ranks, len(n)),
        "n": n.ravel(), "events": events.ravel(),
    })  # fmt: skip
    return Judgments.from_counts(frame, scale=scale, within_days=90)
