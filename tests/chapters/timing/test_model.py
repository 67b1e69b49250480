"""The model of stated dates: against counts, against NUTS, at its limits, on worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.timing.cells import lay_out_cells
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.reading.predictive import predictive_check
from tests.chapters.timing.worlds import AS_OF, SCALE, draw_team, read

MODEL = cb.StatedTimingModel()
PARTS = ["early", "on_time", "late", "exit", "open"]


def fit_of(frame: pd.DataFrame, model: cb.StatedTimingModel = MODEL, **settings: object) -> cb.StatedTimingFit:
    return model.fit(read(frame), seed=1, engine="laplace", progress=False, **settings)  # type: ignore[arg-type]


def team(seed: int = 1, **changes: object) -> pd.DataFrame:
    return draw_team(np.random.default_rng(seed), **{"n_reps": 6, "each": 200, **changes})  # type: ignore[arg-type]


def test_shares_sum_to_one_and_rows_state_what_they_rest_on() -> None:
    fit = fit_of(team())
    readings = fit.readings()
    assert sum(readings[name] for name in PARTS) == pytest.approx(np.ones_like(readings["early"]))
    shares, bias = fit.shares(), fit.bias()
    assert shares["n"].tolist() == [1200, *[200] * 6]
    assert shares["events"][0] == shares["events"][1:].sum() == fit.cells.counted.events.sum()
    assert shares.attrs["tolerance_share"] == 0.2
    assert (bias["prob_longer"] + bias["prob_shorter"] + bias["prob_within"])[1:].to_numpy() == pytest.approx(1.0)
    both = bias["prob_longer_but_as_many"] + bias["prob_shorter_but_as_many"]
    assert (both <= bias["prob_as_many"]).to_numpy()[1:].all()
    assert bias["right_when"].to_numpy() == pytest.approx(
        (shares["on_time"] / bias["event_share"]).to_numpy(), abs=0.02
    )


def test_where_all_were_followed_to_the_end_shares_are_counts() -> None:
    # No censoring before the last edge, one rep, priors wide open: what the model says is what was counted.
    frame = team(2, n_reps=1, each=3000, longest_days=3000)
    stated = (frame["expected_at"] - frame["judged_at"]).dt.days
    frame = frame[(AS_OF - frame["judged_at"]).dt.days > 3 * stated]
    wide = cb.StatedTimingPriors(
        first_hazard=Normal(0.0, 5.0), step=HalfNormal(3.0), rank=Normal(0.0, 5.0), length=Normal(0.0, 5.0)
    )
    fit = fit_of(frame, cb.StatedTimingModel(priors=wide))
    stated = stated[frame.index]
    u = ((frame["event_at"] - frame["judged_at"]).dt.days / stated).to_numpy()
    v = ((frame["exit_at"] - frame["judged_at"]).dt.days / stated).to_numpy()
    counted = {
        "early": (u <= 0.8).mean(),
        "on_time": ((u > 0.8) & (u <= 1.2)).mean(),
        "late": ((u > 1.2) & (u <= 3.0)).mean(),
        "exit": (v <= 3.0).mean(),
    }
    row = fit.shares().iloc[0]
    assert {name: row[name] for name in counted} == pytest.approx(counted, abs=0.015)
    assert fit.bias()["factor"][0] == pytest.approx(np.median(u[u <= 3.0]), rel=0.06)


def test_who_takes_longer_is_found_alone() -> None:
    slow = np.array([1.6, 1, 1, 1, 1, 1])
    bias = fit_of(team(3, factor=slow, each=500, longest_days=1200)).bias().set_index("rep")
    assert bias.loc["rep 00", "prob_longer"] > 0.9
    assert bias.loc["rep 00", "finding"] == "takes longer than stated"
    assert (bias["finding"].iloc[2:] == "takes longer than stated").sum() == 0
    assert bias.loc["rep 00", "factor"] == pytest.approx(median_position(1.6), rel=0.12)


def median_position(factor: float) -> float:
    """Median position of the events up to 3 in a large world: exits take the late ones first."""
    big = team(77, n_reps=1, each=100_000, factor=np.array([factor]), longest_days=10**4)
    stated = (big["expected_at"] - big["judged_at"]).dt.days
    position = (big["event_at"] - big["judged_at"]).dt.days / stated
    return float(position[((AS_OF - big["judged_at"]).dt.days > 3 * stated) & (position <= 3.0)].median())


def test_reps_alike_are_not_told_apart() -> None:
    told = [fit_of(team(seed, n_reps=10, each=80)).bias()["finding"][1:] for seed in range(4)]
    apart = sum(set(found) - {"in line", "cannot tell yet"} != set() for found in told)
    assert apart == 0


def test_fewer_come_of_a_rep_who_is_not_right_about_whether() -> None:
    worse = np.array([0.25, 1, 1, 1, 1, 1])
    row = fit_of(team(5, factor=1 + 0.9 * (worse < 1), level=worse)).bias().set_index("rep").loc["rep 00"]
    assert row["prob_as_many"] < 0.1
    assert row["finding"] != "right about whether, not when"


def test_the_model_explains_its_own_counts() -> None:
    check = predictive_check(fit_of(team(7)), seed=1)
    assert 0.01 < check.p_value < 0.99


@pytest.mark.slow
@pytest.mark.nuts
def test_laplace_agrees_with_nuts() -> None:
    judgments = read(team(8, n_reps=5, each=60))
    quick, slow = (
        MODEL.fit(judgments, seed=1, engine=name, draws=1000, progress=False) for name in ("laplace", "nuts")
    )
    for name in ("early", "on_time", "late", "exit", "factor"):
        one, two = quick.readings()[name], slow.readings()[name]
        spread = two.std(axis=0)
        assert (np.abs(one.mean(axis=0) - two.mean(axis=0)) / spread).max() < 0.25
        assert np.all((one.std(axis=0) / spread > 0.8) & (one.std(axis=0) / spread < 1.25))


def test_intervals_hold_the_truth_of_worlds_that_are_not_the_models_own() -> None:
    # Log-normal multiples of the stated days: no piecewise hazard. All reps' share on time, exits and events competing.
    big = draw_team(np.random.default_rng(99), n_reps=1, each=200_000, longest_days=10**4)
    stated = (big["expected_at"] - big["judged_at"]).dt.days
    old = (AS_OF - big["judged_at"]).dt.days > 3 * stated
    u = ((big["event_at"] - big["judged_at"]).dt.days / stated)[old]
    truth = {"early": (u <= 0.8).mean(), "on_time": ((u > 0.8) & (u <= 1.2)).mean()}
    hits = []
    for seed in range(12):
        row = fit_of(team(100 + seed, n_reps=4, each=100), draws=400).shares().iloc[0]
        hits += [row[f"{name}_lower"] <= value <= row[f"{name}_upper"] for name, value in truth.items()]
    assert sum(hits) >= 18  # 24 intervals of 90 %: fewer than 18 once in 400 times


def test_what_cannot_be_told_is_refused_with_the_reason() -> None:
    frame = team(9, n_reps=2, each=100)
    default = frame.assign(expected_at=frame["judged_at"] + pd.Timedelta(90, "D"))
    with pytest.raises(cb.NotEnoughDataError, match="90 days after the judgment: a default of the form"):
        fit_of(default)
    far = frame.assign(expected_at=frame["judged_at"] + pd.to_timedelta(range(3000, 3000 + len(frame)), unit="D"))
    with pytest.raises(cb.NotEnoughDataError, match="hardly any has been followed past its date"):
        fit_of(far)
    known = frame["event_at"].fillna(frame["expected_at"] + pd.Timedelta(1, "D"))
    with pytest.raises(cb.NotEnoughDataError, match=r"(\d+) of \1 events came on the very date stated"):
        fit_of(frame.assign(expected_at=known).query("event_at != judged_at"))
    at_once = frame.assign(expected_at=frame["judged_at"])
    with pytest.raises(cb.NotEnoughDataError, match=r"200 state their own day"):
        fit_of(at_once)
    with pytest.raises(cb.InputError, match="`tolerance_share` must lie"):
        cb.StatedTimingModel(tolerance_share=1.5)
    with pytest.raises(cb.InputError, match="`priors` must be"):
        cb.StatedTimingModel(priors=3)  # type: ignore[arg-type]


def test_ends_of_what_is_on_time_are_always_edges() -> None:
    judgments = read(team(10, n_reps=1, each=30))
    for tolerance in (0.2, 0.35):
        model = cb.StatedTimingModel(tolerance_share=tolerance)
        edges = lay_out_cells(model.count(judgments), SCALE, tolerance).counted.edges
        assert {round(1 - tolerance, 2), round(1 + tolerance, 2)} <= set(np.round(edges, 2))


def test_the_model_in_pymc_has_the_same_terms() -> None:
    models = MODEL.build(read(team(11, n_reps=3, each=60)))
    assert set(models) == {"event", "exit"}
    named = {"baseline", "rank_contrast", "rank_tempo", "length_contrast", "level", "slope", "tempo"}
    assert named <= set(models["event"].named_vars)
