"""Contacts on the warehouses: a column and a log beside judgments give the numbers counted row by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import calibra as cb
from tests.chapters.effort.worlds import draw_team, read
from tests.data.history.test_contact_log import contacts, drawn_log
from tests.doors import SERVERS

ROLES = ("prospect", "rep", "rank", "judged_at", "event_at", "exit_at", "touches")


@pytest.mark.parametrize("engine", list(SERVERS))
def test_a_column_and_a_log_are_counted_alike(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    frame = draw_team(np.random.default_rng(1), n_reps=3, each=40)
    wanted, log = read(frame).contact_counts().table, drawn_log(frame)
    judged = SERVERS[engine](pl.from_pandas(frame), tmp_path, request)
    made = SERVERS[engine](pl.from_pandas(log), tmp_path, request)
    settings = {"scale": cb.RankScale(["A", "B"], {rank: cb.Promise(0.5, 90) for rank in "AB"}), "as_of": "2026-06-30"}
    judgments = cb.Judgments.from_frame(judged, columns={role: role for role in ROLES}, **settings)
    pd.testing.assert_frame_equal(judgments.contact_counts().table, wanted)
    found = judgments.with_contacts(contacts(made)).contact_counts()
    pd.testing.assert_frame_equal(found.table, wanted)
    assert found.told["information"] == len(frame)


def test_a_log_of_another_engine_is_refused(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    frame = draw_team(np.random.default_rng(2), n_reps=2, each=20)
    judged = SERVERS["Ibis on DuckDB"](pl.from_pandas(frame), tmp_path, request)
    settings = {"scale": cb.RankScale(["A", "B"], {rank: cb.Promise(0.5, 90) for rank in "AB"}), "as_of": "2026-06-30"}
    judgments = cb.Judgments.from_frame(judged, columns={role: role for role in ROLES}, **settings)
    with pytest.raises(cb.InputError, match="Contacts must live in the engine of the judgments"):
        judgments.with_contacts(contacts(drawn_log(frame)))
