"""Tables and sentences for a reader."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console, RenderableType

from calibra.data.published import salvirt_judgments
from calibra.data.scale import Promise, RankScale
from calibra.models.rank import RankModel
from calibra.models.rank_fit import RankFit
from calibra.views.sentences import _sized, describe_rank_fit
from calibra.views.tables import join_names, plain_rows, probability_table, profile_table, safe_cell, write_csv


def printed(what: RenderableType, *, terminal: bool = False) -> str:
    """What a console would show."""
    console = Console(file=io.StringIO(), width=120, force_terminal=terminal)  # markup is on: the cells must bear it
    console.print(what)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_probabilities_are_printed_with_interval_events_and_n(hostile_fit: RankFit) -> None:
    text = printed(probability_table(hostile_fit))
    first = plain_rows(hostile_fit.probabilities())[0]
    assert f"{100 * first['estimate']:.0f} ({100 * first['lower']:.0f}–{100 * first['upper']:.0f})" in text
    assert f"{first['events']} of {first['n']}" in text
    assert "90% interval" in text
    assert "within 90 days" in text


def test_profiles_are_printed_with_every_finding(hostile_fit: RankFit) -> None:
    text = printed(profile_table(hostile_fit))
    table = hostile_fit.profiles()
    for finding in table["finding"].unique():
        assert text.count(finding) == (table["finding"] == finding).sum()


def test_hostile_labels_are_printed_as_they_are(hostile_fit: RankFit) -> None:
    for table in (probability_table(hostile_fit), profile_table(hostile_fit)):
        text = printed(table, terminal=True)
        assert "[red]boo[/red]" in text
        assert "\x1b[31m" not in text
        assert "\u202e" not in text
        assert "$C_" in text or "finding" in text


def test_a_long_table_says_how_many_reps_it_leaves_out(wide_fit: RankFit) -> None:
    assert "… and 30 more reps; the files hold all." in printed(probability_table(wide_fit))
    assert "… and 67 more reps" in printed(profile_table(wide_fit, limit=3))
    assert "more reps" not in printed(profile_table(wide_fit, limit=70))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " ="])
def test_text_that_begins_like_a_formula_is_marked_as_text(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"


def test_numbers_and_plain_text_are_left_as_they_are() -> None:
    assert [safe_cell(value) for value in (-1.5, 3, "Aoki", "a=b", "")] == [-1.5, 3, "Aoki", "a=b", ""]


def test_csv_reads_back_with_formulas_disarmed(hostile_fit: RankFit, tmp_path: Path) -> None:
    path = write_csv(hostile_fit.profiles(), tmp_path / "profiles.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["rep"] for row in rows] == [
        rep.replace("=", "'=", 1) if rep[0] == "=" else rep for rep in hostile_fit.reps
    ]
    assert float(rows[0]["gap_points"]) == hostile_fit.profiles()["gap_points"].iloc[0]


def test_plain_rows_survive_json(hostile_fit: RankFit) -> None:
    rows = plain_rows(hostile_fit.probabilities())
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert rows[0]["rep_share"] is None
    assert plain_rows(pd.DataFrame({"x": []})) == []


def test_names_are_joined_as_in_a_sentence() -> None:
    assert join_names(["Aoki"]) == "Aoki"
    assert join_names(["Aoki", "Bauer"]) == "Aoki and Bauer"
    assert join_names(list("abcdefg"), limit=3) == "a, b, c and 4 more"


def test_sentences_name_exactly_the_reps_of_each_finding(hostile_fit: RankFit) -> None:
    said = " ".join(describe_rank_fit(hostile_fit, RankScale(hostile_fit.ranks)))
    table = hostile_fit.profiles()
    assert said.count("lie below all reps'") == (table["finding"] == "below all reps").sum()
    assert said.count("lie above all reps'") == (table["finding"] == "above all reps").sum()
    assert (f"Cannot tell yet: {(table['finding'] == 'cannot tell yet').sum()} of 6 reps" in said) == (
        "cannot tell yet" in set(table["finding"])
    )


def test_the_interval_of_a_finding_is_counted_in_its_direction() -> None:
    row = {"gap_points_lower": -20.4, "gap_points_upper": 0.6}
    assert _sized(row, "above") == "-1 to 20"
    assert _sized(row, "below") == "-20 to 1"


def test_promises_of_another_horizon_or_kind_are_not_set_beside_what_came(hostile_fit: RankFit) -> None:
    def first(promise: Promise) -> str:
        return describe_rank_fit(hostile_fit, RankScale(hostile_fit.ranks, {"A": promise}))[0]

    assert "promised 60 %" in first(Promise(0.6, within_days=90))
    assert "promised" not in first(Promise(0.6, within_days=30))
    assert "promised" not in first(Promise(0.6, within_days=90, kind="bar"))


def test_ranks_that_work_only_because_of_who_uses_them_are_not_called_ordered() -> None:
    """Salvirt: pooled, A wins 62 %, B 49 %; inside Seller 1, who uses A most, 66 % (57 of 86) and 67 % (61 of 91)."""
    fit = RankModel().fit(salvirt_judgments(), seed=1, engine="laplace")
    said = describe_rank_fit(fit, RankScale(fit.ranks))
    assert fit.order().iloc[0]["prob_ordered"] > 0.9
    assert any("it is not sure" in sentence and "A over B" in sentence for sentence in said)


def test_one_rep_and_one_rank_are_described_without_comparison() -> None:
    from calibra.data.judgments import Judgments

    frame = pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "n": [40], "events": [11]})
    fit = RankModel().fit(Judgments.from_counts(frame, scale=RankScale(["A"])), seed=1, engine="laplace")
    said = describe_rank_fit(fit, RankScale(["A"]))
    assert len(said) == 1
    assert "n 40" in said[0]
