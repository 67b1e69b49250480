"""Where a rep's cutpoints should lie, draw by draw: by promise, by all reps' bars, by payoff, by capacity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from calibra.chapters.thresholds.fit import ThresholdDraws, ThresholdFit
from calibra.data.scale import Promise
from calibra.errors import InputError, check_kind, check_within, what_came
from calibra.reading.payoff import Payoff
from calibra.stats.detection.advice import capacity_bar, promised_cutpoint
from calibra.stats.detection.curve import average_above, bar_at, cutpoint_at_bar, cutpoint_at_share, share_above

type Floats = NDArray[np.float64]


type Target = str | Payoff


@dataclass(frozen=True, slots=True, eq=False)
class BoundaryTarget:
    """One boundary: what the draws say of today, and where its cut should lie."""

    boundary: int
    """Index of the better rank."""
    within_days: int | None
    """Horizon of the probabilities."""
    found: ThresholdDraws
    """Draws of the fit at this horizon."""
    cut: Floats
    """Cutpoint to aim at, (draw, rep)."""
    promise: Promise | None
    """The promise aimed at, where it is one."""
    upper_cut: Floats
    """Cutpoint aimed at for the next better rank, (draw, rep); +inf for the best."""
    residual: Floats | float = 0.0
    """What is added to the log-odds of what the rank brings, (draw, rep)."""

    @property
    def pool(self) -> dict[str, Floats]:
        """Base rate and discrimination, (draw, rep)."""
        return {"base_rate": self.found.base_rate, "discrimination": self.found.discrimination}

    def brought_at(self, cut: Floats) -> tuple[Floats, Floats]:
        """What the rank would bring with this lower edge, and what it is held against; (draw, rep).

        The share of events above it, the next better rank at its aim, against an average that is promised; where the
        rank would be empty, the probability at the edge. Against any other aim, the bar of today against the bar aimed
        at.
        """
        bar = bar_at(cut, **self.pool)
        if self.promise is None or self.promise.kind == "bar":
            return bar, bar_at(self.cut, **self.pool)
        average = average_above(cut, upper_cutpoint=self.upper_cut, **self.pool)
        brought = shifted(np.where(cut < self.upper_cut, average, bar), self.residual)
        return brought, np.full(cut.shape, self.promise.prob)

    def best_attainable(self, share: float) -> Floats:
        """What the strongest `share` of the prospects below the next better rank could deliver, (draw, rep).

        Their average for a promise of kind `average`, else the least likely of them.
        """
        above = share_above(self.upper_cut, **self.pool)
        cut = np.minimum(cutpoint_at_share(np.minimum(above + share, 1.0), **self.pool), self.upper_cut)
        if self.promise is None or self.promise.kind == "bar":
            return bar_at(cut, **self.pool)
        average = average_above(cut, upper_cutpoint=self.upper_cut, **self.pool)
        return shifted(np.where(self.found.discrimination > 0, average, self.found.base_rate), self.residual)


class Above(NamedTuple):
    """The line of the next better rank, as the advice leaves it."""

    cut: Floats
    """Its cutpoint, (draw, rep)."""
    found: ThresholdDraws
    """The draws it is a cutpoint of."""

    def cut_of(self, found: ThresholdDraws) -> Floats:
        """Its cutpoint at another horizon: the one with the same share of the prospects above."""
        if found is self.found:
            return self.cut
        share = share_above(self.cut, base_rate=self.found.base_rate, discrimination=self.found.discrimination)
        pool = {"base_rate": found.base_rate, "discrimination": found.discrimination}
        return cutpoint_at_share(np.clip(share, 0.0, 1.0), **pool)


def promises_fitted(fits: Mapping[int | None, ThresholdFit]) -> list[Promise | None]:
    """What the better rank of each boundary promises; None where it is nothing, or within a horizon not fitted."""
    first = next(iter(fits.values()))
    promises = [first.scale.promises.get(rank) for rank in first.ranks[:-1]]
    fitted = [promise if promise is not None and promise.within_days in fits else None for promise in promises]
    if not any(promise is not None for promise in fitted):
        promised = ", ".join(str(days) for days in first.scale.horizons) or "none"
        raise InputError(
            "target='promise' needs a promise at the horizon of the fit; promised horizons: "
            f"{promised}; fitted: {', '.join(map(str, fits))}. Fit ThresholdModel(within_days=…) at a promised horizon."
        )
    return fitted


def at_promise(
    boundary: int, promise: Promise, found: ThresholdDraws, above: Above | None, residual: Floats | float = 0.0
) -> BoundaryTarget:
    """A boundary at the promise of its better rank, given the line of the next better one.

    Where the rank brings more, or less, than the threshold model has it, so much less, or more, is asked of the model.
    """
    upper = np.full(found.base_rate.shape, np.inf) if above is None else above.cut_of(found)
    pool = {"base_rate": found.base_rate, "discrimination": found.discrimination}
    beside = residual if promise.kind == "average" else 0.0
    asked = shifted(np.asarray(promise.prob), -np.asarray(beside))
    cut = promised_cutpoint(asked, kind=promise.kind, upper_cutpoint=upper, **pool)
    return BoundaryTarget(boundary, promise.within_days, found, cut, promise, upper, beside)


def shifted(prob: Floats, residual: Floats | float) -> Floats:
    """Probabilities moved by so much on the log-odds; 0 and 1 stay."""
    return np.asarray(expit(logit(prob) + residual))


def by_all_reps(fit: ThresholdFit) -> list[BoundaryTarget]:
    """Each boundary at the count-weighted mean of all reps' bars."""
    found, bars = fit.draws(), fit.all_reps_bar_draws()
    targets: list[BoundaryTarget] = []
    upper = np.full(found.base_rate.shape, np.inf)
    for boundary in range(bars.shape[1]):
        goal = bars[:, boundary, None]
        cut = cutpoint_at_bar(goal, base_rate=found.base_rate, discrimination=found.discrimination)
        cut = np.minimum(cut, upper)
        targets.append(BoundaryTarget(boundary, fit.within_days, found, cut, None, upper))
        upper = cut
    return targets


