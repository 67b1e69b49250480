"""Names of reps: several of one person counted as one, in every engine, and told where nobody has said so."""

from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pytest

import calibra as cb
from calibra.data.counting.doubts import alike
from calibra.data.frames.rep_names import RepNames, one_form, read_as, read_rep_names
from calibra.data.history.history import RankHistory
from calibra.errors import InputError
from tests.calibrated import SCALE, world

ROLES = {role: role for role in ("prospect", "rep", "rank", "judged_at")}
FRAMES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.connect().from_arrow(frame.to_arrow()),
}
NAMES = ["阿部 健", "阿部\u3000健", "ＡＢＥ", "ABE", "Ito", "Ito (old)"]


def frame() -> pl.DataFrame:
    return pl.DataFrame({"prospect": range(6), "rep": NAMES, "rank": ["A"] * 6, "judged_at": ["2026-01-05"] * 6})


def read(given: Any, **choices: Any) -> cb.Judgments:
    return cb.Judgments.from_frame(given, scale=cb.RankScale(["A", "B"]), as_of="2026-06-30", columns=ROLES, **choices)


@pytest.mark.parametrize("kind", FRAMES)
def test_names_in_one_form_and_other_names_of_a_rep_are_counted_as_one(kind: str) -> None:
    tell_other_names(FRAMES[kind](frame()))


def tell_other_names(given: Any) -> None:
    """The judgments of `frame()`, whatever back end holds them, under their own names, in one form and by labels."""
    assert sorted(read(given).reps) == sorted(NAMES)
    folded = read(given, normalise_names=True)
    assert dict(zip(folded.reps, folded.duration_counts(by=[]).table.groupby("rep")["n"].sum(), strict=True)) == {
        "ABE": 2, "Ito": 1, "Ito (old)": 1, "阿部 健": 2,
    }  # fmt: skip
    assert read(given, rep_labels={"Ito (old)": "Ito", "ＡＢＥ": "ABE"}).reps == (
        "ABE",
        "Ito",
        "阿部 健",
        "阿部\u3000健",
    )
    assert read(given, normalise_names=True, rep_labels={"Ito (old)": "Ito"}).reps == ("ABE", "Ito", "阿部 健")


def test_numbers_are_names_too() -> None:
    given = frame().with_columns(rep=pl.Series([7.0, 7.0, 8.0, 8.0, 9.0, None])).head(5)
    assert read(given, rep_labels={"7": "Abe", "8": "Abe"}).reps == ("9", "Abe")


def test_where_names_are_in_one_form_so_are_those_of_labels() -> None:
    labels = {"ＡＢＥ": "Ａbe", "Ito\u3000(old)": "Ito"}
    assert read(frame(), normalise_names=True, rep_labels=labels).reps == ("Abe", "Ito", "阿部 健")
    assert [read_rep_names({1.0: "Abe"}, normalise=False).of(name) for name in ("1", "1.0")] == ["Abe", "1.0"]
    assert read_rep_names({1: "Abe", "1": "Abe"}, normalise=False).of("1") == "Abe"


def test_two_names_may_be_exchanged() -> None:
    assert [RepNames({"a": "b", "b": "a"}).of(name) for name in "abc"] == ["b", "a", "c"]


def test_one_form_keeps_the_case_and_drops_marks_without_a_width() -> None:
    assert one_form("\u200bＡbe\u3000 Ｔ．\ufeff") == "Abe T."


@pytest.mark.parametrize(("one", "other"), [
    ("Abe (inactive)", "Abe"), ("高橋（退職）", "髙橋"), ("a\u200bbe", "ABE"), ("山﨑 [former]", "山崎"),
    ("𠮷田", "吉田"),
])  # fmt: skip
def test_what_a_person_reads_as_one_name_is_doubted(one: str, other: str) -> None:
    assert read_as(one) == read_as(other)
    (found,) = alike([one, other, "Bee"])
    assert "read as one name" in str(found)
    assert "[rep_labels]" in str(found)
    assert "一つの名前にまとめてください" in found.say("ja")


