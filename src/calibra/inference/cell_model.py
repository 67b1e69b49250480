"""The multilevel cell model: one declaration, read by every engine.

    η_rc = x_rc' β + z_rc' u_r,    u_r ~ Normal(0, diag σ²),    events_rc ~ family(size_rc, η_rc)

for reps r and cells c. β is the population, u_r is rep r's deviation from it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.inference.families import Family
from calibra.inference.priors import PopulationPrior, RandomWalk, ScalePrior
from calibra.tables import brief

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PopulationTerm:
    """A named block of population coefficients β."""

    name: str
    """Name of the draws, e.g. `rank_mean`."""
    dim: str
    """Name of the axis the coefficients run along, e.g. `rank`."""
    labels: tuple[str, ...]
    """One label a coefficient."""
    design: Floats
    """Shape (cell, coefficient), common to all reps, or (rep, cell, coefficient)."""
    prior: PopulationPrior
    """Prior of the coefficients."""

    @property
    def scale_name(self) -> str | None:
        """Name of the learned scale of the prior, if it has one."""
        return None if not hasattr(self.prior, "scale") else f"{self.name}_scale"


@dataclass(frozen=True, slots=True, eq=False)
class RepTerm:
    """A named block of rep deviations sharing one scale σ."""

    name: str
    """Name of the draws, e.g. `level`; its scale is called `<name>_scale`."""
    design: Floats
    """Shape (cell, column), common to all reps, or (rep, cell, column)."""
    scale: ScalePrior
    """Prior of σ."""

    @property
    def scale_name(self) -> str:
        """Name of the draws of σ."""
        return f"{self.name}_scale"

    @property
    def n_columns(self) -> int:
        """Number of deviations a rep has in this term."""
        return int(self.design.shape[-1])


@dataclass(frozen=True, slots=True, eq=False)
class CellModel:
    """Counts per rep and cell, the terms that explain them, and their priors.

    Raises
    ------
    InputError
        Shapes that do not fit each other, or counts outside the family's range.
    """

    __repr__ = brief

    family: Family
    """How counts follow from η."""
    events: Floats
    """Shape (rep, cell)."""
    size: Floats
    """Shape (rep, cell): binomial trials, or Poisson exposure in the user's unit; 0 marks an empty cell."""
    reps: tuple[str, ...]
    """One label a rep."""
    population: tuple[PopulationTerm, ...]
    """Terms of β."""
    rep_terms: tuple[RepTerm, ...]
    """Terms of u_r."""

    def __post_init__(self) -> None:
        n_reps, n_cells = self.events.shape
        if self.size.shape != (n_reps, n_cells) or len(self.reps) != n_reps:
            raise InputError(
                f"`events`, `size` and `reps` must agree; got {self.events.shape}, {self.size.shape}, {len(self.reps)}."
            )
        terms: list[PopulationTerm | RepTerm] = [*self.population, *self.rep_terms]
        for term in terms:
            if term.design.shape[:-1] not in {(n_cells,), (n_reps, n_cells)}:
                raise InputError(
                    f"the design of `{term.name}` must be ({n_cells}, ·) or ({n_reps}, {n_cells}, ·); "
                    f"got {term.design.shape}."
                )
        for population_term in self.population:
            _check_population_term(population_term)
        names = [name for term in terms for name in (term.name, term.scale_name) if name]
        if len(set(names)) != len(names):
            raise InputError(f"terms must have names of their own; got {names}.")
        if self.family.name == "binomial" and np.any(self.events > self.size):
            raise InputError("a cell holds more events than trials; check the counts.")
        if np.any(self.events < 0) or np.any((self.size <= 0) & (self.events > 0)):
            raise InputError("a cell holds a negative count, or events without trials or exposure; check the counts.")

    @property
    def n_reps(self) -> int:
        """Number of reps."""
        return int(self.events.shape[0])

    @property
    def population_design(self) -> Floats:
        """All population columns side by side: (cell, p) or (rep, cell, p)."""
        return _side_by_side([term.design for term in self.population], self.events.shape)

    @property
    def rep_design(self) -> Floats:
        """All rep columns side by side: (cell, q) or (rep, cell, q)."""
        return _side_by_side([term.design for term in self.rep_terms], self.events.shape)

    @property
    def scale_priors(self) -> dict[str, ScalePrior]:
        """Every learned scale by name: the rep terms' first, then the population terms'."""
        rep_scales = {term.scale_name: term.scale for term in self.rep_terms}
        learned = {t.scale_name: t.prior.scale for t in self.population if t.scale_name and hasattr(t.prior, "scale")}
        return rep_scales | learned


def _check_population_term(term: PopulationTerm) -> None:
    if len(term.labels) != term.design.shape[-1]:
        raise InputError(f"`{term.name}` has {term.design.shape[-1]} columns but {len(term.labels)} labels.")
    if isinstance(term.prior, RandomWalk) and len(term.prior.step_widths) != len(term.labels) - 1:
        raise InputError(
            f"the random walk of `{term.name}` needs {len(term.labels) - 1} step widths; "
            f"got {len(term.prior.step_widths)}."
        )


def _side_by_side(designs: list[Floats], shape: tuple[int, ...]) -> Floats:
    """Join designs; broadcast the common ones over reps only if one differs by rep."""
    if not designs:
        return np.zeros((shape[1], 0))
    if all(design.ndim == 2 for design in designs):
        return np.concatenate(designs, axis=1)
    return np.concatenate([np.broadcast_to(d, (*shape, d.shape[-1])) for d in designs], axis=-1)
