"""Prospects scored where they lie: the models' own numbers, every row and column kept, the same on every engine."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import calibra as cb
from calibra.calibration import Calibration, calibrate
from calibra.chapters.lead_times.new_rep import new_rep_draws
from calibra.data.counting.judgments import Judgments
from calibra.data.scoring.score_rows import OUTPUTS, collect_small
from tests.calibrated import calibrated

TODAY = date(2026, 9, 30)
COLUMNS = {"rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened", "exit_at": "left"}
"""Role to the column of the prospects below."""


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return calibrated()


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


ROWS: list[tuple[str, str | None, str | None, date | None, date | None, date | None]] = [
    ("today", "Aoki", "A", ago(0), None, None),
    ("four days", "Aoki", "A", ago(4), None, None),
    ("eleven days", "Bauer", "B", ago(11), None, None),
    ("unpromised rank", "Bauer", "C", ago(0), None, None),
    ("spelled otherwise", "Aoki", "hot", ago(4), None, None),
    ("never seen, today", "Zoe", "B", ago(0), None, None),
    ("never seen, later", "Zoe", "B", ago(18), None, None),
    ("no rep", None, "A", ago(0), None, None),
    ("blank rep", " ", "A", ago(0), None, None),
    ("no such rank", "Aoki", "S", ago(4), None, None),
    ("no rank", "Aoki", None, ago(4), None, None),
    ("no date", "Aoki", "A", None, None, None),
    ("tomorrow", "Aoki", "A", ago(-1), None, None),
    ("event today", "Aoki", "A", ago(9), TODAY, None),
    ("exited", "Aoki", "A", ago(9), None, ago(3)),
    ("event announced", "Aoki", "A", ago(4), ago(-5), None),
    ("very old", "Aoki", "A", ago(2000), None, None),
]
NAMES = ("key", "owner", "label", "judged", "opened", "left")


def polars_frame() -> pl.DataFrame:
    schema = dict.fromkeys(NAMES[:3], pl.String) | dict.fromkeys(NAMES[3:], pl.Date)
    frame = pl.DataFrame(ROWS, schema=schema, orient="row")
    return frame.with_columns(pl.Series("row", range(len(ROWS))), pl.Series("見込み 額", [1.5] * len(ROWS)))


def parquet(folder: Path) -> Path:
    polars_frame().write_parquet(folder / "open.parquet")
    return folder / "open.parquet"


def csv(folder: Path) -> str:
    polars_frame().write_csv(folder / "open.csv")
    return str(folder / "open.csv")


def moments() -> pl.DataFrame:
    late = pl.col("judged", "opened", "left").cast(pl.Datetime("us")) + pl.duration(hours=23)
    return polars_frame().with_columns(late.dt.replace_time_zone("Asia/Tokyo"))


FRAMES: dict[str, Callable[[Path], Any]] = {
    "pandas": lambda _: polars_frame().to_pandas(),
    "pandas of objects, index of its own": lambda _: pd.DataFrame(
        {**dict(zip(NAMES, zip(*ROWS, strict=True), strict=True)), "row": range(len(ROWS)), "見込み 額": 1.5},
        index=pd.Index(range(100, 100 + len(ROWS)), name="row"),
    ),
    "pandas of categories": lambda _: polars_frame().to_pandas().astype({"owner": "category", "label": "category"}),
    "pandas backwards": lambda _: polars_frame().reverse().to_pandas()[::-1],
    "polars": lambda _: polars_frame(),
    "polars, lazy": lambda _: polars_frame().lazy(),
    "polars of text": lambda _: polars_frame().with_columns(pl.col("judged", "opened", "left").cast(pl.String)),
    "polars, aware": lambda _: moments().lazy(),
    "pandas, aware": lambda _: moments().to_pandas(),
    "pyarrow": lambda _: polars_frame().to_arrow(),
    "DuckDB": lambda _: duckdb.connect().from_arrow(polars_frame().to_arrow()),
    "DuckDB, aware": lambda _: duckdb.connect().from_arrow(moments().to_arrow()),
    "Parquet": parquet,
    "CSV": csv,
}


def scored(calibration: Calibration, frame: Any, **choices: Any) -> Any:
    return calibration.score(frame, as_of=TODAY, columns=COLUMNS, **choices)


def plain(found: Any) -> list[dict[str, Any]]:
    """The new columns and the key as plain rows in the order of ROWS, None for whatever means missing."""
    opened: Any = nw.from_native(found)
    table = (opened.collect(backend="pyarrow") if isinstance(opened, nw.LazyFrame) else opened).rows(named=True)
    rows = [
        {
            name.removeprefix("score_"): None if value is None or value != value else value
            for name, value in row.items()
            if name.startswith("score_") or name == "key"
        }
        for row in table
    ]
    order = {row[0]: i for i, row in enumerate(ROWS)}
    return sorted(rows, key=lambda row: order[row["key"]])


@pytest.fixture(scope="module")
def by_name(calibration: Calibration) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in plain(scored(calibration, polars_frame()))}


def of(table: pd.DataFrame, rep: str, rank: str) -> dict[str, Any]:
    found: dict[str, Any] = table.set_index(["rep", "rank"]).loc[(rep, rank)].to_dict()
    return found


INTERVAL = ("estimate", "lower", "upper")


def numbers(row: dict[str, Any]) -> list[Any]:
    return [pytest.approx(row[name], rel=1e-12) for name in INTERVAL]


# the numbers ----------------------------------------------------------------------------------------------------------


def test_a_prospect_judged_today_has_the_rank_models_probability_within_what_its_rank_promises(
    calibration: Calibration, by_name: dict[str, dict[str, Any]]
) -> None:
    row = by_name["today"]
    assert [row[name] for name in INTERVAL] == numbers(of(calibration.ranks[60].probabilities(), "Aoki", "A"))
    assert (row["age_days"], row["within_days"], row["known_rep"], row["note"]) == (0, 60, True, None)
    other = by_name["unpromised rank"]  # the shortest horizon fitted
    assert [other[name] for name in INTERVAL] == numbers(of(calibration.ranks[60].probabilities(), "Bauer", "C"))


@pytest.mark.parametrize(("name", "age", "rep", "rank", "days"), [("four days", 4, "Aoki", "A", 60),
                                                                  ("eleven days", 11, "Bauer", "B", 90)])  # fmt: skip
def test_an_older_prospect_has_what_the_lead_time_model_says_of_one_still_open(
    calibration: Calibration, by_name: dict[str, dict[str, Any]], name: str, age: int, rep: str, rank: str, days: int
) -> None:
    assert calibration.lead_times is not None
    row = by_name[name]
    assert [row[part] for part in INTERVAL] == numbers(of(calibration.lead_times.update(age, days), rep, rank))
    assert (row["age_days"], row["within_days"]) == (age, days)


def test_ages_of_a_week_are_read_at_its_middle_which_is_close_to_their_own(calibration: Calibration) -> None:
    assert calibration.lead_times is not None
    frame = pl.DataFrame({"rep": "Aoki", "rank": "B", "judged_at": [ago(days) for days in range(1, 92)]})
    estimates = calibration.score(frame, as_of=TODAY)["score_estimate"].to_list()
    exact = [of(calibration.lead_times.update(age, 90), "Aoki", "B")["estimate"] for age in range(1, 92, 9)]
    assert estimates[0] == estimates[6] != estimates[7]
    assert max(abs(estimates[i * 9] - value) for i, value in enumerate(exact)) < 0.02


def test_lead_days_are_those_of_the_events_still_to_come(
    calibration: Calibration, by_name: dict[str, dict[str, Any]]
) -> None:
    assert calibration.lead_times is not None
    fit, row = calibration.lead_times, by_name["eleven days"]
    ends = fit.incidence_draws([11, *range(12, fit.last_edge_days + 1)])[:, 1, 1].mean(axis=0)  # Bauer, rank B
    share = (ends - ends[0]) / (ends[-1] - ends[0])
    for name, wanted in (("lead_days", 0.5), ("lead_days_lower", 0.05), ("lead_days_upper", 0.95)):
        assert row[name] == pytest.approx(np.interp(wanted, share, np.arange(len(share))), abs=1.5)


def test_a_rep_never_seen_gets_the_predictive_and_is_marked(
    calibration: Calibration, by_name: dict[str, dict[str, Any]]
) -> None:
    expected = calibration.ranks[90].expected("B").iloc[0]
    row = by_name["never seen, today"]
    assert [row[name] for name in INTERVAL] == numbers(expected.to_dict())
    assert (row["known_rep"], row["verdict"]) == (False, None)
    first = calibration.ranks[60].expected("A").iloc[0]["estimate"]
    for name in ("no rep", "blank rep"):
        assert (by_name[name]["estimate"], by_name[name]["known_rep"]) == (pytest.approx(first), False)
    assert by_name["never seen, later"]["upper"] > by_name["never seen, later"]["estimate"] > 0


def test_a_rep_never_seen_is_drawn_around_the_population_and_wider_than_any_mean(calibration: Calibration) -> None:
    assert calibration.lead_times is not None
    times = np.array([60.5])
    new = new_rep_draws(calibration.lead_times).curves(times, reps=slice(0, 1)).event[:, 0, :, 0]
    everyone = calibration.lead_times.draws.all_reps(times).event[..., 0]
    assert (new.std(axis=0) > everyone.std(axis=0)).all()
    assert new.mean(axis=0) == pytest.approx(everyone.mean(axis=0), abs=0.12)  # three reps say little of others


def test_the_verdict_is_that_on_the_reps_threshold_of_the_rank(
    calibration: Calibration, by_name: dict[str, dict[str, Any]]
) -> None:
    assert calibration.thresholds.advice is not None
    told = calibration.thresholds.advice.table.set_index(["rep", "rank"])["verdict"]
    assert by_name["four days"]["verdict"] == told["Aoki", "A"]
    assert by_name["eleven days"]["verdict"] == told["Bauer", "B"]
    assert by_name["unpromised rank"]["verdict"] is None


def test_where_the_follow_up_ends_the_days_are_cut_and_after_it_nothing_is_said(calibration: Calibration) -> None:
    assert calibration.lead_times is not None
    last = calibration.lead_times.last_edge_days
    frame = pl.DataFrame({"rep": "Aoki", "rank": "A", "judged_at": [ago(last - 30), ago(last + 20)]})
    near, past = calibration.score(frame, as_of=TODAY).rows(named=True)
    assert 20 < near["score_within_days"] < 40
    assert near["score_note"] == f"follow-up ends {near['score_within_days']} days from now: within_days is cut"
    week = calibration.calibration_table().query("rep == 'Aoki' and rank == 'A'").set_index("age_week")
    read_at = int(week.loc[(last - 30 + 6) // 7, "age_days"])
    own = of(calibration.lead_times.update(read_at, near["score_within_days"]), "Aoki", "A")
    assert near["score_estimate"] == pytest.approx(own["estimate"])
    assert (past["score_estimate"], past["score_lead_days"]) == (None, None)
    assert past["score_note"] == "older than anything followed: nothing is known"


def test_another_horizon_is_taken_for_every_rank_and_must_have_been_fitted(calibration: Calibration) -> None:
    table = calibration.calibration_table(within_days=90).query("age_week == 0")
    assert set(table["within_days"]) == {90}
    own = of(table, "Aoki", "A")
    assert own["estimate"] == of(calibration.ranks[90].probabilities(), "Aoki", "A")["estimate"]
    with pytest.raises(cb.InputError, match=r"must be one of the horizons fitted \(60, 90\); got 45"):
        scored(calibration, polars_frame(), within_days=45)


def test_narrower_intervals_are_inside_wider_ones(calibration: Calibration, tmp_path: Path) -> None:
    kept = cb.load(calibration.save(tmp_path / "x.calibra"))
    wide, narrow = kept.calibration_table(), kept.calibration_table(interval_prob=0.5)
    assert (wide["estimate"].dropna() == narrow["estimate"].dropna()).all()
    assert (narrow["lower"].dropna() > wide["lower"].dropna()).all()
    assert narrow.attrs["interval_prob"] == 0.5
    pd.testing.assert_frame_equal(narrow, calibration.calibration_table(interval_prob=0.5))


def test_without_a_lead_time_model_the_age_is_not_taken_into_account_and_that_is_said() -> None:
    frame = pd.DataFrame({"rep": list("xxyy"), "rank": list("ABAB"), "n": [60, 80, 50, 70], "events": [30, 10, 25, 20]})
    judgments = Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"]))
    found = calibrate(judgments, seed=1, engine="laplace", draws=200, parts=())
    open_ = pd.DataFrame({"rep": ["x", "x"], "rank": ["A", "A"], "judged_at": pd.to_datetime([TODAY, ago(40)])})
    rows = found.score(open_, as_of=TODAY, columns={name: name for name in open_.columns})
    assert rows["score_estimate"].nunique() == 1
    assert rows["score_within_days"].isna().all()  # the counts state no horizon
    assert rows["score_note"].tolist()[1] == "age not taken into account: there is no lead-time model"


# what cannot be scored ------------------------------------------------------------------------------------------------


def test_rows_that_cannot_be_scored_say_why_and_none_is_dropped(by_name: dict[str, dict[str, Any]]) -> None:
    wanted = {
        "no such rank": "no rank of the scale", "no rank": "no rank of the scale",
        "no date": "judged_at is missing or no date", "tomorrow": "judged after as_of: not yet known",
        "event today": "not open: the event has come", "exited": "not open: it has exited",
        "very old": "older than anything followed: nothing is known",
    }  # fmt: skip
    assert {name: by_name[name]["note"] for name in wanted} == wanted
    assert all(by_name[name]["estimate"] is None for name in wanted)
    assert by_name["event announced"]["estimate"] == by_name["four days"]["estimate"]
    assert by_name["spelled otherwise"]["estimate"] == by_name["four days"]["estimate"]
    assert len(by_name) == len(ROWS)


def test_notes_are_counted(calibration: Calibration) -> None:
    wanted = {
        "rows": 17, "scored": 10, "rep never seen": 2, "no rep named": 2, "judged after as_of: not yet known": 1,
        "judged_at is missing or no date": 1, "no rank of the scale": 2, "not open: it has exited": 1,
        "not open: the event has come": 1, "older than anything followed: nothing is known": 1,
    }  # fmt: skip
    for frame in (polars_frame(), polars_frame().lazy(), polars_frame().to_pandas(), polars_frame().to_arrow()):
        assert cb.count_notes(scored(calibration, frame)) == wanted


def test_an_unreadable_end_is_not_taken_for_an_open_prospect(calibration: Calibration) -> None:
    frame = polars_frame().head(2).with_columns(opened=pl.Series(["soon", ""]))
    assert scored(calibration, frame)["score_note"].to_list() == ["event_at or exit_at is no date", None]


# engines --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_is_scored_alike_and_comes_back_as_it_was(
    calibration: Calibration, by_name: dict[str, dict[str, Any]], kind: str, tmp_path: Path
) -> None:
    frame = FRAMES[kind](tmp_path)
    found = scored(calibration, frame, timezone="Asia/Tokyo")
    if not isinstance(frame, str | Path):
        assert type(found) is type(frame)
    rows = plain(found)
    for row, wanted in zip(rows, by_name.values(), strict=True):
        assert set(row) == set(wanted)
        for name, value in wanted.items():
            assert row[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value), name


def test_the_users_own_frame_is_kept_to_the_letter(calibration: Calibration) -> None:
    before = FRAMES["pandas of objects, index of its own"](Path())
    found = scored(calibration, before)
    pd.testing.assert_frame_equal(found[list(before.columns)], before)
    assert [name.removeprefix("score_") for name in found.columns[len(before.columns) :]] == list(OUTPUTS)
    assert "score_note" not in before.columns
    for frame in (polars_frame(), polars_frame().lazy()):
        kept = scored(calibration, frame).lazy().collect().select(polars_frame().columns)
        assert kept.sort("row").equals(polars_frame())
    arrow = scored(calibration, polars_frame().to_arrow())
    assert arrow.select(polars_frame().columns).equals(polars_frame().to_arrow())


def test_a_relation_is_joined_and_not_pulled(calibration: Calibration) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE prospects AS SELECT 'Aoki' AS rep, 'A' AS rank, DATE '2026-09-01' AS judged_at, i "
                       "FROM range(5) t(i)")  # fmt: skip
    found = calibration.score(connection.table("prospects"), as_of=TODAY)
    assert isinstance(found, duckdb.DuckDBPyRelation)
    assert "Join" in found.explain()
    assert connection.sql("SELECT count(*), min(score_estimate) > 0 FROM found").fetchall() == [(5, True)]


def test_whole_and_broken_numbers_are_the_same_label() -> None:
    frame = pd.DataFrame({"rep": [7, 7, 8, 8], "rank": [1, 2, 1, 2], "n": [60, 80, 50, 70], "events": [30, 10, 25, 20]})
    found = calibrate(Judgments.from_counts(frame, scale=cb.RankScale([1, 2])), seed=1, engine="laplace", parts=())
    rows = pd.DataFrame({"rep": [7.0, np.nan, 9.0], "rank": [1.0, 2.0, 2.5], "judged_at": pd.to_datetime([TODAY] * 3)})
    told = found.score(rows, as_of=TODAY, columns={name: name for name in rows.columns})
    assert told["score_known_rep"].tolist() == [True, False, False]
    assert told["score_estimate"].isna().tolist() == [False, False, True]


# refused --------------------------------------------------------------------------------------------------------------


def test_the_columns_of_the_fit_are_taken_where_none_are_named(calibration: Calibration) -> None:
    frame = polars_frame().rename({"owner": "rep", "label": "rank", "judged": "judged_at"})
    assert calibration.score(frame, as_of=TODAY)["score_estimate"][0] > 0  # no outcome columns: all are open


@pytest.mark.parametrize(
    ("frame", "choices", "words"),
    [
        (polars_frame(), {"columns": {}}, r"`rep`, `rank`, `judged_at` not found among 'key', 'owner'"),
        (polars_frame(), {"columns": {**COLUMNS, "event_at": "won"}}, r"`event_at` \('won'\) not found"),
        (polars_frame().with_columns(score_note=pl.lit(1)), {}, r"'score_note' is there. Drop them, or pass another"),
        (polars_frame().with_columns(judged=pl.lit(1)), {}, r"`judged_at` .column 'judged'. must hold dates"),
        (polars_frame(), {"as_of": "today"}, "`as_of` must be a date"),
        (polars_frame(), {"timezone": "Tokyo"}, "`timezone` must be an IANA name"),
        ([1, 2], {}, "`frame` must be a frame or the path"),
        ("absent.csv", {}, "there is none at 'absent.csv'"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    calibration: Calibration, frame: Any, choices: dict[str, Any], words: str
) -> None:
    with pytest.raises(cb.InputError, match=words):
        calibration.score(frame, **{"as_of": TODAY, "columns": COLUMNS, **choices})


def test_another_prefix_makes_room(calibration: Calibration) -> None:
    twice = scored(calibration, scored(calibration, polars_frame()), prefix="later_")
    assert twice["later_estimate"].equals(twice["score_estimate"], null_equal=True)
    assert pa.table(twice).num_rows == len(ROWS)


def test_an_engine_that_lends_no_temporary_table_is_told_with_the_way_out() -> None:
    """As the engine itself says it; an `InputError`, which the shell ends with status 2 on."""
    said = "permission denied to create temporary tables"
    relation = duckdb.sql(f"SELECT CASE WHEN range > 5 THEN error('{said}') END AS note FROM range(10)")
    with pytest.raises(cb.InputError, match=rf"{said}.*calibration_table.*score_sql\(as_of=\.\.\., dialect="):
        collect_small(nw.from_native(relation))


# in SQL ---------------------------------------------------------------------------------------------------------------


def test_the_query_for_a_table_of_ones_own_scores_as_score_does(calibration: Calibration) -> None:
    connection = duckdb.connect()
    leads, known = polars_frame().to_arrow(), calibration.calibration_table()
    connection.execute("CREATE TABLE leads AS SELECT * FROM leads")
    connection.execute("CREATE SCHEMA ours; CREATE TABLE ours.known AS SELECT * FROM known")
    assert len(leads) == len(ROWS)
    assert "known_rep" in known
    told = {"as_of": TODAY, "columns": COLUMNS, "prospects": "leads", "table": "ours.known"}
    query = calibration.score_sql(dialect="duckdb", **told)
    assert plain(connection.sql(query)) == plain(scored(calibration, polars_frame()))
    connection.execute(f"CREATE VIEW scores AS {query}")
    assert connection.sql("FROM scores").columns == scored(calibration, polars_frame()).columns


def test_a_query_in_an_unknown_dialect_or_without_roles_is_refused(calibration: Calibration) -> None:
    with pytest.raises(cb.InputError, match="`dialect` must be one of 'duckdb', 'postgres'; got 'oracle'"):
        calibration.score_sql(dialect="oracle", as_of=TODAY)
    with pytest.raises(cb.InputError, match="which columns hold `rank`, `judged_at`"):
        calibration.score_sql(dialect="duckdb", as_of=TODAY, columns={"rep": "owner"})
