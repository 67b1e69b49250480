"""Designs and worlds: who judges how much, and organisations drawn from a model's own priors, scales included.

Each chapter that has a model draws its worlds in plain numpy from the definitions (`worlds.py`), never from a
likelihood. The truth of a world is kept under the names of the posterior, so that it can be read as a posterior of one
draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError
from calibra.inference.engines import Declaration
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.checked import ModelFit
from calibra.tables import brief

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Truth = Mapping[str, Mapping[str, Floats]]
"""Ending to name to true value; one ending, "event", for most models."""

type Reps = Literal["priors", "identical", "extreme"]
"""Reps as the priors draw them; all alike; or the first two of them 2.5 standard deviations out, one to each side."""

_FAR_OUT = 2.5
_REP_TERMS = ("level", "slope", "residual", "tempo", "deviation")
AS_OF = date(2026, 9, 30)
NO_DRAWS = Posterior({}, {}, {}, Diagnostics("none", "not fitted yet", 0, 0, 0.0, 0.0))
"""In place of the draws of a world that is not fitted yet."""
SCALE = RankScale(
    ["A", "B", "C"],
    {rank: Promise(p, within_days=90) for rank, p in zip("ABC", (0.5, 0.25, 0.08), strict=True)},
)
"""The scale of the designs that are made here."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Who judges how much, and how long it is watched: what is held fixed while worlds are drawn."""

    __repr__ = brief

    n: Ints
    """Judgments, (rep, rank), best rank first; the threshold model draws the ranks and keeps each rep's total."""
    scale: RankScale = SCALE
    """The ranks and their promises."""
    within_days: int = 90
    """Horizon of rank and threshold models."""
    edges_days: tuple[int, ...] = (15, 45, 90)
    """Interval edges of lead-time models that state none."""
    longest_days: int = 240
    """Age of the oldest judgment in lead-time worlds; judgments fall evenly over these days before the snapshot."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a design."""
        n = np.asarray(self.n)
        if (
            n.ndim != 2
            or n.shape[1] != len(self.scale.ranks)
            or n.dtype.kind not in "iu"
            or (n < 0).any()
            or not n.sum()
        ):
            raise InputError(
                f"`n` must hold whole numbers of judgments, (rep, {len(self.scale.ranks)} ranks), none negative and "
                f"some positive; got shape {n.shape}, dtype {n.dtype}."
            )
        if self.longest_days < max(self.edges_days):
            raise InputError(
                f"`longest_days` must reach the last edge ({max(self.edges_days)}); got {self.longest_days}."
            )
        object.__setattr__(self, "n", n.astype(np.int64))

    @classmethod
    def even(cls, *, n_reps: int, n_per_rep: int, scale: RankScale = SCALE) -> "Design":
        """Every rep judges as much, spread evenly over the ranks; what is left over goes to the last ranks."""
        k = len(scale.ranks)
        share = np.array([n_per_rep // k + (i >= k - n_per_rep % k) for i in range(k)])
        return cls(np.tile(share, (n_reps, 1)), scale)

    @classmethod
    def of(cls, judgments: Judgments, *, within_days: int | None = None) -> "Design":
        """The design of judgments in hand: their reps, ranks and mature counts, and for how long they are watched."""
        cells = judgments.binomial_cells(within_days=within_days)
        days = 90 if cells.within_days is None else cells.within_days
        longest = days
        if judgments.as_of is not None and (first := judgments.duration_counts().first_judged_at) is not None:
            longest = max(days, (judgments.as_of - first).days)
        edges = tuple(sorted({max(1, days // 4), max(2, days // 2), days}))
        return cls(cells.n, judgments.scale, days, edges, longest)

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return tuple(f"rep {i + 1:03d}" for i in range(len(self.n)))

    def cells(self, n: Ints, events: Ints) -> BinomialCells:
        """Counts of a world as the models take them."""
        return BinomialCells(
            self.reps, self.scale.ranks, {}, n, events, np.zeros_like(n), self.within_days, as_of=AS_OF
        )


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One simulated organisation: what is true, and the fit that waits for its draws."""

    truth: Truth
    """What is true, under the names of the posterior."""
    frame: ModelFit
    """The fit without draws."""
    true_frame: ModelFit
    """The same to read the truth from: it differs where a declaration depends on the counts."""

    @property
    def declarations(self) -> Mapping[str, Declaration]:
        """What the engines are to fit, by ending."""
        return self.frame.checked().declarations

    def fitted(self, posteriors: Mapping[str, Posterior]) -> ModelFit:
        """The fit with its draws."""
        return self.frame.checked().with_posteriors(posteriors)

    def true_fit(self, posteriors: Mapping[str, Posterior]) -> ModelFit:
        """The truth as a fit of one draw, read by the same names as the posteriors'."""
        one = {
            part: replace(
                posterior,
                draws={name: np.asarray(self.truth[part][name])[None] for name in posterior.draws},
                diagnostics=replace(posterior.diagnostics, n_draws=1),
            )
            for part, posterior in posteriors.items()
        }
        return self.true_frame.checked().with_posteriors(one)


def refuse_groups(names: tuple[str, ...]) -> None:
    """Refuse a model with case mix or teams: worlds have no such columns."""
    if names:
        raise InputError(
            f"Worlds have reps and ranks only; the model asks for {', '.join(names)}. Pass the model without them."
        )


def place_reps(truth: dict[str, Floats], reps: Reps) -> dict[str, Floats]:
    """The same population with other reps in it; `truth` itself where they are the priors'."""
    if reps == "priors":
        return truth
    placed = dict(truth)
    if reps == "identical":
        return placed | {name: np.zeros_like(placed[name]) for name in _REP_TERMS if name in placed}
    far = np.array([_FAR_OUT, -_FAR_OUT])
    if "deviation" in placed:
        deviation = placed["deviation"].copy()
        deviation[:2, 0], deviation[:2, 2] = far * placed["base_scale"], far * placed["shift_scale"]
        return placed | {"deviation": deviation}
    level = placed["level"].copy()
    level[:2] = far * placed["level_scale"]
    return placed | {"level": level}
