"""The likelihood block: exact derivatives, another library's fit, the parametrisation's own promises."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.special import ndtr, ndtri
from statsmodels.miscmodels.ordinal_model import OrderedModel

from calibra.errors import FitError, InputError, NotEnoughDataError
from calibra.stats.detection.curve import cell_probabilities, log_cell_probabilities, rank_shares
from calibra.stats.detection.fit import fit_detection
from calibra.stats.detection.likelihood import (
    contrast_basis,
    cutpoints_of,
    detection_log_lik,
    detection_log_lik_value,
    params_of,
    params_of_shares,
)

N_A7, EVENTS_A7 = np.array([50, 75, 75, 50, 30]), np.array([27, 22, 14, 5, 2])  # ACCEPTANCE A7, best rank first


def independent_log_lik(u, n, events):
    """Written anew from differences of Φ and the inverse of Φ by Newton's method, so that u may be complex."""
    phi, d = 1 / (1 + np.exp(-u[0])), u[1]
    shares = np.exp(contrast_basis(n.size) @ u[2:])
    below = (np.cumsum(shares[::-1])[::-1] / shares.sum())[1:]
    t = ndtri(below.real).astype(complex)
    for _ in range(3):
        t = t - (ndtr(t) - below) / (np.exp(-0.5 * t**2) / np.sqrt(2 * np.pi))
    cuts = phi * d + np.sqrt(1 + phi * (1 - phi) * d**2) * t
    none, event = (-np.diff(np.concatenate([[1], ndtr(cuts - m), [0]])) for m in (0, d))
    return np.sum(events * np.log(phi * event) + (n - events) * np.log((1 - phi) * none))


def complex_step_gradient(u, n, events):
    steps = 1e-30j * np.eye(u.size)
    return np.array([independent_log_lik(u + step, n, events).imag / 1e-30 for step in steps])


@pytest.mark.parametrize("n_ranks", [2, 3, 5, 7])
@pytest.mark.parametrize("seed", [1, 2])
def test_gradient_and_hessian_are_those_of_an_independent_likelihood(n_ranks, seed):
    rng = np.random.default_rng(seed)
    u = rng.normal(0, 0.8, n_ranks + 1)
    n = rng.integers(0, 60, n_ranks)
    events = rng.binomial(n, 0.3)
    found = detection_log_lik(u, n, events)
    assert found.value == pytest.approx(independent_log_lik(u.astype(complex), n, events).real, rel=1e-12)
    np.testing.assert_allclose(found.gradient, complex_step_gradient(u, n, events), rtol=1e-9, atol=1e-9)
    h = 1e-5
    hessian = [
        (complex_step_gradient(u + step, n, events) - complex_step_gradient(u - step, n, events)) / (2 * h)
        for step in h * np.eye(u.size)
    ]
    np.testing.assert_allclose(found.hessian, hessian, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.hessian, found.hessian.T, rtol=1e-12, atol=1e-12)


