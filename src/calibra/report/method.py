"""A paragraph on the method, to paste into a paper: what was analysed, by which models, how it was computed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from calibra.data.counting.judgments import Judgments
from calibra.inference.posterior import Diagnostics
from calibra.report.opening import came_in
from calibra.stats.intervals import INTERVAL_PROB
from calibra.version import __version__
from calibra.wording import Wording

OF_CHAPTERS = ("lead_times", "thresholds")
"""Chapters beside the ranks that have a model of their own to describe."""


def method_text(
    judgments: Judgments,
    answered: Collection[str],
    fits: Sequence[Diagnostics],
    say: Wording,
    *,
    priors: Any,
    groups: Sequence[str],
    horizons: Sequence[int | None],
    seed: int,
    margin_odds: float,
) -> str:
    """Sentences on data, models, priors, computation and software, one after the other."""
    parts = [came_in(judgments, say)]
    if "ranks" in answered:
        within = say.listed([say.within(days) for days in horizons])
        parts += [say("method.ranks", within=within), say("method.priors", **_priors(priors))]
        if priors.odd_share and len(judgments.reps) > 2:
            parts.append(say("method.odd_reps", share=say.percent(priors.odd_share)))
        parts += [say("method.adjusted", names=say.listed(groups))] if groups else []
    parts += [say(f"method.{name}") for name in OF_CHAPTERS if name in answered]
    parts += [_computed(fits, say, seed), say("method.intervals", level=say.percent(INTERVAL_PROB))]
    parts += [say("method.margin", margin=f"{margin_odds:g}"), say("method.cite", version=__version__)]
    return (" " if say.lang == "en" else "").join(parts)


def _priors(priors: Any) -> dict[str, str]:
    """The priors of the rank model as formulas write them, the same in every language."""
    names = ("rank_mean", "level", "slope", "correlation", "residual")
    return {name: repr(getattr(priors, name)) for name in names}


def _computed(fits: Sequence[Diagnostics], say: Wording, seed: int) -> str:
    """By which engine, with how many draws, and how far the worst of the fits may be trusted."""
    k = [value for found in fits for value in (found.outer_pareto_k, found.worst_block_k) if value is not None]
    told: dict[str, Any] = {
        "engines": say.listed(list(dict.fromkeys(found.engine for found in fits))),
        "draws": f"{min(found.n_draws for found in fits):,}",
        "effective": f"{min(found.effective_sample for found in fits):,.0f}",
        "seed": seed,
    }
    return say("method.computed_k", k=f"{max(k):.2f}", **told) if k else say("method.computed", **told)
