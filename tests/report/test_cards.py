"""Cards of many reps: what is read of all reps is read for the first card and kept for the others."""

import sys
from collections import Counter
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.calibration import Calibration
from calibra.report.cards import rep_card
from calibra.tables import make_table, plain_rows

OF_ALL_REPS = {make_table.__code__: "make_table", plain_rows.__code__: "plain_rows"}
"""What ends and what begins a reading of all reps."""


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    """Six reps with all that a card may hold: percentages, dates, money, events after a hand-back."""
    world = cb.simulate_judgments(seed=1, n_reps=6, n_prospects=1200)
    frame, day = world.frame, pd.Timedelta(days=1)
    percentage = frame["rank"].map(dict(zip("ABCDE", (0.6, 0.4, 0.2, 0.1, 0.05), strict=True))).astype(float)
    back = (np.arange(len(frame)) % 5 == 0) & (frame["event_at"] > frame["judged_at"] + day)
    frame = frame.assign(
        stated=np.round(percentage + 0.05 * (np.arange(len(frame)) % 3), 2),
        exit_at=frame["exit_at"].mask(back, frame["event_at"] - day),
        kind=np.where(back, "handed back", "disqualified"),
    )
    frame["kind"] = frame["kind"].where(frame["exit_at"].notna())
    roles = world.columns | {"stated_prob": "stated", "exit_kind": "kind"}
    judgments = cb.Judgments.from_frame(frame, scale=world.scale, as_of=world.as_of, columns=roles)
    return cb.calibrate(judgments, seed=1, engine="laplace", draws=200, progress=False)


def test_tables_of_all_reps_are_read_for_the_first_card_and_for_no_other(calibration: Calibration) -> None:
    """Else a report of 400 reps works out the money of all of them 400 times over."""
    page, answers = calibration.page(lang="en", event="opportunity"), calibration.on_the_page()
    of_card = {chapter.name for chapter, answer in answers if chapter.card(answer, page.reps[0], page)}
    assert of_card == {
        "promises",
        "exits",
        "stated",
        "timing",
        "effort",
        "value",
        "viewpoints",
    }  # all chapters that have one
    read: Counter[str] = Counter()

    def notice(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in OF_ALL_REPS:
            read[OF_ALL_REPS[frame.f_code]] += 1

    seen = sys.getprofile()
    sys.setprofile(notice)
    try:
        cards = [rep_card(answers, calibration.findings, rep, page) for rep in page.reps[1:]]
    finally:
        sys.setprofile(seen)
    assert len(cards) == 5
    assert read == {}


def test_a_page_keeps_what_was_read_of_each_answer_apart(calibration: Calibration) -> None:
    page = calibration.page(lang="en", event="opportunity")
    first, second = [1], [2]
    assert page.once(first, "sum", lambda: sum(first)) == 1
    assert page.once(second, "sum", lambda: sum(second)) == 2
    assert page.once(first, "sum", lambda: 99) == 1
    assert page.once(first, "length", lambda: len(first)) == 1
