"""The models of deals: identities, limits, recovery, and totals."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import calibra as cb
from calibra.chapters.deals.fit import push_chain
from calibra.inference.engines import sample_posterior
from tests.data.history.test_deals import ENDED, THREE, read


@cache
def world() -> tuple[cb.SimulatedDeals, cb.Deals]:
    made = cb.simulate_deals(seed=2, n_reps=6, n_months=12, alike=True, overstated={1: 1.4})
    return made, cb.Deals.from_frames(made.statements, made.outcomes, **made.reading)


@cache
def fitted() -> cb.DealFit:
    return cb.DealModel().fit(world()[1], seed=1, engine="laplace", progress=False)


def test_the_chain_of_pushes_by_hand() -> None:
    # Won 1/3, moved 1/3 at first; then won for sure: 1/3 + 1/3 = 2/3 at all, half a push on average.
    fates = np.array([[1 / 3, 1 / 3, 1 / 3], [1, 0, 0], [1, 0, 0], [1, 0, 0]])
    at_all, moved = push_chain(fates)
    assert at_all == pytest.approx(2 / 3)
    assert moved == pytest.approx(0.5)


def test_a_chain_that_never_changes_is_geometric() -> None:
    won, lost, again = 0.3, 0.1, 0.6
    at_all, moved = push_chain(np.tile([won, lost, again], (4, 1)))
    assert at_all == pytest.approx(won / (won + lost))
    assert moved == pytest.approx(again / (1 - again))


def test_nobody_moves_means_won_at_once() -> None:
    at_all, moved = push_chain(np.tile([0.3, 0.7, 0.0], (4, 1)))
    assert at_all == pytest.approx(0.3)
    assert moved == pytest.approx(0.0)


def test_three_fates_make_one() -> None:
    np.testing.assert_allclose(fitted().fates().sum(axis=-1), 1.0, atol=1e-12)
    table = fitted().forecasts()
    np.testing.assert_allclose(table[["won", "lost", "pushed"]].sum(axis=1), 1.0, atol=1e-9)
    assert (table["n_won"] + table["n_lost"] + table["n_pushed"] == table["n"]).all()


def test_all_reps_lie_near_the_counts() -> None:
    row = fitted().forecasts().iloc[0]
    for name in ("won", "lost", "pushed"):
        assert row[name] == pytest.approx(row[f"n_{name}"] / row["n"], abs=0.06)
    amounts = fitted().amounts().iloc[0]
    assert amounts["ratio_of_totals"] == pytest.approx(amounts["paid"] / amounts["stated"], abs=0.03)


def test_who_states_too_much_is_found_and_nobody_else() -> None:
    table = fitted().amounts().set_index("rep")
    (name,) = [rep for rep, factor in world()[0].overstated.items() if factor > 1.2]
    assert table.loc[name, "finding"] == "too much"
    assert (table["finding"] == "too much").sum() == 1
    assert not (table["finding"] == "too little").any()


def test_a_total_of_nothing_is_new_business_alone_and_the_mean_is_that_of_its_parts() -> None:
    fit, deals = fitted(), world()[1]
    counts, rows = deals.cells(), deals.forecasts()
    total = cb.period_total(fit, rows.of(counts.n_periods, counts.openings[-1]))
    table = total.table(target=1.0).set_index(["rep", "part"])
    whole = table.loc["(all reps)"]
    assert whole.loc["total", "estimate"] == pytest.approx(whole["estimate"][["forecast", "new"]].sum())
    assert whole.loc["total", "prob_target"] > 0.99
    assert table["prob_target"].notna().sum() == 1
    # A typical period: Σ p × ratio × stated, to which the spread of periods adds little.
    chosen = rows.of(counts.n_periods, counts.openings[-1])
    ratio = fit.ratio_draws()[:, chosen.rep, chosen.size]
    expected = (fit.prob_won(chosen) * ratio * chosen.stated).sum(axis=1).mean()
    assert whole.loc["forecast", "estimate"] == pytest.approx(expected, rel=0.06)
    empty = cb.period_total(fit, rows.of(-1, counts.openings[-1]))
    assert (empty.draws["forecast"] == 0).all()
    np.testing.assert_array_equal(empty.draws["total"], empty.draws["new"])


def test_targets_must_name_reps() -> None:
    fit, deals = fitted(), world()[1]
    total = cb.period_total(fit, deals.forecasts().of(0, deals.cells().openings[0]))
    with pytest.raises(cb.InputError, match="`target` must name reps of the deals"):
        total.table(target={"Nobody": 3.0})


def test_the_list_of_deals_to_ask_about_names_open_deals_most_at_stake_first() -> None:
    deals = world()[1]
    table = cb.ask_about(fitted(), deals)
    assert table["at_stake"].is_monotonic_decreasing
    opened = deals.open_forecasts()
    assert set(table["deal"]) == set(opened.loc[~opened["has_ended"], "deal"])
    stated = table["at_stake"] / (1 - table["prob_won"])
    np.testing.assert_allclose(stated, table["stated"])
    with pytest.raises(cb.InputError, match="`deals` must be those that were fitted"):
        cb.ask_about(fitted(), deals.at("2026-03-31"))


def test_fewer_than_three_closed_periods_are_refused() -> None:
    deals = world()[1]
    first = deals.cells().openings[2]
    with pytest.raises(cb.NotEnoughDataError, match="Only 2 periods of deals have closed, and 3 are needed"):
        cb.DealModel().fit(deals.at(first), seed=1)
    with pytest.raises(cb.NotEnoughDataError, match="Only 4 deals were forecast"):
        cb.DealModel().fit(read(THREE, ENDED), seed=1)


def test_without_amounts_numbers_alone_are_told() -> None:
    made = world()[0]
    reading = dict(made.reading)
    reading["columns"] = {role: name for role, name in reading["columns"].items() if role != "stated_amount"}
    fit = cb.DealModel().fit(cb.Deals.from_frames(made.statements, made.outcomes, **reading), seed=1, progress=False)
    assert not fit.knows_amounts
    assert fit.forecasts()["n"].iloc[0] == fitted().forecasts()["n"].iloc[0]
    with pytest.raises(cb.NotEnoughDataError, match="Amounts stated and paid are known of 0 deals"):
        fit.amounts()


def test_the_back_test_is_told_of_each_forecaster() -> None:
    made = cb.simulate_deals(seed=4, n_reps=3, n_months=6)
    deals = cb.Deals.from_frames(made.statements, made.outcomes, **made.reading)
    found = cb.backtest_totals(deals, seed=1, draws=200)
    table = found.table
    n_periods = deals.cells().n_periods
    assert table["period"].nunique() <= n_periods - 3
    assert set(table["forecaster"]) == {"calibra", "stated sum", "own ratio", "all-reps ratio"}
    one = table[(table["rep"] == "(all reps)") & (table["forecaster"] == "stated sum")].iloc[0]
    of = [day.isoformat() for day in deals.cells().openings].index(one["period"])
    cells = deals.cells()
    assert one["stated"] == cells.total("stated", "period")[of]
    assert one["actual"] == pytest.approx(cells.total("paid", "period")[of] + cells.new["paid"][:, of].sum())
    assert ((table["pit"] >= 0) & (table["pit"] <= 1)).all()
    again = cb.backtest_totals(deals, seed=1, draws=200).table
    np.testing.assert_array_equal(again["crps"], table["crps"])


def test_ratios_of_other_tools_by_hand() -> None:
    # F = 350, A = 90: 389 %, 0, .257, .257.
    found = cb.forecast_ratios([350.0, 80.0, 10.0], [90.0, 100.0, 0.0])
    assert found["ratio_gong"][:2] == pytest.approx([350 / 90, 0.8])
    assert found["accuracy_hubspot"][:2] == pytest.approx([0.0, 0.8])
    assert found["factor_b2b"] == pytest.approx([90 / 350, 1.25, 0.0])
    assert found["accuracy_clari"] == pytest.approx([90 / 350, 0.75, 0.0])
    assert np.isnan([found["ratio_gong"][2], found["accuracy_hubspot"][2]]).all()
    ratio = found["ratio_gong"][:2]
    np.testing.assert_allclose(ratio * found["factor_b2b"][:2], 1.0)
    np.testing.assert_allclose(found["accuracy_hubspot"][:2], np.maximum(0.0, 1.0 - np.abs(1.0 - ratio)))


def test_ratios_stand_beside_the_reading_with_its_interval() -> None:
    table = cb.compare_ratios(fitted())
    assert ((table["factor_lower"] < table["factor"]) & (table["factor"] < table["factor_upper"])).all()
    assert table["factor_b2b"].to_numpy() == pytest.approx((table["won"] / table["stated"]).to_numpy())
    assert table["prob_labelled"].iloc[1:].between(0.05, 0.95).all()


@pytest.mark.nuts
@pytest.mark.slow
def test_both_engines_agree_on_amounts_and_on_what_is_won() -> None:
    declarations = fitted().declarations
    for part, terms in {"ratio": ("size", "level"), "won": ("category_mean", "level")}.items():
        near, far = (
            sample_posterior(declarations[part], seed=1, engine=engine, draws=1000, progress=False)
            for engine in ("laplace", "nuts")
        )
        for term in terms:
            sd = far[term].std(axis=0)
            np.testing.assert_allclose(near[term].mean(axis=0), far[term].mean(axis=0), atol=0.25 * sd.max())
            np.testing.assert_allclose(near[term].std(axis=0), sd, rtol=0.25)