def by_value(
    fit: ThresholdFit, *, payoff: Payoff | None, capacity: float | None, n_prospects: Floats, boundary: int
) -> list[BoundaryTarget]:
    """One boundary, above which prospects are worked, at the bar that payoff or capacity sets, whichever is higher."""
    found = fit.draws()
    pool = {"base_rate": found.base_rate, "discrimination": found.discrimination}
    bar = np.full(len(found.base_rate), 0.0 if payoff is None else payoff.bar)
    if capacity is not None:
        bar = np.maximum(bar, capacity_bar(capacity, n_prospects=n_prospects, **pool))
    cut = cutpoint_at_bar(bar[:, None], **pool)
    return [BoundaryTarget(boundary, fit.within_days, found, cut, None, np.full(cut.shape, np.inf))]


def check_fits(fit: ThresholdFit | Mapping[int, ThresholdFit]) -> dict[int | None, ThresholdFit]:
    """One fit, or one per horizon of the same reps, ranks and number of draws."""
    if not isinstance(fit, Mapping):
        check_kind(fit, "fit", ThresholdFit)
        return {fit.within_days: fit}
    fits: dict[int | None, ThresholdFit] = {days: one for days, one in fit.items()}  # noqa: C416 (widens the key)
    if not fits:
        raise InputError("`fit` must be a ThresholdFit or a mapping of horizon to ThresholdFit; got an empty mapping.")
    for days, one in fits.items():
        check_kind(one, f"fit[{days!r}]", ThresholdFit)
    wrong = [f"{days}: fitted within {one.within_days}" for days, one in fits.items() if one.within_days != days]
    if wrong:
        raise InputError(f"`fit` must map each horizon to the fit at that horizon; found {'; '.join(wrong[:3])}.")
    kinds = {(one.reps, one.ranks, one.posterior.n_draws) for one in fits.values()}
    if len(kinds) > 1:
        raise InputError(
            "the fits of all horizons must have the same reps, ranks and number of draws. Fit them on the same "
            "judgments; a rep without mature judgments at the longer horizon must be in both."
        )
    return fits


def prospects_per_rep(fit: ThresholdFit, n_prospects: Mapping[str, float] | None) -> Floats:
    """Prospects per rep: as given, else the mature judgments."""
    if n_prospects is None:
        return np.asarray(fit.n.sum(axis=1))
    if not hasattr(n_prospects, "keys"):
        raise InputError(
            f"`n_prospects` must lead from reps to numbers, such as {{{fit.reps[0]!r}: 40}}; got "
            f"{what_came(n_prospects)}."
        )
    unknown = [rep for rep in n_prospects.keys() if rep not in fit.reps]  # noqa: SIM118 (a Series has values)
    if unknown:
        raise InputError(
            f"`n_prospects` must name reps of the fit ({_listed(fit.reps)}{', …' if len(fit.reps) > 3 else ''}); found "
            f"{len(unknown)} unknown: {_listed(unknown)}. Leave them out."
        )
    missing = [rep for rep in fit.reps if rep not in n_prospects]
    if missing:
        raise InputError(
            f"`n_prospects` must name every rep; missing {len(missing)}: {_listed(missing)}. Pass 0 for none."
        )
    for rep in fit.reps:
        check_within(n_prospects[rep], f"n_prospects[{rep!r}]", 0, mend="Give the prospects of the period, 0 for none.")
    return np.array([float(n_prospects[rep]) for rep in fit.reps])


def _listed(names: Sequence[object]) -> str:
    return ", ".join(map(repr, names[:3]))
