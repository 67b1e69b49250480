"""Simulation-based calibration: is the truth, drawn from the priors, an ordinary draw of the posterior?

θ ~ prior, y ~ p(y | θ); the rank of θ among draws of p(θ | y) is uniform if simulator, model, engine and what is read
off the draws agree, for every quantity f(θ, y). It is a proof of the computation, not of the model's fit to a team.

References
----------
Talts, S., Betancourt, M., Simpson, D., Vehtari, A. and Gelman, A. (2018). Validating Bayesian inference algorithms with
simulation-based calibration. arXiv:1804.06788.
Modrák, M. et al. (2023). Simulation-based calibration checking for Bayesian computation: the choice of test quantities
shapes sensitivity. Bayesian Analysis. arXiv:2211.02383.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.design import Design, Reps, World
from calibra.checks.recovery.rows import Row, answered, count, run_worlds
from calibra.errors import InputError
from calibra.inference.engines import sample_posterior
from calibra.inference.nuts.repeated import RepeatedNuts
from calibra.inference.pairing import spawn_seed
from calibra.inference.posterior import Posterior
from calibra.inference.uniformity import uniformity_p_value
from calibra.tables import brief, make_table

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]
type SbcEngine = Literal["laplace", "nuts"]

N_DRAWS = 99
"""Near-independent draws the truth is ranked among."""
LEVEL = 0.01
"""Level of the test, shared by all quantities of a run."""


class Model(Protocol):
    """A model that can draw worlds from its own priors."""

    def draw_world(
        self, design: Design, rng: np.random.Generator, *, exact: bool = True, reps: Reps = "priors"
    ) -> World:
        """An organisation drawn from the priors."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SbcRun:
    """Ranks of the truth among posterior draws, world by world."""

    __repr__ = brief

    model: str
    """Name of the model."""
    engine: str
    """Engine that made the draws."""
    names: tuple[str, ...]
    """Quantities."""
    pit: Floats
    """Place of the truth among the draws, in (0, 1), ties broken at random; (world, quantity). NaN: not in a world."""
    doubted: NDArray[np.bool_]
    """Worlds whose diagnostics had a problem, (world,): those `auto` would hand from laplace to nuts."""
    n_failed: int
    """Worlds without an answer from the engine."""
    n_refused: int
    """Worlds without enough data for any fit."""
    seed: int
    """Seed."""

    @property
    def n_worlds(self) -> int:
        """Worlds ranked."""
        return len(self.pit)

    @property
    def p_values(self) -> Floats:
        """Uniformity of each quantity, (quantity,)."""
        return np.array([uniformity_p_value(column[np.isfinite(column)]) for column in self.pit.T])

    @property
    def threshold(self) -> float:
        """p-value below which a quantity fails: .01 over the number of quantities."""
        return LEVEL / len(self.names)

    @property
    def failing(self) -> tuple[str, ...]:
        """Quantities whose ranks are not uniform."""
        return tuple(name for name, p in zip(self.names, self.p_values, strict=True) if p < self.threshold)

    @property
    def kept(self) -> "SbcRun":
        """The worlds that `auto` leaves to laplace."""
        return SbcRun(
            self.model,
            f"{self.engine}, worlds `auto` keeps",
            self.names,
            self.pit[~self.doubted],
            self.doubted[~self.doubted],
            self.n_failed,
            self.n_refused,
            self.seed,
        )

    @property
    def table(self) -> "pd.DataFrame":
        """One row per quantity; `mean_pit` of a uniform is ½, `sd_ratio` 1; `covered_90`: equal-tailed intervals."""
        p, known = self.p_values, np.isfinite(self.pit).sum(axis=0)
        return make_table(
            {
                "quantity": np.array(self.names, dtype=object),
                "p_value": p,
                "mean_pit": np.nanmean(self.pit, axis=0),
                "sd_ratio": np.nanstd(self.pit, axis=0) * np.sqrt(12.0),
                "covered_90": (np.abs(self.pit - 0.5) < 0.45).sum(axis=0) / known,
                "uniform": p >= self.threshold,
                "n_worlds": known,
            }
        )

    def __str__(self) -> str:
        """What was ranked and whether it is uniform, in a few lines."""
        worst = int(np.argmin(self.p_values))
        head = (
            f"{self.model} by {self.engine}: {self.n_worlds} worlds from its priors, {len(self.names)} quantities, "
            f"seed {self.seed}; {self.doubted.sum()} fits with a problem, {self.n_failed} failed."
        )
        verdict = f"NOT uniform: {', '.join(self.failing)}." if self.failing else "All ranks look uniform."
        tail = f"Smallest p {self.p_values[worst]:.2g} ({self.names[worst]}); fails below {self.threshold:.2g}."
        return "\n".join([head, verdict, tail])


