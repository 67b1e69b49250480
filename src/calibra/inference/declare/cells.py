"""The multilevel cell model: one declaration, read by every engine.

    η_rc = x_rc' β + z_rc' u_r,    u_r ~ Normal(0, Σ),    events_rc ~ family(size_rc, η_rc)

for reps r and cells c. β is the population, u_r is rep r's deviation from it. Σ is diag σ², but for the correlation
that two terms of one column each may have. Some reps may be of another kind (see `odd_reps`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.inference.declare.checks import check_amounts, check_names, check_numbers, check_whole
from calibra.inference.declare.families import DelayedBinomial, Family
from calibra.inference.declare.odd_reps import OddReps
from calibra.inference.declare.priors import (
    LKJ,
    GammaPrecision,
    Normal,
    Pooled,
    PopulationPrior,
    RandomWalk,
    ScalePrior,
)
from calibra.tables import brief

type Floats = NDArray[np.float64]

_OF_BUILD = ("events", "linpred", "events_seen", "size_seen", "reached_seen", "odd_reps", "odd_seen")
"""What the model written out in PyMC has beside terms and scales."""
_OF_DRAWS = ("chain", "draw", "__sample__")
"""Axes that ArviZ keeps for itself."""


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


@dataclass(frozen=True, slots=True)
class Correlation:
    """The correlation between reps of two terms of one column each, learned."""

    earlier: str
    """Name of the term that comes first."""
    later: str
    """Name of the other."""
    prior: LKJ
    """Prior of ρ."""

    @property
    def name(self) -> str:
        """Name of the draws of ρ."""
        return f"{self.earlier}_{self.later}_correlation"


@dataclass(frozen=True, slots=True, eq=False)
class CellModel:
    """Counts per rep and cell, the terms that explain them, and their priors.

    Raises
    ------
    InputError
        Shapes that do not fit each other, counts outside the family's range, or one name for two things.
    """

    __repr__ = brief

    family: Family
    """How counts follow from η."""
    events: Floats
    """Shape (rep, cell): counts, or what the family says of amounts."""
    size: Floats
    """Shape (rep, cell): binomial trials, Poisson exposure in the user's unit, or what the family says of amounts; 0
    marks an empty cell."""
    reps: tuple[str, ...]
    """One label a rep."""
    population: tuple[PopulationTerm, ...]
    """Terms of β."""
    rep_terms: tuple[RepTerm, ...]
    """Terms of u_r."""
    correlation: Correlation | None = None
    """Two of these that are correlated; None where all are independent."""
    odd_reps: OddReps | None = None
    """Terms by which some reps are of another kind; None where all are of one."""

    def __post_init__(self) -> None:
        n_reps, n_cells = self.events.shape
        if self.size.shape != (n_reps, n_cells) or len(self.reps) != n_reps:
            raise InputError(
                f"`events`, `size` and `reps` must agree; got {self.events.shape}, {self.size.shape}, {len(self.reps)}."
            )
        for term in self.terms:
            if term.design.shape[:-1] not in {(n_cells,), (n_reps, n_cells)}:
                raise InputError(
                    f"the design of `{term.name}` must be ({n_cells}, ·) or ({n_reps}, {n_cells}, ·); "
                    f"got {term.design.shape}."
                )
        for population_term in self.population:
            _check_population_term(population_term)
        if self.correlation is not None:
            _check_correlation(self.correlation, self.rep_terms)
        if self.odd_reps is not None:
            _check_odd(self.odd_reps, self.rep_terms, self.correlation)
        check_names(_names(self))
        self._check_counts()

    def _check_counts(self) -> None:
        {"counts": check_whole, "amounts": check_amounts, "numbers": check_numbers}[self.family.events_are](
            "events", self.events, self.reps
        )
        (check_whole if self.family.size_is_count else check_amounts)("size", self.size, self.reps)
        if self.family.has_trials and np.any(self.events > self.size):
            raise InputError("a cell holds more events than trials; check the counts.")
        if isinstance(self.family, DelayedBinomial):
            _check_reached(self.family.reached, self.events.shape)
        if np.any((self.size <= 0) & (self.events != 0)):
            raise InputError("a cell holds events without trials or exposure; check the counts.")

    @property
    def terms(self) -> "tuple[PopulationTerm | RepTerm, ...]":
        """Every term, the population's first."""
        return (*self.population, *self.rep_terms)

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

    def with_scale_prior(self, name: str, prior: ScalePrior) -> "CellModel":
        """The same declaration with another prior of one scale."""

        def changed(term: PopulationTerm) -> PopulationTerm:
            if term.scale_name != name or isinstance(term.prior, Normal):
                return term
            return replace(term, prior=replace(term.prior, scale=prior))

        rep_terms = tuple(replace(t, scale=prior) if t.scale_name == name else t for t in self.rep_terms)
        return replace(self, rep_terms=rep_terms, population=tuple(map(changed, self.population)))

    @property
    def outer_names(self) -> tuple[str, ...]:
        """Names of everything learned beside terms: the scales, then the correlation."""
        return (*self.scale_priors, *(() if self.correlation is None else (self.correlation.name,)))

    @property
    def correlated_columns(self) -> tuple[int, int] | None:
        """Columns of u_r that are correlated, the later one first."""
        if self.correlation is None:
            return None
        names = self._column_names
        return names.index(self.correlation.later), names.index(self.correlation.earlier)

    @property
    def odd_columns(self) -> tuple[int, ...]:
        """Columns of u_r by which some reps are of another kind."""
        odd = () if self.odd_reps is None else self.odd_reps.terms
        return tuple(i for i, name in enumerate(self._column_names) if name in odd)

    @property
    def _column_names(self) -> list[str]:
        """Name of the term of each column of u_r."""
        return [term.name for term in self.rep_terms for _ in range(term.n_columns)]


