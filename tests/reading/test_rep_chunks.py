"""Draws read a few reps at a time: every rep once, and the numbers of all reps at once."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.calibration import Calibration
from calibra.chapters.lead_times.chasing import count_chased
from calibra.chapters.lead_times.check import check_calibration
from calibra.chapters.lead_times.never import never
from calibra.chapters.lead_times.tables import lead_times, tempo
from calibra.chapters.ranks.fit import RankFit
from calibra.reading import rep_chunks
from tests.calibrated import calibrated

LEVEL = {"interval_prob": 0.9}
READERS: dict[str, Callable[[Calibration], pd.DataFrame]] = {
    "calibration table": lambda found: found.calibration_table(),
    "probabilities": lambda found: found.ranks[90].probabilities(),
    "profiles": lambda found: found.ranks[90].profiles(),
    "order": lambda found: found.ranks[90].order(),
    "spread": lambda found: found.ranks[90].spread(),
    "neighbours": lambda found: cb.recommend_granularity(found.ranks[90], n_folds=2).table,
    "teams": lambda found: pd.concat([of_teams().probabilities(), of_teams().profiles(), of_teams().order()]),
    "bars": lambda found: found.thresholds.fits[90].bars(),
    "detection": lambda found: found.thresholds.fits[90].profiles(),
    "lead times": lambda found: lead_times(found.lead_times, **LEVEL),
    "tempo": lambda found: tempo(found.lead_times, margin_ratio=1.2, **LEVEL),
    "never": lambda found: never(found.lead_times, **LEVEL),
    "chasing": lambda found: count_chased(found.lead_times, within_days=None, worth_prob=0.1, **LEVEL),
    "incidence": lambda found: found.lead_times.cumulative_incidence([30, 90]),
    "cells": lambda found: check_calibration(found.lead_times, **LEVEL).table,
    "tests": lambda found: check_calibration(found.lead_times, **LEVEL).tests_table,
}  # fmt: skip
"""Readers of draws, none of which keeps what it has read."""


@cache
def of_teams() -> RankFit:
    """Teams and a case mix beside."""
    world = cb.simulate_judgments(seed=3, n_reps=4, n_prospects=400, n_teams=2)
    columns = world.columns
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=columns)
    model = cb.RankModel(within_days=90, adjust_for=("segment",), team="team")
    return model.fit(judgments, seed=1, engine="laplace", draws=200, progress=False)


def test_chunks_hold_every_rep_once_and_no_more_than_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rep_chunks, "CHUNK_ELEMENTS", 100)
    chunks = list(rep_chunks.rep_chunks(8, 30))
    assert [(reps.start, reps.stop) for reps in chunks] == [(0, 3), (3, 6), (6, 8)]
    assert len(list(rep_chunks.rep_chunks(4, 1000))) == 4
    assert list(rep_chunks.rep_chunks(0, 30)) == []


def test_rows_stand_where_their_reps_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rep_chunks, "CHUNK_ELEMENTS", 2)
    draws = np.arange(15.0).reshape(3, 5)
    found = rep_chunks.read_reps(
        5, 1, lambda reps: {"mean": draws[:, reps].mean(axis=0), "pair": draws[:2, reps].T, "seen": draws[0, reps] > 2}
    )
    assert found["mean"].tolist() == [5, 6, 7, 8, 9]
    assert found["pair"].tolist() == [[0, 5], [1, 6], [2, 7], [3, 8], [4, 9]]
    assert found["seen"].tolist() == [False, False, False, True, True]


def test_of_no_reps_the_columns_are_empty_and_typed() -> None:
    found = rep_chunks.read_reps(0, 1, lambda reps: {"share": np.zeros((5, 3))[reps]})
    assert found["share"].shape == (0, 3)


@pytest.mark.parametrize("name", READERS)
def test_a_table_is_the_same_whatever_the_chunks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rep_chunks, "CHUNK_ELEMENTS", 10**9)
    at_once = READERS[name](calibrated())
    monkeypatch.setattr(rep_chunks, "CHUNK_ELEMENTS", 1)
    pd.testing.assert_frame_equal(READERS[name](calibrated()), at_once, rtol=1e-12, atol=1e-12)
