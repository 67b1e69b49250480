"""One door to the engines: a declaration in, a posterior out."""

import logging
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal, get_args

import numpy as np

from calibra.errors import FitError, InputError
from calibra.findings import Finding
from calibra.inference.declare.cells import CellModel
from calibra.inference.declare.detection import DetectionModel
from calibra.inference.declare.ordinal import OrdinalModel
from calibra.inference.laplace.cell_blocks import CellBlocks
from calibra.inference.laplace.detection_blocks import DetectionBlocks
from calibra.inference.laplace.engine import LaplaceDraws, sample_laplace
from calibra.inference.laplace.ordinal_blocks import OrdinalBlocks
from calibra.inference.nuts.engine import OutOfTimeError, about_seconds, foresee_seconds, sample_nuts
from calibra.inference.posterior import MIN_EFFECTIVE, Diagnostics, Floats, Posterior
from calibra.inference.progress import Progress
from calibra.inference.psis import PARETO_K_LIMIT
from calibra.values import Value
from calibra.version import __version__

type Engine = Literal["auto", "laplace", "nuts"]
type Declaration = CellModel | DetectionModel | OrdinalModel


NUTS_SECONDS = 300.0
"""Time limit of nuts where `auto` turns to it, seconds; laplace's draws are kept after it, with their doubt."""
LOG = logging.getLogger("calibra")


@dataclass(frozen=True, slots=True)
class _Run:
    """What was asked for, and when."""

    model: Declaration
    seed: int
    draws: int
    status: Progress
    began: float
    nuts_seconds: float
    """Time limit of nuts under `auto`."""


def sample_posterior(
    model: Declaration,
    *,
    seed: int,
    engine: Engine = "auto",
    draws: int = 1000,
    progress: bool = True,
    nuts_seconds: float = NUTS_SECONDS,
) -> Posterior:
    """Draw from the posterior of a declaration.

    Parameters
    ----------
    model
        The declaration.
    seed
        Same seed, same numbers.
    engine
        `laplace`, `nuts`, or `auto`: laplace, and nuts where the outer or the worst block Pareto k̂ exceeds 0.7 or
        fewer than 400 effective draws stand behind the answer, or where reps have heavy tails. Which and why is logged
        before nuts starts, and is part of the diagnostics.
    draws
        Equally weighted draws to return.
    progress
        Show progress on a terminal for work above a second.
    nuts_seconds
        Time limit of nuts under `auto`: if it is not done by then, laplace's draws are kept and their diagnostics name
        both problems. The answer then depends on how fast the machine is.

    Raises
    ------
    InputError
        An engine that does not exist, a seed that is no whole number, or fewer than 100 draws.
    FitError
        `laplace` was asked for and broke down; or it broke down under `auto` and nuts was not done in time.
    """
    _check_arguments(seed, engine, draws, nuts_seconds)
    status = Progress(shown=progress)
    run = _Run(model, int(seed), int(draws), status, time.perf_counter(), float(nuts_seconds))
    try:
        if engine == "nuts":
            return _by_nuts(run, "as asked")
        try:
            found = sample_laplace(_blocks(model), seed=run.seed, draws=run.draws, progress=status)
        except (FitError, np.linalg.LinAlgError) as error:
            if engine != "auto":
                raise FitError(Finding("inference.laplace_failed", {"words": str(error)}, "problem")) from error
            return _by_nuts_only(run, f"laplace failed: {error}")
        doubt = _doubt(found, model.reps)
        if engine == "auto" and doubt:
            return _by_nuts_or_laplace(run, found, f"laplace had {doubt}")
        return _by_laplace(run, found, "as asked" if engine == "laplace" else "auto: laplace is trustworthy here")
    finally:
        status.close()


def _by_nuts_or_laplace(run: _Run, found: LaplaceDraws, why: str) -> Posterior:
    """Nuts if it is done in time, else the draws there are."""
    _announce(run, why)
    try:
        return _by_nuts(run, f"auto: {why}", seconds=run.nuts_seconds)
    except OutOfTimeError:
        stopped = f"auto: {why}, and nuts was not done within {run.nuts_seconds:g} s"
        return _by_laplace(run, found, stopped, nuts_stopped_seconds=run.nuts_seconds)


def _by_nuts_only(run: _Run, why: str) -> Posterior:
    """Nuts where there are no other draws."""
    _announce(run, why)
    try:
        return _by_nuts(run, f"auto: {why}", seconds=run.nuts_seconds)
    except OutOfTimeError as error:
        values: dict[str, Value] = {"words": why, "seconds": run.nuts_seconds}
        raise FitError(Finding("inference.both_failed", values, "problem")) from error


