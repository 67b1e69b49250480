"""Value per prospect: identities, what is refused, the chapter in a calibration, saved and loaded, and its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.value.findings import findings
from calibra.data.counting.deals import count_deals
from calibra.reading.means import ALL_REPS, rep_shares
from tests.chapters.value.deals import maven, rand

WORLD = cb.simulate_judgments(seed=3, n_reps=6, n_prospects=2500, span_days=720)
FAST = {"seed": 1, "engine": "laplace", "progress": False}


@pytest.fixture(scope="module")
def judgments() -> cb.Judgments:
    """A simulated team."""
    return cb.Judgments.from_frame(WORLD.frame, scale=WORLD.scale, as_of=WORLD.as_of, columns=WORLD.columns)


@pytest.fixture(scope="module")
def fit(judgments: cb.Judgments) -> cb.ValueFit:
    """Its value."""
    return cb.ValueModel(within_days=90, won_within_days=180).fit(judgments, **FAST)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def calibration(judgments: cb.Judgments) -> cb.Calibration:
    """Its calibration."""
    return cb.calibrate(judgments, parts=["value"], **FAST)  # type: ignore[arg-type]


def test_a_value_is_the_product_of_its_parts_draw_by_draw(fit: cb.ValueFit) -> None:
    event, won, mean = fit.part_draws()
    np.testing.assert_allclose(fit.value_draws(), event * won * mean)
    assert np.all(fit.value_draws() <= event * mean)
    together = np.einsum("srk,rk->sk", fit.value_draws(), rep_shares(fit.events.n))
    np.testing.assert_allclose(fit.all_reps_draws(), together)


def test_draws_of_the_parts_know_nothing_of_one_another(fit: cb.ValueFit) -> None:
    parts = [np.log(part).mean(axis=(1, 2)) for part in fit.part_draws()]
    correlation = np.corrcoef(parts)
    assert np.abs(correlation[np.triu_indices(3, 1)]).max() < 4.0 / np.sqrt(len(parts[0]))


def test_deals_are_those_of_the_rows(judgments: cb.Judgments) -> None:
    # by hand in pandas: opportunities within 90 days, 180 days old, won within 180, under rep and rank of the judgment
    rows, as_of = WORLD.frame, pd.Timestamp(WORLD.as_of)
    lead = (rows["event_at"] - rows["judged_at"]).dt.days
    arose = rows[(lead <= 90) & (rows["event_at"] <= as_of - pd.Timedelta(days=180))]
    won = arose[(arose["won_at"] - arose["event_at"]).dt.days <= 180]
    cells = count_deals(judgments, won_within_days=180, within_days=90)
    n = arose.groupby(["rep", "rank"]).size().unstack(fill_value=0)
    np.testing.assert_array_equal(cells.n, n.reindex(index=cells.reps, columns=cells.ranks, fill_value=0))
    paid = won.groupby(["rep", "rank"])["amount"]
    expected = {"won": paid.size(), "sum_amount": paid.sum(), "max_amount": paid.max()}
    expected["sum_log_amount"] = np.log(won["amount"]).groupby([won["rep"], won["rank"]]).sum()
    expected["sum_amount2"] = (won["amount"] ** 2).groupby([won["rep"], won["rank"]]).sum()
    expected["next_amount"] = paid.apply(lambda each: each.nlargest(2).iloc[-1] if len(each) > 1 else 0.0)
    for name, values in expected.items():
        table = values.unstack(fill_value=0).reindex(index=cells.reps, columns=cells.ranks, fill_value=0)
        np.testing.assert_allclose(getattr(cells, name), table, rtol=1e-12)


def test_on_raw_counts_the_product_is_the_mean_over_prospects(judgments: cb.Judgments) -> None:
    # of the same prospects: Σ amount won in time / n = (events/n) (won/events) (Σ amount/won)
    rows, as_of = WORLD.frame, pd.Timestamp(WORLD.as_of)
    old = rows[rows["judged_at"] <= as_of - pd.Timedelta(days=270)]
    lead, deal = (old["event_at"] - old["judged_at"]).dt.days, (old["won_at"] - old["event_at"]).dt.days
    direct = old["amount"].where((lead <= 90) & (deal <= 180)).fillna(0.0).groupby(old["rank"]).mean()
    read = cb.Judgments.from_frame(old, scale=WORLD.scale, as_of=WORLD.as_of, columns=WORLD.columns)
    events = read.binomial_cells(within_days=90)
    cells = count_deals(read, won_within_days=180, within_days=90)
    n, came, won = events.n.sum(axis=0), events.events.sum(axis=0), cells.won.sum(axis=0)
    product = came / n * (won / cells.n.sum(axis=0)) * (cells.sum_amount.sum(axis=0) / won)
    assert came.tolist() == cells.n.sum(axis=0).tolist()
    np.testing.assert_allclose(product, direct.reindex(list(WORLD.scale.ranks)), rtol=1e-12)


def test_what_a_rank_is_worth_falls_with_the_rank_and_is_zero_over_itself(fit: cb.ValueFit) -> None:
    worth = fit.rank_worth()
    given = worth[worth["trusted"]]
    assert given["worth"].is_monotonic_decreasing
    assert given["worth_lower"].lt(given["worth_upper"]).all()
    assert worth.loc[~worth["trusted"], "worth"].isna().all()
    values = fit.values().set_index(["rep", "rank"])
    for rank in given["rank"]:
        assert values.loc[(ALL_REPS, rank), "estimate"] == pytest.approx(
            float(given.set_index("rank").loc[rank, "worth"])
        )


def test_identical_counts_in_both_horizons_give_the_same_fit_with_the_same_seed(judgments: cb.Judgments) -> None:
    model = cb.WinModel(within_days=180)
    first, second = (model.fit(judgments, **FAST) for _ in range(2))  # type: ignore[arg-type]
    np.testing.assert_array_equal(first.probability_draws(), second.probability_draws())


# opportunities --------------------------------------------------------------------------------------------------------


def deals_frame() -> pd.DataFrame:
    """Five prospects: won, lost, open, won before it was entered as an opportunity, never an opportunity."""
    days = pd.to_datetime
    return pd.DataFrame(
        {
            "id": range(5),
            "rep": "Abe",
            "rank": "A",
            "judged": days(["2026-01-01"] * 5),
            "arose": days(["2026-01-11", "2026-01-21", "2026-02-01", "2026-02-10", None]),
            "won": days(["2026-02-10", None, None, "2026-02-01", None]),
            "lost": days([None, "2026-02-20", None, None, None]),
            "amount": [100.0, None, None, 0.0, None],
        }
    )


ROLES = {
    "prospect": "id",
    "rep": "rep",
    "rank": "rank",
    "judged_at": "judged",
    "event_at": "arose",
    "won_at": "won",
    "lost_at": "lost",
    "amount": "amount",
}


def read(frame: pd.DataFrame, **more: object) -> cb.Judgments:
    """Deals of one rank, read."""
    roles = {role: column for role, column in ROLES.items() if column in frame}
    roles |= {str(role): str(column) for role, column in dict(more.pop("roles", {})).items()}  # type: ignore[call-overload]
    return cb.Judgments.from_frame(
        frame,
        scale=cb.RankScale(["A"]),
        as_of="2026-06-30",
        horizons=[90],
        columns=roles,
        **more,  # type: ignore[arg-type]
    )


def test_opportunities_run_on_a_clock_of_their_own() -> None:
    deals = read(deals_frame()).opportunities()
    counts = deals.duration_counts()
    told = sorted(zip(counts.days.tolist(), counts.ending.tolist(), strict=True))
    # won after 30 days; lost after 30; open for 149; a win entered before its opportunity is on its day
    assert told == [(0, 1), (30, 1), (30, 2), (149, 3)]
    assert (int(counts.n_amounts.sum()), int(counts.n_zero_amounts.sum())) == (1, 1)
    assert deals.columns["judged_at"] == "arose"
    assert deals.columns["event_at"] == "won"


def test_opportunities_within_days_are_those_that_arose_in_time() -> None:
    judgments = read(deals_frame())
    assert [judgments.opportunities(within_days=days).n_judgments for days in (10, 20, 31, 400)] == [1, 2, 3, 4]


@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow", "duckdb"])
def test_every_kind_of_frame_counts_the_same_deals(engine: str) -> None:
    import duckdb
    import polars as pl
    import pyarrow as pa

    frame = pd.concat([deals_frame()] * 9, ignore_index=True)
    frame["id"], frame["rep"] = range(len(frame)), np.where(np.arange(len(frame)) % 2, "Abe", "Ito")
    frame.loc[:, "amount"] = np.where(frame["won"].notna(), 10.0 + np.arange(len(frame)), np.nan)
    made = {"pandas": lambda f: f, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas, "duckdb": duckdb.from_df}
    roles = dict(ROLES.items())
    judgments = cb.Judgments.from_frame(
        made[engine](frame), scale=cb.RankScale(["A"]), as_of="2026-06-30", horizons=[90], columns=roles
    )
    cells = count_deals(judgments, won_within_days=90)
    by_rep = frame[frame["won"].notna()].groupby("rep")["amount"]
    assert cells.won.ravel().tolist() == by_rep.size().tolist()
    np.testing.assert_allclose(cells.sum_amount2.ravel(), by_rep.apply(lambda each: (each**2).sum()))
    assert cells.max_amount.ravel().tolist() == by_rep.max().tolist()
    assert cells.next_amount.ravel().tolist() == by_rep.apply(lambda each: each.nlargest(2).iloc[-1]).tolist()


# refused --------------------------------------------------------------------------------------------------------------


def test_value_without_a_column_of_wins_is_refused() -> None:
    with pytest.raises(cb.InputError, match="needs the role `won_at`; it is not mapped"):
        cb.ValueModel(within_days=90).fit(read(deals_frame().drop(columns=["won", "amount"])).at("2026-06-30"), seed=1)


def test_amounts_without_a_column_are_refused() -> None:
    with pytest.raises(cb.InputError, match="Amounts need the role `amount`; it is not mapped"):
        cb.AmountModel().fit(read(deals_frame().drop(columns=["amount"])), seed=1)


def test_an_amount_without_a_column_of_wins_is_refused_as_before() -> None:
    frame = deals_frame().drop(columns=["won"])
    frame["amount"] = 5.0
    with pytest.raises(cb.InputError, match="amount without win"):
        read(frame)


def test_no_old_opportunity_says_when_the_first_will_be() -> None:
    with pytest.raises(cb.NotEnoughDataError, match="No opportunity is 180 days old yet; the first will be on"):
        cb.WinModel(within_days=180).fit(read(deals_frame()), seed=1)


def test_no_opportunity_at_all_is_said() -> None:
    frame = deals_frame().assign(arose=pd.NaT, won=pd.NaT, lost=pd.NaT, amount=np.nan)
    with pytest.raises(cb.NotEnoughDataError, match="No opportunity has come of these judgments yet"):
        read(frame).opportunities()


def test_several_currencies_need_their_rates() -> None:
    frame = pd.concat([deals_frame()] * 3, ignore_index=True).assign(id=range(15))
    frame["amount"] = np.where(frame["won"].notna(), 100.0, np.nan)
    frame["money"] = np.repeat(["JPY", "USD", "EUR"], 5)
    with pytest.raises(cb.InputError, match=r"`amount` comes in (.*)\(2, 2, 2 rows\); give `rates="):
        read(frame, roles={"currency": "money"})
    judgments = read(frame, roles={"currency": "money"}, rates={"USD": 150.0, "EUR": 160.0})
    cells = count_deals(judgments, won_within_days=90)
    # two wins in each of the three: 2 × 100 + 2 × 15,000 + 2 × 16,000
    assert float(cells.sum_amount.sum()) == pytest.approx(2 * (100 + 15_000 + 16_000))
    with pytest.raises(cb.InputError, match="`rates` must lead from currencies"):
        read(frame, roles={"currency": "money"}, rates={"USD": -1.0})
    with pytest.raises(cb.InputError, match="`rates` needs the roles"):
        read(frame, rates={"USD": 150.0})


def test_all_won_and_none_won_are_fits() -> None:
    frame = pd.concat([deals_frame()] * 20, ignore_index=True).assign(id=range(100))
    frame["arose"] = pd.Timestamp("2026-01-11")
    for won in (pd.Timestamp("2026-01-20"), pd.NaT):
        fit = cb.WinModel(within_days=90).fit(read(frame.assign(won=won, lost=pd.NaT, amount=np.nan)), **FAST)  # type: ignore[arg-type]
        estimate = float(fit.probabilities()["estimate"].iloc[0])
        assert (estimate > 0.9) if won is not pd.NaT else (estimate < 0.1)


# the chapter ----------------------------------------------------------------------------------------------------------


def test_a_loaded_calibration_gives_the_same_tables_and_sentences(calibration: cb.Calibration, tmp_path: Path) -> None:
    loaded = cb.load(calibration.save(tmp_path / "team.calibra"))
    for name, table in calibration.tables().items():
        pd.testing.assert_frame_equal(loaded.tables()[name], table)
    assert [str(each) for each in findings(loaded.value)] == [str(each) for each in findings(calibration.value)]


def test_report_and_card_show_what_is_won(calibration: cb.Calibration, tmp_path: Path) -> None:
    for lang, title in (("en", "How much is won"), ("ja", "受注と金額")):
        text = calibration.report(tmp_path / f"{lang}.html", lang=lang).read_text(encoding="utf-8")
        assert title in text
        assert "nan" not in text.lower().replace("finance", "")
    told = [each for each in calibration.findings if each.chapter == "value"]
    assert {"value.all", "value.worth"} <= {each.key for each in told}
    assert "million" in str(told[0].say("en") + told[-1].say("en")) or any("million" in str(each) for each in told)


def test_judgments_without_amounts_have_no_such_chapter(judgments: cb.Judgments) -> None:
    columns = {role: name for role, name in WORLD.columns.items() if role not in ("amount",)}
    plain = cb.Judgments.from_frame(WORLD.frame, scale=WORLD.scale, as_of=WORLD.as_of, columns=columns)
    found = cb.calibrate(plain, parts=["value"], **FAST)  # type: ignore[arg-type]
    assert "value" not in found.answered
    assert not [note for note in found.notes if note.chapter == "value"]
    assert judgments.n_judgments == plain.n_judgments


def test_maven_says_that_the_mix_explains_it(shared_data: Path) -> None:
    found = cb.calibrate(maven(shared_data), parts=["value"], adjust_for=["product"], **FAST)  # type: ignore[arg-type]
    keys = {each.key for each in found.findings if each.chapter == "value"}
    assert "value.mix_explains" in keys
    assert not keys & {"value.smaller", "value.larger"}
    plain = cb.calibrate(maven(shared_data), parts=["value"], **FAST)  # type: ignore[arg-type]
    named = [each for each in plain.findings if each.key in ("value.smaller", "value.larger")]
    assert len(named) > 5
    assert "value.two_kinds" in {each.key for each in plain.findings}


def test_rand_says_why_there_is_no_mean(shared_data: Path) -> None:
    found = cb.calibrate(rand(shared_data), parts=["value"], **FAST)  # type: ignore[arg-type]
    told = {each.key: str(each) for each in found.findings if each.chapter == "value"}
    assert (
        told["value.no_mean_large"] == "No mean amount is given at rank 50: one deal is more than a fifth of the money."
    )


def test_a_rep_with_deals_half_as_large_is_named_and_identical_reps_are_not() -> None:
    rng = np.random.default_rng(11)
    n = 6000
    frame = pd.DataFrame({"id": range(n), "rank": rng.choice(["A", "B"], n)})
    frame["rep"] = [f"r{i}" for i in rng.integers(0, 12, n)]
    frame["judged"] = pd.Timestamp("2025-01-01")
    came, won = rng.random(n) < 0.4, rng.random(n) < 0.4
    frame["arose"] = pd.Series(pd.Timestamp("2025-02-01"), frame.index).where(came)
    frame["won"] = pd.Series(pd.Timestamp("2025-03-01"), frame.index).where(came & won)
    size = np.where(frame["rep"] == "r0", 0.5, 1.0)
    frame["amount"] = np.where(came & won, 1e6 * size * np.exp(0.7 * rng.standard_normal(n)), np.nan)
    scale = cb.RankScale(["A", "B"])
    columns = {role: column for role, column in ROLES.items() if column in frame}
    judgments = cb.Judgments.from_frame(frame, scale=scale, as_of="2026-06-30", horizons=[90], columns=columns)
    found = cb.calibrate(judgments, parts=["value"], **FAST)  # type: ignore[arg-type]
    named = [(each.key, each.rep) for each in found.findings if each.chapter == "value" and each.rep is not None]
    assert named == [("value.smaller", "r0")]
    assert replace(found.value, margin_odds=1.5).gaps().attrs["margin_odds"] == 1.5
