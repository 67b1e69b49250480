"""What is so in a world of the study of what is said: of every sentence whether it holds, and of whom it would hold."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from calibra.calibration import Calibration
from calibra.chapters.thresholds.advice_words import LOOSEN, TIGHTEN
from calibra.reading.flags import FEWEST_JUDGMENTS
from calibra.reading.means import concordance, mean_of_others, rep_shares
from calibra.stats.margin import MARGIN_ODDS, MARGIN_RATIO, log_odds_gap
from studies.sentence_worlds import DAYS, LAST_DAY, N_CENSUS, PROMISES, RANKS, World, days_of

type Floats = NDArray[np.float64]

MARGIN = float(np.log(MARGIN_ODDS))
WINDOW = 0.01
"""The probability at a cut is the mean over this share of the prospects on either side."""
NOTHING_AUC = 0.05
"""Ranks tell nothing where the area lies this near one half."""


class Truth:
    """What is so of the reps of a fit, by brute force from a census.

    The mix of ranks and the counts are those of the fit, for the sentences are about them.
    """

    def __init__(self, world: World, calibration: Calibration) -> None:
        fit = calibration.ranks[DAYS]
        self.world = world
        self.calibration = calibration
        self.reps = fit.reps
        self.place = [world.names.index(rep) for rep in fit.reps]
        """Index in the world of each rep of the fit."""
        self.n, self.mix = np.asarray(fit.n), np.asarray(fit.rank_mix)
        self.answered = fit.n_answered.sum(axis=1)

    @cached_property
    def laws(self) -> list[tuple[Floats, Floats]]:
        """Law of the days of each rep."""
        return [days_of(self.world.reps, rep) for rep in self.place]

    @cached_property
    def within(self) -> Floats:
        """Of what comes, the share that does so within the horizon and before any exit, (rep,)."""
        return np.array([(on * still)[:DAYS].sum() for on, still in self.laws])

    @cached_property
    def comes(self) -> Floats:
        """Probability that the event ever comes, exits apart, (rep, rank)."""
        rows = []
        for rep in self.place:
            census = self.world.census[rep]
            n = np.bincount(census.rank, minlength=len(RANKS))
            total = np.bincount(census.rank, census.comes, minlength=len(RANKS))
            rows.append(np.where(n > 0, total / np.maximum(n, 1), census.comes.mean()))
        return np.array(rows)

    @cached_property
    def prob(self) -> Floats:
        """P(event within the horizon | rank), (rep, rank)."""
        return np.asarray(self.comes * self.within[:, None])

    def others(self, values: Floats) -> Floats:
        """Mean over the other reps with judgments enough."""
        return np.asarray(mean_of_others(values[None], self.answered, least=FEWEST_JUDGMENTS)[0])

    @cached_property
    def gap(self) -> Floats:
        """Log-odds of each rep's outcomes at the mix less the others', (rep,)."""
        return log_odds_gap(self.prob @ self.mix, self.others(self.prob) @ self.mix)

    @cached_property
    def cell_gap(self) -> Floats:
        """The same at each rank, (rep, rank)."""
        return log_odds_gap(self.prob, self.others(self.prob))

    @cached_property
    def auc(self) -> Floats:
        """Of two prospects, how often the better rank is on the right one, (rep,)."""
        return concordance(self.prob, self.mix)

    @cached_property
    def sharper(self) -> Floats:
        """Log-odds of that share less the others', (rep,)."""
        return log_odds_gap(self.auc, self.others(self.auc[:, None])[:, 0])

    @cached_property
    def as_meant(self) -> Floats:
        """Log-odds of what comes of a rep's own judgments at ranks that promise something, less what is promised."""
        promised = np.array(list(PROMISES.values()))
        n = self.n[:, : len(promised)]
        share = n / np.maximum(n.sum(axis=1, keepdims=True), 1.0)
        return log_odds_gap((share * self.prob[:, : len(promised)]).sum(axis=1), share @ promised)

    @cached_property
    def all_reps(self) -> Floats:
        """P(event | rank) of all reps, by counts, (rank,)."""
        return np.asarray(np.einsum("rk,rk->k", self.prob, rep_shares(self.n)))

    def within_reps(self, better: int, worse: int, *, kept: NDArray[np.bool_] | None = None, odds: bool) -> float:
        """By how much one rank lies above another at the same reps, in probability or log-odds."""
        n = self.n if kept is None else np.where(kept[:, None], self.n, 0.0)
        shares = rep_shares(n[:, better] * n[:, worse] / np.maximum(n[:, better] + n[:, worse], 1.0))
        value = log_odds_gap(self.prob, 0.5) if odds else self.prob
        return float((value[:, better] - value[:, worse]) @ shares)

    # lines ------------------------------------------------------------------------------------------------------------

    def average(self, i: int, upper: float, lower: float) -> float:
        """Probability of what a rep sees between two shares from the top; at the edge where nothing lies between."""
        comes, first, last = self.world.census[self.place[i]].comes, int(upper * N_CENSUS), int(lower * N_CENSUS)
        if last - first < 20:
            return self.bar(i, lower)
        return float(comes[first:last].mean() * self.within[i])

    def bar(self, i: int, share: float) -> float:
        """Probability at the edge of the strongest such share."""
        comes, at, half = self.world.census[self.place[i]].comes, int(share * N_CENSUS), int(WINDOW * N_CENSUS)
        return float(comes[max(at - half, 0) : at + half + 1].mean() * self.within[i])

    def aim(self, i: int, upper: float, promise: float) -> float:
        """The share down to which the average below `upper` keeps a promise."""
        first = int(upper * N_CENSUS)
        comes = self.world.census[self.place[i]].comes[first:] * self.within[i]
        if comes.size < 50:
            return 1.0
        kept = np.flatnonzero((np.cumsum(comes) / np.arange(1, comes.size + 1))[40:] >= promise)
        return (first + kept[-1] + 41) / N_CENSUS if kept.size else upper

    @cached_property
    def today(self) -> Floats:
        """Share of each rep's prospects called a rank or better, (rep, boundary)."""
        counts = [np.bincount(self.world.census[rep].rank, minlength=len(RANKS)) for rep in self.place]
        return np.cumsum(np.array(counts) / N_CENSUS, axis=1)[:, :-1]

    @cached_property
    def advised(self) -> dict[tuple[str, str], tuple[float, float, float]]:
        """Of each rep and rank of the advice: log-odds of what it brings less the promise, aim, share left above."""
        rows: dict[tuple[str, str], tuple[float, float, float]] = {}
        advice = self.calibration.thresholds.advice
        table = [] if advice is None else advice.table.to_dict("records")
        upper = dict.fromkeys(self.reps, 0.0)
        for row in sorted(table, key=lambda row: RANKS.index(row["rank"])):
            rep, rank, i = row["rep"], row["rank"], self.reps.index(row["rep"])
            k = RANKS.index(rank)
            today, promise = max(float(self.today[i, k]), upper[rep]), PROMISES[rank]
            aim = self.aim(i, upper[rep], promise)
            off = float(log_odds_gap(self.average(i, upper[rep], today), promise))
            rows[rep, rank] = (off, aim, upper[rep])
            moves = row["verdict"] in (TIGHTEN, LOOSEN) and np.isfinite(row["share_target"])
            upper[rep] = aim if moves else today
        return rows

    @cached_property
    def bar_gap(self) -> Floats:
        """Log-odds of each rep's bars, at the counts beside them, less the others', (rep,)."""
        n = self.calibration.thresholds.fits[DAYS].n.sum(axis=0)
        weight = (n[:-1] + n[1:]) / (n[:-1] + n[1:]).sum()
        bars = np.array([[self.bar(i, share) for share in shares] for i, shares in enumerate(self.today)]) @ weight
        return log_odds_gap(bars, self.others(bars[:, None])[:, 0])

    # days -------------------------------------------------------------------------------------------------------------

    @cached_property
    def last_day(self) -> int:
        """The last edge of the lead-time fit."""
        return int(self.calibration.lead_times.last_edge_days)

    def _medians(self, *, seen: bool) -> Floats:
        """Median days of each rep after that of all reps, (1 + rep,), at the ranks' shares of the events counted."""
        curves = np.array([np.cumsum(on * still if seen else on)[: self.last_day] for on, still in self.laws])
        fit = self.calibration.lead_times
        events = fit.cells.exposure.events
        share = events.sum(axis=(0, *range(2, events.ndim))).astype(float)
        n = np.asarray(fit.n, dtype=float)
        every = np.einsum("rk,rk,rt->kt", n, self.comes, curves)
        together = (share / share.sum()) @ (every / every[:, -1:])
        return np.array([_day_of(curve / curve[-1]) for curve in (together, *curves)])

    @cached_property
    def tempo(self) -> Floats:
        """Log of the ratio of medians to all reps', hazards alone and as seen, (2, rep)."""
        medians = np.stack([self._medians(seen=False), self._medians(seen=True)])
        return np.asarray(np.log(medians[:, 1:] / medians[:, :1]))

    @cached_property
    def median_by_rank(self) -> Floats:
        """Median days as seen of all reps, by rank."""
        curves = np.array([np.cumsum(on * still)[: self.last_day] for on, still in self.laws])
        every = np.einsum("rk,rk,rt->kt", np.asarray(self.calibration.lead_times.n, dtype=float), self.comes, curves)
        return np.array([_day_of(curve / curve[-1]) for curve in every])

    @cached_property
    def exits(self) -> Floats:
        """Log of the ratio of exit rates up to the last edge to all reps', (rep,)."""
        left = np.array([still[min(self.last_day, LAST_DAY - 1)] for _, still in self.laws])
        n = np.asarray(self.calibration.lead_times.n, dtype=float).sum(axis=1)
        rates = -np.log(np.maximum(np.array([*left, left @ n / n.sum()]), 1e-300))
        return np.asarray(np.log(rates[:-1] / rates[-1]))

    def is_chased(self, rep: str, rank: str, age: int, worth: float) -> bool:
        """Whether so old a prospect truly has less than half of a fresh one's chance, and less than is worth it."""
        i, k = self.reps.index(rep), RANKS.index(rank)
        on, still = self.laws[i]

        def chance(days: int) -> float:
            came = (on * still)[days : days + DAYS].sum() * self.comes[i, k]
            return float(came / (still[days] * (1.0 - self.comes[i, k] * on[:days].sum())))

        return chance(age) < min(0.5 * chance(0), worth)


TEMPO_MARGIN = float(np.log(MARGIN_RATIO))


def _day_of(curve: Floats) -> float:
    """Day by which half has come, counting the whole of a day as its middle to its end."""
    at = int(np.searchsorted(curve, 0.5))
    before = curve[at - 1] if at else 0.0
    return float(at + 0.5 + (0.5 - before) / (curve[at] - before))
