"""The seven inputs of the goldens: the demo's world, and six that leave something out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import calibra as cb
from calibra.data.counting.judgments import Judgments

RANKS = ["A", "B", "C"]
PROMISES = {"A": cb.Promise(0.5, within_days=60), "B": cb.Promise(0.3, within_days=90)}
SCALE = cb.RankScale(RANKS, PROMISES)


def demo() -> tuple[Judgments, Any]:
    """Twenty reps and 6,000 prospects, as `calibra demo` simulates them."""
    return _read(cb.simulate_judgments(seed=1))


def late_entry() -> tuple[Judgments, Any]:
    """Prospects judged in the first 150 days came under observation later (`entered_at`)."""
    return _read(_small(observed_from="2026-05-03"))


def one_rep() -> tuple[Judgments, Any]:
    """Nobody to compare with."""
    return _read(_small(n_reps=1))


def one_rank() -> tuple[Judgments, Any]:
    """No thresholds."""
    return _read(_small(scale=cb.RankScale(["A"], {"A": cb.Promise(0.3, within_days=90)})))


def nothing_promised() -> tuple[Judgments, Any]:
    """No promises; exits have kinds, some handed back, and a few rows are set aside."""
    world = _small(scale=cb.RankScale(RANKS))
    frame = world.frame.copy()
    ended = frame["exit_at"].notna()
    kinds = np.where(np.arange(len(frame)) % 3 == 0, "disqualified", "handed back")
    frame["how"] = np.where(ended, kinds, None)
    back = ended & (kinds == "handed back") & (np.arange(len(frame)) % 4 == 0)
    frame.loc[back, "event_at"] = frame.loc[back, "exit_at"] + pd.Timedelta(days=20)
    frame.loc[frame["event_at"] > pd.Timestamp(world.as_of), "event_at"] = pd.NaT
    frame.loc[frame.index[:3], "rank"] = "S"
    columns = {**world.columns, "exit_kind": "how"}
    judgments = Judgments.from_frame(
        frame, scale=world.scale, as_of=world.as_of, columns=columns, horizons=[60], problems="set_aside"
    )
    return judgments, frame


def counts_only() -> tuple[Judgments, Any]:
    """Ready-made counts without dates, one rep in two spellings; the prospects to score have dates."""
    _, frame = _read(_small())
    frame = frame.copy()
    frame.loc[frame.index[::20], "rep"] = frame["rep"].str.lower()
    counts = (
        frame.assign(n=1, events=frame["event_at"].notna().astype(int))
        .groupby(["rep", "rank"], as_index=False)[["n", "events"]]
        .sum()
    )
    return Judgments.from_counts(counts, scale=cb.RankScale(RANKS, {"A": cb.Promise(0.5, within_days=90)})), frame


def all_young() -> tuple[Judgments, Any]:
    """No judgment is as old as the days that are promised."""
    return _read(_small(n_prospects=900, span_days=50))


WORLDS: dict[str, Callable[[], tuple[Judgments, Any]]] = {
    make.__name__: make for make in (demo, late_entry, one_rep, one_rank, nothing_promised, counts_only, all_young)
}
"""Name of an input to what makes its judgments, and the prospects to score."""


def _small(**changed: Any) -> cb.SimulatedWorld:
    settings = {"seed": 3, "n_reps": 3, "n_prospects": 600, "scale": SCALE, "span_days": 300}
    return cb.simulate_judgments(**(settings | changed))


def _read(world: cb.SimulatedWorld) -> tuple[Judgments, Any]:
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    return judgments, world.frame
