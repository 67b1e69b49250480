"""Judgments for the models' tests."""

import numpy as np
import pandas as pd

from calibra.data.counting.judgments import Judgments
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


def grouped(n, events, *, ranks, reps=None, **groups) -> Judgments:
    """Judgments of arrays (rep, rank, *group), with the labels of each group; 90 days, all followed for 200."""
    n, events = np.asarray(n), np.asarray(events)
    places = np.nonzero(n > 0)
    labels = {
        "rep": np.array(list(reps or [f"rep {i:02d}" for i in range(len(n))]), dtype=object)[places[0]],
        "rank": np.array(list(ranks), dtype=object)[places[1]],
    }
    labels |= {
        name: np.array(list(labels_of), dtype=object)[at]
        for (name, labels_of), at in zip(groups.items(), places[2:], strict=True)
    }
    both = {name: np.concatenate([column, column]) for name, column in labels.items()}
    end = np.repeat([[10, 1], [200, 3]], len(places[0]), axis=0)  # event on day 10, or open on day 200
    counted = np.concatenate([events[places], (n - events)[places]])
    frame = pd.DataFrame(both | {"days": end[:, 0], "ending": end[:, 1], "maturity": 1, "n": counted})
    scale = scale_of(*ranks)
    roles = {name: name for name in frame}
    return Judgments.from_cells(frame[frame["n"] > 0], scale=scale, as_of="2026-01-01", horizons=[90], columns=roles)
