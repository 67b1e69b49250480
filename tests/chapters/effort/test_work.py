"""The granularity of the work: ranks alike in outcome are kept where their work differs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.chapters.effort.work import KEEP, both_verdicts, work_finding
from calibra.chapters.granularity.merges import MERGE
from tests.chapters.effort.worlds import draw_team, read


def alike(seed: int, *, harder: float) -> pd.DataFrame:
    """Two ranks of which equally many come, the second with fewer contacts wasted before a prospect is given up."""
    frame = draw_team(np.random.default_rng(seed), n_reps=8, each=1200, live=(0.45, 0.45), share_open=0.0)
    worse = (frame["rank"] == "B") & frame["event_at"].isna()
    frame.loc[worse, "touches"] = np.rint(harder * frame.loc[worse, "touches"]).astype(int)
    return frame


def answered(frame: pd.DataFrame) -> cb.Calibration:
    return cb.calibrate(read(frame), seed=1, engine="laplace", parts=["granularity", "effort"], progress=False)


def test_ranks_of_unlike_work_are_kept_and_of_like_work_merged() -> None:
    for harder, told in ((2.5, KEEP), (1.0, MERGE)):
        found = answered(alike(3, harder=harder))
        outcomes = found.granularity[90]
        assert outcomes.verdicts == {("A", "B"): MERGE}
        assert both_verdicts(found.effort.fit, outcomes) == {("A", "B"): told}


def test_what_is_said_of_outcome_and_work_replaces_what_is_said_of_outcome_alone(tmp_path: object) -> None:
    found = answered(alike(3, harder=2.5))
    keys = [told.key for told in found.findings]
    assert "effort.ranks" in keys
    assert not {"granularity.all", "granularity.parts"} & set(keys)
    page = found.report(tmp_path / "report.html").read_text(encoding="utf-8")  # type: ignore[operator]
    assert page.count("alike in what comes, but not in the contacts they take") == 1
    assert "worth merging, for they are as good as equal" not in page
    alone = cb.calibrate(read(alike(3, harder=2.5)), seed=1, engine="laplace", parts=["granularity"], progress=False)
    assert "granularity.parts" in [told.key for told in alone.findings]


def test_tables_hold_the_ratios_that_were_counted() -> None:
    frame = alike(4, harder=2.0)
    fit = cb.EffortModel().fit(read(frame), seed=1, engine="laplace", progress=False)
    table = cb.work_by_rank(fit).set_index("rank")
    contacted = frame[frame["touches"] > 0].groupby("rank")
    assert table["contacts"].tolist() == contacted["touches"].sum().tolist()
    assert table["contacts_per_prospect"].tolist() == pytest.approx(contacted["touches"].mean().tolist(), rel=0.05)
    pair = cb.work_between_ranks(fit).iloc[0]
    ratio = table.loc["A", "contacts_per_prospect"] / table.loc["B", "contacts_per_prospect"]
    assert pair["ratio"] == pytest.approx(ratio, rel=0.01)
    assert pair["prob_apart"] > 0.99


def test_the_finding_names_the_pairs() -> None:
    found = answered(alike(3, harder=1.0))
    told = str(work_finding(found.effort.fit, found.granularity[90]))
    assert "neither what comes nor the work would change: A and B" in told
