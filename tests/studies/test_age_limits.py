"""The study of age limits: its truth against the simulator's own, and its table by hand."""

import numpy as np
import pytest

from calibra.data.simulation.simulate import simulate_judgments
from studies import age_limits


def test_true_days_are_those_of_the_simulators_own_truth(monkeypatch):
    for name, value in {"N_REPS": 4, "N_PROSPECTS": 1500, "N_MANY": 100_000}.items():
        monkeypatch.setattr(age_limits, name, value)
    fit = age_limits.fit_world(3)
    truth = simulate_judgments(n_reps=4, n_prospects=10, span_days=720, seed=3).truth
    order = [truth.reps.names.index(rep) for rep in fit.reps]
    days = np.arange(fit.last_edge_days + 1)
    curves = np.einsum("rk,rkd->kd", fit.n / fit.n.sum(axis=0), truth.incidence(days)[order])
    expected = [days[curve >= 0.95 * curve[-1]][0] + 0.5 for curve in curves]
    found = age_limits.true_days(3, fit)
    assert found[:3] == pytest.approx(expected[:3], rel=0.05)  # by chance: 2 % at A with 10,000 prospects
    assert found == pytest.approx(expected, rel=0.12)


def test_the_table_counts_by_hand():
    def row(estimate, lower, upper, true):
        values = dict(zip(("estimate", "lower", "upper", "true"), (estimate, lower, upper, true), strict=True))
        return {f"{rank} {name}": float(value) for rank in "ABCDE" for name, value in values.items()}

    rows = [row(100, 90, 110, 95), row(100, 90, 110, 111), row(120, 110, 130, 100), row(80, 70, 90, 90)]
    table = age_limits.summarise(rows)
    assert table["rank"] == list("ABCDE")
    assert table["interval holds the truth"][0] == "50.0%"
    assert table["truth earlier than the interval"][0] == "25.0%"
    assert table["truth later"][0] == "25.0%"
    assert table["estimate less truth, mean (days)"][0] == 1.0  # (5 − 11 + 20 − 10)/4
    assert table["width, mean (days)"][0] == 20.0
