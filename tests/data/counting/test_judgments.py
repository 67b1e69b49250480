"""Judgments from every kind of frame, on one golden table; maturity by hand; snapshots; ready-made counts."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.errors import InputError, NotEnoughDataError
from tests.data.frames.worlds import AS_OF, COLUMNS, FRAMES, SCALE, as_pandas, as_polars, world
from tests.data.noted import noted_by_kind

ROLES = {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened"}


def read(frame: Any, **changed: Any) -> Judgments:
    choices: dict[str, Any] = {"scale": SCALE, "as_of": AS_OF, "columns": COLUMNS} | changed
    return Judgments.from_frame(frame, **choices)


def row_by_row(columns: dict[str, list[Any]], as_of: date, horizons: tuple[int, ...]) -> Counter[tuple[Any, ...]]:
    """Duration counts by a plain loop over the rows, in the words of the design."""
    counted: Counter[tuple[Any, ...]] = Counter()
    for i in range(len(columns["lead"])):
        row = {name: values[i] for name, values in columns.items()}
        if row["judged"] > as_of or (row["entered"] and row["entered"] > as_of):
            continue
        event = row["opened"] if row["opened"] and row["opened"] <= as_of else None
        leave = row["left"] if row["left"] and row["left"] <= as_of else None
        if event and (not leave or event <= leave):
            end, ending = event, 1
        elif leave:
            end, ending = leave, 2
        else:
            end, ending = as_of, 3
        entry = max(0, (row["entered"] - row["judged"]).days) if row["entered"] else 0
        mature = sum((as_of - row["judged"]).days >= horizon for horizon in horizons)
        size = row["size"] or "(missing)"
        counted[row["owner"], row["label"], size, entry, (end - row["judged"]).days, ending, mature] += 1
    return counted


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_golden_duration_counts(kind: str, tmp_path: Path) -> None:
    columns = world()
    frame = FRAMES[kind](columns, tmp_path)
    counts = read(frame, timezone="Asia/Tokyo").duration_counts(by=["segment"])
    keys = ["rep", "rank", "segment", "entry_days", "days", "ending", "maturity"]
    table = counts.table
    found = dict(zip(table[keys].itertuples(index=False, name=None), table["n"], strict=True))
    assert found == row_by_row(columns, date(2026, 6, 30), (30, 90))
    golden = read(as_polars(columns)).duration_counts(by=["segment"]).table
    pd.testing.assert_frame_equal(table, golden, check_exact=False, rtol=1e-12)


def test_touches_and_amounts_add_up_to_the_rows() -> None:
    columns = world()
    frame = as_polars(columns).filter(pl.col("judged") <= pl.lit(date.fromisoformat(AS_OF))).filter(
        pl.col("entered").is_null() | (pl.col("entered") <= pl.lit(date.fromisoformat(AS_OF)))
    )  # fmt: skip
    counts = read(as_polars(columns)).duration_counts()
    won = frame.filter(pl.col("won") <= pl.lit(date.fromisoformat(AS_OF)))["value"].log()
    assert counts.n_touches_known is not None
    assert counts.n_touches_known.sum() == frame["calls"].count()
    assert counts.sum_touches is not None
    assert counts.sum_touches.sum() == frame["calls"].sum()
    assert counts.n_won is not None
    assert counts.n_won.sum() == won.len()
    assert counts.sum_log_amount is not None
    assert counts.sum_log_amount.sum() == pytest.approx(won.sum())
    assert counts.sum_log2_amount is not None
    assert counts.sum_log2_amount.sum() == pytest.approx((won * won).sum())


TWELVE = """
lead,owner,label,judged,opened,left
1,Abe,A,2026-01-01,2026-01-31,
2,Abe,A,2026-01-01,2026-02-01,
3,Abe,A,2026-05-31,2026-06-05,
4,Abe,A,2026-06-01,2026-06-05,
5,Abe,A,2026-06-20,2026-06-21,
6,Abe,B,2026-03-01,,2026-03-10
7,Abe,B,2026-03-01,2026-03-10,2026-03-10
8,Abe,B,2026-03-01,2026-03-11,2026-03-10
9,Ito,A,2026-03-01,,
10,Ito,A,2026-06-15,2026-07-05,
11,Ito,B,2026-05-20,2026-07-05,
12,Ito,B,2026-07-02,,
"""
# as of 2026-06-30, horizon 30 days: mature when judged by 2026-05-31
#  1 mature, event on day 30: within                    7 mature, event and exit on one day: the event counts
#  2 mature, event on day 31: too late                  8 mature, exit a day before the event: no event
#  3 mature by a day (30 days old), event on day 5      9 mature, open
#  4 young by a day (29 days old): its early event     10 young; its event lies after as_of: open
#    does not enter                                    11 mature, event after as_of (and on day 46): open
#  5 young: its event on day 1 does not enter          12 judged after as_of: not yet known
#  6 mature, exit: no event
# so Abe A: n 3 (1, 2, 3), events 2 (1, 3), young 2 (4, 5); Abe B: n 3 (6, 7, 8), events 1 (7);
# Ito A: n 1 (9), events 0, young 1 (10); Ito B: n 1 (11), events 0


@pytest.fixture
def twelve(tmp_path: Path) -> str:
    (tmp_path / "twelve.csv").write_text(TWELVE.strip(), encoding="utf-8")
    return str(tmp_path / "twelve.csv")


def test_an_early_event_of_a_young_judgment_does_not_enter_the_mature_counts(twelve: str) -> None:
    scale = RankScale(["A", "B"], {"A": Promise(0.5, 30)})
    judgments = read(twelve, scale=scale, columns=ROLES | {"exit_at": "left"})
    cells = judgments.binomial_cells()
    assert cells.reps == ("Abe", "Ito")
    np.testing.assert_array_equal(cells.n, [[3, 3], [1, 1]])
    np.testing.assert_array_equal(cells.events, [[2, 1], [0, 0]])
    np.testing.assert_array_equal(cells.n_immature, [[2, 0], [1, 0]])
    assert judgments.n_judgments == 11
    assert noted_by_kind(judgments.summary()) == {
        "not_yet_known": 1,
        "end_after": 2,
        "both": 2,
    }


def test_a_horizon_asked_for_later_is_counted_again(twelve: str) -> None:
    judgments = read(twelve, scale=RankScale(["A", "B"]), columns=ROLES)
    assert judgments.binomial_cells(within_days=31).events[0, 0] == 2
    assert judgments.binomial_cells(within_days=5).n.sum() == 11
    assert judgments.duration_counts(horizons=[5, 31]).horizons == (5, 31)


def test_nobody_mature_says_when_the_first_will_be(twelve: str) -> None:
    with pytest.raises(NotEnoughDataError, match=r"None of the 11 .* first will be on 20 July 2026"):
        read(twelve, scale=RankScale(["A", "B"]), columns=ROLES).binomial_cells(within_days=200)


def test_counts_are_made_once_per_grouping() -> None:
    judgments = read(as_polars(world()))
    assert judgments.duration_counts(by=["segment"]) is judgments.duration_counts(by=("segment",))


@pytest.mark.parametrize("as_of", ["2026-06-30", "2026-03-15", "2026-01-10"])
def test_an_earlier_snapshot_equals_counting_the_table_cut_on_that_day(as_of: str) -> None:
    columns = world()
    known = pl.lit(date.fromisoformat(as_of))
    cut = as_polars(columns).filter(
        (pl.col("judged") <= known) & (pl.col("entered").is_null() | (pl.col("entered") <= known))
    )
    cut = cut.with_columns(
        *(pl.when(pl.col(name) <= known).then(pl.col(name)).alias(name) for name in ("opened", "left", "won")),
        pl.when(pl.col("won") <= known).then(pl.col("value")).alias("value"),
    )
    without_touches = {role: column for role, column in COLUMNS.items() if role != "touches"}
    back = read(as_pandas(columns), columns=without_touches).at(as_of)
    expected = read(cut, as_of=as_of, columns=without_touches)
    assert back.as_of == expected.as_of == date.fromisoformat(as_of)
    for by in ([], ["segment"]):
        pd.testing.assert_frame_equal(back.duration_counts(by=by).table, expected.duration_counts(by=by).table)


def test_touches_are_not_known_on_an_earlier_day() -> None:
    judgments = read(as_polars(world()))
    assert judgments.at(AS_OF).duration_counts().sum_touches is not None
    assert judgments.at("2026-05-01").duration_counts().sum_touches is None


def test_a_later_snapshot_is_refused() -> None:
    with pytest.raises(InputError, match="must not be after the snapshot date 2026-06-30; got 2026-07-01"):
        read(as_polars(world())).at("2026-07-01")


@pytest.mark.parametrize("seed", [1, 2])
def test_row_order_changes_nothing(seed: int) -> None:
    columns = as_polars(world())
    shuffled = columns.sample(fraction=1.0, shuffle=True, seed=seed)
    for frame in (shuffled, shuffled.lazy(), shuffled.to_pandas()):
        found, expected = read(frame), read(columns)
        pd.testing.assert_frame_equal(found.duration_counts().table, expected.duration_counts().table)
        np.testing.assert_array_equal(found.duration_counts().n, expected.duration_counts().n)


def test_the_users_frame_and_mapping_are_left_as_they_were() -> None:
    frame, mapping = as_pandas(world()), dict(COLUMNS)
    before = frame.copy(deep=True)
    read(frame, columns=mapping).duration_counts(by=["segment"])
    pd.testing.assert_frame_equal(frame, before)
    assert mapping == COLUMNS


def test_a_relation_keeps_its_connection_and_session_zone() -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    relation = connection.sql(
        "SELECT 1 AS lead, 'Abe' AS owner, 'A' AS label, TIMESTAMPTZ '2026-01-01 23:30:00+00' AS judged,"
        " TIMESTAMPTZ '2026-01-03 00:30:00+00' AS opened"
    )
    assert read(relation, columns=ROLES).duration_counts().days.tolist() == [2]
    assert read(relation, columns=ROLES, timezone="Asia/Tokyo").duration_counts().days.tolist() == [1]
    assert connection.sql("SELECT current_setting('TimeZone')").fetchall() == [("America/New_York",)]


def small(**columns: list[Any]) -> pl.DataFrame:
    judged = {"lead": [1, 2, 3], "owner": ["x"] * 3, "label": ["A", "B", "C"]}
    days = {"judged": [date(2026, 1, 1)] * 3, "opened": [date(2026, 1, 5), None, None]}
    return pl.DataFrame(judged | days | columns)


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
@pytest.mark.parametrize(
    ("owners", "reps"),
    [
        ([7, 7, 12], ("7", "12")),
        ([7.0, 7.0, 12.5], ("7", "12.5")),
        (["東京, 山田\n二郎", 'say "no"', "x"], ('say "no"', "x", "東京, 山田\n二郎")),
    ],
)
def test_rep_labels_are_text_and_whole_numbers_read_as_such(
    kind: str, owners: list[Any], reps: tuple[str, ...]
) -> None:
    frame = small(owner=owners)
    native = {"polars": frame, "pandas": frame.to_pandas(), "arrow": frame.to_arrow()}[kind]
    assert read(native, columns=ROLES).reps == reps


def test_awkward_labels_survive_a_csv(tmp_path: Path) -> None:
    names = ["東京, 山田\n二郎", 'say "no"', "007"]
    small(owner=names).write_csv(tmp_path / "x.csv")
    assert set(read(tmp_path / "x.csv", columns=ROLES).reps) == set(names)


def test_whole_number_ranks_and_rank_labels_are_mapped() -> None:
    scale = RankScale([1, 2])
    judgments = read(small(label=[1, 2, 9]), scale=scale, columns=ROLES, rank_labels={9: "2"})
    np.testing.assert_array_equal(judgments.binomial_cells(within_days=30).n, [[1, 2]])
    text = read(small(label=["a", "B", "cold"]), columns=ROLES, rank_labels={"a": "A", "cold": "C"})
    np.testing.assert_array_equal(text.binomial_cells(within_days=30).n, [[1, 1, 1]])


@pytest.mark.parametrize("opened", [[None] * 3, [float("nan")] * 3])
def test_an_absent_or_empty_event_column_means_no_events(opened: list[Any]) -> None:
    without = {role: column for role, column in ROLES.items() if role != "event_at"}
    assert read(small(), columns=without).binomial_cells(within_days=30).events.sum() == 0
    frame = small().drop("opened")
    for native in (frame.with_columns(opened=pl.Series(opened)), frame.to_pandas().assign(opened=opened)):
        assert read(native, columns=ROLES).binomial_cells(within_days=30).events.sum() == 0


def test_one_rep_one_rank_all_events_and_an_unused_rank_are_sound() -> None:
    day = [date(2026, 1, 5)] * 3
    cells = read(small(opened=day, label=["A"] * 3), columns=ROLES).binomial_cells(within_days=30)
    np.testing.assert_array_equal(cells.n, [[3, 0, 0]])
    np.testing.assert_array_equal(cells.events, [[3, 0, 0]])
    one = read(small(label=["A"] * 3), columns=ROLES, scale=RankScale(["A"]))
    np.testing.assert_array_equal(one.binomial_cells(within_days=30).n, [[3]])


def test_ten_thousand_reps_are_counted() -> None:
    n = 10_000
    frame = pl.DataFrame({"lead": range(n), "owner": range(n), "label": ["B"] * n, "judged": [date(2026, 1, 1)] * n})
    without = {role: column for role, column in ROLES.items() if role != "event_at"}
    cells = read(frame, columns=without).binomial_cells(within_days=90)
    assert cells.n.shape == (n, 3)
    assert np.all(cells.n[:, 1] == 1)


def test_late_entry_is_refused_by_binomial_cells_and_enters_the_exposure() -> None:
    judgments = read(small(entered=[None, date(2026, 1, 11), None]), columns=ROLES | {"entered_at": "entered"})
    with pytest.raises(InputError, match="1 came under observation after `judged_at`"):
        judgments.binomial_cells(within_days=30)
    exposure = judgments.duration_counts().exposure_cells([30]).exposure_days
    np.testing.assert_allclose(exposure[0, :, 0], [4, 20.5, 30.5])


def test_being_lost_from_sight_ends_the_follow_up() -> None:
    judgments = read(small(lost=[None, date(2026, 1, 11), None]), columns=ROLES | {"censored_at": "lost"})
    np.testing.assert_array_equal(judgments.duration_counts().days, [4, 10, 180])
    with pytest.raises(InputError, match="1 were lost from sight"):
        judgments.binomial_cells(within_days=30)


def test_a_win_without_its_own_date_is_the_event() -> None:
    frame = small(value=[100.0, 0.0, None])
    counts = read(frame, columns=ROLES | {"amount": "value"}).duration_counts()
    assert counts.n_won is not None
    assert counts.n_won.tolist() == [1, 0, 0]
    assert counts.sum_log_amount is not None
    np.testing.assert_allclose(counts.sum_log_amount, [np.log(100), 0, 0])


def test_the_summary_tells_counts_shares_maturity_and_touches(twelve: str) -> None:
    summary = read(twelve, columns=ROLES | {"exit_at": "left"}).summary()
    assert summary.n_judgments == 11
    np.testing.assert_array_equal(summary.n, [[5, 3, 0], [2, 1, 0]])
    np.testing.assert_allclose(summary.rank_shares[1], [2 / 3, 1 / 3, 0])
    np.testing.assert_array_equal(summary.n_mature[30], [[3, 3, 0], [1, 1, 0]])
    assert summary.n_mature[90].sum() == 6
    assert summary.touches is None
    assert list(summary.table.columns[:4]) == ["rep", "rank", "n", "share"]
    text = str(summary)
    assert "11 judgments of 2 reps, judged from 2026-01-01, as of 2026-06-30." in text
    assert "Mature: 8 at least 30 days old, 6 at least 90 days old." in text
    assert "No row was set aside." in text
    assert "Noted: 2 whose end lies after the snapshot: counted as open." in text
    touched = read(small(calls=[2, None, 4]), columns=ROLES | {"touches": "calls"}).summary()
    np.testing.assert_allclose(touched.touches, [[2, np.nan, 4]])


@pytest.mark.parametrize("as_of", ["2026-06-30", date(2026, 6, 30), np.datetime64("2026-06-30T12:00"),
                                   pd.Timestamp("2026-06-30 15:00"), "2026-06-30T23:59:00"])  # fmt: skip
def test_as_of_may_be_any_kind_of_day(as_of: Any) -> None:
    assert read(small(), columns=ROLES, as_of=as_of).as_of == date(2026, 6, 30)


def test_an_aware_as_of_falls_on_the_day_of_the_stated_zone() -> None:
    late = pd.Timestamp("2026-06-30 23:30", tz="UTC")
    assert read(small(), columns=ROLES, as_of=late).as_of == date(2026, 6, 30)
    assert read(small(), columns=ROLES, as_of=late, timezone="Asia/Tokyo").as_of == date(2026, 7, 1)


@pytest.mark.parametrize(
    "as_of", ["30.06.2026", "soon", None, 20260630, pd.NaT, np.datetime64("NaT", "D"), "1850-01-01"]
)
def test_as_of_must_be_a_day(as_of: Any) -> None:
    with pytest.raises(InputError, match=r"`as_of` must (be a date such as|lie between)"):
        read(small(), columns=ROLES, as_of=as_of)


def test_text_dates_are_read_where_they_are_iso_and_zoned_text_in_the_stated_zone(tmp_path: Path) -> None:
    frame = small(judged=["2026-01-01T23:30:00Z", "2026-01-02 08:15:00.123+09:00", "2026-01-02"],
                  opened=["2026-01-05T00:10:00.000+0000", "", None])  # fmt: skip
    frame.write_csv(tmp_path / "x.csv")
    for native in (frame, frame.lazy(), frame.to_pandas(), tmp_path / "x.csv"):
        utc = read(native, columns=ROLES).duration_counts()
        assert utc.days.tolist() == [4, 180, 179]
        tokyo = read(native, columns=ROLES, timezone="Asia/Tokyo").duration_counts()
        assert tokyo.days.tolist() == [3, 179, 179]


def test_a_cp932_csv_is_read_with_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "sjis.csv"
    frame = small(owner=["山田", "鈴木", "007"])
    path.write_text(frame.write_csv(), encoding="cp932")
    assert read(path, columns=ROLES, encoding="cp932").reps == ("007", "山田", "鈴木")
    with pytest.raises(InputError, match=r"encoding='cp932'"):
        read(path, columns=ROLES)
    with pytest.raises(InputError, match="`encoding` must be that of the file; 'ascii' does not read it"):
        read(path, columns=ROLES, encoding="ascii")


COUNTS = {"rep": ["x", "x", "y", "y"], "rank": ["A", "C", "A", "A"], "n": [10, 5, 3, 4], "events": [4, 0, 3, 1]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_ready_made_counts_are_cells(make: Any) -> None:
    judgments = Judgments.from_counts(make(COUNTS), scale=RankScale(["A", "B", "C"]), within_days=90)
    cells = judgments.binomial_cells()
    assert (cells.reps, cells.within_days, judgments.n_judgments) == (("x", "y"), 90, 22)
    np.testing.assert_array_equal(cells.n, [[10, 0, 5], [7, 0, 0]])
    np.testing.assert_array_equal(cells.events, [[4, 0, 0], [4, 0, 0]])


def test_ready_made_counts_keep_to_their_horizon() -> None:
    stated = Judgments.from_counts(pd.DataFrame(COUNTS), scale=RankScale(["A", "B", "C"]), within_days=90)
    with pytest.raises(InputError, match="must be the horizon of the counts, 90; got 30"):
        stated.binomial_cells(within_days=30)
    unstated = Judgments.from_counts(pd.DataFrame(COUNTS), scale=RankScale(["A", "B", "C"]))
    assert unstated.binomial_cells().within_days is None
    with pytest.raises(InputError, match="which state none; got 30"):
        unstated.binomial_cells(within_days=30)
    one = RankScale(["A", "B", "C"], {"A": Promise(0.5, 60)})
    assert Judgments.from_counts(pd.DataFrame(COUNTS), scale=one).binomial_cells().within_days == 60


def test_what_needs_rows_is_refused_on_ready_made_counts() -> None:
    judgments = Judgments.from_counts(pd.DataFrame(COUNTS), scale=RankScale(["A", "B", "C"]))
    for asked in (judgments.duration_counts, judgments.summary, lambda: judgments.at("2026-01-01")):
        with pytest.raises(InputError, match="needs rows; these judgments are ready-made counts"):
            asked()
    with pytest.raises(InputError, match=r"must name groupings \(none\); 'team' is not"):
        judgments.binomial_cells(by=["team"])


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"events": [11, 0, 3, 1]}, "`events` must be at most `n`; it is more, in 1 row .row 0: rep x, rank A"),
        ({"n": [10, -5, 3, 4]}, "`n` must be a whole number, not negative; it is not, in 1 row"),
        ({"n": [10.5, 5, 3, 4]}, "`n` must be a whole number"),
        ({"n": ["10", "5", "3", "4"]}, "`n` must be a whole number.* in 4 rows"),
        ({"rank": ["A", "Z", "A", "A"]}, "`rank` must be one of A, B, C; it is not, in 1 row"),
        ({"rep": [None, "x", "y", "y"]}, "`rep` must be named; it is missing, in 1 row"),
        ({name: [] for name in COUNTS}, "at least one row of counts"),
    ],
)
def test_faulty_ready_made_counts_are_refused(changed: dict[str, list[Any]], match: str) -> None:
    with pytest.raises(InputError, match=match):
        Judgments.from_counts(pd.DataFrame(COUNTS | changed), scale=RankScale(["A", "B", "C"]))


def test_ready_made_counts_need_their_columns() -> None:
    with pytest.raises(InputError, match="must have the columns rep, rank, n, events; events missing"):
        Judgments.from_counts(pd.DataFrame(COUNTS).drop(columns="events"), scale=RankScale(["A", "B", "C"]))


def test_the_published_salvirt_counts_are_read_as_they_stand(shared_data: Path) -> None:
    # A10: pooled won 77 of 124, 144 of 296, 6 of 28; Seller 1: 57 of 86, 61 of 91, 1 of 1
    raw = pd.read_csv(shared_data / "salvirt_b2b" / "judgements.csv")
    counts = raw.assign(n=1).rename(columns={"outcome": "events"})[["rep", "rank", "n", "events"]]
    cells = Judgments.from_counts(counts, scale=RankScale(["A", "B", "C"])).binomial_cells()
    assert cells.events.sum(axis=0).tolist() == [77, 144, 6]
    assert cells.n.sum(axis=0).tolist() == [124, 296, 28]
    first = cells.reps.index("Seller 1")
    assert cells.n[first].tolist() == [86, 91, 1]
    assert cells.events[first].tolist() == [57, 61, 1]


def test_the_maven_deals_are_counted_as_a_plain_loop_counts_them(shared_data: Path) -> None:
    raw = pd.read_csv(shared_data / "maven_crm" / "sales_pipeline.csv").dropna(subset=["engage_date"])
    assert len(raw) == 8300
    raw = raw.assign(
        rank="only",
        won=raw["close_date"].where(raw["deal_stage"] == "Won"),
        lost=raw["close_date"].where(raw["deal_stage"] == "Lost"),
    )
    roles = {"prospect": "opportunity_id", "rep": "sales_agent", "rank": "rank", "judged_at": "engage_date"}
    roles |= {"event_at": "won", "exit_at": "lost", "amount": "close_value"}
    counts = read(raw, scale=RankScale(["only"]), as_of="2017-12-31", columns=roles).duration_counts()
    by_ending = np.bincount(counts.ending, counts.n)
    assert by_ending[1:].tolist() == [4238, 2473, 1589]
    assert counts.n_won is not None
    assert counts.n_won.sum() == 4238
    days = (
        pd.to_datetime(raw["close_date"]).fillna(pd.Timestamp("2017-12-31")) - pd.to_datetime(raw["engage_date"])
    ).dt
    assert int((counts.n * counts.days).sum()) == int(days.days.sum())


def test_bad_rows_set_aside_are_written_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="calibra"):
        read(small(label=["A", "B", "z"]), columns=ROLES, problems="set_aside")
    assert "1 row was set aside" in caplog.text
    assert "unknown rank" in caplog.text


def test_judgments_are_not_made_by_hand() -> None:
    with pytest.raises(InputError, match="from_frame"):
        Judgments()


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_ragged_line_of_a_file_is_named(separator: str, tmp_path: Path) -> None:
    text = "lead,owner,label,judged,opened\n1,Abe,A,2026-01-01,\n2,Abe,A,2026-01-01\n3,Abe,B,2026-01-01,,\n"
    (tmp_path / "ragged.csv").write_text(text.replace(",", separator), encoding="utf-8")
    with pytest.raises(InputError, match=r"as its header, here 5; line 3 of .*ragged\.csv' has 4"):
        read(tmp_path / "ragged.csv", scale=RankScale(["A", "B"]), columns=ROLES)


def test_numbered_reps_are_in_the_order_of_their_numbers() -> None:
    owners = ["10", "2", "Abe", "9", "007"]
    frame = pl.DataFrame({"lead": range(5), "owner": owners, "label": ["A"] * 5, "judged": ["2026-01-01"] * 5})
    columns = {role: column for role, column in ROLES.items() if role != "event_at"}
    judgments = read(frame, scale=RankScale(["A"]), columns=columns)
    assert judgments.reps == ("2", "007", "9", "10", "Abe")
    counts = pl.DataFrame({"rep": owners, "rank": ["A"] * 5, "n": [1] * 5, "events": [0] * 5})
    assert Judgments.from_counts(counts, scale=RankScale(["A"])).reps == judgments.reps
