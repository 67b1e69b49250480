"""Events to come of what is open: their number by hand, what is left out, and what is said."""

import numpy as np
import pytest

from calibra.chapters.lead_times.coming import coming_found, count_coming
from tests.chapters.lead_times.fits import plateau, young


def test_the_number_is_the_sum_of_the_scores() -> None:
    """Each open prospect's chance by the incidences at its own age, added up one by one, and so their scatter."""
    fit, days = plateau(), 30
    coming, opened, last = count_coming(fit, within_days=days), fit.open_counts, fit.last_edge_days
    assert coming is not None
    total, scatter = np.zeros(fit.draws.n_draws), 0.0
    for rep, rank, age, n in zip(opened.rep, opened.rank, opened.age_days, opened.n, strict=True):
        if age < last:
            asked = [int(age), int(min(age + days, last))]
            event, exit_ = (
                fit.incidence_draws(asked, cause=cause)[:, rep, rank] if cause in fit.posteriors else np.zeros((1, 2))
                for cause in ("event", "exit")
            )
            chance = (event[:, 1] - event[:, 0]) / (1 - event[:, 0] - exit_[:, 0])
            total += n * chance
            scatter += float(n * (chance * (1 - chance)).mean())
    assert coming.estimate == pytest.approx(total.mean(), rel=1e-6)
    assert coming.lower <= coming.estimate <= coming.upper
    # a normal of both variances: within a tenth of its 90 %, of which 300 draws tell the ends so well
    width = 2 * 1.6449 * np.sqrt(total.var() + scatter)
    assert coming.upper - coming.lower == pytest.approx(width, rel=0.1)
    assert scatter > 0.5 * total.var()
    assert coming.n_open == opened.n.sum()


def test_nothing_is_said_where_hardly_anything_is_known_of_what_is_open() -> None:
    assert coming_found(young()) == []


def test_the_same_fit_gives_the_same_range() -> None:
    assert count_coming(plateau()) == count_coming(plateau())