@pytest.mark.parametrize(("one", "other"), [("斎藤", "斉藤"), ("Abe (Tokyo)", "Abe"), ("渡辺", "渡邊")])
def test_names_of_different_people_are_not(one: str, other: str) -> None:
    assert not alike([one, other])


@pytest.mark.parametrize(("labels", "fold", "words"), [
    (["Abe"], False, "`rep_labels` must lead from names to names"),
    ({"Abe": ""}, False, "must lead to names; got ''"),
    (None, 1, "`normalise_names` must be True or False; got 1"),
    ({None: "Abe"}, False, "must lead from names; got None"),
    ({1: "Abe", "1": "Ito"}, False, "from a name to one other; '1' leads to 'Abe' and to 'Ito'. Keep one"),
    ({"アベ": "Abe", "ｱﾍﾞ": "Ito"}, True, "'アベ' leads to 'Abe' and to 'Ito' once names are in one form"),
])  # fmt: skip
def test_what_is_no_choice_is_refused(labels: object, fold: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_rep_names(labels, fold)


def test_scores_know_the_other_names_from_a_saved_file_too(tmp_path: Any) -> None:
    frame, columns = world().frame, world().columns
    renamed = frame.assign(rep=frame["rep"].replace({"Bauer": "Ｂauer", "Chiba": "C."}))
    told = {"scale": SCALE, "as_of": world().as_of, "columns": columns}
    names = {"rep_labels": {"C.": "Chiba"}, "normalise_names": True}
    fitting = {"seed": 1, "engine": "laplace", "draws": 100, "parts": (), "progress": False}
    plain = cb.calibrate(cb.Judgments.from_frame(frame, **told), **fitting)
    named = cb.calibrate(cb.Judgments.from_frame(renamed, **told, **names), **fitting)
    assert named.judgments.reps == plain.judgments.reps
    expected = plain.score(frame, as_of=world().as_of)["score_estimate"]
    loaded = cb.load(named.save(tmp_path / "a.calibra"))
    for calibration in (named, loaded):
        scored = calibration.score(renamed, as_of=world().as_of)
        assert scored["score_known_rep"].dropna().all()
        assert (scored["score_estimate"].fillna(-1) == expected.fillna(-1)).all()
    with pytest.raises(InputError, match="let `score` do it"):
        named.score_sql(dialect="duckdb", as_of=world().as_of, prospects="p", table="t")


def test_the_query_for_scores_knows_the_other_names() -> None:
    frame, columns = world().frame, world().columns
    renamed = frame.assign(rep=frame["rep"].replace({"Chiba": "C.'s"}))
    judgments = cb.Judgments.from_frame(
        renamed, scale=SCALE, as_of=world().as_of, columns=columns, rep_labels={"C.'s": "Chiba"}
    )
    found = cb.calibrate(judgments, seed=1, engine="laplace", draws=100, parts=(), progress=False)
    connection = duckdb.connect()
    connection.register("p", renamed.assign(judged_at=renamed["judged_at"].astype("datetime64[s]")))
    connection.register("t", found.calibration_table())
    sql = found.score_sql(
        dialect="duckdb",
        as_of=world().as_of,
        prospects="p",
        table="t",
        columns={r: r for r in ("rep", "rank", "judged_at")},
    )
    scored = connection.sql(sql).df()
    assert scored["score_known_rep"].all()


def test_a_history_knows_them_too() -> None:
    changes = frame().rename({"judged_at": "changed_at"})
    outcomes = pl.DataFrame({"id": range(6), "won": ["2026-02-01"] + [None] * 5})
    history = RankHistory.from_frames(
        changes, outcomes, scale=cb.RankScale(["A", "B"]), as_of="2026-06-30",
        columns={"prospect": "prospect", "rep": "rep", "rank": "rank", "changed_at": "changed_at"},
        outcome_columns={"prospect": "id", "event_at": "won"},
        normalise_names=True, rep_labels={"Ito (old)": "Ito"},
    )  # fmt: skip
    assert history.judgments().reps == ("ABE", "Ito", "阿部 健")
