"""Tables and sentences for a reader."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console, RenderableType
from tests.decisions.worlds import reps_of_each_style

from calibra.data.judgments import Judgments
from calibra.data.published import salvirt_judgments
from calibra.data.scale import Promise, RankScale
from calibra.data.simulate import simulate_judgments
from calibra.decisions.style import describe_styles
from calibra.decisions.thresholds import ThresholdAdvice, recommend_thresholds
from calibra.models.lead_time import LeadTimeModel
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.rank import RankModel
from calibra.models.rank_fit import RankFit
from calibra.models.threshold import ThresholdModel
from calibra.views.sentences import (
    _sized,
    describe_advice,
    describe_lead_time,
    describe_rank_fit,
    describe_styles_found,
)
from calibra.views.tables import (
    advice_table,
    join_names,
    lead_time_table,
    plain_rows,
    probability_table,
    profile_table,
    safe_cell,
    tempo_table,
    write_csv,
)
from calibra.words import points


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
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["rep"] for row in rows] == [
        rep.replace("=", "'=", 1) if rep[0] == "=" else rep for rep in hostile_fit.reps
    ]
    assert float(rows[0]["gap_points"]) == round(hostile_fit.profiles()["gap_points"].iloc[0], 6)


def test_csv_says_its_encoding_where_it_is_not_plain_ascii(tmp_path: Path) -> None:
    frame = pd.DataFrame({"rep": ["Aoki"], "p": [0.12345678901]})
    assert write_csv(frame, tmp_path / "plain.csv").read_bytes().split() == [b"rep,p", b"Aoki,0.123457"]
    told = write_csv(frame.assign(rep="青木"), tmp_path / "wide.csv").read_bytes()
    assert told.startswith(b"\xef\xbb\xbfrep")
    assert pd.read_csv(tmp_path / "wide.csv")["rep"].tolist() == ["青木"]


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
    row = {"gap_points": 9.6, "gap_points_lower": -0.6, "gap_points_upper": 20.4}
    assert _sized(row, "above") == ["10", "-1", "20"]
    assert _sized(row, "below") == ["-10", "-20", "1"]


def test_a_gap_of_few_points_has_a_decimal() -> None:
    assert points(1.42, 0.04, 3.0) == ["1.4", "0.0", "3.0"]
    assert points(-1.42, -3.0, -0.04) == ["-1.4", "-3.0", "0.0"]
    assert points(3.6, 1.42, 6.0) == ["4", "1", "6"]


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
    frame = pd.DataFrame({"rep": ["Abe"], "rank": ["A"], "n": [40], "events": [11]})
    fit = RankModel().fit(Judgments.from_counts(frame, scale=RankScale(["A"])), seed=1, engine="laplace")
    said = describe_rank_fit(fit, RankScale(["A"]))
    assert len(said) == 1
    assert "n 40" in said[0]


@pytest.fixture(scope="module")
def lead_fit() -> LeadTimeFit:
    """Three reps, one with a hostile label; A promised within the follow-up, B not."""
    scale = RankScale(["A", "B"], {"A": Promise(0.5, within_days=60), "B": Promise(0.2, within_days=900)})
    world = simulate_judgments(seed=2, n_reps=3, n_prospects=500, scale=scale)
    frame = world.frame
    frame["rep"] = frame["rep"].replace({frame["rep"].iloc[0]: "[red]boo[/red]\x1b[31m"})
    judgments = Judgments.from_frame(frame, scale=scale, as_of=world.as_of, columns=world.columns)
    return LeadTimeModel(interval_edges_days=(60, 365)).fit(judgments, seed=1, engine="laplace", draws=200)


@pytest.fixture(scope="module")
def advice() -> ThresholdAdvice:
    """`over` calls half the prospects A and few become events; `under` calls few A and most do; `=new` is new."""
    counted = {"over": ((250, 50), (250, 10)), "under": ((40, 36), (460, 184)), "=new": ((3, 1), (4, 1))}
    rows = [(rep, k, *cell) for rep, cells in counted.items() for k, cell in zip("AB", cells, strict=True)]
    frame = pd.DataFrame(rows, columns=["rep", "rank", "n", "events"])
    scale = RankScale(["A", "B"], {"A": Promise(0.6, within_days=90)})
    counts = Judgments.from_counts(frame, scale=scale, within_days=90)
    return recommend_thresholds(ThresholdModel().fit(counts, seed=1, engine="laplace", draws=400))


def test_lead_times_are_printed_only_where_follow_up_reaches_the_promise(lead_fit: LeadTimeFit) -> None:
    a, b = plain_rows(lead_fit.lead_times().head(2))
    lines = {line.split()[0]: line for line in printed(lead_time_table(lead_fit)).split("\n") if line.strip()}
    median = f"{a['median_days']:.0f} ({a['median_days_lower']:.0f}–{a['median_days_upper']:.0f})"
    assert median in lines["A"]
    assert f"{a['share_inside_promise']:.0%}" in lines["A"]
    assert "%" not in lines["B"]
    said = describe_lead_time(lead_fit)
    assert b["promise_answer"] in next(sentence for sentence in said if sentence.startswith("Follow-up does not reach"))


def test_tempo_and_chased_judgments_are_printed_per_rep(lead_fit: LeadTimeFit) -> None:
    text = printed(tempo_table(lead_fit), terminal=True)
    assert "[red]boo[/red]" in text
    assert "\x1b[31m" not in text
    chased = lead_fit.chasing()
    for rep in lead_fit.reps:
        mine = chased[chased["rep"] == rep]
        assert f"{mine['n_chased'].sum():,} of {mine['n_open'].sum():,}" in text


def test_chased_judgments_are_told_with_their_counts(lead_fit: LeadTimeFit) -> None:
    said = " ".join(describe_lead_time(lead_fit))
    for row in plain_rows(lead_fit.chasing().head(2)):
        assert (f"{row['rank']} {row['n_chased']:,} of {row['n_open']:,} open" in said) == bool(row["n_chased"])


def test_advice_is_printed_with_verdict_and_step_and_told_largest_first(advice: ThresholdAdvice) -> None:
    table = advice.table.set_index("rep")
    assert table["verdict"].to_dict() | {"under": ""} == {"over": "tighten", "under": "", "=new": "cannot tell yet"}
    text = printed(advice_table(advice))
    over = table.loc["over"]
    assert f"{100 * over['share_now']:.0f} → {100 * over['share_step']:.0f}" in text
    for verdict, n in table["verdict"].value_counts().items():
        assert text.count(verdict) == n
    assert " 100%" not in text
    said = describe_advice(advice)
    assert "tighten 1" in said[0]
    assert said[1].startswith("over: Start calling a prospect A later")


def test_styles_are_told_only_of_those_found() -> None:
    judgments = reps_of_each_style()
    fit = RankModel().fit(judgments, seed=1, engine="laplace", draws=400)
    styles = describe_styles(ThresholdModel().fit(judgments, seed=1, engine="laplace", draws=400), fit)
    said = " ".join(describe_styles_found(styles))
    named = {
        rep for rep, style in zip(styles.reps, styles.style, strict=True) if style.startswith("starts to use ranks")
    }
    assert named
    assert all((f"{rep} by " in said) == (rep in named) for rep in styles.reps)


def test_what_json_does_not_know_becomes_none() -> None:
    assert plain_rows(pd.DataFrame({"x": [float("inf"), float("nan"), 1.5]})) == [{"x": None}, {"x": None}, {"x": 1.5}]
