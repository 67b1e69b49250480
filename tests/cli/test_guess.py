"""Which column plays which role: header rows of real systems, what is left open, what a rank's label says of days."""

import tomllib
from pathlib import Path

import pytest

from calibra.cli.guess import called, days_within, guess_columns, normalise

ROWS = tomllib.loads((Path(__file__).parent / "header_rows.toml").read_text(encoding="utf-8"))
NEEDED = ("prospect", "rep", "rank", "judged_at", "changed_at")
LEAST_RIGHT = 0.85


def written(columns: list[str]) -> dict[str, str]:
    return {role: column for role, column in guess_columns(columns).columns.items() if role in NEEDED}


def test_all_four_needed_roles_are_right_in_most_header_rows_that_have_them() -> None:
    whole = {name: row for name, row in ROWS.items() if len(row["roles"]) == 4}
    assert len(whole) >= 40
    right = [name for name, row in whole.items() if written(row["columns"]) == row["roles"]]
    assert len(right) >= LEAST_RIGHT * len(whole), set(whole) - set(right)


@pytest.mark.parametrize("name", ROWS)
def test_nothing_is_guessed_wrong_in_silence(name: str) -> None:
    """A wrong column is written only where the right one is named beside it."""
    row, guess = ROWS[name], guess_columns(ROWS[name]["columns"])
    for role, column in written(row["columns"]).items():
        right = row["roles"].get(role)
        assert column == right or right in guess.also.get(role, ()), (role, column)


@pytest.mark.parametrize("name", ROWS)
def test_no_column_plays_two_roles_and_the_order_of_columns_does_not_matter(name: str) -> None:
    columns = ROWS[name]["columns"]
    guess = guess_columns(columns)
    played = [*guess.columns.values(), *guess.unsure.values()]
    assert len(set(played)) == len(played)
    distinct = {role: column for role, column in written(columns).items() if role not in guess.also}
    assert distinct.items() <= written(columns[::-1]).items()


@pytest.mark.parametrize("column", [
    "Opportunity Owner", "Close Date", "Expected close date", "完了予定日", "受注予定日", "Opportunity Name", "商談名",
])  # fmt: skip
def test_owners_names_and_expected_days_are_no_ends(column: str) -> None:
    guess = guess_columns(["lead_id", column])
    assert column not in {guess.columns.get(role) for role in ("event_at", "exit_at")}


@pytest.mark.parametrize(("columns", "ends"), [
    (["商談化日", "失注日"], {"event_at": "商談化日", "exit_at": "失注日"}),
    (["Converted Date", "Lost time"], {"event_at": "Converted Date", "exit_at": "Lost time"}),
    (["became_opportunity_at", "disqualified_on"], {"exit_at": "disqualified_on"}),
    (
        ["アポ獲得日", "差し戻し日", "失注理由"],
        {"event_at": "アポ獲得日", "exit_at": "差し戻し日", "exit_kind": "失注理由"},
    ),
])  # fmt: skip
def test_ends_are_found_by_their_names(columns: list[str], ends: dict[str, str]) -> None:
    assert dict(guess_columns(columns).columns).items() >= ends.items()


@pytest.mark.parametrize(("column", "sure", "perhaps"), [
    # What says by its name who states it, or that a machine does, is written; what a stage may set is named beside "?".
    ("担当者確度(%)", "stated_prob", None), ("Stated probability", "stated_prob", None),
    ("Rep's probability", "stated_prob", None), ("Rep confidence", "stated_prob", None),
    ("確度 (%)", None, "stated_prob"), ("受注確度(%)", None, "stated_prob"), ("確度（％）", None, "stated_prob"),
    ("受注確率", None, "stated_prob"), ("Probability (%)", None, "stated_prob"), ("Probability", None, "stated_prob"),
    ("Win %", None, "stated_prob"), ("Deal - Probability", None, "stated_prob"),
    ("AI受注確率", "machine_prob", None), ("Predicted probability", "machine_prob", None),
    ("Likelihood to close", "machine_prob", None), ("ml_prob", "machine_prob", None),
    ("Lead Score", None, "machine_prob"), ("Einstein Score", None, "machine_prob"),
    ("AIスコア", None, "machine_prob"), ("リードスコア", None, "machine_prob"), ("HubSpot score", None, "machine_prob"),
    ("確度", "rank", None), ("受注確度", "rank", None), ("確度ランク", "rank", None),
    ("Stage probability", None, None), ("解約確率", None, None), ("変更前の確度", None, None),
    ("確度更新日", None, None),
    ("スコア更新日", None, None), ("Credit score", None, None), ("NPS score", None, None), ("Email", None, None),
    ("Weighted amount", None, None), ("Detail", None, None),
])  # fmt: skip
def test_percentages_and_scores_are_told_from_ranks_and_from_each_other(
    column: str, sure: str | None, perhaps: str | None
) -> None:
    guess = guess_columns(["商談 ID", "商談 所有者", "作成日", column])
    assert {role for role, name in guess.columns.items() if name == column} == ({sure} - {None})
    assert {role for role, name in guess.unsure.items() if name == column} == ({perhaps} - {None})


def test_beside_a_rank_a_column_of_confidence_may_be_what_is_stated() -> None:
    guess = guess_columns(["ID", "担当者", "ランク", "判定日", "確度", "スコア"])
    assert guess.columns["rank"] == "ランク"
    assert guess.unsure == {"stated_prob": "確度", "machine_prob": "スコア"}


def test_a_day_of_creation_is_told_from_the_day_of_a_rank() -> None:
    assert guess_columns(["lead_id", "owner", "rank", "Created Date"]).created
    assert not guess_columns(["lead_id", "owner", "rank", "ranked_on", "Created Date"]).created


@pytest.mark.parametrize(("name", "plain"), [
    ("Rank__c", "rank"), ("CreatedDate", "created date"), ("Deal - Deal created", "deal created"),
    ("見込みランク（Ａ～Ｅ）", "見込みランク"), ("リード 所有者", "リード所有者"), ("lead_id", "lead id"),
    ("Lead #", "lead no"),
])  # fmt: skip
def test_names_are_read_without_what_does_not_matter(name: str, plain: str) -> None:
    assert normalise(name) == plain


@pytest.mark.parametrize(("label", "days"), [
    ("A(3ヶ月以内)", 90), ("A(3か月以内)", 90), ("B（６カ月以内）", 180), ("B(6ケ月)", 180),
    ("C 1年以内", 365), ("30日以内", 30), ("A-1 month", 30),
    ("A: within 90 days", 90), ("hot (2 weeks)", 14), ("B 半年以内", 180), ("A", None), ("ランク1", None),
])  # fmt: skip
def test_a_label_says_within_how_many_days(label: str, days: int | None) -> None:
    assert days_within(label) == days


def test_every_role_has_patterns_that_compile() -> None:
    assert set(called()) == {
        "rank", "rep", "prospect", "judged_at", "event_at", "event", "exit_at", "exit_kind", "touches", "segment",
        "stated_prob", "machine_prob",
    }  # fmt: skip
