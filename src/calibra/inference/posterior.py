"""What every engine returns: draws with named axes, and how far to trust them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calibra.findings import Finding
from calibra.inference.psis import PARETO_K_LIMIT
from calibra.tables import brief
from calibra.values import Rep, Value

if TYPE_CHECKING:
    import xarray

type Floats = NDArray[np.float64]

MIN_EFFECTIVE = 400.0
"""Fewest effective draws an answer may rest on (DESIGN §4)."""
MOST_R_HAT = 1.01
"""Largest R̂ of chains that agree."""


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """How far to trust a fit; shown with every result."""

    engine: str
    """`laplace` or `nuts`: the engine that made the draws."""
    reason: str
    """Why this engine."""
    seed: int
    """Seed of the fit."""
    n_draws: int
    """Equally weighted draws returned."""
    effective_sample: float
    """Effective number of independent draws: of the outer parameters (laplace), the least of any parameter (nuts)."""
    wall_seconds: float
    """Wall time of the fit, compilation included."""
    outer_pareto_k: float | None = None
    """laplace: Pareto k̂ of the outer importance weights; above 0.7 they cannot be trusted."""
    worst_block_k: float | None = None
    """laplace: largest Pareto k̂ over the reps' blocks."""
    worst_block_rep: str | None = None
    """laplace: the rep it belongs to."""
    r_hat: float | None = None
    """nuts: largest split R̂ over all parameters."""
    n_divergent: int | None = None
    """nuts: divergent transitions."""
    nuts_stopped_seconds: float | None = None
    """laplace, by `auto`: seconds after which nuts was stopped, not done; None if it was not tried."""
    versions: tuple[tuple[str, str], ...] = ()
    """Name and version of what made the draws."""

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What speaks against the fit; empty if nothing does."""
        found: list[Finding] = []

        def say(key: str, **values: Value) -> None:
            found.append(Finding(f"inference.{key}", values, "problem"))

        if self.effective_sample < MIN_EFFECTIVE:
            say("few_draws", n=f"{self.effective_sample:,.0f}", wanted=f"{MIN_EFFECTIVE:.0f}")
        if self.outer_pareto_k is not None and self.outer_pareto_k > PARETO_K_LIMIT:
            say("high_k", k=f"{self.outer_pareto_k:.2f}", most=PARETO_K_LIMIT)
        if self.worst_block_k is not None and self.worst_block_k > PARETO_K_LIMIT:
            say("block_k", k=f"{self.worst_block_k:.2f}", rep=Rep(self.worst_block_rep or ""), most=PARETO_K_LIMIT)
        if self.r_hat is not None and self.r_hat > MOST_R_HAT:
            say("r_hat", r=f"{self.r_hat:.3f}", most=MOST_R_HAT)
        if self.n_divergent:
            say("divergent", n=self.n_divergent)
        if self.nuts_stopped_seconds is not None:
            say("nuts_stopped", seconds=float(self.nuts_stopped_seconds))
        return tuple(found)

    @property
    def way_out(self) -> str:
        """What to try where something speaks against the fit."""
        if self.nuts_stopped_seconds is not None:
            return "Fit with engine='nuts', which has no time limit."
        if "laplace" in self.engine:
            return "Fit with engine='nuts'."
        return (
            "Fit with more draws (draws=4000) and another seed; if it stays, the data say too little of a scale: use "
            "fewer ranks, or a tighter prior of the scales."
        )

    @property
    def ok(self) -> bool:
        """Nothing speaks against the fit."""
        return not self.problems

    def __str__(self) -> str:
        """One readable line."""
        parts = [
            f"{self.engine} ({self.reason})",
            f"{self.n_draws} draws",
            f"effective sample {self.effective_sample:.0f}",
        ]
        if self.outer_pareto_k is not None:
            parts.append(f"outer Pareto k {self.outer_pareto_k:.2f}")
        if self.worst_block_k is not None:
            parts.append(f"worst block k {self.worst_block_k:.2f} (rep {self.worst_block_rep})")
        if self.r_hat is not None:
            parts.append(f"R-hat {self.r_hat:.3f}, {self.n_divergent} divergent")
        verdict = "no problem seen" if self.ok else "PROBLEM: " + "; ".join(map(str, self.problems))
        return f"{', '.join(parts)}, seed {self.seed}, {self.wall_seconds:.2f} s: {verdict}"


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Draws with named axes."""

    __repr__ = brief

    draws: Mapping[str, Floats]
    """Name → array whose first axis is the draw."""
    dims: Mapping[str, tuple[str, ...]]
    """Name → names of the axes after the draw."""
    coords: Mapping[str, tuple[str, ...]]
    """Axis → labels."""
    diagnostics: Diagnostics
    """How far to trust the draws."""

    def __getitem__(self, name: str) -> Floats:
        """Draws of one quantity, (draw, …)."""
        return self.draws[name]

    @property
    def n_draws(self) -> int:
        """Number of equally weighted draws."""
        return self.diagnostics.n_draws

    def to_xarray(self) -> "xarray.Dataset":
        """The draws as an xarray dataset with dimensions (chain, draw, …), as ArviZ expects them."""
        import xarray

        variables = {
            name: (("chain", "draw", *self.dims[name]), np.asarray(values)[None]) for name, values in self.draws.items()
        }
        used = {dim for dims in self.dims.values() for dim in dims}
        coords = {dim: list(labels) for dim, labels in self.coords.items() if dim in used}
        attributes = {
            "engine": self.diagnostics.engine,
            "seed": self.diagnostics.seed,
            **dict(self.diagnostics.versions),
        }
        return xarray.Dataset(variables, coords=coords, attrs=attributes)

    def to_datatree(self) -> "xarray.DataTree":
        """The draws as an ArviZ `DataTree` with one group, `posterior`."""
        import xarray

        return xarray.DataTree.from_dict({"posterior": self.to_xarray()})
