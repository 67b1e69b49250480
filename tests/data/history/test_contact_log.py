"""A log of contacts beside judgments: by hand, row by row, by kind, at every local door, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from tests.chapters.effort.worlds import AS_OF, draw_team, read

ROLES = {"prospect": "lead", "at": "day", "kind": "how", "rep": "who"}
KINDS = {"call": "sales", "catalogue": "information", "asked": "inbound"}
DAY = pd.Timestamp("2026-01-10")


def days(*numbers: float) -> list[pd.Timestamp]:
    return [pd.NaT if number != number else DAY + pd.Timedelta(number, "D") for number in numbers]


def by_hand() -> pd.DataFrame:
    """An event on day 30, an exit on day 20, one still open, one nobody contacted."""
    frame = pd.DataFrame({"prospect": [1, 2, 3, 4], "rep": "Abe", "rank": ["A", "A", "B", "B"], "judged_at": DAY})
    frame["event_at"] = days(30, np.nan, np.nan, np.nan)
    frame["exit_at"] = days(np.nan, 20, np.nan, np.nan)
    return frame


def log_by_hand() -> pd.DataFrame:
    rows = [
        (1, 0, "call", "Abe"),  # on the day of the judgment: it holds this one itself
        (1, 5, "call", "Abe"),
        (1, 30, "call", "Cho"),  # on the day of the event, by somebody else
        (1, 31, "call", "Abe"),  # after it
        (2, 7, "call", "Abe"),
        (2, 8, "catalogue", "Abe"),
        (2, 25, "call", "Abe"),  # after the exit
        (3, 9, "asked", "Abe"),
        (3, 400, "call", "Abe"),  # after the snapshot date
        (3, np.nan, "call", "Abe"),
        (9, 3, "call", "Abe"),  # a prospect nobody judged
    ]
    told = pd.DataFrame(rows, columns=["lead", "day", "how", "who"])
    return told.assign(day=days(*told["day"]))


def contacts(frame: Any, **settings: Any) -> cb.Contacts:
    return cb.Contacts.from_frame(frame, **{"columns": ROLES, "kinds": KINDS, **settings})


def numbers(judgments: cb.Judgments) -> dict[tuple[str, str], list[int]]:
    """Contacts of each judgment, by rank and ending."""
    table = judgments.contact_counts().table
    found: dict[tuple[str, str], list[int]] = {}
    for row in table.itertuples():
        found.setdefault((row.rank, row.ending), []).extend([int(row.contacts)] * row.n)
    return found


def test_contacts_by_hand() -> None:
    judgments = read(by_hand()).with_contacts(contacts(log_by_hand()))
    assert numbers(judgments) == {("A", "event"): [2], ("A", "exit"): [1], ("B", "open"): [0, 0]}
    told = judgments.contact_counts().told
    assert told == {
        "information": 1,
        "inbound": 1,
        "by_others": 1,
        "after_event": 1,
        "no_day": 1,
        "no_prospect": 0,
        "after_as_of": 1,
    }


def test_with_lead_days_contacts_just_before_the_event_do_not_count() -> None:
    judgments = read(by_hand()).with_contacts(contacts(log_by_hand(), lead_days=1))
    assert numbers(judgments)["A", "event"] == [1]
    assert numbers(judgments)["A", "exit"] == [1]


def test_without_a_kind_every_contact_counts() -> None:
    roles = {name: ROLES[name] for name in ("prospect", "at")}
    judgments = read(by_hand()).with_contacts(contacts(log_by_hand(), columns=roles, kinds=None))
    assert numbers(judgments) == {("A", "event"): [2], ("A", "exit"): [2], ("B", "open"): [0, 1]}


def test_on_an_earlier_day_contacts_are_those_known_by_then() -> None:
    judgments = read(by_hand()).with_contacts(contacts(log_by_hand())).at("2026-01-20")
    assert numbers(judgments) == {("A", "open"): [1, 1], ("B", "open"): [0, 0]}


def drawn_log(frame: pd.DataFrame) -> pd.DataFrame:
    """The contacts that a frame counts, on days up to its ends, and a catalogue for everybody."""
    rng, rows = np.random.default_rng(2), []
    for row in frame.itertuples():
        ends = [end for end in (row.event_at, row.exit_at) if end is not pd.NaT]
        span = (min([*ends, AS_OF]) - row.judged_at).days
        gone = rng.integers(1, span + 1, row.touches) if span else np.zeros(0, dtype=int)
        rows += [(row.prospect, row.judged_at + pd.Timedelta(int(day), "D"), "call", row.rep) for day in gone]
        rows.append((row.prospect, row.judged_at + pd.Timedelta(1, "D"), "catalogue", row.rep))
    return pd.DataFrame(rows, columns=["lead", "day", "how", "who"])


DOORS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "lazy polars": lambda frame: pl.from_pandas(frame).lazy(),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "DuckDB": lambda frame: duckdb.connect().from_df(frame),
}


@pytest.mark.parametrize("of_judgments", list(DOORS))
@pytest.mark.parametrize("of_log", list(DOORS))
def test_any_pair_of_frames_gives_the_numbers_counted_row_by_row(of_judgments: str, of_log: str) -> None:
    frame = draw_team(np.random.default_rng(1), n_reps=3, each=40)
    wanted = read(frame).contact_counts().table
    judgments = read(DOORS[of_judgments](frame.drop(columns="touches")))
    found = judgments.with_contacts(contacts(DOORS[of_log](drawn_log(frame)))).contact_counts()
    pd.testing.assert_frame_equal(found.table, wanted)
    assert found.told["information"] == len(frame)


def test_files_and_text_days_are_read(tmp_path: Path) -> None:
    frame = draw_team(np.random.default_rng(3), n_reps=2, each=40)
    frame["prospect"] = [f"P{number}" for number in frame["prospect"]]
    log = drawn_log(frame)
    log["day"] = log["day"].dt.strftime("%Y/%m/%d")
    log.to_csv(tmp_path / "log.csv", index=False)
    wanted = read(frame).contact_counts().table
    found = read(frame.drop(columns="touches")).with_contacts(contacts(tmp_path / "log.csv")).contact_counts()
    pd.testing.assert_frame_equal(found.table, wanted)


def test_the_order_of_rows_and_gifts_change_nothing() -> None:
    frame = draw_team(np.random.default_rng(4), n_reps=4, each=150)
    log = drawn_log(frame)
    gifts = log[log["how"] == "catalogue"]
    more = pd.concat([log, gifts, gifts]).sample(frac=1.0, random_state=1)
    one, other = (read(frame).with_contacts(contacts(table)) for table in (log, more))
    pd.testing.assert_frame_equal(one.contact_counts().table, other.contact_counts().table)
    told = [
        cb.calibrate(judgments, seed=1, engine="laplace", draws=500, parts=["effort"], progress=False)
        for judgments in (one, other)
    ]
    pd.testing.assert_frame_equal(told[0].effort.advice.table, told[1].effort.advice.table)
    assert told[0].findings == told[1].findings


def test_prospects_without_a_name_have_no_known_number() -> None:
    frame = by_hand().astype({"prospect": "Float64"})
    frame.loc[3, "prospect"] = pd.NA
    judgments = read(frame.astype({"prospect": "Int64"})).with_contacts(contacts(log_by_hand()))
    assert judgments.contact_counts().n_not_known == 1


def test_a_calibration_takes_the_log_says_what_does_not_count_and_is_read_again(tmp_path: Path) -> None:
    frame = draw_team(np.random.default_rng(5), n_reps=4, each=150)
    log = contacts(drawn_log(frame))
    judgments = read(frame.drop(columns="touches"))
    found = cb.calibrate(judgments, seed=1, engine="laplace", parts=["effort"], contacts=log, progress=False)
    assert "no chasing and do not count: 600." in str(
        {note.key: note for note in found.notes}["effort.log_information"]
    )
    loaded = cb.load(found.save(tmp_path / "team.calibra"))
    pd.testing.assert_frame_equal(loaded.effort.fit.activity(), found.effort.fit.activity())
    without = cb.calibrate(judgments, seed=1, engine="laplace", parts=["effort"], progress=False)
    assert "effort" not in without.answered


def test_settings_of_the_shell_name_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = draw_team(np.random.default_rng(6), n_reps=2, each=60)
    monkeypatch.chdir(tmp_path)
    frame.drop(columns="touches").to_csv("judgments.csv", index=False)
    drawn_log(frame).to_csv("log.csv", index=False)
    roles = ", ".join(f'{name} = "{name}"' for name in ("prospect", "rep", "rank", "judged_at", "event_at", "exit_at"))
    settings = f"""as_of = "{AS_OF.date()}"
