"""From draws of the lead-time model's terms to draws of cumulative incidences, a few reps at a time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from calibra.chapters.lead_times.cells import LeadTimeCells, rank_contrasts
from calibra.chapters.lead_times.curves import Curves, Floats, incidence
from calibra.inference.posterior import Posterior
from calibra.reading.cells import residual_basis
from calibra.reading.rep_chunks import rep_chunks
from calibra.stats.intervals import Interval, equal_tailed

type Reader = Callable[[Curves], Mapping[str, Floats]]
"""From curves (draw, rep, rank, time) to named draws (draw, rep, rank, …)."""
type RankMix = Literal["by rank", "own", "all reps"]
"""Ranks apart; together at each rep's own mix; together at the mix of all reps."""


@dataclass(frozen=True, slots=True, eq=False)
class LeadTimeDraws:
    """Draws of incidences per rep and rank, computed on demand from the draws of the terms."""

    cells: LeadTimeCells
    """Cells of the fit."""
    adjust_for: tuple[str, ...]
    """Case-mix columns adjusted for."""
    posteriors: Mapping[str, Posterior]
    """Ending to its draws."""

    @property
    def n_draws(self) -> int:
        """Number of equally weighted draws."""
        return self.posteriors["event"].n_draws

    @property
    def without_exits(self) -> "LeadTimeDraws":
        """The same event hazards in a world where nobody exits: shares are those of latent event times."""
        return replace(self, posteriors={"event": self.posteriors["event"]})

    @property
    def without_events(self) -> "LeadTimeDraws | None":
        """Exits in a world without events, read as events; None where nobody exited."""
        if "exit" not in self.posteriors:
            return None
        heaps = {"event": self.cells.heaps["exit"]} if self.cells.heaps else {}
        return replace(self, cells=replace(self.cells, heaps=heaps), posteriors={"event": self.posteriors["exit"]})

    def curves(self, times: Floats, *, reps: slice = slice(None)) -> Curves:
        """Incidences by these times since the judgment, (draw, rep, rank, time), at each rep's own case mix."""
        hazards = {cause: self.log_hazards(cause, reps) for cause in self.posteriors}
        if not self.adjust_for:
            return self._incidence(hazards, {}, times)
        weights = mix_weights(self.cells.n)[reps]
        event, exit_ = np.zeros(()), np.zeros(())
        effects = {cause: self.group_effects(cause) for cause in self.posteriors}
        for cell in zip(*np.nonzero(weights.sum(axis=(0, 1)) > 0), strict=True):
            shift = {cause: effect[(slice(None), *cell)][:, None, None, None] for cause, effect in effects.items()}
            part, weight = self._incidence(hazards, shift, times), weights[(..., *cell)][:, :, None]
            event, exit_ = event + weight * part.event, exit_ + weight * part.exit
        return Curves(event, exit_)

    def log_hazards(self, cause: str, reps: slice = slice(None)) -> Floats:
        """Log hazard per day at average case mix, (draw, rep, rank, interval)."""
        draws, clock = self.posteriors[cause].draws, self.cells.clock
        n_ranks = len(self.cells.exposure.ranks)
        common = np.repeat(self.baseline(cause)[:, None, :], n_ranks, axis=1)
        if n_ranks > 1:
            basis = rank_contrasts(n_ranks).T
            common = common + (np.atleast_2d(draws["rank_contrast"]) @ basis)[:, :, None]
            if "rank_tempo" in draws:
                common = common + (draws["rank_tempo"] @ basis)[:, :, None] * clock
            if "rank_bend" in draws:
                bent = draws["rank_bend"].reshape(len(common), -1) @ self.cells.bends.design.T
                common = common + bent[:, None, :] * self.cells.scores.values[:, None]
        own, scores = draws["level"][:, reps, None, None], self.cells.scores.values
        if "slope" in draws:
            own = own + draws["slope"][:, reps, None, None] * scores[:, None]
        if "residual" in draws:
            own = own + (np.atleast_3d(draws["residual"][:, reps]) @ residual_basis(scores).T)[..., None]
        if "tempo" in draws:
            own = own + draws["tempo"][:, reps, None, None] * clock
        return np.asarray(common[:, None] + own)

    def baseline(self, cause: str) -> Floats:
        """Walk, trend and heaps together, (draw, interval)."""
        draws = self.posteriors[cause].draws
        baseline = draws["baseline"]
        for name, columns in (("trend", self.cells.trend), ("heap", self.cells.heap(cause))):
            if name in draws:
                baseline = baseline + draws[name].reshape(len(baseline), -1) @ columns.design.T
        return baseline

    def read(
        self, times: Floats, reader: Reader, *, ranks: RankMix = "by rank", interval_prob: float
    ) -> dict[str, Interval]:
        """Estimates and intervals of what a reader takes from the curves: all reps first, then each rep.

        Arrays are (1 + rep, rank, …), rank of length 1 where ranks are mixed. All reps: the count-weighted mean of
        the reps' curves, per draw.
        """
        chunks = self.with_all_reps(times, ranks=ranks)
        *parts, everyone = (_summarise(reader(curves), interval_prob) for _, curves in chunks)
        parts.insert(0, everyone)
        return {
            name: Interval(*(np.concatenate([part[name][i] for part in parts]) for i in range(3))) for name in everyone
        }

    def all_reps(self, times: Floats, *, ranks: RankMix = "by rank") -> Curves:
        """Incidences of all reps, (draw, rank, time)."""
        by_rank = Curves(np.zeros(()), np.zeros(()))
        for reps, curves in self.in_chunks(times):
            by_rank = _add(by_rank, curves, self._rep_weights(reps))
        return by_rank if ranks == "by rank" else self._mix_all_reps(by_rank)

    def each_rank_and_all(self, times: Floats) -> Curves:
        """Incidences of all reps, of each rank and then of all ranks together, (draw, rank + 1, time)."""
        by_rank = self.all_reps(times)
        both = zip(by_rank, self._mix_all_reps(by_rank), strict=True)
        return Curves(*(np.concatenate(pair, axis=1) for pair in both))

    def with_all_reps(self, times: Floats, *, ranks: RankMix = "by rank") -> Iterator[tuple[slice, Curves]]:
        """Curves (draw, row, rank, time) of a few reps at a time and of all reps at the end, and which rows they are.

        Row 0 is all reps, row 1 the first rep, as in the tables.
        """
        by_rank = Curves(np.zeros(()), np.zeros(()))
        for reps, curves in self.in_chunks(times):
            by_rank = _add(by_rank, curves, self._rep_weights(reps))
            mixed = curves if ranks == "by rank" else _mix(curves, self._rank_weights(ranks)[reps])
            yield slice(reps.start + 1, reps.stop + 1), mixed
        everyone = by_rank if ranks == "by rank" else self._mix_all_reps(by_rank)
        yield slice(0, 1), Curves(everyone.event[:, None], everyone.exit[:, None])

    def in_chunks(self, times: Floats) -> Iterator[tuple[slice, Curves]]:
        """Curves (draw, rep, rank, time) of a few reps at a time, and which reps they are."""
        n_reps, n_ranks = self.cells.n.shape[:2]
        for reps in rep_chunks(n_reps, self.n_draws * n_ranks * max(len(times), len(self.cells.clock))):
            yield reps, self.curves(times, reps=reps)

    def _incidence(self, hazards: Mapping[str, Floats], shift: Mapping[str, Floats], times: Floats) -> Curves:
        hazard = {cause: np.exp(values + shift[cause] if shift else values) for cause, values in hazards.items()}
        return incidence(hazard["event"], hazard.get("exit"), self.cells.bounds, times)

    def _mix_all_reps(self, by_rank: Curves) -> Curves:
        """Curves (draw, rank, time) of all reps at their mix of ranks, rank of length 1."""
        weights = self._rank_weights("all reps")[0]
        event, exit_ = (np.einsum("skt,k->st", part, weights)[:, None] for part in by_rank)
        return Curves(event, exit_)

    def group_effects(self, cause: str) -> Floats:
        """Effect of every combination of groups on the log hazard, (draw, *group)."""
        n = self.cells.n
        total = np.zeros((self.n_draws, *n.shape[2:]))
        for axis, name in enumerate(self.adjust_for, start=2):
            counted = n.sum(axis=tuple(i for i in range(n.ndim) if i != axis)).astype(float)
            effect = self.posteriors[cause][f"{name}_effect"]
            effect = effect - (effect @ (counted / counted.sum()))[:, None]
            total += effect.reshape(-1, *(n.shape[i] if i == axis else 1 for i in range(2, n.ndim)))
        return total

    def _rep_weights(self, reps: slice) -> Floats:
        """Share of each of these reps among the judgments of a rank, (rep, rank); equal where nobody has any."""
        n = self.cells.n_by_rank
        total = n.sum(axis=0)
        return np.where(total > 0, n / np.maximum(total, 1.0), 1.0 / len(n))[reps]

    def _rank_weights(self, ranks: RankMix) -> Floats:
        """Share of each rank, (rep, rank): each rep's own, or of all reps."""
        n = self.cells.n_by_rank
        everyone = np.broadcast_to(n.sum(axis=0) / n.sum(), n.shape)
        own = n.sum(axis=1, keepdims=True)
        return everyone if ranks == "all reps" else np.where(own > 0, n / np.maximum(own, 1.0), everyone)


