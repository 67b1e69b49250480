"""The two sides of a comparison, read with one set of weights, so that a change of mix is no difference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.drift.overlap import refuse_shared_judgments
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.mix import team_shares
from calibra.errors import InputError
from calibra.inference.pairing import pair_independent
from calibra.words import counted, quoted

type Floats = NDArray[np.float64]

_MOST = 0.5
"""Share of the judgments of each side that reps of both must hold for the two to be compared rep by rep."""


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Draws of both, paired, and the judgments behind them."""

    first: Floats
    """Draws of the probability, (draw, rank)."""
    second: Floats
    """Draws of the probability, (draw, rank)."""
    n_first: Floats
    """Mature judgments, (rank,)."""
    n_second: Floats
    """Mature judgments, (rank,)."""
    basis: str
    """What both are read at."""


def two_reps(fit: RankFit, reps: tuple[str, str], *, within_team: bool) -> Sides:
    """Two reps of one fit, each in the rep's own team, at all reps' mix of cases."""
    prob = fit.probability_draws(case_mix="all reps", within_team=within_team)
    first, second = (_find(fit, rep) for rep in reps)
    teams = "" if fit.team is None else "; as if in one team" if within_team else "; each in the own team"
    return Sides(
        prob[:, first], prob[:, second], fit.n[first], fit.n[second], f"all reps' mix of cases within each rank{teams}"
    )


def two_fits(fit: RankFit, other: RankFit, rep: str | None, *, within_team: bool) -> Sides:
    """One rep, or all reps, of two fits that know nothing of each other."""
    _check_alike(fit, other)
    reps = [label for label in fit.reps if label in set(other.reps)]
    if rep is not None:
        reps = [one.reps[_find(one, rep)] for one in (fit, other)][:1]
    refuse_shared_judgments(fit, other)
    parts = [_Part(fit, _places(fit, other, reps)), _Part(other, _places(other, fit, reps))]
    if rep is None and min(part.share for part in parts) < _MOST:
        n, cases = [fit.n.sum(axis=0), other.n.sum(axis=0)], _case_mix(fit, other)
        weights = [
            _own_reps(one, another, cases, within_team=within_team) for one, another in ((fit, other), (other, fit))
        ]
        basis = "one mix of ranks and cases; each side's reps are its own"
    else:
        n, common = [part.n_by_rank for part in parts], _normalise(parts[0].n + parts[1].n)
        common = _in_one_team(common) if within_team and fit.team is not None else common
        weights = [part.spread_out(common) for part in parts]
        basis = f"one mix of ranks and cases, of {counted(len(reps), 'rep')} in both"
    pairing = pair_independent(fit.posterior, other.posterior)
    first, second = (one.weighted_draws(each) for one, each in zip((fit, other), weights, strict=True))
    return Sides(first[pairing.first], second[pairing.second], n[0], n[1], basis)