columns = {{ {roles} }}
scale = {{ ranks = ["A", "B"] }}
promises = {{ A = {{ prob = 0.6, within_days = 90 }}, B = {{ prob = 0.3, within_days = 90 }} }}
[contacts]
file = "log.csv"
columns = {{ prospect = "lead", at = "day", kind = "how" }}
kinds = {{ call = "sales", catalogue = "gift" }}
"""
    Path("calibra.toml").write_text(settings, encoding="utf-8")
    found = cb.read_settings("calibra.toml").judgments("judgments.csv").contact_counts()
    pd.testing.assert_frame_equal(found.table, read(frame).contact_counts().table)
    Path("calibra.toml").write_text(settings.replace("file =", "files ="), encoding="utf-8")
    with pytest.raises(cb.InputError, match=r"`contacts\.file` is missing"):
        cb.read_settings("calibra.toml")


def test_what_cannot_be_read_is_refused_with_the_reason() -> None:
    judgments, log = read(by_hand()), log_by_hand()
    with pytest.raises(
        cb.InputError, match=r"found \"asked\", \"catalogue\" in 2 rows|found 'asked', 'catalogue' in 2"
    ):
        judgments.with_contacts(contacts(log, kinds={"call": "sales"}))
    with pytest.raises(cb.InputError, match=r"`kinds` must lead to"):
        contacts(log, kinds={"call": "chase"})
    with pytest.raises(cb.InputError, match="the role `at` is missing"):
        contacts(log, columns={"prospect": "lead"})
    with pytest.raises(cb.InputError, match="is no role of a contact"):
        contacts(log, columns={**ROLES, "rank": "how"})
    with pytest.raises(cb.InputError, match="`at` is mapped to 'when'"):
        judgments.with_contacts(contacts(log, columns={"prospect": "lead", "at": "when"}))
    with pytest.raises(cb.InputError, match="must be days that exist"):
        judgments.with_contacts(contacts(log.assign(day="soon")))
    with pytest.raises(cb.InputError, match="must be of one type"):
        judgments.with_contacts(contacts(log.assign(lead="x"))).contact_counts()
    with pytest.raises(cb.InputError, match="leave `check_duplicates` on"):
        read(by_hand(), check_duplicates=False).with_contacts(contacts(log))
    with pytest.raises(cb.InputError, match=r"must be made by `Contacts\.from_frame`"):
        judgments.with_contacts(log)  # type: ignore[arg-type]
    with pytest.raises(cb.InputError, match="`lead_days` must be"):
        contacts(log, lead_days=-1)
    with pytest.raises(cb.InputError, match="Contacts must be a frame or a path"):
        judgments.with_contacts(contacts([1, 2]))
