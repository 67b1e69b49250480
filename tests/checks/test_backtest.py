"""The back-test sees no future, and its arithmetic is that of the counts."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from calibra.checks.backtest import METHODS, backtest
from calibra.data.counting.judgments import Judgments
from calibra.data.simulation.simulate import simulate_judgments
from calibra.errors import InputError


@pytest.fixture(scope="module")
def world():
    return simulate_judgments(seed=1, n_reps=12, n_prospects=2500, workload_sd=1.0, span_days=700)


@pytest.fixture(scope="module")
def judgments(world):
    return Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)


@pytest.fixture(scope="module")
def found(world, judgments):
    cuts = [world.as_of - timedelta(days=days) for days in (400, 250)]
    return backtest(judgments, cuts, seed=1, engine="laplace", draws=400)


def test_later_judgments_are_counted_as_a_loop_over_rows_counts_them(world, found):
    frame = world.frame
    cut, end = (pd.Timestamp(world.as_of) - pd.Timedelta(days=days) for days in (400, 250))
    later = frame[(frame["judged_at"] > cut) & (frame["judged_at"] <= end)]
    early = frame[frame["judged_at"] <= cut - pd.Timedelta(days=90)]
    later = later[later["rep"].isin(early["rep"])]
    hits = (later["event_at"] - later["judged_at"]).dt.days <= 90
    first = found.columns["cut"] == str(world.as_of - timedelta(days=400))
    assert found.columns["n"][first].sum() == len(later)
    assert found.columns["events"][first].sum() == hits.sum()


def test_pooling_by_rep_beats_raw_rates(found):
    table = found.table.query("judgments_at_cut == 'all'").set_index("method")
    assert table.loc[METHODS[0], "log_score"] < table.loc["raw rates", "log_score"]
    assert table.loc["raw rates", "log_score_excess"] > 2 * table.loc["raw rates", "excess_se"]
    assert table.loc[METHODS[0], "log_score_excess"] == 0.0


def test_every_method_is_scored_on_the_same_judgments(found):
    assert found.table.groupby("judgments_at_cut")["n"].nunique().max() == 1


def test_the_advice_is_held_against_what_its_rank_delivered(found):
    table = found.advice_table
    assert table["advised"].sum() == found.advice["is_best"].sum()
    assert table["n_later"].sum() == found.advice["n_later"][found.advice["is_best"]].sum()


def test_a_cut_date_too_late_is_refused(world, judgments):
    with pytest.raises(InputError, match="must increase and lie before"):
        backtest(judgments, [world.as_of - timedelta(days=30)], seed=1)


def test_the_bare_ratio_is_the_promise_scaled_to_the_reps_events(found):
    columns = found.columns
    one = (columns["cut"] == columns["cut"][0]) & (columns["rep"] == columns["rep"][0])
    promised = {"A": 0.6, "B": 0.35, "C": 0.2, "D": 0.1, "E": 0.03}  # the demo scale
    ratio = columns["bare ratio"][one] / np.array([promised[rank] for rank in columns["rank"][one]])
    assert np.ptp(ratio) < 1e-9
