"""Would it have been right? Fits of what was known on earlier days, held against what came of later judgments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.advice import recommend_thresholds
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.errors import InputError, NotEnoughDataError, check_kind
from calibra.inference.engines import Engine
from calibra.tables import make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

FEW, SOME = 30, 100
"""Reps are told apart by mature judgments at the cut date: below 30, 30 to 99, 100 and more."""
SIZES = (f"fewer than {FEW}", f"{FEW} to {SOME - 1}", f"{SOME} and more")
METHODS = ("pooled by rep (rank model)", "pooled by rep (thresholds)", "raw rates", "complete pooling", "bare ratio")
_FURTHEST = 0.999  # a bare ratio above one promises certainty


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """Predictions at each cut date against what came of the judgments made after it."""

    columns: Mapping[str, NDArray[Any]]
    """One entry per cut date, rep and rank with later judgments: counts at the cut, counts later, predictions."""
    advice: Mapping[str, NDArray[Any]]
    """One entry per cut date, rep and boundary: verdict then, and what the better rank delivered later."""
    within_days: int
    """Horizon."""

    @property
    def table(self) -> "pd.DataFrame":
        """Per method and size of rep: log score, Brier score and expected over observed events.

        `log_score` and `brier` are means per later judgment (smaller is better); `log_score_excess` is the difference
        from the rank model with `excess_se`, its standard error from sums per cut date and rep.
        """
        rows: dict[str, list[object]] = {
            name: []
            for name in (
                "method",
                "judgments_at_cut",
                "log_score",
                "log_score_excess",
                "excess_se",
                "brier",
                "expected_over_observed",
                "n_reps",
                "n",
                "events",
            )
        }
        n_then = self.columns["n_rep_then"]
        sizes = [n_then >= 0, n_then < FEW, (n_then >= FEW) & (n_then < SOME), n_then >= SOME]
        for label, chosen in zip(("all", *SIZES), sizes, strict=True):
            if chosen.any():
                for method in METHODS:
                    for name, value in _score_row(self.columns, chosen, method).items():
                        rows[name].append(value)
                    rows["method"].append(method)
                    rows["judgments_at_cut"].append(label)
        return make_table({name: np.array(values) for name, values in rows.items()})

    @property
    def advice_table(self) -> "pd.DataFrame":
        """Per verdict, best rank: how many, what the rank promised, and what later judgments in it delivered."""
        best = self.advice["is_best"]
        verdicts = sorted(set(self.advice["verdict"][best].tolist()))
        rows = []
        for verdict in verdicts:
            at = best & (self.advice["verdict"] == verdict)
            later = [float(self.advice[name][at].sum()) for name in ("n_later", "events_later")]
            rows.append((verdict, int(at.sum()), *later, float(self.advice["promise"][at].mean())))
        n = np.array([row[2] for row in rows])
        return make_table(
            {
                "verdict": [row[0] for row in rows],
                "advised": [row[1] for row in rows],
                "n_later": n,
                "delivered_later": np.array([row[3] for row in rows]) / np.maximum(n, 1.0),
                "promised": [row[4] for row in rows],
            }
        )


def backtest(
    judgments: Judgments,
    cut_dates: Sequence[date],
    *,
    seed: int,
    within_days: int | None = None,
    engine: Engine = "auto",
    draws: int = 1000,
) -> Backtest:
    """Would the predictions and the advice have been right?

    On each cut date the models see `judgments.at(date)`. What they say is held against the judgments made after it (and
    not after the next cut date) that are mature by the snapshot date. Rivals see the same counts: raw rates per rep and
    rank ((events + ½)/(n + 1); the rank's rate over all reps where the rep has none), complete pooling (the rank's rate
    over all reps), and the bare ratio (promise × the rep's events over promised events; all reps' ratio for a rep with
    none). Reps who appear only later are left out of the comparison: nobody has a prediction of their own for them.

    Parameters
    ----------
    judgments : Judgments
        Rows, not ready-made counts.
    cut_dates : sequence of date
        Increasing; at least one horizon before the snapshot date.
    seed : int
        Same seed, same numbers.
    within_days : int, optional
        Horizon; default the scale's only one.

    Raises
    ------
    InputError
        Dates that do not increase or leave no mature later judgments; a scale without promises for every rank.
    NotEnoughDataError
        Nobody was mature on a cut date.
    """
    check_kind(judgments, "judgments", Judgments)
    horizon = judgments.scale.resolve_horizon(within_days)
    ends = _check_dates(judgments, cut_dates, horizon)
    promises = _promises(judgments.scale)
    cells, advice = [], []
    for index, (cut, end) in enumerate(zip(cut_dates, ends, strict=True)):
        past = judgments.at(cut)
        rank_fit = RankModel(within_days=horizon).fit(
            past, seed=seed + index, engine=engine, draws=draws, progress=False
        )
        fit = ThresholdModel(within_days=horizon).fit(
            past, seed=seed + index, engine=engine, draws=draws, progress=False
        )
        n, events = _made_between(judgments, cut, end, horizon, fit.reps)
        predicted = {
            METHODS[0]: rank_fit.probability_draws().mean(axis=0),
            METHODS[1]: fit.probability_draws().mean(axis=0),
            **_rivals(fit.n, fit.events, promises),
        }
        cells.append(_cell_columns(cut, fit.reps, fit.ranks, fit.n, n, events, predicted))
        table = recommend_thresholds(fit).columns
        best = table["rank"] == fit.ranks[0]
        at = np.array([fit.ranks.index(rank) for rank in table["rank"]])
        of = np.array([fit.reps.index(rep) for rep in table["rep"]])
        advice.append(
            {
                "cut": np.full(len(at), str(cut), dtype=object),
                "rep": table["rep"],
                "rank": table["rank"],
                "verdict": table["verdict"],
                "is_best": best,
                "n_later": n[of, at],
                "events_later": events[of, at],
                "promise": promises[at],
            }
        )
    joined = [{name: np.concatenate([part[name] for part in parts]) for name in parts[0]} for parts in (cells, advice)]
    return Backtest(joined[0], joined[1], horizon)


def _check_dates(judgments: Judgments, cut_dates: Sequence[date], horizon: int) -> list[date]:
    """The last day of each cut date's later judgments."""
    if not isinstance(cut_dates, Sequence) or not all(isinstance(cut, date) for cut in cut_dates):
        raise InputError(f"`cut_dates` must be a list of dates, such as [date(2026, 6, 30)]; got {cut_dates!r}.")
    if judgments.as_of is None or not cut_dates:
        raise InputError("`cut_dates` must hold at least one date, and `judgments` rows (Judgments.from_frame).")
    last = judgments.as_of - timedelta(days=horizon)
    ends = [*cut_dates[1:], last]
    wrong = [str(cut) for cut, end in zip(cut_dates, ends, strict=True) if cut >= end]
    if wrong:
        raise InputError(
            f"`cut_dates` must increase and lie before {last}, so that later judgments are mature by "
            f"{judgments.as_of}; found {len(wrong)} that do not ({', '.join(wrong[:3])})."
        )
    return ends


