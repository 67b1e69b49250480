"""What stops a night: labels renamed, columns emptied, rows gone; and what does not."""

import re
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra.nightly.limits import CameIn, Limits, what_stops
from calibra.wording import choose_wording

SCALE = cb.RankScale(["A", "B", "C"], {"A": cb.Promise(0.5, within_days=90)})
ROLES = ("prospect", "rep", "rank", "judged_at", "event_at", "exit_at")
TODAY, YESTERDAY = date(2026, 9, 30), date(2026, 9, 20)


def frame() -> pd.DataFrame:
    return cb.simulate_judgments(seed=1, n_reps=4, n_prospects=400, scale=SCALE, as_of=TODAY).frame[list(ROLES)]


def read(found: pd.DataFrame, as_of: date = TODAY) -> cb.Judgments:
    return cb.Judgments.from_frame(
        found, scale=SCALE, as_of=as_of, columns={role: role for role in ROLES}, problems="set_aside"
    )


def before() -> CameIn:
    return CameIn.of(read(frame(), YESTERDAY), YESTERDAY)


def said(found: pd.DataFrame, last: CameIn | None, lang: str = "en", **limits: object) -> list[str]:
    say = choose_wording(lang, "opportunity")
    return [say.tell(reason).replace("\u00a0", " ") for reason in what_stops(read(found), Limits(**limits), last)]


def test_nothing_stops_a_first_and_a_second_night() -> None:
    assert said(frame(), None) == said(frame(), before()) == []


def test_counts_of_a_day_are_those_of_the_rows_known_then() -> None:
    rows, day = frame(), np.datetime64(YESTERDAY)
    known = rows[rows["judged_at"] <= day]
    event, leave = known["event_at"] <= day, known["exit_at"] <= day
    first = event & ~(leave & (known["exit_at"] < known["event_at"]))
    assert before() == CameIn("2026-09-20", len(known), int(first.sum()), int((leave & ~first).sum()))


def renamed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(rank=rows["rank"].replace({"B": "Warm"}))


def truncated(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.head(150)


def half_gone(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.iloc[::2]


def empty_events(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(event_at=pd.NaT)


def empty_exits(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(exit_at=pd.NaT)


def events_half_gone(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(event_at=rows["event_at"].where(np.arange(len(rows)) % 2 == 0))


@pytest.mark.parametrize(("broken", "words"), [
    (renamed, r"^(\d+) of 400 rows were set aside \(\d\d %; the limit is 2 %\): rank not on the scale \1$"),
    (empty_events, r"^No judgment has an event\."),
    (empty_exits, r"^No judgment has another ending\."),
    (truncated, r"^150 of the 393 judgments known on 20 September 2026 are in the table now \(the limit is 90 %\)"),
    (half_gone, r"^19\d of the 393 judgments known on 20 September 2026"),
    (events_half_gone, r"^\d\d of the 117 opportunities known on 20 September 2026 .*is their column whole\?$"),
])  # fmt: skip
def test_each_fault_stops_with_its_reason_first(broken: Callable[[pd.DataFrame], pd.DataFrame], words: str) -> None:
    reasons = said(broken(frame()), before())
    assert re.search(words, reasons[0]), reasons
    assert len(said(broken(frame()), before(), "ja")) == len(reasons)
    assert all("\n" not in reason for reason in reasons)


@pytest.mark.parametrize("broken", [renamed, truncated, half_gone, empty_events, events_half_gone])
def test_what_is_gone_is_told_once(broken: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    assert len(said(broken(frame()), before())) == 1


def test_limits_are_the_settings() -> None:
    assert said(renamed(frame()), None, max_set_aside=0.6) == []
    assert said(half_gone(frame()), before(), min_rows_vs_last=0.4) == []
    assert said(empty_events(frame()), None, stop_on=()) == []
    assert len(said(frame(), None, stop_on=("data.no_event", "none_open"))) == 0


def test_at_the_limit_a_night_goes_on() -> None:
    rows = frame()
    rows.loc[rows.index[:8], "rank"] = "?"
    assert said(rows, None, max_set_aside=0.02) == []  # 8 of 400
    rows.loc[rows.index[:9], "rank"] = "?"
    assert len(said(rows, None, max_set_aside=0.02)) == 1


@pytest.mark.parametrize(("limits", "words"), [
    ({"max_set_aside": 2.0}, r"`limits.max_set_aside` must be a share from 0 to 1, such as 0.02; got 2.0"),
    ({"min_rows_vs_last": -0.1}, r"`limits.min_rows_vs_last` must be a share from 0 to 1"),
    ({"stop_on": ("no_evnt",)}, r"`limits.stop_on` must name doubts; got 'no_evnt'. Known are no_event"),
])  # fmt: skip
def test_limits_that_are_none_are_refused(limits: dict[str, object], words: str) -> None:
    with pytest.raises(cb.InputError, match=words):
        Limits(**limits)