def mix_weights(n: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    """Weights over groups summing to one, (rep, rank, *group): own within the rank, else own, else all reps'."""
    counts = n.astype(float)
    axes = tuple(range(2, counts.ndim))
    weights = np.zeros_like(counts)
    for summed in ((), (1,), (0,), (0, 1)):
        candidate = np.broadcast_to(counts.sum(axis=summed, keepdims=True) if summed else counts, counts.shape)
        weights = np.where(weights.sum(axis=axes, keepdims=True) == 0, candidate, weights)
    return np.asarray(weights / weights.sum(axis=axes, keepdims=True))


def _add(total: Curves, curves: Curves, weights: Floats) -> Curves:
    """More reps, (draw, rep, rank, time) and (rep, rank), on top of a weighted sum over reps, (draw, rank, time)."""
    event, exit_ = (sofar + np.einsum("srkt,rk->skt", part, weights) for sofar, part in zip(total, curves, strict=True))
    return Curves(event, exit_)


def _mix(curves: Curves, weights: Floats) -> Curves:
    """Curves over ranks together: (draw, rep, rank, time) and (rep, rank) → (draw, rep, 1, time)."""
    event, exit_ = (np.einsum("srkt,rk->srt", part, weights)[:, :, None] for part in curves)
    return Curves(event, exit_)


def _summarise(draws: Mapping[str, Floats], interval_prob: float) -> dict[str, Interval]:
    return {name: equal_tailed(values, interval_prob=interval_prob) for name, values in draws.items()}