def _promises(scale: RankScale) -> Floats:
    missing = [rank for rank in scale.ranks if rank not in scale.promises]
    if missing:
        raise InputError(f"the bare ratio needs a promise for every rank; missing: {', '.join(missing[:3])}.")
    return np.array([scale.promises[rank].prob for rank in scale.ranks])


def _made_between(
    judgments: Judgments, cut: date, end: date, horizon: int, reps: tuple[str, ...]
) -> tuple[Floats, Floats]:
    """Mature judgments made after `cut` and up to `end`, and their events."""
    later = judgments.at(end + timedelta(days=horizon)).binomial_cells(within_days=horizon)
    try:
        before = judgments.at(cut + timedelta(days=horizon)).binomial_cells(within_days=horizon)
    except NotEnoughDataError:
        return _of_reps(later, later.n, reps), _of_reps(later, later.events, reps)
    n = _of_reps(later, later.n, reps) - _of_reps(before, before.n, reps)
    return n, _of_reps(later, later.events, reps) - _of_reps(before, before.events, reps)


def _of_reps(cells: BinomialCells, values: NDArray[np.int64], reps: tuple[str, ...]) -> Floats:
    index = {rep: i for i, rep in enumerate(cells.reps)}
    rows = [values[index[rep]] if rep in index else np.zeros(values.shape[1]) for rep in reps]
    return np.array(rows, dtype=float)


def _rivals(n: Floats, events: Floats, promises: Floats) -> dict[str, Floats]:
    """What simpler ways predict, (rep, rank) each."""
    pooled = (events.sum(axis=0) + 0.5) / (n.sum(axis=0) + 1.0)
    raw = np.where(n > 0, (events + 0.5) / (n + 1.0), pooled)
    promised = (n * promises).sum(axis=1)
    overall = events.sum() / max(float(promised.sum()), 1e-12)
    ratio = np.where(promised > 0, events.sum(axis=1) / np.maximum(promised, 1e-12), overall)
    bare = np.clip(ratio[:, None] * promises, 1.0 - _FURTHEST, _FURTHEST)
    return {"raw rates": raw, "complete pooling": np.broadcast_to(pooled, n.shape), "bare ratio": bare}


def _cell_columns(
    cut: date,
    reps: tuple[str, ...],
    ranks: tuple[str, ...],
    n_then: Floats,
    n: Floats,
    events: Floats,
    predicted: Mapping[str, Floats],
) -> dict[str, NDArray[Any]]:
    rep, rank = np.nonzero(n > 0)
    return {
        "cut": np.full(rep.size, str(cut), dtype=object),
        "rep": np.array(reps, dtype=object)[rep],
        "rank": np.array(ranks, dtype=object)[rank],
        "n_then": n_then[rep, rank],
        "n_rep_then": n_then.sum(axis=1)[rep],
        "n": n[rep, rank],
        "events": events[rep, rank],
        **{name: prob[rep, rank] for name, prob in predicted.items()},
    }


def _score_row(columns: Mapping[str, NDArray[Any]], chosen: NDArray[np.bool_], method: str) -> dict[str, object]:
    n, events = columns["n"][chosen], columns["events"][chosen]
    prob = columns[method][chosen]
    score, reference = _log_loss(prob, n, events), _log_loss(columns[METHODS[0]][chosen], n, events)
    keys = [f"{cut} {rep}" for cut, rep in zip(columns["cut"][chosen], columns["rep"][chosen], strict=True)]
    _, of = np.unique(keys, return_inverse=True)
    excess = np.bincount(of, score - reference)
    brier = events * (1.0 - prob) ** 2 + (n - events) * prob**2
    return {
        "log_score": score.sum() / n.sum(),
        "log_score_excess": excess.sum() / n.sum(),
        "excess_se": np.sqrt(len(excess)) * excess.std(ddof=1) / n.sum() if len(excess) > 1 else np.nan,
        "brier": brier.sum() / n.sum(),
        "expected_over_observed": (n * prob).sum() / max(events.sum(), 1.0),
        "n_reps": len(set(columns["rep"][chosen].tolist())),
        "n": int(n.sum()),
        "events": int(events.sum()),
    }


def _log_loss(prob: Floats, n: Floats, events: Floats) -> Floats:
    return np.asarray(-(events * np.log(prob) + (n - events) * np.log1p(-prob)))
