"""Over which cases and teams the rank model's probabilities are averaged, and the averaging itself."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.reading.means import logistic

if TYPE_CHECKING:
    from calibra.chapters.ranks.fit import RankFit

type Floats = NDArray[np.float64]


def average_probability(linpred: Floats, effects: Floats, weights: Floats) -> Floats:
    """Weighted sum over groups of the probability in each; the mean of probabilities, where the weights sum to one.

    The logistic of a mean log-odds is another number: with .80 and .04 in equal parts .45 and not .42.

    Parameters
    ----------
    linpred : array of float, shape (draw, rep, rank)
        Log-odds without the effects of groups.
    effects : array of float, shape (draw, *group)
        Effect of each combination of groups.
    weights : array of float, shape (rep, rank, *group)
        Weights.
    """
    total = np.zeros_like(linpred)
    for cell in np.ndindex(weights.shape[2:]):
        weight = weights[(slice(None), slice(None), *cell)]
        reps = np.flatnonzero(weight.any(axis=1))  # of a team only its own
        shift = effects[(slice(None), *cell)][:, None, None]
        total[:, reps] += weight[reps] * logistic(linpred[:, reps] + shift)
    return total


def mix_weights(n: NDArray[np.int64], *, case_mix: str, has_teams: bool, within_team: bool) -> Floats:
    """Weights over groups that sum to one, (rep, rank, *group), of counts of that shape, the team the last group.

    Cases: each rep's own within the rank, else over all ranks, else all reps'; or all reps' within the rank. Teams:
    each rep's own, or all reps' for everybody.
    """
    if case_mix not in ("own", "all reps"):
        raise InputError(f"`case_mix` must be 'own' or 'all reps'; got {case_mix!r}.")
    counts = n.astype(float)
    if not has_teams or (case_mix == "own" and not within_team):
        return _case_weights(counts, own=case_mix == "own")
    cases = _case_weights(counts.sum(axis=-1), own=case_mix == "own")
    teams = np.repeat(team_shares(counts).mean(axis=0)[None], len(counts), axis=0) if within_team else team_shares(n)
    return np.asarray(cases[..., None] * teams.reshape(len(teams), *[1] * (cases.ndim - 1), -1))


def team_shares(n: NDArray[np.generic]) -> Floats:
    """Share of each team in a rep's judgments, (rep, team); of a rep with none, its share in the reps there are."""
    counts = n.astype(float).sum(axis=tuple(range(1, n.ndim - 1)))
    total = counts.sum(axis=1, keepdims=True)
    own = counts / np.maximum(total, 1.0)
    return np.asarray(np.where(total > 0, own, own.sum(axis=0) / max(float(own.sum()), 1.0)))


def team_weights(n: NDArray[np.int64], team: int) -> Floats:
    """Weights of one team's cells among all, summing to one for each rank; over all ranks where it never used one."""
    counts = np.zeros(n.shape)
    counts[..., team] = n[..., team]
    others = (0, *range(2, n.ndim))
    used = counts.sum(axis=others, keepdims=True) > 0
    counts = np.where(used, counts, counts.sum(axis=1, keepdims=True))
    return np.asarray(counts / np.maximum(counts.sum(axis=others, keepdims=True), 1.0))


def new_case_weights(fit: "RankFit") -> Floats:
    """Weights over the groups of case mix for a rep never seen, (rank, *group): all reps' within the rank."""
    counts = fit.cells.n.astype(float)
    cases = counts if fit.team is None else counts.sum(axis=-1)
    return np.asarray(_case_weights(cases.sum(axis=0, keepdims=True), own=True)[0])


def _case_weights(counts: Floats, *, own: bool) -> Floats:
    axes = tuple(range(2, counts.ndim))
    everyone = np.broadcast_to(counts.sum(axis=0, keepdims=True), counts.shape)
    total = np.broadcast_to(counts.sum(axis=(0, 1), keepdims=True), counts.shape)
    mine = [counts, np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)] if own else []
    weights = np.zeros_like(counts)
    for candidate in [*mine, everyone, total]:
        weights = np.where(weights.sum(axis=axes, keepdims=True) == 0, candidate, weights)
    return np.asarray(weights / weights.sum(axis=axes, keepdims=True))
