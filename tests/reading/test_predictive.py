"""Posterior predictive checks: quiet where the model made the data, loud where it did not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.chapters.thresholds.model import ThresholdModel
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.data.simulation.simulate import simulate_judgments
from calibra.errors import InputError
from calibra.reading.predictive import PredictiveCheck, predictive_check

SCALE = RankScale(["A", "B", "C"], {"A": Promise(0.5, 90), "B": Promise(0.3, 90), "C": Promise(0.1, 90)})


def batches(*, spread: float, seed: int, n_reps: int = 8, n_batches: int = 12, each: int = 8) -> Judgments:
    """Judgments of reps who agree, in monthly batches whose log-odds scatter by so much."""
    rng = np.random.default_rng(seed)
    rep, rank, batch = (axis.ravel() for axis in np.indices((n_reps, 3, n_batches)))
    linpred = np.array([0.5, -0.5, -1.5])[rank] + spread * rng.standard_normal(rank.size)
    rows = np.repeat(np.arange(rank.size), each)
    hit = rng.random(rows.size) < 1.0 / (1.0 + np.exp(-linpred[rows]))
    judged = pd.Timestamp("2026-01-05")
    frame = pd.DataFrame({
        "prospect": np.arange(rows.size), "rep": [f"rep {i}" for i in rep[rows]],
        "rank": np.array(SCALE.ranks)[rank[rows]], "judged": judged, "batch": batch[rows].astype(str),
        "event": np.where(hit, judged + pd.Timedelta(days=30), pd.NaT),
    })  # fmt: skip
    columns = {"prospect": "prospect", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "event"}
    frame["event"] = pd.to_datetime(frame["event"])
    return Judgments.from_frame(frame, scale=SCALE, as_of="2026-12-31", columns=columns | {"batch": "batch"})


def fit_ranks(judgments: Judgments) -> RankFit:
    return RankModel(within_days=90).fit(judgments, seed=1, engine="laplace", draws=400)


@pytest.fixture(scope="module")
def calm() -> Judgments:
    return batches(spread=0.0, seed=3)


@pytest.fixture(scope="module")
def stormy() -> Judgments:
    return batches(spread=0.8, seed=3)


def test_batches_unknown_to_the_model_are_told_as_over_dispersion(stormy: Judgments) -> None:
    found = predictive_check(fit_ranks(stormy), seed=1, judgments=stormy, by=["batch"])
    assert found.over_dispersed
    assert found.dispersion > 1.3
    assert "Outcomes come in batches" in found.sentence
    assert found.what == "rep × rank × batch"


def test_batches_without_scatter_of_their_own_are_no_over_dispersion(calm: Judgments) -> None:
    found = predictive_check(fit_ranks(calm), seed=1, judgments=calm, by=["batch"])
    assert not found.over_dispersed
    assert found.dispersion == pytest.approx(1.0, abs=0.15)
    assert "nothing speaks against it" in str(found)


def accounts(*, spread: float, per_account: int, n_accounts: int = 60, seed: int = 5) -> Judgments:
    """Eight reps who agree judge the same prospects, whose log-odds scatter by so much; each judges several."""
    rng = np.random.default_rng(seed)
    account = np.repeat(np.arange(n_accounts), per_account)
    rep, rank = rng.integers(0, 8, account.size), rng.integers(0, 3, account.size)
    linpred = np.array([0.5, -0.5, -1.5])[rank] + (spread * rng.standard_normal(n_accounts))[account]
    judged = pd.Timestamp("2026-01-05")
    frame = pd.DataFrame({
        "prospect": np.arange(account.size), "rep": [f"rep {i}" for i in rep], "rank": np.array(SCALE.ranks)[rank],
        "judged": judged, "account": account.astype(str),
    })  # fmt: skip
    hit = pd.Series(rng.random(account.size) < 1.0 / (1.0 + np.exp(-linpred)))
    frame["event"] = pd.Series(judged + pd.Timedelta(days=30), frame.index).where(hit)
    columns = {"prospect": "prospect", "rep": "rep", "rank": "rank", "judged_at": "judged", "event_at": "event"}
    return Judgments.from_frame(frame, scale=SCALE, as_of="2026-12-31", columns=columns | {"account": "account"})


def test_what_all_reps_share_is_seen_in_sums_where_cells_are_too_thin() -> None:
    """FOUND N13: prospects that many reps judge; cells of one judgment cannot scatter, sums over reps do."""
    judgments = accounts(spread=1.2, per_account=12)
    found = predictive_check(fit_ranks(judgments), seed=1, judgments=judgments, by=["account"])
    assert found.sums is not None
    assert found.sums.what == "account"
    assert found.sums.size.tolist() == [12.0] * 60
    assert found.sums.observed.sum() == found.observed.sum()
    assert found.dispersion < 1.3 < 2.0 < found.sums.dispersion  # 1 + 11 × the correlation of two outcomes
    assert found.over_dispersed
    assert "over 60 cells (account)" in found.sentence


def test_the_sentence_and_the_property_agree_where_two_views_are_looked_at() -> None:
    """Of two views the smaller p comes below .05 by chance twice as often: .04 is no over-dispersion, .02 is."""
    judgments = accounts(spread=0.0, per_account=12)
    found = predictive_check(fit_ranks(judgments), seed=1, judgments=judgments, by=["account"])
    assert found.sums is not None
    for p_value, told in ((0.04, "nothing speaks against it"), (0.02, "Outcomes come in batches")):
        sums = replace(found.sums, p_value=p_value, dispersion=1.5)
        one = replace(found, p_value=0.5, sums=sums)
        assert one.over_dispersed == (p_value == 0.02)
        assert told in one.sentence
        assert f"p = {p_value:.{3 if one.over_dispersed else 2}f}" in one.sentence


def test_prospects_alike_scatter_as_the_model_says() -> None:
    judgments = accounts(spread=0.0, per_account=12)
    found = predictive_check(fit_ranks(judgments), seed=1, judgments=judgments, by=["account"])
    assert found.sums is not None
    assert found.sums.dispersion == pytest.approx(1.0, abs=0.35)  # 60 sums: standard error about √(2/60)
    assert not found.over_dispersed


def test_judgments_that_are_alone_in_their_group_cannot_tell() -> None:
    judgments = accounts(spread=1.2, per_account=1, n_accounts=400)
    found = predictive_check(fit_ranks(judgments), seed=1, judgments=judgments, by=["account"])
    assert found.sentence.startswith("The 400 judgments fall into 400 cells")
    assert found.finding.role == "unknown"


def test_dispersion_agrees_with_pearsons_statistic_over_its_degrees_of_freedom(stormy: Judgments) -> None:
    fit = fit_ranks(stormy)
    found = predictive_check(fit, seed=1, judgments=stormy, by=["batch"])
    n, y = found.size, found.observed
    prob = fit.probability_draws().mean(axis=0)
    cell = prob[
        [fit.reps.index(rep) for rep in found.labels["rep"]], [fit.ranks.index(r) for r in found.labels["rank"]]
    ]
    pearson = ((y - n * cell) ** 2 / (n * cell * (1 - cell))).sum() / len(n)
    assert found.dispersion == pytest.approx(pearson, rel=0.05)
    assert found.p_value == pytest.approx(stats.chi2.sf(pearson * len(n), len(n)), abs=0.02)


def test_every_occupied_cell_has_a_row_and_a_p_value_between_zero_and_one(calm: Judgments) -> None:
    found = predictive_check(fit_ranks(calm), seed=1)
    assert list(found.table.columns) == ["rep", "rank", "size", "observed", "expected", "lower", "upper", "p_value"]
    assert len(found.table) == 8 * 3
    assert found.size.sum() == calm.n_judgments
    assert np.all((found.p_values >= 0) & (found.p_values <= 1))
    assert np.all((found.lower <= found.expected) & (found.expected <= found.upper))


def test_a_cell_no_prior_expects_is_out_of_its_predictive_interval() -> None:
    frame = pd.DataFrame({"rep": [f"r{i}" for i in range(12)], "rank": "A", "n": 400, "events": [200] * 11 + [399]})
    judgments = Judgments.from_counts(frame, scale=RankScale(["A"]), within_days=90)
    fit = RankModel(within_days=90).fit(judgments, seed=1, engine="laplace", draws=400)
    seen = predictive_check(fit, seed=1).table
    odd = seen[seen["rep"] == "r11"].iloc[0]
    assert odd["expected"] < odd["observed"]
    assert (odd["p_value"] < seen.loc[seen["rep"] != "r11", "p_value"]).all()


def test_lead_times_and_thresholds_made_by_their_own_models_are_not_over_dispersed() -> None:
    world = simulate_judgments(seed=2, n_reps=4, n_prospects=600)
    judgments = Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    lead = LeadTimeModel(interval_edges_days=(30, 90, 180)).fit(judgments, seed=1, engine="laplace", draws=400)
    found = predictive_check(lead, seed=1)
    assert set(found.labels) == {"ending", "rep", "rank", "interval"}
    assert found.observed.sum() == lead.cells.exposure.events.sum() + lead.cells.exposure.exits.sum()
    assert found.expected.sum() == pytest.approx(found.observed.sum(), rel=0.05)
    assert not found.over_dispersed
    bars = ThresholdModel(within_days=90).fit(judgments, seed=1, engine="laplace", draws=400)
    told = predictive_check(bars, seed=1)
    assert told.expected.sum() == pytest.approx(bars.events.sum(), rel=0.1)


def test_the_same_seed_replicates_the_same_counts(calm: Judgments) -> None:
    fit = fit_ranks(calm)
    first, second, other = (predictive_check(fit, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.expected, second.expected)
    assert not np.array_equal(first.expected, other.expected)


def test_a_grouping_needs_the_rank_model_and_its_judgments(calm: Judgments, stormy: Judgments) -> None:
    fit = fit_ranks(calm)
    with pytest.raises(InputError, match="`by` needs the rank model and its `judgments`"):
        predictive_check(fit, seed=1, by=["batch"])
    with pytest.raises(InputError, match="`by` must be a list of groupings; got the text 'batch'"):
        predictive_check(fit, seed=1, judgments=calm, by="batch")
    other = batches(spread=0.0, seed=4, n_reps=5)
    with pytest.raises(InputError, match="`judgments` must be those the fit was made from"):
        predictive_check(fit, seed=1, judgments=other, by=["batch"])
    assert isinstance(predictive_check(fit, seed=1, judgments=calm, by=["batch"]), PredictiveCheck)


def test_cells_of_an_adjusted_model_are_checked_with_their_effects(stormy: Judgments) -> None:
    fit = RankModel(within_days=90, adjust_for=("batch",)).fit(stormy, seed=1, engine="laplace", draws=400)
    found = predictive_check(fit, seed=1)
    assert found.what == "rep × rank × batch"
    assert len(found.size) == 8 * 3 * 12
    assert found.expected.sum() == pytest.approx(found.observed.sum(), rel=0.05)
