"""When to hand back: counts by hand, advice downwards only, unmoved by what it must not rest on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from tests.chapters.effort.bank import read_bank
from tests.chapters.effort.worlds import draw_team, read


def fit_of(frame: pd.DataFrame) -> cb.EffortFit:
    return cb.EffortModel().fit(read(frame), seed=1, engine="laplace", progress=False)


def team(seed: int = 1, **changes: object) -> pd.DataFrame:
    return draw_team(np.random.default_rng(seed), **{"n_reps": 6, "each": 400, **changes})  # type: ignore[arg-type]


def test_caps_of_the_published_campaign_are_counted_to_the_digit(shared_data: Path) -> None:
    fit = cb.EffortModel().fit(read_bank(shared_data), seed=1, engine="laplace", progress=False)
    caps = cb.contact_caps(fit).query("rep == '(all reps)' and rank == '(all ranks)'").set_index("cap")
    assert caps.loc[[3, 6, 10], "contacts_saved"].tolist() == [36_916, 16_801, 8_157]
    assert caps.loc[[3, 6, 10], "events_lost"].tolist() == [709, 161, 47]
    assert caps.loc[[3, 6], "share_saved"].round(3).tolist() == [0.295, 0.134]
    assert caps["n"][1] == 124_956
    assert caps["events"][1] == 5_289
    for cap, share in ((3, 709 / 5289), (6, 161 / 5289)):  # everybody was followed to the end: counts are the share
        assert caps.loc[cap, "share_lost"] == pytest.approx(share, rel=0.1)


def test_a_later_cap_saves_and_loses_less_and_beyond_the_last_contact_nothing() -> None:
    frame = team()
    frame["touches"] = frame["touches"].clip(upper=22)
    caps = cb.contact_caps(fit_of(frame))
    for _, rows in caps.groupby(["rep", "rank"]):
        assert (np.diff(rows["contacts_saved"]) <= 0).all()
        assert (np.diff(rows["events_lost"]) <= 0).all()
        assert (np.diff(rows["share_lost"]) <= 1e-12).all()
    last = caps[caps["cap"] == 22]
    assert (last["contacts_saved"] == 0).all()
    assert (last["events_lost"] == 0).all()
    assert last["contacts_per_event_lost"].isna().all()


def test_caps_of_reps_and_of_ranks_add_up_to_those_of_all() -> None:
    caps = cb.contact_caps(fit_of(team()))
    everyone = caps.query("rep == '(all reps)' and rank == '(all ranks)'")
    for part in (caps.query("rep != '(all reps)'"), caps.query("rank != '(all ranks)'")):
        total = part.groupby("cap")[["contacts_saved", "events_lost", "n", "events"]].sum()
        assert (total.to_numpy() == everyone[["contacts_saved", "events_lost", "n", "events"]].to_numpy()).all()


def test_a_hand_back_is_advised_where_late_contacts_bring_next_to_nothing() -> None:
    row = cb.recommend_hand_back(fit_of(team(2, quits=np.full(6, 0.4)))).table.iloc[0]
    assert row["verdict"] == "hand back"
    assert row["share_lost_upper"] < 0.06
    assert row["share_saved"] > 0.05
    assert row["events_lost"] <= 0.05 * row["events"] + 5


def test_nothing_is_advised_where_everybody_stops_early_anyway() -> None:
    frame = team(3, quits=np.full(6, 40.0))
    assert "hand back" not in set(cb.recommend_hand_back(fit_of(frame)).table["verdict"])


def test_few_events_tell_nothing_yet() -> None:
    frame = team(4, n_reps=2, each=40, live=(0.1, 0.1))
    assert set(cb.recommend_hand_back(fit_of(frame), most_lost=0.01).table["verdict"]) <= {"cannot tell yet", "as now"}


def test_by_payoff_dearer_contacts_never_stop_later_and_currency_does_not_matter() -> None:
    fit = fit_of(team(5, quits=np.full(6, 0.4)))

    def stops(cost: float, value: float, back: float = 0.0) -> float:
        table = cb.recommend_hand_back(fit, payoff=cb.Payoff(cost=cost, value=value), hand_back_value=back).table
        return float(table["stop_after"].fillna(99).iloc[0])

    assert stops(1, 100) >= stops(2, 100) >= stops(4, 100)
    assert stops(2, 100) == stops(300, 15_000)
    assert stops(2, 100, 40) <= stops(2, 100)


def test_money_that_cannot_be_meant_is_refused() -> None:
    fit = fit_of(team(6, n_reps=2, each=100))
    with pytest.raises(cb.InputError, match="cost of a contact above 0"):
        cb.recommend_hand_back(fit, payoff=cb.Payoff(cost=0, value=100))
    with pytest.raises(cb.InputError, match="below the value of an event, 100; got 100"):
        cb.recommend_hand_back(fit, payoff=cb.Payoff(cost=1, value=100), hand_back_value=100)
    with pytest.raises(cb.InputError, match="`most_lost` must lie"):
        cb.recommend_hand_back(fit, most_lost=1.0)
