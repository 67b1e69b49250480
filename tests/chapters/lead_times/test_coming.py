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
    asked = list(range(last + 1))
    event, exit_ = (fit.incidence_draws(asked, cause=cause) for cause in ("event", "exit"))
    for rep, rank, age, n in zip(opened.rep, opened.rank, opened.age_days, opened.n, strict=True):
        if age < last:
            begun, later = event[:, rep, rank, age], event[:, rep, rank, min(age + days, last)]
            chance = (later - begun) / (1 - begun - exit_[:, rep, rank, age])
            total += n * chance
            scatter += float(n * (chance * (1 - chance)).mean())
    assert coming.estimate == pytest.approx(total.mean(), rel=1e-6)
    assert coming.lower <= coming.estimate <= coming.upper
    # a normal of both variances; of 300 draws its width has a standard error of 6 %, so that three of them are 0.18
    width = 2 * 1.6449 * np.sqrt(total.var() + scatter)
    assert coming.upper - coming.lower == pytest.approx(width, rel=0.18)
    assert np.sqrt(total.var()) < 0.7 * np.sqrt(total.var() + scatter)  # chance is more than what is not known
    assert coming.n_open == opened.n.sum()


def test_nothing_is_said_where_hardly_anything_is_known_of_what_is_open() -> None:
    assert coming_found(young()) == []


def test_the_same_fit_gives_the_same_range() -> None:
    assert count_coming(plateau()) == count_coming(plateau())
