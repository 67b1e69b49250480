"""Joint ratings through the door: long tables of any frame, sheets filled by hand, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import calibra as cb

SCALE = cb.RankScale(["A", "B", "C"])
ROWS = [("Acme", "Ito", "A"), ("Acme", "Abe", "B"), ("Bolt", "Abe", "C"), ("Bolt", "Ito", None), ("Cone", "Sato", "")]


def table(rows=ROWS, names=("prospect", "rep", "rank")):
    return pd.DataFrame(rows, columns=list(names))


@pytest.mark.parametrize("kind", ["pandas", "polars", "csv", "xlsx"])
def test_every_kind_of_frame_gives_the_same_ratings(kind, tmp_path):
    frame = table()
    match kind:
        case "polars":
            given = pl.DataFrame(ROWS, schema=["prospect", "rep", "rank"], orient="row")
        case "csv":
            frame.to_csv(given := tmp_path / "sheet.csv", index=False)
        case "xlsx":
            frame.to_excel(given := tmp_path / "sheet.xlsx", index=False)
        case _:
            given = frame
    found = cb.JointRatings.from_frame(given, scale=SCALE)
    assert found.prospects == ("Acme", "Bolt")
    assert found.reps == ("Abe", "Ito")
    assert found.rated.tolist() == [[1, 0], [2, -1]]
    assert (found.n_blank, found.n_shared) == (2, 1)
    assert found.counts.sum() == 3.0


def test_heads_in_japanese_and_ranks_of_full_width_or_small_are_read():
    rows = [("東商", "青木", "Ａ"), ("東商", "佐藤", " b ")]
    found = cb.JointRatings.from_frame(table(rows, ("見込み客", "担当者", "ランク")), scale=SCALE)
    assert found.rated[0, [found.reps.index("青木"), found.reps.index("佐藤")]].tolist() == [0, 1]


def test_columns_and_labels_of_ones_own_are_mapped():
    frame = table([("x", "Abe", "hot"), ("x", "Ito", "C")], ("id", "who", "grade"))
    roles = {"prospect": "id", "rep": "who", "rank": "grade"}
    found = cb.JointRatings.from_frame(frame, scale=SCALE, columns=roles, rank_labels={"Hot": "A"})
    assert found.rated.tolist() == [[0, 2]]


def test_a_prospect_of_another_occasion_is_another_one():
    rows = [
        ("x", "Abe", "A", "spring"),
        ("x", "Ito", "B", "spring"),
        ("x", "Abe", "C", "fall"),
        ("x", "Ito", "C", "fall"),
    ]
    found = cb.JointRatings.from_frame(table(rows, ("prospect", "rep", "rank", "occasion")), scale=SCALE)
    assert sorted(zip(found.occasions, found.rated.tolist(), strict=True)) == [("fall", [2, 2]), ("spring", [0, 1])]


def test_reps_whom_no_prospect_links_are_groups():
    rows = [
        ("x", "Abe", "A"),
        ("x", "Ito", "B"),
        ("y", "Ito", "B"),
        ("y", "Endo", "B"),
        ("z", "Sato", "C"),
        ("z", "Ueno", "C"),
    ]
    found = cb.JointRatings.from_frame(table(rows), scale=SCALE)
    assert found.groups == (("Abe", "Endo", "Ito"), ("Sato", "Ueno"))


def test_every_problem_is_named_in_one_message():
    rows = [("x", "Abe", "A"), ("x", "Abe", "B"), ("y", "Abe", "S"), (None, "Ito", "A"), ("x", "Ito", "B")]
    with pytest.raises(cb.InputError) as error:
        cb.JointRatings.from_frame(table(rows), scale=SCALE)
    told = str(error.value)
    assert "`rank` must be one of A, B, C, or blank; found 'S' in 1 row" in told
    assert "`prospect` is empty in 1 row with a rank" in told
    assert "1 pair stand more than once (first: 'Abe' on 'x')" in told


def test_ranks_given_after_talk_are_refused():
    rows = [("x", "Abe", "A", 1), ("x", "Ito", "B", 1), ("x", "Abe", "B", 2)]
    with pytest.raises(cb.InputError, match="before any talk; 1 row are of round 2"):
        cb.JointRatings.from_frame(table(rows, ("prospect", "rep", "rank", "round")), scale=SCALE)


def test_columns_that_are_missing_or_unknown_are_named():
    with pytest.raises(cb.InputError, match="which column holds `rank`; there are 'prospect', 'rep', 'grade'"):
        cb.JointRatings.from_frame(table(names=("prospect", "rep", "grade")), scale=SCALE)
    roles = {"prospect": "prospect", "rep": "rep", "rank": "rank", "mood": "rank"}
    with pytest.raises(cb.InputError, match="mapped twice"):
        cb.JointRatings.from_frame(table(), scale=SCALE, columns=roles)


def test_the_order_of_rows_changes_no_rank_and_the_text_of_a_rating_is_that_of_its_ranks():
    world = cb.simulate_joint_ratings(seed=2, missing=0.2)
    frame = world.frame
    shuffled = frame.sample(frac=1.0, random_state=3)
    one, other = (cb.JointRatings.from_frame(part, scale=cb.RankScale(list("ABCDE"))) for part in (frame, shuffled))
    at = [other.prospects.index(name) for name in one.prospects]
    assert np.array_equal(one.rated, other.rated[at])
    assert repr(one) == repr(cb.JointRatings.from_frame(frame, scale=cb.RankScale(list("ABCDE"))))
    assert repr(one) != repr(cb.JointRatings.from_frame(frame[1:], scale=cb.RankScale(list("ABCDE"))))


def test_a_table_of_ratings_of_a_file_that_is_not_there_is_one_error(tmp_path: Path):
    with pytest.raises(cb.InputError, match="a file that exists"):
        cb.JointRatings.from_frame(tmp_path / "none.csv", scale=SCALE)