def _announce(run: _Run, why: str) -> None:
    """Say before nuts starts why it does and about how long it may take."""
    run.status.close()
    LOG.warning(
        "%s: nuts takes over, for about %s, at most %s; engine='laplace' keeps to laplace",
        why,
        about_seconds(foresee_seconds(run.model, run.draws)),
        about_seconds(run.nuts_seconds),
    )


def _blocks(model: Declaration) -> CellBlocks | DetectionBlocks | OrdinalBlocks:
    if isinstance(model, OrdinalModel):
        return OrdinalBlocks(model)
    return DetectionBlocks(model) if isinstance(model, DetectionModel) else CellBlocks(model)


def _check_arguments(seed: int, engine: str, draws: int, nuts_seconds: float) -> None:
    names = get_args(Engine.__value__)
    if engine not in names:
        raise InputError(f"`engine` must be one of {', '.join(names)}; got {engine!r}.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"`seed` must be a whole number of 0 or more; got {seed!r}.")
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 100:
        raise InputError(f"`draws` must be a whole number of 100 or more; got {draws!r}.")
    if isinstance(nuts_seconds, bool) or not isinstance(nuts_seconds, int | float) or not nuts_seconds > 0:
        raise InputError(f"`nuts_seconds` must be a number of seconds above 0; got {nuts_seconds!r}.")


def _doubt(found: LaplaceDraws, reps: tuple[str, ...]) -> str:
    """What speaks against the laplace draws; empty if nothing does."""
    worst, rep = _worst_block(found, reps)
    if not found.outer_pareto_k <= PARETO_K_LIMIT:
        return f"outer Pareto k {found.outer_pareto_k:.2f}"
    if not worst <= PARETO_K_LIMIT:
        return f"block Pareto k {worst:.2f} for rep {rep}"
    if found.effective_sample < MIN_EFFECTIVE:
        return f"{found.effective_sample:.0f} effective draws"
    return ""


def _worst_block(found: LaplaceDraws, reps: tuple[str, ...]) -> tuple[float, str]:
    index = int(np.nanargmax(found.block_pareto_k))
    return float(found.block_pareto_k[index]), reps[index]


def _by_laplace(run: _Run, found: LaplaceDraws, reason: str, *, nuts_stopped_seconds: float | None = None) -> Posterior:
    blocks = _blocks(run.model)
    worst, rep = _worst_block(found, run.model.reps)
    diagnostics = Diagnostics(
        engine="laplace",
        reason=reason,
        seed=run.seed,
        n_draws=len(found.phi),
        effective_sample=found.effective_sample,
        wall_seconds=time.perf_counter() - run.began,
        outer_pareto_k=found.outer_pareto_k,
        worst_block_k=worst,
        worst_block_rep=rep,
        nuts_stopped_seconds=nuts_stopped_seconds,
        versions=_versions("numpy", "scipy"),
    )
    return _named(run.model, blocks.named_draws(found.phi, found.u), diagnostics)


def _by_nuts(run: _Run, reason: str, *, seconds: float | None = None) -> Posterior:
    found = sample_nuts(run.model, seed=run.seed, draws=run.draws, progress=run.status, seconds=seconds)
    diagnostics = Diagnostics(
        engine="nuts",
        reason=reason,
        seed=run.seed,
        n_draws=run.draws,
        effective_sample=found.effective_sample,
        wall_seconds=time.perf_counter() - run.began,
        r_hat=found.r_hat,
        n_divergent=found.n_divergent,
        versions=_versions("numpy", "pymc", "nutpie", "pytensor"),
    )
    return _named(run.model, found.variables, diagnostics)


def _named(model: Declaration, variables: dict[str, Floats], diagnostics: Diagnostics) -> Posterior:
    """The posterior with the axes of the declaration, the same from every engine."""
    dims, coords = axes_of(model)
    return Posterior({name: variables[name] for name in dims}, dims, coords, diagnostics)


def axes_of(model: Declaration) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Name of each parameter to its axes, and of each axis to its labels."""
    if isinstance(model, DetectionModel | OrdinalModel):
        return model.layout
    dims: dict[str, tuple[str, ...]] = dict.fromkeys(model.outer_names, ())
    coords = {"rep": model.reps}
    for term in model.population:
        dims[term.name], coords[term.dim] = (term.dim,), term.labels
    for rep_term in model.rep_terms:
        dims[rep_term.name] = ("rep",)
        if rep_term.n_columns > 1:
            axis = f"{rep_term.name}_column"
            dims[rep_term.name], coords[axis] = ("rep", axis), tuple(str(i) for i in range(rep_term.n_columns))
    return dims, coords


def _versions(*names: str) -> tuple[tuple[str, str], ...]:
    return (("calibra", __version__), *((name, version(name)) for name in names))
