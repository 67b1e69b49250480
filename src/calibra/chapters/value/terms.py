"""The terms that winning and amounts share: ranks, case mix, and each rep's level and slope on the ranks.

η_rk = μ_k + x'δ + o_r + d_r s_k
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.ranks.mix import mix_weights
from calibra.data.scale import RankScale, RankScores
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm, with_own_axes
from calibra.inference.declare.families import Family
from calibra.inference.declare.priors import Normal, ScalePrior
from calibra.inference.posterior import Posterior
from calibra.reading.cells import PackedCells, indicator, pack_cells, residual_basis
from calibra.tables import brief

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Where counts stand, (rep, rank, *group), and what a rank is called on the slope's scale."""

    __repr__ = brief

    reps: tuple[str, ...]
    """Rep labels."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    groups: Mapping[str, tuple[str, ...]]
    """Grouping of case mix to its labels."""
    n: Ints
    """What case mix is weighed by, (rep, rank, *group)."""
    packed: PackedCells
    """Cells that hold anything."""
    scores: RankScores
    """Rank scores."""

    def declare(
        self,
        family: Family,
        events: Floats,
        size: Floats,
        *,
        rank_mean: Normal,
        adjustment: Normal,
        level: ScalePrior,
        slope: ScalePrior,
        residual: ScalePrior | None = None,
    ) -> CellModel:
        """The multilevel cell model of counts (rep, rank, *group)."""
        rank = self.packed.rank
        population = [PopulationTerm("rank_mean", "rank", self.ranks, indicator(rank, len(self.ranks)), rank_mean)]
        for name, labels in self.groups.items():
            design = indicator(self.packed.groups[name], len(labels), self._shares(name))
            population.append(PopulationTerm(f"{name}_effect", name, labels, design, adjustment))
        rep_terms = [RepTerm("level", np.ones((*rank.shape, 1)), level)]
        if len(self.ranks) > 1:
            rep_terms.append(RepTerm("slope", self.scores.values[rank][..., None], slope))
        if len(self.ranks) > 2 and residual is not None:
            rep_terms.append(RepTerm("residual", residual_basis(self.scores.values)[rank], residual))
        return CellModel(
            family=family,
            events=self.packed.pack(events),
            size=self.packed.pack(size),
            reps=self.reps,
            population=with_own_axes(population, rep_terms),
            rep_terms=tuple(rep_terms),
        )

    def linpred(self, posterior: Posterior) -> Floats:
        """Draws of η without case mix, (draw, rep, rank)."""
        draws = posterior.draws
        found = draws["rank_mean"][:, None, :] + draws["level"][:, :, None]
        if "slope" in draws:
            found = found + draws["slope"][:, :, None] * self.scores.values
        if "residual" in draws:
            residual = draws["residual"].reshape(len(found), len(self.reps), -1)
            found = found + residual @ residual_basis(self.scores.values).T
        return np.asarray(found)

    def effects(self, posterior: Posterior) -> Floats:
        """Draws of what each combination of groups adds to η, (draw, *group)."""
        found = np.zeros((posterior.n_draws, *[1] * len(self.groups)))
        for axis, name in enumerate(self.groups):
            own = posterior[f"{name}_effect"]
            centred = own - (own @ self._shares(name))[:, None]
            found = found + centred.reshape(len(own), *(-1 if i == axis else 1 for i in range(len(self.groups))))
        return found

    def weights(self, case_mix: str) -> Floats:
        """Weights over groups that sum to one, (rep, rank, *group): each rep's own mix, or that of all reps."""
        return mix_weights(self.n, case_mix=case_mix, has_teams=False, within_team=False)

    def over_groups(self, values: NDArray[np.generic]) -> Floats:
        """Values (rep, rank, *group) summed over the groups."""
        return np.asarray(values.sum(axis=tuple(range(2, values.ndim))), dtype=float)

    def _shares(self, name: str) -> Floats:
        """Share of each label of a grouping."""
        axis = 2 + list(self.groups).index(name)
        counts = self.n.sum(axis=tuple(i for i in range(self.n.ndim) if i != axis)).astype(float)
        return np.asarray(counts / max(float(counts.sum()), 1.0))


def terms_of(
    scale: RankScale, reps: tuple[str, ...], groups: Mapping[str, tuple[str, ...]], n: Ints, *, rank_counts: Floats
) -> Terms:
    """The terms of counts (rep, rank, *group); `rank_counts`, (rank,), weigh the scores of the ranks."""
    packed = pack_cells(n > 0, tuple(groups))
    return Terms(reps, scale.ranks, dict(groups), n, packed, scale.scores(rank_counts))
