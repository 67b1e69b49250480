"""The ordinal model: ranks read off a normal reading at cutpoints, by class; one declaration.

    P(rank k or better | class x, block r) = Φ(x'b − c_k),   c_1 > c_2 > …,   v = (c_1, log gaps, b) = mean + B u_r

with u_r ~ Normal(0, diag σ²). What a block and a class are is the caller's: a rep and the outcome (the threshold model,
but for its base rate), a rep and a pattern of ticks, a shared prospect and who ranked it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.inference.declare.checks import check_names, check_whole
from calibra.inference.declare.priors import Normal, Pooled, ScalePrior
from calibra.tables import brief

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalModel:
    """Ranks given per block and class, and the priors of what explains them.

    Raises
    ------
    InputError
        Fewer than two ranks, shapes that do not fit each other, counts that cannot be, a name of two things.
    """

    __repr__ = brief

    counts: Floats
    """Ranks given, (block, class, rank), best rank first."""
    reps: tuple[str, ...]
    """One label a block."""
    ranks: tuple[str, ...]
    """One label a rank, best first."""
    design: Floats
    """x of each class, (class, effect)."""
    effects: tuple[str, ...]
    """One label an effect."""
    basis: Floats
    """B, (parameter, column): what a block's deviations move; parameters are c_1, the log gaps, the effects."""
    scales: Mapping[str, ScalePrior]
    """Name of each scale of the columns, in their order, to its prior."""
    scale_of_column: tuple[int, ...]
    """Index into `scales` of each column."""
    first_cut: Normal
    """Prior of c_1, in standard deviations of one reading."""
    log_gap: Normal
    """Prior of the logarithm of each distance between cutpoints."""
    effect: Normal | Pooled
    """Prior of the effects b."""
    names: tuple[str, str, str, str] = ("deviation", "rep", "effect", "class")
    """Name of the blocks' deviations and of their axis; name of the effects and of their axis."""

    def __post_init__(self) -> None:
        shape = (len(self.reps), len(self.design), len(self.ranks))
        if self.counts.shape != shape:
            raise InputError(f"`counts` must be {shape} (block, class, rank); got {self.counts.shape}.")
        if len(self.ranks) < 2:
            raise InputError(f"Cutpoints lie between ranks: two ranks or more are needed; got {len(self.ranks)}.")
        if self.design.shape[1] != len(self.effects) or self.basis.shape != (self.n_params, len(self.scale_of_column)):
            raise InputError(
                "`design`, `effects`, `basis` and `scale_of_column` must fit each other; check their shapes."
            )
        check_whole("counts", self.counts.reshape(len(self.reps), -1), self.reps)
        named = [*self.layout[0], *self.layout[1]]
        check_names((name, "a term, a scale or an axis") for name in named)

    @property
    def n_reps(self) -> int:
        """Number of blocks."""
        return len(self.reps)

    @property
    def n_gaps(self) -> int:
        """Distances between cutpoints."""
        return len(self.ranks) - 2

    @property
    def n_params(self) -> int:
        """Cutpoints and effects."""
        return len(self.ranks) - 1 + len(self.effects)

    @property
    def scale_priors(self) -> dict[str, ScalePrior]:
        """Every learned scale by name: of the columns, then of the effects where it is learned."""
        own = {f"{self.names[2]}_scale": self.effect.scale} if isinstance(self.effect, Pooled) else {}
        return {**self.scales, **own}

    def with_scale_prior(self, name: str, prior: ScalePrior) -> "OrdinalModel":
        """The same declaration with another prior of one scale."""
        if name in self.scales:
            return replace(self, scales={**self.scales, name: prior})
        return replace(self, effect=Pooled(prior))

    @property
    def mean_prior(self) -> tuple[Floats, Floats]:
        """Prior mean and standard deviation of the parameters, (parameter,) each; effects of a learned scale by it."""
        effect = self.effect if isinstance(self.effect, Normal) else Normal(0.0, 1.0)
        priors = [self.first_cut, *[self.log_gap] * self.n_gaps, *[effect] * len(self.effects)]
        return np.array([p.mean for p in priors]), np.array([p.sd for p in priors])

    @property
    def layout(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """Dims of every named draw, and labels of every dim."""
        deviation, of_block, effect, of_effect = self.names
        one = len(self.scale_of_column) == 1
        dims: dict[str, tuple[str, ...]] = {"first_cut": ()}
        dims |= {"log_gap": ("gap",)} if self.n_gaps else {}
        dims |= {effect: (of_effect,)} if self.effects else {}
        dims |= {deviation: (of_block,) if one else (of_block, "column"), **dict.fromkeys(self.scale_priors, ())}
        coords = {of_block: self.reps}
        coords |= {"gap": tuple(str(i) for i in range(self.n_gaps))} if self.n_gaps else {}
        coords |= {of_effect: self.effects} if self.effects else {}
        coords |= {} if one else {"column": tuple(str(i) for i in range(len(self.scale_of_column)))}
        return dims, coords


def cutpoints(first: Floats, log_gaps: Floats) -> Floats:
    """Decreasing cutpoints (…, K − 1) of c_1 (…) and log gaps (…, K − 2)."""
    steps = np.cumsum(np.exp(log_gaps), axis=-1)
    return np.concatenate([first[..., None], first[..., None] - steps], axis=-1)