def with_own_axes(population: Iterable[PopulationTerm], rep_terms: Iterable[RepTerm]) -> tuple[PopulationTerm, ...]:
    """Rename axes that the user named as something of the model is called: `level` becomes `level_labels`.

    A grouping may be called anything. Only the name of its axis changes, not that of its term.
    """
    fixed, terms = tuple(rep_terms), tuple(population)
    every: list[PopulationTerm | RepTerm] = [*terms, *fixed]
    variables = {name for term in every for name, _ in _variables(term)} | set(_OF_BUILD)
    axes: dict[str, tuple[str, ...]] = dict.fromkeys(_axes_of_reps(fixed), ())
    renamed = []
    for term in terms:
        dim = term.dim
        while dim in variables or axes.get(dim, term.labels) != term.labels:
            dim = f"{dim}_labels"
        axes[dim] = term.labels
        renamed.append(replace(term, dim=dim))
    return tuple(renamed)


def _axes_of_reps(rep_terms: Iterable[RepTerm]) -> tuple[str, ...]:
    return (*_OF_DRAWS, "rep", "cell", *(f"{term.name}_column" for term in rep_terms if term.n_columns > 1))


def _variables(term: PopulationTerm | RepTerm) -> Iterator[tuple[str, str]]:
    """The name of a term, of its scale and of what either is made from in PyMC, with what each is."""
    prior = term.prior if isinstance(term, PopulationTerm) else None
    scale = term.scale if isinstance(term, RepTerm) else getattr(prior, "scale", None)
    yield term.name, "a term"
    if term.scale_name is not None:
        yield term.scale_name, f"the scale of `{term.name}`"
        if isinstance(scale, GammaPrecision):
            yield f"{term.scale_name}_precision", f"the precision of `{term.name}`"
    for part in _parts(term):
        yield f"{term.name}_{part}", f"a part of `{term.name}`"


def _parts(term: PopulationTerm | RepTerm) -> tuple[str, ...]:
    """What a term is made from in PyMC."""
    if isinstance(term, RepTerm):
        return ("design", "known", "standard")
    if isinstance(term.prior, RandomWalk):
        return ("design", "known", "first", "step")
    return ("design", "standard") if isinstance(term.prior, Pooled) else ("design",)


def _names(model: CellModel) -> Iterator[tuple[str, str]]:
    """Every name the model written out in PyMC has, with what it is; an axis of several terms once."""
    for any_term in model.terms:
        yield from _variables(any_term)
    if model.correlation is not None:
        yield model.correlation.name, "the correlation of two terms"
        yield f"{model.correlation.name}_share", "a part of that correlation"
    for name in _OF_BUILD:
        yield name, "part of every model"
    for name in _axes_of_reps(model.rep_terms):
        yield name, "an axis that every model has"
    axes: dict[str, tuple[str, ...]] = {}
    for term in model.population:
        if axes.setdefault(term.dim, term.labels) != term.labels:
            yield term.dim, "the axis of other labels"
    for dim in axes:
        yield dim, "the axis of a term"


def _check_reached(reached: Floats, shape: tuple[int, ...]) -> None:
    if reached.shape != shape or not np.all((reached > 0.0) & (reached <= 1.0)):
        found = f"shape {reached.shape}, from {reached.min(initial=1.0)} to {reached.max(initial=0.0)}"
        raise InputError(f"`reached` must be above 0 and up to 1, of shape {shape}; got {found}.")


def _check_population_term(term: PopulationTerm) -> None:
    if len(term.labels) != term.design.shape[-1]:
        raise InputError(f"`{term.name}` has {term.design.shape[-1]} columns but {len(term.labels)} labels.")
    if isinstance(term.prior, RandomWalk) and len(term.prior.step_widths) != len(term.labels) - 1:
        raise InputError(
            f"the random walk of `{term.name}` needs {len(term.labels) - 1} step widths; "
            f"got {len(term.prior.step_widths)}."
        )


def _check_correlation(correlation: Correlation, rep_terms: tuple[RepTerm, ...]) -> None:
    single = [term.name for term in rep_terms if term.n_columns == 1]
    named = [correlation.earlier, correlation.later]
    if [name for name in single if name in named] != named:
        raise InputError(
            f"`correlation` must name two rep terms of one column each, in their order; got {named} of {single}."
        )


def _check_odd(odd: OddReps, rep_terms: tuple[RepTerm, ...], correlation: Correlation | None) -> None:
    single = [term.name for term in rep_terms if term.n_columns == 1]
    if [name for name in single if name in odd.terms] != list(odd.terms):
        raise InputError(
            f"`odd_reps` must name rep terms of one column, in their order; got {list(odd.terms)} of {single}."
        )
    pair = set() if correlation is None else {correlation.earlier, correlation.later}
    if len(pair & set(odd.terms)) == 1:
        raise InputError(f"`odd_reps` must name both terms that are correlated, or neither; got {list(odd.terms)}.")


def _side_by_side(designs: list[Floats], shape: tuple[int, ...]) -> Floats:
    """Join designs; broadcast the common ones over reps only if one differs by rep."""
    if not designs:
        return np.zeros((shape[1], 0))
    if all(design.ndim == 2 for design in designs):
        return np.concatenate(designs, axis=1)
    return np.concatenate([np.broadcast_to(d, (*shape, d.shape[-1])) for d in designs], axis=-1)
