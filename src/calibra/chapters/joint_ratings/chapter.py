"""Whose A is whose B on the same prospects? Of a joint rating beside the judgments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from calibra.chapters.contract import Chapter, Pictures, Tables
from calibra.chapters.fitting import Fitting
from calibra.chapters.joint_ratings.daily import explain_outcomes
from calibra.chapters.joint_ratings.findings import JointRating, findings, read_fit
from calibra.chapters.joint_ratings.fit import JointRatingFit
from calibra.chapters.joint_ratings.model import JointRatingModel, JointRatingPriors
from calibra.chapters.joint_ratings.section import card, section
from calibra.chapters.ranks.chapter import RANKS
from calibra.data.history.joint_ratings import JointRatings
from calibra.findings import Finding
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, Normal, Pooled
from calibra.inference.posterior import Diagnostics
from calibra.tables import make_table, plain_rows
from calibra.values import Listed, Phrase, Rep

NAME = "joint ratings"
BESIDE = "joint_ratings"
"""What it asks for beside the judgments."""


def _fit(fitting: Fitting) -> JointRating | None:
    """None where nobody rated together."""
    ratings: JointRatings | None = fitting.once("joint ratings", lambda: fitting.beside.get(BESIDE))
    if ratings is None:
        return None
    model = fitting.model(NAME, JointRatingModel)
    fit = fitting.attempt(_failed, lambda: fitting.fit(NAME, model.lay_out(ratings)))
    if fit is None:
        return None
    fitting.notes += _noted(ratings, fitting.judgments.reps)
    has_days = fitting.judgments.as_of is not None
    daily = plain_rows(fit.territories(fitting.judgments)) if has_days else []
    margin = fitting.settings.margin_odds
    return read_fit(fit, margin, daily, _explained(fitting, fit, margin))


def _explained(fitting: Fitting, fit: JointRatingFit, margin: float) -> dict[str, dict[str, float]]:
    """Read at the shortest horizon."""
    ranks = fitting.answer(RANKS)
    if not ranks:
        return {}
    return explain_outcomes(fit.reps, fit.bar_draws(), next(iter(ranks.values())), float(np.log(margin)))


def _failed(why: Phrase) -> Finding:
    return Finding("joint_ratings.failed", {"what": Phrase("joint_ratings.fit"), "why": why})


def _noted(ratings: JointRatings, judging: Sequence[str]) -> list[Finding]:
    """Ranks that were left blank, and who rated without a judgment of their own, as a name written otherwise would."""
    noted = [Finding("joint_ratings.blank", {"n": ratings.n_blank}, "note")] if ratings.n_blank else []
    strangers = tuple(Rep(rep) for rep in ratings.reps if rep not in judging)
    return noted + ([Finding("joint_ratings.strangers", {"reps": Listed(strangers)}, "doubt")] if strangers else [])


def _tables(found: JointRating) -> Tables:
    fit = found.fit
    tables = {"joint_ratings": fit.leniency(margin_odds=found.margin_odds), "joint_ratings_agreement": fit.agreement()}
    tables["joint_ratings_prospects"] = fit.prospects()
    return tables | ({"joint_ratings_daily": _table_of(found.daily)} if found.daily else {})


def _table_of(rows: Sequence[Any]) -> Any:
    return make_table({name: [row[name] for row in rows] for name in rows[0]})


def _pictures(found: JointRating) -> Pictures:
    from calibra.chapters.joint_ratings.pictures import plot_joint_ratings

    return {"joint-ratings": partial(plot_joint_ratings, found.fit)}


def _fits(found: JointRating) -> Sequence[tuple[Phrase, Diagnostics]]:
    return [(Phrase("joint_ratings.fit"), found.fit.diagnostics)]


JOINT_RATINGS = Chapter(
    NAME,
    _fit,
    reads=(RANKS,),
    tables=_tables,
    labels={"joint_ratings_agreement": ("other",), "joint_ratings_prospects": ("prospect", "occasion")},
    findings=findings,
    section=section,
    card=card,
    pictures=_pictures,
    fits=_fits,
    failed=_failed,
    records=(JointRatingModel, JointRatingPriors, JointRatings, Normal, Pooled, HalfNormal, GammaPrecision),
    place=35,
)