def simulation_based_calibration(
    model: Model,
    *,
    design: Design,
    n_worlds: int,
    engine: SbcEngine = "laplace",
    seed: int,
    exact: bool = True,
    cache: Path | None = None,
) -> SbcRun:
    """Are truths drawn from a model's priors ordinary draws of its posteriors, on your own design?

    Parameters
    ----------
    model : RankModel, LeadTimeModel or ThresholdModel
        With the priors to draw from and to fit with.
    design : Design
        Reps, ranks and numbers of judgments; `Design.of(judgments)` for your own.
    n_worlds : int
        Worlds. 1,000 see a bias of about a tenth of a posterior standard deviation, 250 of about a fifth.
    engine : {"laplace", "nuts"}
        The engine on trial. nuts compiles once and swaps the counts.
    seed : int
        World i is drawn from (seed, i), so a longer run begins with a shorter one.
    exact : bool
        False: data as a user's come (whole days; direction of the shift from the counts).
    cache : Path, optional
        File to keep the ranks in; a run goes on where it stopped.

    Returns
    -------
    SbcRun
        p-values, and which quantities fail.
    """
    if n_worlds < 2:
        raise InputError(f"`n_worlds` must be 2 or more; got {n_worlds!r}.")
    if engine not in ("laplace", "nuts"):
        raise InputError(f"`engine` must be 'laplace' or 'nuts'; got {engine!r}.")
    sampler = RepeatedNuts() if engine == "nuts" else None
    rows = run_worlds(
        lambda index: _one_world(model, design, seed=seed, index=index, exact=exact, sampler=sampler),
        n_worlds=n_worlds,
        cache=cache,
    )
    return gather(type(model).__name__, engine, rows, seed)


def _one_world(
    model: Model, design: Design, *, seed: int, index: int, exact: bool, sampler: RepeatedNuts | None
) -> dict[str, float]:
    """Quantity to its place, and `#doubted`."""
    world = model.draw_world(design, np.random.default_rng([seed, index]), exact=exact)
    posteriors = fit_world(world, seed=seed * 100_000 + index, sampler=sampler)
    drawn, true = (fit.checked().ranked() for fit in (world.fitted(posteriors), world.true_fit(posteriors)))
    if not exact:
        drawn, true = _reported_only(drawn), _reported_only(true)
    ties = np.random.default_rng([seed, index, 1])
    places = {name: place_of(float(true[name][0]), thin(values), ties) for name, values in drawn.items()}
    return places | {"#doubted": float(any(posterior.diagnostics.problems for posterior in posteriors.values()))}


def fit_world(world: World, *, seed: int, sampler: RepeatedNuts | None, draws: int = 100) -> dict[str, Posterior]:
    """Draws of every part of a world, by laplace or by the nuts sampler given."""
    return {
        part: sample_posterior(declaration, seed=spawn_seed(seed, i), engine="laplace", draws=draws, progress=False)
        if sampler is None
        else sampler.sample(declaration, seed=spawn_seed(seed, i), draws=draws)
        for i, (part, declaration) in enumerate(world.declarations.items())
    }


def thin(values: Floats, n: int = N_DRAWS) -> Floats:
    """So many draws, evenly spaced."""
    return np.asarray(values[np.linspace(0, len(values) - 1, min(n, len(values))).round().astype(int)])


def place_of(true: float, draws: Floats, rng: np.random.Generator) -> float:
    """Where the truth stands among the draws, uniform on (0, 1) if it is one of them; ties are broken at random."""
    below, equal = int((draws < true).sum()), int((draws == true).sum())
    return float((below + rng.random() * (equal + 1)) / (len(draws) + 1))


def gather(model: str, engine: str, rows: Sequence[Row], seed: int) -> SbcRun:
    """The run of rows kept."""
    known = answered(rows)
    names = tuple(dict.fromkeys(name for row in known for name in row if not name.startswith("#")))
    return SbcRun(
        model,
        engine,
        names,
        np.array([[row.get(name, np.nan) for name in names] for row in known]),
        np.array([row["#doubted"] > 0 for row in known]),
        count(rows, "#failed"),
        count(rows, "#refused"),
        seed,
    )


def _reported_only(quantities: Mapping[str, Floats]) -> dict[str, Floats]:
    """Without what has another meaning where a threshold model takes its shift from the counts."""
    own = ("shift, first rep", "spacing_", "discrimination, first rep", "base, first rep", "typical log_ratio")
    return {name: values for name, values in quantities.items() if not name.startswith(own)}
