"""Lead times of a rep never seen: the terms of a rep drawn from the population, draw by draw."""

from dataclasses import replace

import numpy as np

from calibra.chapters.lead_times.asked import CAUSES
from calibra.chapters.lead_times.cells import LeadTimeCells
from calibra.chapters.lead_times.draws import LeadTimeDraws
from calibra.chapters.lead_times.fit import LeadTimeFit
from calibra.inference.posterior import Posterior

_REP_TERMS = ("level", "slope", "residual", "tempo")


def new_rep_draws(fit: LeadTimeFit) -> LeadTimeDraws:
    """Where do the incidences of a rep never seen lie? Read `curves(times, reps=slice(0, 1))` for them.

    Each term of the rep is drawn once a posterior draw, u = σ z with z ~ Normal(0, 1): the predictive of a new rep,
    averaged over all reps' mix of cases within each rank. Only the first rep of the result has a meaning.
    """
    posteriors = {
        cause: _with_new_rep(posterior, [fit.diagnostics.seed, 2, CAUSES.index(cause)])
        for cause, posterior in fit.posteriors.items()
    }
    return LeadTimeDraws(_with_everyones_cases(fit.cells), fit.adjust_for, posteriors)


def _with_everyones_cases(cells: LeadTimeCells) -> LeadTimeCells:
    """The cells, the first rep with the judgments of all: curves are averaged over a rep's cases, not hazards."""
    return replace(cells, n=np.concatenate([cells.n.sum(axis=0, keepdims=True), cells.n[1:]]))


def _with_new_rep(posterior: Posterior, seed: list[int]) -> Posterior:
    rng = np.random.default_rng(seed)
    draws = dict(posterior.draws)
    for name in _REP_TERMS:
        if name in draws:
            scale, width = draws[f"{name}_scale"], draws[name].shape[2:]
            deviation = rng.standard_normal((len(scale), 1, *width))
            draws[name] = scale.reshape(-1, 1, *(1 for _ in width)) * deviation
    return replace(posterior, draws=draws)