def _check_alike(fit: RankFit, other: RankFit) -> None:
    """Refuse fits that cannot be read with the same weights."""
    if other.ranks != fit.ranks or other.within_days != fit.within_days:
        raise InputError(
            f"The two fits must share ranks and horizon; got {fit.ranks}, {fit.within_days} days and {other.ranks}, "
            f"{other.within_days} days."
        )
    if (other.adjust_for, other.team) != (fit.adjust_for, fit.team):
        raise InputError(
            f"The two fits must be adjusted for the same groupings; got adjust_for={fit.adjust_for}, team={fit.team!r} "
            f"and adjust_for={other.adjust_for}, team={other.team!r}. Fit both with the same RankModel."
        )
    for name in fit.adjust_for:
        if not set(fit.cells.groups[name]) & set(other.cells.groups[name]):
            raise InputError(
                f"The two fits must have labels of {quoted(name)} in common, to be read at one mix of cases; the first "
                f"has {', '.join(fit.cells.groups[name][:3])}, the second {', '.join(other.cells.groups[name][:3])}."
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The cells of a fit that both fits have, in one order for both."""

    fit: RankFit
    places: tuple[NDArray[np.intp], ...]
    """Indices into the fit's reps, ranks and groups."""

    @property
    def n(self) -> Floats:
        """Mature judgments of these cells, (rep, rank, *group)."""
        return self.fit.cells.n[np.ix_(*self.places)].astype(float)

    @property
    def n_by_rank(self) -> Floats:
        """Mature judgments of these cells by rank."""
        return self.n.sum(axis=(0, *range(2, self.n.ndim)))

    @property
    def share(self) -> float:
        """Share of the fit's judgments in these cells."""
        return float(self.n.sum() / max(int(self.fit.cells.n.sum()), 1))

    def spread_out(self, weights: Floats) -> Floats:
        """Weights of these cells among all cells of the fit."""
        full = np.zeros(self.fit.cells.n.shape)
        full[np.ix_(*self.places)] = weights
        return full


def _places(fit: RankFit, other: RankFit, reps: Sequence[str]) -> tuple[NDArray[np.intp], ...]:
    """Where a fit keeps these reps, the ranks, and the labels of groups that both fits have, in sorted order."""
    axes: list[tuple[Sequence[str], Sequence[str]]] = [(fit.reps, reps), (fit.ranks, fit.ranks)]
    for name, labels in fit.cells.groups.items():
        common = sorted(set(labels) & set(other.cells.groups[name]))
        axes.append((labels, common))
    return tuple(np.array([labels.index(label) for label in wanted], dtype=np.intp) for labels, wanted in axes)


def _normalise(n: Floats) -> Floats:
    """Weights (rep, rank, *group) that sum to one for each rank; over all ranks where a rank was never used."""
    others = (0, *range(2, n.ndim))
    weights = np.where(n.sum(axis=others, keepdims=True) > 0, n, n.sum(axis=1, keepdims=True))
    total = weights.sum(axis=others, keepdims=True)
    even = n.shape[1] / max(n.size, 1)
    return np.where(total > 0, weights / np.maximum(total, 1.0), even)


def _in_one_team(weights: Floats) -> Floats:
    """The same weights with everybody at one mix of teams, the last axis."""
    teams = weights.sum(axis=tuple(range(weights.ndim - 1)))
    return weights.sum(axis=-1, keepdims=True) * (teams / teams.sum())


def _case_mix(fit: RankFit, other: RankFit) -> Floats:
    """Share of every combination of case labels within each rank, over both fits, (1, rank, *group)."""
    total = np.zeros(())
    for one, another in ((fit, other), (other, fit)):
        cells = one.cells.n.sum(axis=(0, *(() if one.team is None else (-1,))))
        places = _places(one, another, [])[1 : 2 + len(one.adjust_for)]
        total = total + cells[np.ix_(*places)]
    return _normalise(total[None].astype(float))


def _own_reps(fit: RankFit, other: RankFit, cases: Floats, *, within_team: bool) -> Floats:
    """Weights of a fit's own reps, as many judgments as each has at a rank, at a mix of cases common to both fits."""
    weights = _normalise(fit.n).reshape(*fit.n.shape, *[1] * (cases.ndim - 2)) * cases
    _, *places = _places(fit, other, [])
    places = [np.arange(len(fit.reps)), *places[: 1 + len(fit.adjust_for)]]
    if fit.team is not None:
        own = team_shares(fit.cells.n)
        weights = weights[..., None] * own.reshape(len(own), *[1] * (weights.ndim - 1), -1)
        places.append(np.arange(len(fit.teams)))
        weights = _in_one_team(weights) if within_team else weights
    full = np.zeros(fit.cells.n.shape)
    full[np.ix_(*places)] = weights
    return full


def _find(fit: RankFit, rep: str) -> int:
    if rep not in fit.reps:
        raise InputError(
            f"{quoted(rep)} is no rep of the fit; it has {', '.join(fit.reps[:5])}{' …' if len(fit.reps) > 5 else ''}."
        )
    return fit.reps.index(rep)