@given(st.lists(st.floats(-2.5, 2.5), min_size=4, max_size=7))
def test_concave_part_has_no_upward_direction(u):
    n = np.arange(1, len(u)) * 7
    found = detection_log_lik(u, n, n // 3)
    assert np.linalg.eigvalsh(found.concave).max() <= 1e-9 * np.abs(found.concave).max()


def test_blocks_are_evaluated_each_on_its_own():
    rng = np.random.default_rng(3)
    u, n = rng.normal(size=(700, 4, 6)), rng.integers(0, 40, (4, 5))
    events = rng.binomial(n, 0.4)
    many = detection_log_lik(u, n, events)
    assert many.hessian.shape == (700, 4, 6, 6)
    for draw, rep in ((0, 0), (512, 1), (699, 3)):
        one = detection_log_lik(u[draw, rep], n[rep], events[rep])
        for whole, part in zip(many, one, strict=True):
            np.testing.assert_allclose(whole[draw, rep], part, rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(detection_log_lik_value(u, n, events), many.value)


def test_value_is_that_of_the_cells():
    u = params_of([1.2, 0.3, -0.4, -1.1], base_rate=0.25, discrimination=0.9)
    cells = cell_probabilities([1.2, 0.3, -0.4, -1.1], base_rate=0.25, discrimination=0.9)
    counts = np.stack([N_A7 - EVENTS_A7, EVENTS_A7], axis=-1)
    assert detection_log_lik_value(u, N_A7, EVENTS_A7) == pytest.approx((counts * np.log(cells)).sum())


def test_rare_ranks_keep_their_digits():
    u = params_of_shares([0.5, 1e-11, 0.4, 1e-9, 0.1], base_rate=0.3, discrimination=0.7)
    cells = log_cell_probabilities(cutpoints_of(u), base_rate=0.3, discrimination=0.7)
    n, events = np.array([0, 3, 0, 4, 0]), np.array([0, 1, 0, 2, 0])
    expected = (np.stack([n - events, events], axis=-1) * cells).sum()
    assert detection_log_lik_value(u, n, events) == pytest.approx(expected, rel=1e-14)


def test_far_off_parameters_still_have_finite_derivatives():
    u = np.array([[-6.0, 4.0, 3.0, -3.0, 2.0, -4.0], [5.0, -4.0, -5.0, 5.0, 5.0, 5.0], [0.0, 9.0, 0.0, 0.0, 0.0, 0.0]])
    found = detection_log_lik(u, N_A7, EVENTS_A7)
    assert all(np.isfinite(part).all() for part in found)


def test_impossible_counts_have_log_likelihood_minus_infinity():
    u = np.array([0.0, 1.0, 800.0, 0.0, 0.0, 0.0])
    assert detection_log_lik_value(u, N_A7, EVENTS_A7) == -np.inf
    assert detection_log_lik(u, N_A7, EVENTS_A7).value == -np.inf


def test_newton_with_halved_steps_finds_every_penalised_mode():
    rng = np.random.default_rng(4)
    mean = params_of_shares([0.15, 0.2, 0.25, 0.25, 0.15], base_rate=0.2, discrimination=0.8)
    precision = np.diag(np.array([0.5, 0.3, 0.4, 0.4, 0.4, 0.4]) ** -2)
    n = rng.integers(0, 400, (200, 5))
    events = rng.binomial(n, rng.uniform(0, 1, (200, 1)))
    u = np.tile(mean, (200, 1))

    def penalised(v):
        return detection_log_lik_value(v, n, events) - 0.5 * np.einsum("rp,pq,rq->r", v - mean, precision, v - mean)

    for _ in range(15):
        found = detection_log_lik(u, n, events)
        gradient = found.gradient - (u - mean) @ precision
        curved = np.linalg.eigvalsh(found.hessian - precision).max(axis=1) >= 0
        curvature = precision - np.where(curved[:, None, None], found.concave, found.hessian)
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        size = np.ones((200, 1))
        for _ in range(20):
            worse = ~(penalised(u + size * step) >= penalised(u) - 1e-9)
            size[worse] /= 2
        u = u + size * step
    assert np.abs(detection_log_lik(u, n, events).gradient - (u - mean) @ precision).max() < 1e-8


def test_a_rank_never_used_pulls_its_share_to_zero_and_breaks_nothing():
    u = params_of_shares([1e-12, 0.3, 0.7 - 1e-12], base_rate=0.3, discrimination=1.0)
    found = detection_log_lik(u, [0, 20, 30], [0, 9, 3])
    assert all(np.isfinite(part).all() for part in found)


def test_one_rank_says_nothing_on_discrimination():
    found = detection_log_lik([0.3, 0.8], [20], [9])
    assert found.gradient[1] == 0.0
    assert found.value == pytest.approx(9 * np.log(0.574442517) + 11 * np.log(0.425557483))  # 1 / (1 + exp(-.3))


@given(
    st.lists(st.integers(-200, 200), min_size=1, max_size=6, unique=True).map(
        lambda cuts: np.sort(np.array(cuts) / 100)[::-1]
    ),
    st.floats(0.02, 0.98),
    st.floats(-2, 2),
)
def test_cutpoints_to_parameters_to_cutpoints_is_the_identity(cutpoints, base_rate, discrimination):
    u = params_of(cutpoints, base_rate=base_rate, discrimination=discrimination)
    np.testing.assert_allclose(cutpoints_of(u), cutpoints, rtol=1e-8, atol=1e-8)


@given(st.lists(st.floats(-6, 6), min_size=3, max_size=8))
def test_cutpoints_are_ordered_for_any_parameters(u):
    assert (np.diff(cutpoints_of(u)) <= 0).all()


@pytest.mark.parametrize(("discrimination", "apart"), [(0.0, 1e-12), (1.0, 0.006), (-1.0, 0.006)])
def test_nominal_shares_are_close_to_actual_ones(discrimination, apart):
    shares = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
    u = params_of_shares(shares, base_rate=0.25, discrimination=discrimination)
    actual = rank_shares(cutpoints_of(u), base_rate=0.25, discrimination=discrimination)
    np.testing.assert_allclose(actual, shares, atol=apart)


def test_contrasts_treat_all_ranks_alike():
    basis = contrast_basis(5)
    np.testing.assert_allclose(basis.T @ basis, np.eye(4), atol=1e-15)
    np.testing.assert_allclose(basis.sum(axis=0), 0, atol=1e-15)


def test_maximum_likelihood_of_the_published_table():
    fit = fit_detection(N_A7, EVENTS_A7)
    assert fit.discrimination == pytest.approx(0.89813, abs=5e-6)
    # the printed cutpoints stem from a search stopped 2e-5 short of the maximum: statsmodels' Newton gives .356617, …
    np.testing.assert_allclose(fit.cutpoints, [1.2123, 0.35663, -0.39113, -1.10055], atol=2e-5)
    np.testing.assert_allclose(fit.cutpoints, [1.21230285, 0.35661735, -0.39114805, -1.10054985], atol=1e-8)
    rank_part = fit.log_lik - 70 * np.log(0.25) - 210 * np.log(0.75)
    assert rank_part == pytest.approx(-419.1248, abs=5e-5)


@pytest.mark.parametrize(("d", "seed"), [(1.4, 1), (0.2, 2), (-0.8, 3)])
def test_maximum_likelihood_is_that_of_an_ordered_probit(d, seed):
    cells = cell_probabilities([1.1, 0.2, -0.9], base_rate=0.3, discrimination=d)
    counts = np.random.default_rng(seed).multinomial(600, cells.ravel()).reshape(4, 2)
    fit = fit_detection(counts.sum(axis=1), counts[:, 1])
    rank, outcome = (index.ravel() for index in np.indices(counts.shape))
    rows = np.repeat(np.stack([3 - rank, outcome], axis=1), counts.ravel(), axis=0)  # statsmodels: worst rank first
    model = OrderedModel(pd.Series(rows[:, 0]).astype(pd.CategoricalDtype(ordered=True)), rows[:, [1]], distr="probit")
    reference = model.fit(method="newton", disp=False, maxiter=200)
    assert fit.discrimination == pytest.approx(reference.params.iloc[0], abs=1e-5)
    np.testing.assert_allclose(
        fit.cutpoints[::-1], model.transform_threshold_params(reference.params.to_numpy())[1:-1], atol=1e-5
    )
    assert np.sqrt(fit.covariance[1, 1]) == pytest.approx(reference.bse.iloc[0], rel=1e-3)
    base = rows[:, 1].mean()
    assert fit.log_lik == pytest.approx(reference.llf + 600 * (base * np.log(base) + (1 - base) * np.log(1 - base)))


@pytest.mark.parametrize(
    ("n", "events", "error", "message"),
    [
        ([10, 10], [11, 0], InputError, r"`events` must lie between 0 and `n`; found 1 .*\(rank 0: 11 of 10\)"),
        ([10, 10], [1], InputError, r"lists of one length; got shapes \(2,\) and \(1,\)"),
        ([10, 0, 5], [1, 0, 1], NotEnoughDataError, r"ranks \[1\] were never used"),
        ([10], [5], NotEnoughDataError, "fewer than two ranks"),
        ([10, 10], [0, 0], NotEnoughDataError, "Both outcomes are needed; got 0 events among 20"),
        ([10, 10, 10], [10, 4, 0], FitError, "the ranks separate events from non-events"),
    ],
)
def test_tables_without_a_maximum_are_refused(n, events, error, message):
    with pytest.raises(error, match=message):
        fit_detection(n, events)


def test_shares_of_nobody_have_no_parameters():
    with pytest.raises(InputError, match=r"`shares` must be positive; got \[0.0\]"):
        params_of_shares([0.0, 1.0], base_rate=0.2, discrimination=1)
