"""Amounts against published data, by hand, by identities, engine against engine, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import calibra as cb
from calibra.chapters.value.amount_fit import without_largest
from calibra.chapters.value.money import Money
from calibra.chapters.value.terms import terms_of
from calibra.data.counting.deals import DealCells, count_deals
from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Gamma, Gaussian, Poisson
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.inference.engines import sample_posterior
from calibra.inference.nuts.build_cells import cell_data
from calibra.reading.means import ALL_REPS
from calibra.stats.amounts import gamma_dispersion, smearing_factor
from calibra.words import ALL_RANKS
from tests.chapters.value.deals import cells_of, maven, rand, scale_of

DRAWN = {"engine": "laplace", "progress": False}


def fit_of(cells: DealCells, model: cb.AmountModel | None = None, **settings: object) -> cb.AmountFit:
    """Amounts of cells, fitted."""
    laid_out = (model or cb.AmountModel()).lay_out_cells(cb.RankScale(list(cells.ranks)), cells)
    return laid_out.fit(**{"seed": 1, "draws": 1000, "engine": "laplace", "progress": False, **settings})  # type: ignore[arg-type]


def some_cells(seed: int = 1, *, n_reps: int = 6, n_ranks: int = 3, each: int = 12) -> DealCells:
    """Log-normal amounts of reps who differ."""
    rng = np.random.default_rng(seed)
    size = np.exp(0.3 * rng.standard_normal(n_reps))
    amounts = {
        (r, k): 1000.0 * size[r] * np.exp(0.8 * rng.standard_normal(each) - 0.3 * k)
        for r in range(n_reps)
        for k in range(n_ranks)
    }
    return cells_of(amounts, n_reps=n_reps, n_ranks=n_ranks)


# published data -------------------------------------------------------------------------------------------------------


def test_maven_counts_and_means(shared_data: Path) -> None:
    # V5: 4,238 wins, mean 2,360.91, m 6.904621, s (ML) 1.637410; log-normal mean 3,809.21 pooled, 2,361.04 by product
    judgments = maven(shared_data)
    cells = count_deals(judgments, won_within_days=150)
    n, mean = int(cells.n_amounts.sum()), cells.sum_amount.sum() / cells.n_amounts.sum()
    log_mean = cells.sum_log_amount.sum() / n
    log_sd = np.sqrt(cells.sum_log2_amount.sum() / n - log_mean**2)
    assert (n, mean) == (4238, pytest.approx(2360.91, abs=0.005))
    assert (log_mean, log_sd) == (pytest.approx(6.904621, abs=5e-7), pytest.approx(1.637410, abs=5e-7))
    assert np.exp(log_mean + log_sd**2 / 2) == pytest.approx(3809.21, abs=0.01)
    by_product = count_deals(judgments, won_within_days=150, by=["product"])
    n_of, logs, squares = (
        getattr(by_product, name).sum(axis=(0, 1)) for name in ("n_amounts", "sum_log_amount", "sum_log2_amount")
    )
    expected = np.exp(logs / n_of + (squares - logs**2 / n_of) / (n_of - 1) / 2)
    assert (n_of * expected).sum() / n == pytest.approx(2361.04, abs=0.01)
    amounts = pd.read_csv(shared_data / "maven_crm" / "judgements.csv")["amount"].dropna()
    amounts = amounts[amounts > 0]
    assert np.sort(cells.max_amount.ravel())[-1] == amounts.max()
    assert amounts.median() == 1117


def test_maven_agents_differ_until_the_product_is_adjusted_for(shared_data: Path) -> None:
    # V5: level scale .33 unadjusted and agents flagged; at the same mix of products its 95 % quantile is below .01
    judgments = maven(shared_data)
    plain = cb.AmountModel(within_days=150).fit(judgments, seed=1, **DRAWN)  # type: ignore[arg-type]
    adjusted = cb.AmountModel(within_days=150, adjust_for=("product",)).fit(judgments, seed=1, **DRAWN)  # type: ignore[arg-type]
    scales = [np.quantile(fit.posteriors["mean"]["level_scale"], [0.5, 0.95]) for fit in (plain, adjusted)]
    assert scales[0][0] == pytest.approx(0.33, abs=0.03)
    assert scales[1][1] < 0.01
    everyone = adjusted.amounts().iloc[0]
    assert everyone["estimate"] == pytest.approx(2360.91, rel=0.002)
    assert plain.trust().shape_ratio[0] > 1.25 > adjusted.trust().shape_ratio[0]


def test_rand_rests_on_four_deals_at_half_coinsurance(shared_data: Path) -> None:
    # V4: n, positives, Σ log, Σ log², means of all persons, n_eff, Pearson φ, smearing, the row without its largest
    cells = count_deals(rand(shared_data), won_within_days=30)
    over = {name: getattr(cells, name).sum(axis=0) for name in ("n", "won", "sum_log_amount", "sum_log2_amount")}
    assert over["n"].tolist() == [3069, 1108, 373, 753, 271]
    assert over["won"].tolist() == [2456, 877, 274, 474, 200]
    assert over["sum_log_amount"] == pytest.approx([10159.5682, 3481.1535, 1087.8888, 1854.2234, 838.5334], abs=5e-5)
    assert over["sum_log2_amount"] == pytest.approx([47674.923, 15667.020, 4894.956, 8262.762, 4017.868], abs=5e-4)
    total, _squares = cells.sum_amount.sum(axis=0), cells.sum_amount2.sum(axis=0)
    assert total / over["won"] == pytest.approx([226.949, 200.468, 309.878, 163.551, 252.094], abs=1e-3)
    fit = fit_of(cells)
    trust = fit.trust()
    rows = [trust.of_rank(rank) for rank in cells.ranks]
    assert trust.effective_deals[rows] == pytest.approx([205.5, 66.8, 4.5, 75.8, 24.3], abs=0.05)
    assert trust.shape_ratio[rows] == pytest.approx([0.871, 0.758, 0.489, 0.886, 0.922], abs=5e-4)
    assert trust.largest_share[rows[2]] == pytest.approx(0.461, abs=5e-4)
    assert trust.without_largest[rows[2]] == pytest.approx(167.5, abs=0.05)
    assert trust.trusted[rows].tolist() == [True, True, False, True, True]
    assert trust.note[rows[2]] == "one deal is most of it"
    table = fit.amounts().set_index(["rep", "rank"])
    assert np.isnan(table.loc[(ALL_REPS, "50"), "estimate"])
    assert table.loc[(ALL_REPS, "50"), "typical"] == pytest.approx(np.exp(1087.8888 / 274), rel=0.05)


def test_the_spread_of_rand_is_pearsons(shared_data: Path) -> None:
    # V4: φ of a Gamma model on coinsurance 13.51675, and 10.12751 without the largest (statsmodels)
    cells = count_deals(rand(shared_data), won_within_days=30)
    for counted, expected in ((cells, 13.51675), (without_largest(cells), 10.12751)):
        n, total, squares = (getattr(counted, x).sum(axis=0) for x in ("n_amounts", "sum_amount", "sum_amount2"))
        assert gamma_dispersion(n, total, squares, total / n, n_fitted=5) == pytest.approx(expected, abs=5e-6)
    n, total, logs = (getattr(cells, x).sum(axis=0) for x in ("n_amounts", "sum_amount", "sum_log_amount"))
    assert smearing_factor(n, total, logs / n) == pytest.approx(3.77002, abs=5e-6)


def test_customers_of_cdnow_have_the_means_of_gamma_gamma(shared_data: Path) -> None:
    # V2: α 6.25, level scale .566 (sd .018), mean over customers 35.23; V1 (Fader & Hardie): p 6.25, q 3.74, v 15.44
    rows = pd.read_csv(shared_data / "cdnow_value" / "cdnow_customers_summary_with_transactions.csv")
    p, q, v = 6.25, 3.74, 15.44
    every = p * (v + rows["x"] * rows["zbar"]) / (p * rows["x"] + q - 1)
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert every[:10].to_numpy() == pytest.approx(published, abs=0.1)
    conditional = every[rows["x"] > 0].to_numpy()
    rows = rows[rows["x"] > 0]
    n, total, shape = rows["x"].to_numpy(float), (rows["x"] * rows["zbar"]).to_numpy(float), 6.25
    unit, one = 95357.01 / 2457, np.ones((1, 1))
    assert (len(rows), n.sum(), total.sum()) == (946, 2457, pytest.approx(95357.01, abs=0.01))
    model = CellModel(
        Gamma(),
        shape * n[:, None],
        shape * total[:, None] / unit,
        tuple(map(str, rows["ID"])),
        (PopulationTerm("mean", "all", ("all",), one, Normal(0.0, 1.5)),),
        (RepTerm("level", one, HalfNormal(1.0)),),
    )
    found = sample_posterior(model, seed=1, engine="laplace", draws=4000, progress=False)
    assert found["level_scale"].mean() == pytest.approx(0.566, abs=0.01)
    assert found["level_scale"].std() == pytest.approx(0.018, abs=0.004)
    drawn = unit * np.exp(found["mean"] + found["level"])
    means, sds = drawn.mean(axis=0), drawn.std(axis=0)
    assert conditional.mean() == pytest.approx(35.38, abs=0.05)
    assert means.mean() == pytest.approx(35.23, abs=0.15)
    two = [0, list(rows["ID"]).index(6)]
    assert (means[two] - [25.1, 71.4]) / sds[two] == pytest.approx([0.0, 0.0], abs=0.1)
    assert np.corrcoef(np.log(means), np.log(conditional))[0, 1] > 0.995


def test_claims_of_cars_have_the_coefficients_of_a_gamma_glm(shared_data: Path) -> None:
    # V3: McCullagh & Nelder 8.4.1, weights the counts: coefficients, deviance and Pearson's φ by statsmodels
    rows = pd.read_csv(shared_data / "auto_collision" / "auto_collision.csv")
    design = pd.get_dummies(rows[["Age", "Vehicle_Use"]]).drop(columns=["Age_A", "Vehicle_Use_Business"])
    design.insert(0, "intercept", 1.0)
    x, n, mean = design.to_numpy(float), rows["Claim_Count"].to_numpy(float), rows["Severity"].to_numpy(float)
    assert (len(rows), n.sum(), (n * mean).sum() / n.sum()) == (32, 8942, pytest.approx(241.461, abs=5e-4))
    published = np.array([6.03803, -0.00471, -0.08049, -0.12311, -0.33975, -0.26107, -0.24587, -0.26784])
    published = np.concatenate([published, [-0.26295, -0.45619, -0.49717]])
    phi = 1.543182
    fitted = np.exp(x @ published)
    assert (n * (mean / fitted - 1.0) ** 2).sum() / 21 == pytest.approx(phi, rel=2e-4)
    deviance = 2.0 * (n * ((mean - fitted) / fitted - np.log(mean / fitted))).sum()
    assert deviance == pytest.approx(31.83797, rel=1e-3)
    model = CellModel(
        Gamma(),
        n[None] / phi,
        (n * mean)[None] / phi / 241.461,
        ("all",),
        (PopulationTerm("beta", "term", tuple(design.columns), x, Normal(0.0, 10.0)),),
        (RepTerm("level", np.zeros((32, 1)), HalfNormal(1.0)),),
    )
    at = published - np.log(241.461) * (np.arange(11) == 0)
    d = model.family.derivatives(x @ at, model.events[0], model.size[0])
    step = np.linalg.solve((x * d.weight[:, None]).T @ x + np.eye(11) / 100, x.T @ d.score - at / 100)
    assert np.abs(step) == pytest.approx(np.zeros(11), abs=0.003)  # the mode of the family is the published fit
    found = sample_posterior(model, seed=1, engine="laplace", draws=4000, progress=False)["beta"]
    error = np.sqrt(np.diag(np.linalg.inv((x * n[:, None]).T @ x / phi)))
    # the mean of a skewed posterior lies half its variance above the mode, here .07 of an error of the intercept
    assert (found.mean(axis=0) - at) / error == pytest.approx(np.zeros(11), abs=0.12)
    assert found.std(axis=0) / error == pytest.approx(np.ones(11), abs=0.03 + 3 / np.sqrt(2 * 2000))


def test_dyestuff_batches_have_the_levels_of_quadrature() -> None:
    # V6: six batches of five, z = (yield − 1500)/100, s integrated: μ .2737, levels by quadrature. Here s is plugged in
    # at its posterior mean .5307: levels within .1 of their sd, as is μ.
    sums, n, s = np.array([0.25, 1.4, 3.2, -0.1, 5.0, -1.5]), np.full(6, 5.0), 0.5307
    model = CellModel(
        Gaussian(),
        (sums / s**2)[:, None],
        (n / s**2)[:, None],
        tuple("ABCDEF"),
        (PopulationTerm("mean", "all", ("all",), np.ones((1, 1)), Normal(0.0, 3.0)),),
        (RepTerm("level", np.ones((1, 1)), HalfNormal(0.4)),),
    )
    found = sample_posterior(model, seed=1, engine="laplace", draws=4000, progress=False)
    levels, sds = [-0.154, 0.004, 0.252, -0.202, 0.499, -0.394], np.array([0.255, 0.251, 0.262, 0.258, 0.290, 0.276])
    assert (found["level"].mean(axis=0) - levels) / sds == pytest.approx(np.zeros(6), abs=0.1)
    assert found["mean"].mean() == pytest.approx(0.2737, abs=0.02)
    assert found["level_scale"].mean() == pytest.approx(0.4048, abs=0.03)
    # A likelihood that is quadratic: nothing for the importance weights to correct
    assert found.diagnostics.worst_block_k is not None
    assert found.diagnostics.worst_block_k < 0.5


# identities -----------------------------------------------------------------------------------------------------------


def test_three_wins_by_hand() -> None:
    # 1, 2 and 4: without the largest the mean is 1.5, and what is left is the fit of 1 and 2
    cells = cells_of({(0, 0): np.array([1.0, 2.0, 4.0])}, n_reps=1, n_ranks=1)
    less = without_largest(cells)
    assert (float(less.sum_amount.sum()), int(less.n_amounts.sum()), float(less.max_amount.max())) == (3.0, 2, 2.0)
    plain = cells_of({(0, 0): np.array([1.0, 2.0])}, n_reps=1, n_ranks=1)
    for name in ("n", "won", "n_amounts", "sum_amount", "sum_amount2", "sum_log_amount", "sum_log2_amount"):
        np.testing.assert_allclose(getattr(less, name), getattr(plain, name), rtol=1e-12)


def test_without_the_largest_is_the_fit_of_the_deals_without_it() -> None:
    rng = np.random.default_rng(5)
    amounts = {(r, k): rng.lognormal(8, 0.7, 10) for r in range(3) for k in range(2)}
    amounts[1, 0][3] = 1e6
    whole = fit_of(cells_of(amounts, n_reps=3, n_ranks=2))
    bare = fit_of(cells_of({**amounts, (1, 0): np.delete(amounts[1, 0], 3)}, n_reps=3, n_ranks=2))
    less = whole.without_largest(seed=1, engine="laplace", progress=False)
    np.testing.assert_allclose(less.mean_draws(), bare.mean_draws(), rtol=1e-8)
    assert not whole.trust().trusted[0]
    assert bare.trust().trusted[0]


@settings(max_examples=8)
@given(st.floats(1e-4, 1e6))
def test_another_currency_multiplies_every_amount_and_nothing_else(rate: float) -> None:
    cells = some_cells(n_reps=3, n_ranks=2)
    log = np.log(rate)
    other = replace(
        cells,
        sum_amount=rate * cells.sum_amount,
        sum_amount2=rate**2 * cells.sum_amount2,
        sum_log_amount=cells.sum_log_amount + cells.n_amounts * log,
        sum_log2_amount=cells.sum_log2_amount + 2.0 * log * cells.sum_log_amount + cells.n_amounts * log**2,
        max_amount=rate * cells.max_amount,
        next_amount=rate * cells.next_amount,
    )
    first, second = fit_of(cells, draws=100), fit_of(other, draws=100)
    assert second.money.dispersion == pytest.approx(first.money.dispersion, rel=1e-8)
    np.testing.assert_allclose(second.mean_draws(), rate * first.mean_draws(), rtol=1e-6)
    np.testing.assert_allclose(second.typical_draws(), rate * first.typical_draws(), rtol=1e-5)
    np.testing.assert_allclose(second.trust().effective_deals, first.trust().effective_deals, rtol=1e-9)


def test_the_gamma_family_at_whole_numbers_is_the_poisson_family_with_the_sign_turned() -> None:
    # events α n, exposure α Σa/c, η = −log(mean/c): the same log-likelihood, score and weight
    eta = np.linspace(-2, 2, 9)[:, None]
    events, size = np.array([3.0]), np.array([4.5])
    gamma, poisson = Gamma(), Poisson()
    np.testing.assert_allclose(gamma.log_likelihood(eta, events, size), poisson.log_likelihood(-eta, events, size))
    one, other = gamma.derivatives(eta, events, size), poisson.derivatives(-eta, events, size)
    np.testing.assert_allclose(one.score, -other.score)
    np.testing.assert_allclose(one.weight, other.weight)
    np.testing.assert_allclose(one.weight_slope, -other.weight_slope)


@given(st.floats(-3, 3), st.floats(0.1, 20), st.floats(0.1, 20), st.sampled_from([Gamma(), Gaussian()]))
def test_derivatives_are_those_of_the_log_likelihood(eta: float, events: float, size: float, family: object) -> None:
    step, at = 1e-4, np.array([[eta]])
    e, n = np.array([events]), np.array([size])
    value = lambda x: family.log_likelihood(at + x, e, n)  # noqa: E731
    d = family.derivatives(at, e, n)  # type: ignore[attr-defined]
    scale = 1.0 + size * np.exp(abs(eta))
    assert (value(step) - value(-step)) / (2 * step) == pytest.approx(d.score, abs=1e-5 * scale)
    assert -(value(step) - 2 * value(0.0) + value(-step)) / step**2 == pytest.approx(d.weight, abs=1e-3 * scale)
    after, before = (family.derivatives(at + x, e, n).weight for x in (step, -step))  # type: ignore[attr-defined]
    assert (after - before) / (2 * step) == pytest.approx(d.weight_slope, abs=1e-4 * scale)


def test_one_rep_with_much_data_has_the_mean_of_its_amounts() -> None:
    rng = np.random.default_rng(2)
    amounts = rng.gamma(0.7, 3000.0, 4000)
    fit = fit_of(cells_of({(0, 0): amounts}, n_reps=1, n_ranks=1))
    assert np.median(fit.mean_draws()) == pytest.approx(amounts.mean(), rel=0.01)
    # and a log-normal mean is off by about 1.7 (V11 between .5 and .75)
    assert fit.trust().shape_ratio[0] > 1.5


def test_reps_in_another_order_give_the_same_rows() -> None:
    cells, order = some_cells(), np.array([3, 0, 5, 1, 4, 2])
    names = [name for name in cells.__dataclass_fields__ if isinstance(getattr(cells, name), np.ndarray)]
    shuffled = replace(cells, **{name: getattr(cells, name)[order] for name in names})
    first, second = fit_of(cells, draws=4000), fit_of(shuffled, draws=4000)
    medians = [np.median(fit.mean_draws(), axis=0) for fit in (first, second)]
    np.testing.assert_allclose(medians[1], medians[0][order], rtol=0.03)


def test_a_rep_without_wins_has_everybodys_mean_and_a_wider_interval() -> None:
    cells = some_cells(n_reps=6)
    names = [name for name in cells.__dataclass_fields__ if isinstance(getattr(cells, name), np.ndarray)]
    bare = {name: getattr(cells, name).copy() for name in names}
    for name in names:
        bare[name][0] = 0
    fit = fit_of(replace(cells, **bare), draws=4000)
    table = fit.amounts().set_index(["rep", "rank"])
    rows = table.xs(ALL_RANKS, level="rank")
    spread = np.log(rows["upper"] / rows["lower"])
    assert rows.loc["r0", "n_amounts"] == 0
    assert spread["r0"] > 1.3 * spread[[f"r{i}" for i in range(1, 6)]].max()
    others = rows.loc[[f"r{i}" for i in range(1, 6)], "estimate"]
    assert others.min() < rows.loc["r0", "estimate"] < others.max()


def test_a_cap_is_never_passed_and_large_caps_change_nothing_of_order() -> None:
    fit = fit_of(some_cells())
    capped = [np.median(fit.limited_draws(cap), axis=0) for cap in (100.0, 1000.0, 1e9)]
    assert np.all(capped[0] <= 100.0)
    assert np.all(capped[0] < capped[1])
    assert np.all(capped[1] < capped[2])
    assert fit.amounts(cap=500.0).attrs["cap"] == 500.0


# engines --------------------------------------------------------------------------------------------------------------


@pytest.mark.nuts
@pytest.mark.slow
def test_both_engines_agree_on_both_families() -> None:
    cells = some_cells(n_reps=5, n_ranks=2)
    fast = fit_of(cells, draws=4000)
    slow = fit_of(cells, draws=4000, engine="nuts")
    for part in ("mean", "typical"):
        one, other = (np.log(fit._draws(part, "own")) for fit in (fast, slow))
        sd = other.std(axis=0)
        assert np.abs(one.mean(axis=0) - other.mean(axis=0)) / sd == pytest.approx(0.0, abs=0.17)
        assert one.std(axis=0) / sd == pytest.approx(np.ones(sd.shape), abs=0.12)


def test_amounts_stay_real_numbers_in_the_model_written_out() -> None:
    # cast to int, α n below 1 would vanish: every cell of few wins would say nothing
    cells = some_cells(n_reps=2, n_ranks=1, each=12)
    terms = terms_of(scale_of(1), cells.reps, {}, cells.n_amounts, rank_counts=np.array([24.0]))
    declared = cb.AmountModel().declare(terms, cells, Money(1000.0, 13.5, 0.6))
    for part in ("mean", "typical"):
        seen = cell_data(declared[part])
        assert seen["events_seen"].dtype.kind == "f"
        np.testing.assert_allclose(seen["events_seen"], declared[part].events)
    assert 0.0 < declared["mean"].events.max() < 1.0


# refused --------------------------------------------------------------------------------------------------------------


def test_few_amounts_are_refused_with_how_many_it_takes() -> None:
    cells = cells_of({(0, 0): np.arange(1.0, 8.0)}, n_reps=1, n_ranks=1)
    with pytest.raises(cb.NotEnoughDataError, match="Amounts of 7 wins are known; a mean takes about 20"):
        cb.AmountModel().lay_out_cells(scale_of(1), cells)


def test_amounts_that_are_all_equal_are_no_model() -> None:
    cells = cells_of({(0, 0): np.full(30, 500_000.0)}, n_reps=1, n_ranks=1)
    with pytest.raises(cb.NotEnoughDataError, match="All amounts are 500000: there is nothing to model"):
        cb.AmountModel().lay_out_cells(scale_of(1), cells)


def test_few_equal_deals_give_no_mean() -> None:
    rng = np.random.default_rng(7)
    few = fit_of(cells_of({(0, 0): rng.lognormal(8, 0.3, 20)}, n_reps=1, n_ranks=1))
    assert few.trust().effective_deals[0] < 20
    assert not few.trust().trusted[0]
    assert few.amounts()["estimate"].isna().all()
    assert few.amounts()["typical"].notna().all()
    some = fit_of(cells_of({(0, 0): rng.lognormal(8, 0.3, 32)}, n_reps=1, n_ranks=1))
    assert some.trust().trusted[0]
    assert some.trust().note[0] == "rests on few deals"


def test_priors_of_another_model_are_refused() -> None:
    with pytest.raises(cb.InputError, match="`priors`"):
        cb.AmountModel(priors=cb.WinPriors())  # type: ignore[arg-type]
    with pytest.raises(cb.InputError, match="`within_days` must be a whole number of days"):
        cb.WinModel(within_days=0)
