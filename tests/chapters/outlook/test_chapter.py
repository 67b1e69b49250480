"""The chapter from judgments to page and file: one small organisation, all that is said of it, and what is refused."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.outlook.result import Outlook
from calibra.errors import InputError, NotEnoughDataError


def read(world: cb.SimulatedWorld) -> cb.Judgments:
    return cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)


@cache
def judgments() -> cb.Judgments:
    return read(cb.simulate_judgments(seed=1, n_reps=4, n_prospects=1200, span_days=480))


@cache
def calibration() -> cb.Calibration:
    settings = {"parts": ["lead times", "value"], "sales_target": {"opportunities": 60, "amount": 1e8}}
    return cb.calibrate(judgments(), seed=1, engine="laplace", draws=400, progress=False, **settings)


@cache
def with_new() -> Outlook:
    fits = {"lead_fit": calibration().lead_times, "value_fit": calibration().value}
    return cb.outlook(judgments(), seed=1, back_test_months=0, new_judgments=True, progress=False, **fits)


def test_the_number_of_the_first_page_is_the_one_with_a_record() -> None:
    told = {finding.key: finding for finding in calibration().findings}
    found = calibration().outlook
    key = "outlook.opportunities" if found.verdict() == "used" else "outlook.opportunities_failed"
    assert told[key].replaces == ("lead_times.coming", "lead_times.coming_without")
    assert "lead_times.coming" not in told
    assert "past months the range held" in str(told[key])
    assert {"outlook.wins", "outlook.from_new"} <= set(told)


def test_a_target_asks_for_the_outlook_and_its_chance_is_said() -> None:
    told = {finding.key: finding for finding in calibration().findings}
    found = calibration().outlook
    assert told["outlook.target_opportunities"].values["chance"].prob == found.chance_of(60)
    assert told["outlook.target_opportunities"].values["target"] == 60
    drawn = found.draws["amount, open today"].sum(axis=(1, 2))
    assert told["outlook.target_amount"].values["chance"].prob == (drawn >= 1e8).mean()
    assert "outlook.target_wins" not in told
    for wrong in ({"deals": 3}, {}, 120):
        with pytest.raises(InputError, match="`sales_target` must say of what"):
            cb.calibrate(judgments(), seed=1, sales_target=wrong)
    with pytest.raises(InputError, match="must be a number"):
        cb.outlook(judgments(), seed=1, lead_fit=calibration().lead_times, sales_target={"wins": "many"})


def test_totals_are_sums_of_the_same_draws() -> None:
    found = with_new()
    for of in found.things:
        parts = [source for source in ("open opportunities", "open prospects") if f"{of}, {source}" in found.draws]
        if parts:
            added = sum(found.draws[f"{of}, {source}"] for source in parts)
            np.testing.assert_allclose(added, found.draws[f"{of}, open today"])
    table = found.totals().query("of == 'opportunities' and source == 'open today'").set_index("until")
    drawn = found.draws["opportunities, open today"].sum(axis=2)
    assert table.loc["in all", "estimate"] == np.median(drawn.sum(axis=1))
    assert table.loc["2026-10-31", "lower"] == np.quantile(drawn[:, 0], 0.05)
    assert found.chance_of(0) == 1.0
    assert found.chance_of(table.loc["in all", "estimate"]) == pytest.approx(0.5, abs=0.1)


def test_the_number_is_that_of_each_prospect_added_up() -> None:
    """Month effects have mean 1, so that the mean is near the sum of (F₁(a + h) − F₁(a)) / S(a) over who is open."""
    found, fit = with_new(), calibration().lead_times
    opened, last, days = fit.open_counts, fit.last_edge_days, 92
    event, exit_ = (fit.incidence_draws(list(range(last + 1)), cause=cause).mean(axis=0) for cause in ("event", "exit"))
    known = opened.age_days < last
    rep, rank, age, n = (values[known] for values in (opened.rep, opened.rank, opened.age_days, opened.n))
    until = np.minimum(age + days, last)
    chance = (event[rep, rank, until] - event[rep, rank, age]) / (1 - event[rep, rank, age] - exit_[rep, rank, age])
    assert found.total_draws().mean() == pytest.approx(float(chance @ n), rel=0.06)
    left = found.left_out["prospects"]
    assert left.n_open == opened.n.sum()
    assert left.n_unknown == opened.n[~known].sum()


def test_new_judgments_are_a_line_of_their_own() -> None:
    table = with_new().totals().query("of == 'opportunities'").pivot(index="until", columns="source", values="estimate")
    assert (table["new judgments"] > 0).all()
    assert table["new judgments"].is_monotonic_increasing or table.loc["2026-12-31", "new judgments"] > 0
    without = calibration().outlook
    assert "opportunities, new judgments" not in without.draws


def test_money_is_wins_times_the_mean_of_a_win() -> None:
    found, value = with_new(), calibration().value
    mean = float(np.median(value.amounts.over_ranks(value.amounts.all_reps(value.amounts.mean_draws()))))
    assert found.total_draws("amount").mean() == pytest.approx(mean * found.total_draws("wins").mean(), rel=0.25)


def test_a_loaded_file_holds_the_same(tmp_path: Path) -> None:
    path = calibration().save(tmp_path / "team.calibra")
    loaded, found = cb.load(path).outlook, calibration().outlook
    for by in ("month", "rank", "rep"):
        assert loaded.totals(by).equals(found.totals(by))
    assert loaded.back_test is not None
    assert found.back_test is not None
    assert loaded.back_test.table.equals(found.back_test.table)
    assert loaded.verdict() == found.verdict()


@pytest.mark.parametrize(("lang", "title"), [("en", "What is coming"), ("ja", "着地見込み")])
def test_the_report_has_its_section(tmp_path: Path, lang: str, title: str) -> None:
    page = calibration().report(tmp_path / "report.html", lang=lang).read_text(encoding="utf-8")
    part = page[page.index('id="outlook"') :]
    assert title in part[:400]
    assert "<svg" in part[:20_000]


def test_tables_metrics_and_picture() -> None:
    tables = calibration().tables()
    assert {"outlook", "outlook_ranks", "outlook_reps", "outlook_record"} <= set(tables)
    metrics = calibration().metrics()
    own = metrics[metrics["chapter"] == "outlook"]
    assert own["of"].str.contains("open today").any()
    axes = calibration().outlook.plot(of="wins")
    assert axes.get_xlabel() == "until"
    assert len(axes.get_xticks()) == len(calibration().outlook.until) + min(
        12, (calibration().outlook.back_test.hits("wins")[1])
    )
    with pytest.raises(InputError, match="`of` must be one of"):
        cb.plot_outlook(calibration().outlook, of="deals")


def test_weeks_add_up_to_about_the_months_and_quarters_are_sums_of_months() -> None:
    fits = {"lead_fit": calibration().lead_times, "back_test_months": 0, "progress": False}
    months = cb.outlook(judgments(), seed=1, periods=3, **fits)
    quarter = cb.outlook(judgments(), seed=1, by="quarter", periods=1, **fits)
    np.testing.assert_array_equal(quarter.total_draws(), months.total_draws())
    weeks = cb.outlook(judgments(), seed=1, by="week", periods=5, **fits)
    october = float(months.draws["opportunities, open today"][:, 0].sum(axis=1).mean())
    assert weeks.until[0].isoformat() == "2026-10-04"
    assert weeks.total_draws().mean() == pytest.approx(october, rel=0.12)  # until the first of November


def test_what_cannot_be_foreseen_is_refused() -> None:
    fit = calibration().lead_times
    with pytest.raises(NotEnoughDataError, match=r"40 periods ahead is further than .* Ask for at most \d+"):
        cb.outlook(judgments(), seed=1, lead_fit=fit, periods=40)
    with pytest.raises(InputError, match=r"`by` must be one of 'week', 'month', 'quarter'; got 'year'"):
        cb.outlook(judgments(), seed=1, lead_fit=fit, by="year")
    frame = pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "n": [100], "events": [30]})
    counts = cb.Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"]), within_days=90)
    with pytest.raises(InputError, match="needs judgments with rows"):
        cb.outlook(counts, seed=1)
    with pytest.raises(InputError, match="needs judgments with rows"):
        cb.backtest_outlook(counts, seed=1)
    world = cb.simulate_judgments(seed=2, n_reps=3, n_prospects=300)
    roles = {role: name for role, name in world.columns.items() if role not in ("won_at", "amount")}
    without = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=roles)
    found = cb.outlook(without, seed=1, engine="laplace", draws=200, back_test_months=0, progress=False)
    assert found.things == ("opportunities",)
    with pytest.raises(InputError, match=r"got 'wins'. Wins need the role `won_at`"):
        found.chance_of(3, of="wins")
    with pytest.raises(InputError, match='`by` must be "period"'):
        found.totals("team")


def test_a_target_stands_in_the_settings_of_the_shell(tmp_path: Path) -> None:
    lines = ['as_of = "2026-09-30"', "[columns]"]
    lines += [f'{role} = "{role}"' for role in ("prospect", "rep", "rank", "judged_at", "event_at")]
    lines += ["[scale]", 'ranks = ["A", "B"]', "[promises]", "A = { prob = 0.6, within_days = 90 }"]
    config = tmp_path / "calibra.toml"
    config.write_text("\n".join([*lines, "[fit]", "sales_target = { opportunities = 60 }"]), encoding="utf-8")
    assert cb.read_settings(config).fitting["sales_target"] == {"opportunities": 60}
