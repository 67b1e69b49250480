"""Joint ratings, fitted: each rep's ranks on one pool, agreement, the prospects, and what is behind daily work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from calibra.chapters.joint_ratings.daily import daily_columns
from calibra.data.history.joint_ratings import NOT_RATED, JointRatings
from calibra.inference.declare.ordinal import OrdinalModel, cutpoints
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.flags import CANNOT_TELL, FEWEST_SHOWN, FLAG_PROB, check_flag_prob
from calibra.reading.means import ALL_REPS
from calibra.reading.rows import flat_columns, resting_table
from calibra.stats.agreement import Coefficient, Weights, measure_agreement
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS, log_odds_gap, odds_beyond
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

    from calibra.data.counting.judgments import Judgments

type Floats = NDArray[np.float64]

MORE, FEWER, IN_LINE = "more", "fewer", "in line"
"""What is found of a rep: gives the rank to more of the same prospects than the others, to fewer, as they do."""
_SURE = 1.2816
"""Standard normal quantile of the probability from which a finding is uttered."""
_MOST_MORE = 500
"""More prospects than that are no plan for a meeting."""


@dataclass(frozen=True, slots=True, eq=False)
class JointRatingFit:
    """Whose A is whose B, on the same prospects.

    Everything is read on one pool, that of prospects such as those shared: of so many of 100 the rep would call A.
    """

    __repr__ = brief

    ratings: JointRatings
    """What was rated."""
    declaration: OrdinalModel
    """What was sampled."""
    posterior: Posterior
    """Draws: `leniency` (rep), `standing` (prospect), `first_cut`, `log_gap`, and the scales."""

    @property
    def reps(self) -> tuple[str, ...]:
        """Who rated."""
        return self.ratings.reps

    @property
    def diagnostics(self) -> Diagnostics:
        """How far to trust the draws."""
        return self.posterior.diagnostics

    @property
    def n(self) -> NDArray[np.int64]:
        """Prospects each rep rated, (rep,)."""
        return (self.ratings.rated >= 0).sum(axis=0)

    def bar_draws(self) -> Floats:
        """Where each rep begins to use each rank but the last, (draw, rep, rank).

        In standard deviations of one reading of the pool, whose mean is 0: 1 is the best 16 of 100.
        """
        draws = self.posterior
        gaps = draws["log_gap"] if len(self.ratings.ranks) > 2 else np.zeros((draws.n_draws, 0))
        cuts = cutpoints(draws["first_cut"], gaps)
        spread = np.sqrt(1.0 + draws["prospect_scale"] ** 2)
        return np.asarray((cuts[:, None] - draws["leniency"][:, :, None]) / spread[:, None, None])

    def share_draws(self) -> Floats:
        """Share of the pool that each rep would give each rank or a better one, (draw, rep, rank but the last)."""
        return np.asarray(ndtr(-self.bar_draws()))

    def others_draws(self) -> Floats:
        """The same of the other reps, each counted once."""
        return mean_of_others(self.share_draws())

    def leniency(
        self,
        *,
        margin_odds: float = MARGIN_ODDS,
        flag_prob: float = FLAG_PROB,
        interval_prob: float = INTERVAL_PROB,
    ) -> pd.DataFrame:
        """To how many of the same prospects would each rep give a rank, or a better one, and how many would the others?

        Parameters
        ----------
        margin_odds : float
            Factor on the odds below which a difference is not worth talking about.
        flag_prob : float
            Probability from which a finding is told.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            One row a rep and rank but the last (`rank` means that rank or better): `share` of the pool with
            its interval; `others` and `others_lower`, `others_upper`, the mean of the other reps; `difference_points`,
            rep less others, with its interval; `prob_more` and `prob_fewer`, beyond the margin; `prob_within`;
            `prob_above`, that it is more at all; `finding`; `bar` in standard deviations of the pool; `n` prospects
            the rep rated; `n_more` further shared prospects after which a difference of this size would be told, if it
            stays, missing where it is told or too small; `engine`.
        """
        check_flag_prob(flag_prob)
        share, others = self.share_draws(), self.others_draws()
        beyond = odds_beyond(share, others, margin_odds=margin_odds)
        gap = 100.0 * (share - others)
        n_bars = share.shape[-1]
        columns: dict[str, Any] = {
            "rep": np.repeat(np.array(self.reps, dtype=object), n_bars),
            "rank": np.tile(np.array(self.ratings.ranks[:-1], dtype=object), len(self.reps)),
        }
        columns |= flat_columns("share", equal_tailed(share, interval_prob=interval_prob))
        columns |= flat_columns("others", equal_tailed(others, interval_prob=interval_prob))
        columns |= flat_columns("difference_points", equal_tailed(gap, interval_prob=interval_prob))
        columns |= {"prob_more": beyond.above.ravel(), "prob_fewer": beyond.below.ravel()}
        columns |= {"prob_within": beyond.within.ravel(), "prob_above": (gap > 0).mean(axis=0).ravel()}
        found = [columns["prob_more"] >= flag_prob, columns["prob_fewer"] >= flag_prob]
        told = np.select([*found, columns["prob_within"] >= flag_prob], [MORE, FEWER, IN_LINE], CANNOT_TELL)
        columns["finding"] = told.astype(object)
        columns |= {"bar": self.bar_draws().mean(axis=0).ravel(), "n": np.repeat(self.n, n_bars)}
        more = self._n_more(log_odds_gap(share, others), np.log(margin_odds)).ravel()
        columns["n_more"] = np.where(told == CANNOT_TELL, more, np.nan)
        return resting_table(columns, self.diagnostics, interval_prob=interval_prob, margin_odds=margin_odds)

    def _n_more(self, gap: Floats, margin: float) -> Floats:
        """Prospects until a gap as large as it seems is told; its variance falls as one over their number."""
        beyond = np.abs(gap.mean(axis=0)) - margin
        with np.errstate(divide="ignore"):
            needed = self.n[:, None] * ((_SURE * gap.std(axis=0) / np.maximum(beyond, 0.0)) ** 2 - 1.0)
        return np.asarray(np.where(needed <= _MOST_MORE, np.ceil(np.maximum(needed, 1.0)), np.nan))

    def agreement(
        self,
        *,
        coefficient: Coefficient = "AC",
        weights: Weights = "quadratic",
        interval_prob: float = INTERVAL_PROB,
    ) -> pd.DataFrame:
        """How far do the reps agree, all together and two by two? Of the first occasion and the others together.

        Parameters
        ----------
        coefficient, weights
            As in `measure_agreement`; by default Gwet's AC2 with quadratic weights. Krippendorff's alpha is near 0
            where nearly all are of one rank, whatever the agreement.
        interval_prob : float
            Level of the intervals, by jackknife over the prospects.

        Returns
        -------
        pandas.DataFrame
            All reps first, then each pair: `rep`, `other`, `coefficient`, `weights`, `estimate`, `lower`, `upper`,
            `share_same` and `share_within_one` of the pairs of ranks, `n` shared prospects. Below 8 of them there is no
            coefficient.
        """
        rated, n = self.ratings.rated, len(self.reps)
        places = [(i, j) for i in range(n) for j in range(i + 1, n)]
        labels = [(ALL_REPS, ALL_REPS), *((self.reps[i], self.reps[j]) for i, j in places)]
        found = [
            measure_agreement(
                rated[:, list(columns)],
                n_categories=len(self.ratings.ranks),
                coefficient=coefficient,
                weights=weights,
                interval_prob=interval_prob,
            )
            for columns in [tuple(range(n)), *places]
        ]
        columns: dict[str, Any] = {
            "rep": np.array([first for first, _ in labels], dtype=object),
            "other": np.array([second for _, second in labels], dtype=object),
            "coefficient": np.full(len(labels), coefficient, dtype=object),
            "weights": np.full(len(labels), weights, dtype=object),
        }
        columns |= {name: np.array([getattr(one, name) for one in found]) for name in found[0]._fields}
        return make_table(columns)

    def prospects(self, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Which prospects do the reps see alike, and over which are they most apart?

        Returns
        -------
        pandas.DataFrame
            The most argued about first: `prospect`, `occasion`, `crowd_rank`, which a rep as lenient as all together
            would most probably give; `standing` with its interval, in standard deviations of the pool;
            `spread`, the mean distance in ranks of two reps, and `surprise`, by how much it exceeds what is to be
            expected of this prospect and these reps; `best` and `worst` rank given, `n_reps`.
        """
        rated, ranks = self.ratings.rated, np.array(self.ratings.ranks, dtype=object)
        spread = _mean_distance(rated)
        standing = equal_tailed(self._standing(), interval_prob=interval_prob)
        crowd = self._crowd_probs().argmax(axis=1)
        given = np.where(rated == NOT_RATED, len(ranks), rated).min(axis=1)
        columns: dict[str, Any] = {
            "prospect": np.array(self.ratings.prospects, dtype=object),
            "occasion": np.array(self.ratings.occasions, dtype=object),
            "crowd_rank": ranks[crowd],
            **flat_columns("standing", standing),
            "spread": spread,
            "surprise": spread - self._expected_distance(),
            "best": ranks[given],
            "worst": ranks[rated.max(axis=1)],
            "n_reps": (rated >= 0).sum(axis=1),
        }
        order = np.lexsort((-columns["surprise"], -np.nan_to_num(spread, nan=-1.0)))
        return make_table({name: values[order] for name, values in columns.items()})

    def territories(self, judgments: Judgments, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """Is it the bar or the territory, where a rep's daily share of the best rank is high or low?

        The joint rating gives each rep's bars on one pool; with them the daily shares tell how good the rep's own
        prospects look.

        Returns
        -------
        pandas.DataFrame
            One row a rep with five judgments or more: `pool` with its interval, the mean of the rep's prospects
            in standard deviations of the common pool; `share_daily` of the best rank, `share_neutral`, what the others
            would give it in this territory, and `share_pool`, what they give it on the common pool; `part_leniency`
            and `part_territory`, in points, which add up to daily less pool; `prob_leniency`, that the first is the
            larger; `n` judgments.
        """
        return make_table(
            daily_columns(self.reps, self.bar_draws(), judgments, fewest=FEWEST_SHOWN, interval_prob=interval_prob)
        )

    def _standing(self) -> Floats:
        """Standing of each prospect in standard deviations of one reading of the pool, (draw, prospect)."""
        spread = np.sqrt(1.0 + self.posterior["prospect_scale"] ** 2)
        return np.asarray(self.posterior["standing"] / spread[:, None])

    def _rank_probs(self, leniency: Floats) -> Floats:
        """Probability of each rank, (draw, prospect, rep, rank), to reps of some leniency (draw, rep)."""
        draws = self.posterior
        gaps = draws["log_gap"] if len(self.ratings.ranks) > 2 else np.zeros((draws.n_draws, 0))
        cuts = cutpoints(draws["first_cut"], gaps)[:, None, None]
        better = ndtr(draws["standing"][:, :, None, None] + leniency[:, None, :, None] - cuts)
        ends = np.zeros((*better.shape[:-1], 1))
        return np.diff(np.concatenate([ends, better, ends + 1.0], axis=-1), axis=-1)

    def _crowd_probs(self) -> Floats:
        """Probability of each rank by a rep as lenient as all together, (prospect, rank)."""
        mean = self.posterior["leniency"].mean(axis=1, keepdims=True)
        return np.asarray(self._rank_probs(mean)[:, :, 0].mean(axis=0))

    def _expected_distance(self) -> Floats:
        """Mean distance in ranks of two of the reps who rated a prospect, as the model expects it, (prospect,)."""
        some = slice(None, None, max(1, self.posterior.n_draws // 200))
        thin = JointRatingFit(self.ratings, self.declaration, _thinned(self.posterior, some))
        below = np.cumsum(thin._rank_probs(thin.posterior["leniency"]), axis=-1)[..., :-1]
        seen = (self.ratings.rated >= 0)[None, :, :, None]
        total = (below * seen).sum(axis=2, keepdims=True)
        # E|X − Y| = Σ_k F(1 − G) + G(1 − F), summed over pairs
        cross = (below * seen * (total - below)).sum(axis=2)
        n = seen.sum(axis=2)
        pairs = n * (n - 1) / 2.0
        expected = ((n - 1) * total[:, :, 0] - cross).sum(axis=-1) / np.maximum(pairs[..., 0], 1.0)
        return np.asarray(expected.mean(axis=0))


def _thinned(posterior: Posterior, some: slice) -> Posterior:
    """Some of the draws."""
    draws = {name: values[some] for name, values in posterior.draws.items()}
    n = len(next(iter(draws.values())))
    return replace(posterior, draws=draws, diagnostics=replace(posterior.diagnostics, n_draws=n))


def mean_of_others(values: Floats) -> Floats:
    """Mean over the other reps, each counted once, of draws (draw, rep, …)."""
    n = values.shape[1]
    return np.asarray((values.sum(axis=1, keepdims=True) - values) / (n - 1))


def _mean_distance(rated: NDArray[np.int64]) -> Floats:
    """Mean distance in ranks of two reps on each prospect; NaN where one rated it."""
    known = rated >= 0
    both = known[:, :, None] & known[:, None, :] & ~np.eye(rated.shape[1], dtype=bool)
    apart = np.abs(rated[:, :, None] - rated[:, None, :])
    n = both.sum(axis=(1, 2))
    return np.asarray(np.where(n > 0, (apart * both).sum(axis=(1, 2)) / np.maximum(n, 1), np.nan))
