"""One door to the engines: a declaration in, a posterior out."""

import time
from importlib.metadata import version
from typing import Literal, get_args

import numpy as np

from calibra import __version__
from calibra.errors import FitError, InputError
from calibra.inference.cell_blocks import CellBlocks
from calibra.inference.cell_model import CellModel
from calibra.inference.detection_blocks import DetectionBlocks
from calibra.inference.detection_model import DetectionModel
from calibra.inference.laplace import LaplaceDraws, sample_laplace
from calibra.inference.outer import MIN_EFFECTIVE
from calibra.inference.posterior import Diagnostics, Floats, Posterior
from calibra.inference.progress import Progress
from calibra.inference.psis import PARETO_K_LIMIT

type Engine = Literal["auto", "laplace", "nuts"]
type Declaration = CellModel | DetectionModel


def sample_posterior(
    model: Declaration, *, seed: int, engine: Engine = "auto", draws: int = 1000, progress: bool = True
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
        fewer than 400 effective draws stand behind the answer; the diagnostics say which and why.
    draws
        Equally weighted draws to return.
    progress
        Show progress on a terminal for work above a second.

    Raises
    ------
    InputError
        An engine that does not exist, a seed that is no whole number, or fewer than 100 draws.
    FitError
        `laplace` was asked for and broke down.
    """
    _check_arguments(seed, engine, draws)
    status, began = Progress(shown=progress), time.perf_counter()
    try:
        if engine == "nuts":
            return _by_nuts(model, seed, draws, "as asked", status, began)
        try:
            laplace = sample_laplace(_blocks(model), seed=seed, draws=draws, progress=status)
        except (FitError, np.linalg.LinAlgError) as error:
            if engine != "auto":
                raise FitError(f"The laplace engine failed: {error} Fit with engine='nuts'.") from error
            return _by_nuts(model, seed, draws, f"auto: laplace failed: {error}", status, began)
        doubt = _doubt(laplace, model.reps)
        if engine == "auto" and doubt:
            return _by_nuts(model, seed, draws, f"auto: laplace had {doubt}", status, began)
        reason = "as asked" if engine == "laplace" else "auto: laplace is trustworthy here"
        return _by_laplace(model, laplace, seed, reason, began)
    finally:
        status.close()


def _blocks(model: Declaration) -> CellBlocks | DetectionBlocks:
    return DetectionBlocks(model) if isinstance(model, DetectionModel) else CellBlocks(model)


def _check_arguments(seed: int, engine: str, draws: int) -> None:
    names = get_args(Engine.__value__)
    if engine not in names:
        raise InputError(f"`engine` must be one of {', '.join(names)}; got {engine!r}.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"`seed` must be a whole number of 0 or more; got {seed!r}.")
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 100:
        raise InputError(f"`draws` must be a whole number of 100 or more; got {draws!r}.")


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


def _by_laplace(model: Declaration, found: LaplaceDraws, seed: int, reason: str, began: float) -> Posterior:
    blocks = _blocks(model)
    worst, rep = _worst_block(found, model.reps)
    diagnostics = Diagnostics(
        engine="laplace", reason=reason, seed=int(seed), n_draws=len(found.phi),
        effective_sample=found.effective_sample, wall_seconds=time.perf_counter() - began,
        outer_pareto_k=found.outer_pareto_k, worst_block_k=worst, worst_block_rep=rep,
        versions=_versions("numpy", "scipy"),
    )  # fmt: skip
    return _named(model, blocks.named_draws(found.phi, found.u), diagnostics)


def _by_nuts(model: Declaration, seed: int, draws: int, reason: str, status: Progress, began: float) -> Posterior:
    from calibra.inference.nuts import sample_nuts

    found = sample_nuts(model, seed=int(seed), draws=draws, progress=status)
    diagnostics = Diagnostics(
        engine="nuts", reason=reason, seed=int(seed), n_draws=draws, effective_sample=found.effective_sample,
        wall_seconds=time.perf_counter() - began, r_hat=found.r_hat, n_divergent=found.n_divergent,
        versions=_versions("numpy", "pymc", "nutpie", "pytensor"),
    )  # fmt: skip
    return _named(model, found.variables, diagnostics)


def _named(model: Declaration, variables: dict[str, Floats], diagnostics: Diagnostics) -> Posterior:
    """The posterior with the dims of the declaration, the same from every engine."""
    if isinstance(model, DetectionModel):
        layout, labels = model.layout
        return Posterior({name: variables[name] for name in layout}, layout, labels, diagnostics)
    dims: dict[str, tuple[str, ...]] = dict.fromkeys(model.scale_priors, ())
    coords = {"rep": model.reps}
    for term in model.population:
        dims[term.name], coords[term.dim] = (term.dim,), term.labels
    for rep_term in model.rep_terms:
        dims[rep_term.name] = ("rep",)
        if rep_term.n_columns > 1:
            axis = f"{rep_term.name}_column"
            dims[rep_term.name], coords[axis] = ("rep", axis), tuple(str(i) for i in range(rep_term.n_columns))
    return Posterior({name: variables[name] for name in dims}, dims, coords, diagnostics)


def _versions(*names: str) -> tuple[tuple[str, str], ...]:
    return (("calibra", __version__), *((name, version(name)) for name in names))
