"""The model of contacts: against published counts, against NUTS, at its limits, on worlds whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.reading.predictive import predictive_check
from tests.chapters.effort.bank import read_bank
from tests.chapters.effort.worlds import draw_team, read

MODEL = cb.EffortModel()


def fit_of(frame: pd.DataFrame, model: cb.EffortModel = MODEL, **settings: object) -> cb.EffortFit:
    return model.fit(read(frame), seed=1, engine="laplace", progress=False, **settings)  # type: ignore[arg-type]


def team(seed: int = 1, **changes: object) -> pd.DataFrame:
    return draw_team(np.random.default_rng(seed), **{"n_reps": 6, "each": 200, **changes})  # type: ignore[arg-type]


def test_the_published_campaign_is_given_back(shared_data: Path) -> None:
    # By hand from the counts: yields if all were worked 1 − Π(1 − h) and as worked (events by the m-th contact over
    # clients), contacts per event 124,956/5,289. Priors wide open: what the model says is what was counted.
    wide = cb.EffortPriors(first_event=Normal(0.0, 5.0), first_stop=Normal(0.0, 5.0), step=HalfNormal(3.0))
    judgments = read_bank(shared_data, one_rep=True)
    fit = cb.EffortModel(wide).fit(judgments, seed=1, engine="laplace", draws=2000, progress=False)
    row = fit.activity().iloc[0]
    assert row["contacts_per_event"] == pytest.approx(23.63, rel=0.02)
    assert (row["contacts"], row["events"]) == (124_956, 5_289)
    yields = fit.yields([1, 3, 6, 10]).iloc[:4]
    assert yields["as_worked"].tolist() == pytest.approx([0.0566, 0.1013, 0.1134, 0.1159], abs=0.0015)
    assert yields["if_all_worked"].tolist() == pytest.approx([0.0566, 0.1409, 0.2051, 0.2444], abs=0.004)


def test_published_hazards_and_the_index_of_them_to_the_digit(shared_data: Path) -> None:
    cells = read_bank(shared_data).contact_counts().at_contacts(range(1, 64))
    at_risk, events = (values.sum(axis=(0, 1)) for values in (cells.at_risk, cells.events))
    hazard = events / at_risk
    told = [0.05665, 0.05064, 0.04076, 0.03288, 0.02272, 0.02113, 0.01534]
    assert hazard[:7].round(5).tolist() == told
    upper = (1 - np.cumprod(1 - hazard))[[0, 2, 5, 9]]
    assert upper.round(4) == pytest.approx([0.0566, 0.1409, 0.2052, 0.2445], abs=1e-9)
    assert (np.cumsum(events) / at_risk[0])[[0, 2, 5, 9]].round(4).tolist() == [0.0566, 0.1013, 0.1134, 0.1159]
    index = cb.stopping_index(hazard)
    assert index[:9] == pytest.approx(hazard[:9])
    assert index[9].round(5) == 0.01147
    assert hazard[9].round(5) == 0.00958


def test_published_contacts_per_event_of_three_jobs(shared_data: Path) -> None:
    cells = read_bank(shared_data).contact_counts().at_contacts([1])
    each = (cells.at_risk / cells.events)[:, 0, 0].round(2)
    by_job = dict(zip(cells.reps, each.tolist(), strict=True))
    assert [by_job[job] for job in ("student", "retired", "blue-collar")] == [8.02, 10.30, 38.72]


def test_as_worked_never_lies_above_the_bound_and_both_rise() -> None:
    draws = fit_of(team()).yield_draws([1, 2, 4, 7])
    assert (draws["as_worked"] <= draws["if_all_worked"] + 1e-12).all()
    assert all((np.diff(found, axis=-1) >= 0).all() for found in draws.values())


def test_rows_state_what_they_rest_on() -> None:
    frame = team()
    table = fit_of(frame).activity()
    contacted = frame[frame["touches"] > 0]
    assert table["n"].tolist() == [len(contacted), *contacted.groupby("rep").size()]
    assert table["contacts"].tolist() == [frame["touches"].sum(), *frame.groupby("rep")["touches"].sum()]
    assert table["events"][0] == contacted["event_at"].notna().sum()
    assert (table["prob_more"] + table["prob_fewer"] + table["prob_within"])[1:].to_numpy() == pytest.approx(1.0)


def test_who_takes_more_contacts_is_found_alone() -> None:
    table = fit_of(team(3, found=np.array([0.35, 1, 1, 1, 1, 1]), each=2000)).activity().set_index("rep")
    assert table["finding"][1:].tolist().count("more contacts an event") == 1
    assert table.loc["rep 00", "finding"] == "more contacts an event"
    assert table.loc["rep 00", "contacts_per_event"] == pytest.approx(true_ratio(0.35), rel=0.15)


def true_ratio(found: float) -> float:
    """Contacts over events in a large world in which everybody is followed to the end, at an even mix of ranks."""
    big = draw_team(np.random.default_rng(77), n_reps=1, each=200_000, found=np.array([found]), share_open=0.0)
    return float(big["touches"].sum() / big["event_at"].notna().sum())


def test_open_prospects_do_not_move_what_an_event_takes() -> None:
    few, many = (fit_of(team(4, each=1500, share_open=share)).activity().iloc[0] for share in (0.0, 0.6))
    assert few["contacts_per_event"] == pytest.approx(true_ratio(1.0), rel=0.06)
    assert many["contacts_per_event"] == pytest.approx(true_ratio(1.0), rel=0.08)


def test_reps_alike_are_not_told_apart() -> None:
    told = [fit_of(team(seed, n_reps=10, each=80)).activity()["finding"][1:] for seed in range(4)]
    assert sum(set(found) - {"in line", "cannot tell yet"} != set() for found in told) == 0


def test_where_nobody_was_given_up_contacts_are_followed_to_the_last_class() -> None:
    frame = team(5)
    frame["exit_at"] = pd.NaT
    fit = fit_of(frame)
    assert set(fit.posteriors) == {"event"}
    readings = fit.readings()
    assert (readings["contacts"] <= fit.cells.last + 1e-9).all()
    yields = fit.yields([2, 5])
    assert yields["as_worked"].to_numpy() == pytest.approx(yields["if_all_worked"].to_numpy())


def test_the_model_explains_its_own_counts() -> None:
    assert 0.01 < predictive_check(fit_of(team(7)), seed=1).p_value < 0.99


def test_intervals_hold_the_truth_of_worlds_that_are_not_the_models_own() -> None:
    # Prospects live or dead, some open: hazards fall by selection. All reps' contacts per event and share by the third.
    big = draw_team(np.random.default_rng(99), n_reps=1, each=300_000, share_open=0.0)
    truth = big["touches"].sum() / big["event_at"].notna().sum()
    by_third = (big["event_at"].notna() & (big["touches"] <= 3)).mean()
    hits = []
    for seed in range(12):
        fit = fit_of(team(100 + seed, n_reps=4, each=100), draws=400)
        row, third = fit.activity().iloc[0], fit.yields([3]).iloc[0]
        hits += [row["contacts_per_event_lower"] <= truth <= row["contacts_per_event_upper"]]
        hits += [third["as_worked_lower"] <= by_third <= third["as_worked_upper"]]
    assert sum(hits) >= 18  # 24 intervals of 90 %: fewer than 18 once in 400 times


@pytest.mark.slow
@pytest.mark.nuts
def test_laplace_agrees_with_nuts() -> None:
    judgments = read(team(8, n_reps=5, each=80))
    quick, slow = (
        MODEL.fit(judgments, seed=1, engine=name, draws=1000, progress=False) for name in ("laplace", "nuts")
    )
    for name in ("contacts", "events", "contacts_per_event", "spent"):
        one, two = quick.readings()[name], slow.readings()[name]
        spread = two.std(axis=0)
        assert (np.abs(one.mean(axis=0) - two.mean(axis=0)) / spread).max() < 0.25
        assert np.all((one.std(axis=0) / spread > 0.8) & (one.std(axis=0) / spread < 1.25))


def test_the_model_in_pymc_has_the_same_terms() -> None:
    models = MODEL.build(read(team(11, n_reps=3, each=60)))
    assert set(models) == {"event", "stop"}
    assert {"baseline", "rank_contrast", "rank_tempo", "level", "tempo"} <= set(models["event"].named_vars)


def test_what_cannot_be_told_is_refused_with_the_reason() -> None:
    frame = team(9, n_reps=2, each=100)
    with pytest.raises(cb.NotEnoughDataError, match="All 200 judgments have the same number of contacts, 4"):
        fit_of(frame.assign(touches=4))
    with pytest.raises(cb.NotEnoughDataError, match=r"100.% of \d+ events had no contact before them"):
        fit_of(frame.assign(touches=frame["touches"].where(frame["event_at"].isna(), 0)))
    with pytest.raises(cb.NotEnoughDataError, match=r"None of the 1[0-9]{2} prospects that were contacted became an"):
        fit_of(frame.assign(event_at=pd.NaT))
    with pytest.raises(cb.InputError, match="`priors` must be"):
        cb.EffortModel(priors=3)  # type: ignore[arg-type]
    with pytest.raises(cb.InputError, match="Contacts are counted from 1 on"):
        fit_of(frame).yields([0])
    with pytest.raises(cb.InputError, match="the last that enough had"):
        fit_of(frame).yields([4000])
