"""What the chapter of lead times finds, as data and in words."""

import json
import re
from collections.abc import Iterator
from string import Formatter

import numpy as np
import pytest

import calibra as cb
from calibra.chapters.fitting import FitSettings, Fitting
from calibra.chapters.lead_times.chapter import LEAD_TIMES
from calibra.chapters.lead_times.findings import FEW_CHASED, NAMED_FOR_EXITS, exit_sides, exits_found, findings
from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.open_prospects import open_prospects
from calibra.errors import NotEnoughDataError
from calibra.findings import Finding
from calibra.tables import plain_rows
from calibra.values import Estimate, Listed, Phrase, Rank
from calibra.wording import load_phrases
from tests.chapters.lead_times.fits import alone, alternating, fits, fitted, plateau, quick, young
from tests.chapters.lead_times.worlds import EVENT, EXIT, OPEN, judgments_of, scale_of

PACKAGE = "calibra.chapters.lead_times"
FORMS = ("", "card", "line", "name")


def found(fit: cb.LeadTimeFit, key: str, rep: str | None = None) -> Finding:
    """The one finding of a key."""
    (finding,) = [each for each in findings(fit) if each.key == f"lead_times.{key}" and each.rep == rep]
    return finding


def keys(fit: cb.LeadTimeFit) -> list[str]:
    return [finding.key.removeprefix("lead_times.") for finding in findings(fit)]


# all reps -------------------------------------------------------------------------------------------------------------


def test_the_median_of_each_rank_stands_beside_what_came_within_its_promise() -> None:
    row = plain_rows(plateau().lead_times())[0]
    said = str(found(plateau(), "how_long"))
    median = f"A {row['median_days']:.0f} ({row['median_days_lower']:.0f}–{row['median_days_upper']:.0f})"
    share = f"{100 * row['share_inside_promise']:.0f} % of those that come within the promised 60 days; B"
    assert said.startswith(f"Lead time, all reps together: of the events that come within {plateau().last_edge_days} d")
    assert f"{median}, {share}" in said.replace("\xa0", " ")


def test_promises_that_cannot_be_judged_are_named_with_the_day_from_which_they_can() -> None:
    assert str(found(young(), "promise_not_yet")) == (
        "Follow-up does not reach the promised days of B (120 days; known from 10 November 2026 at the earliest)."
    )
    assert (
        str(found(young(), "promise_past_edge")) == "This fit ends on day 50, before the promised days of A (60 days)."
    )
    assert not {"promise_not_yet", "promise_past_edge"} & {*keys(plateau()), *keys(quick())}


def test_exits_are_named_where_the_whole_interval_lies_beyond_the_margin_furthest_off_first() -> None:
    tempo = {row["rep"]: row for row in plain_rows(plateau().tempo())}
    assert exit_sides(tempo) == {"Bo": "more", "Di": "less"}
    share = f"{100 * tempo['Bo']['monthly_exits']:.0f}"
    assert f": Bo ({share} %, {tempo['Bo']['exits']} exits). Where" in str(found(plateau(), "exits_more")).replace(
        "\xa0", " "
    )
    assert "exits_more" not in keys(quick())  # nobody exits


def test_many_reps_with_more_exits_are_counted_in_the_sentence() -> None:
    row = {"monthly_exits": 0.2, "exits": 30}
    tempo = {
        f"rep {i}": row | {"rep": f"rep {i}"} | dict.fromkeys(("exit_ratio", "exit_ratio_lower", "exit_ratio_upper"), i)
        for i in range(2, NAMED_FOR_EXITS + 5)
    }
    (finding,) = exits_found(tempo)
    assert f": rep {NAMED_FOR_EXITS + 4} (20" in str(finding)
    assert "; 3 more. Where" in str(finding)


def test_reps_with_fewest_exits_come_first() -> None:
    rows = {"monthly_exits": 0.2, "exits": 30, "exit_ratio_lower": 0.0, "exit_ratio_upper": 0.8}
    tempo = {rep: rows | {"rep": rep, "exit_ratio": ratio} for rep, ratio in (("Bo", 0.7), ("Abe", 0.2), ("Cy", 0.5))}
    (finding,) = exits_found(tempo)
    assert re.findall("Abe|Bo|Cy", str(finding)) == ["Abe", "Cy", "Bo"]


def test_prospects_to_look_through_are_counted_by_rank_with_what_is_expected_of_them() -> None:
    table = plateau().chasing()
    everyone = plain_rows(table.head(2))
    n_chased, n_open = (sum(row[name] for row in everyone) for name in ("n_chased", "n_open"))
    finding = found(plateau(), "chased_all")
    a, b = (f"{row['rank']} {row['n_chased']} of {row['n_open']}" for row in everyone)
    assert f"{n_chased:,} of {n_open:,} open prospects have" in str(finding)
    assert f"By rank: {a}; {b}. Of all these, " in str(finding)
    left = finding.values["left"]
    assert isinstance(left, Estimate)
    assert left.estimate == pytest.approx(sum(row["expected_events"] for row in everyone))
    exact = sum(row["expected_events_upper"] for row in everyone)
    assert exact <= left.upper < exact + 0.1  # rounded up: few are never reported as none
    most = open_prospects(plateau())["Di"].n_chased
    assert str(found(plateau(), "chased_whose")).startswith(f"Most of these are open with Di {most}, ")


def test_where_nobody_is_to_be_looked_through_again_this_is_said_and_how_many_are_unknown() -> None:
    assert {"chased_none", "chance_unknown"} <= set(keys(young()))
    row = plain_rows(young().chasing())[0]
    assert f": A {row['n_unknown']} (followed for {row['followed_days']} days)" in str(found(young(), "chance_unknown"))
    assert {finding.role for finding in findings(young()) if "unknown" in finding.key} == {"unknown"}


def test_what_never_comes_is_said_on_a_plateau_alone() -> None:
    row = plain_rows(plateau().never())[-1]
    finding = found(plateau(), "never")
    assert f"come to nothing by day {row['by_days']}, and hardly any can come later" in finding.say(event="opportunity")
    assert (finding.role, found(young(), "never_unknown").role) == ("found", "unknown")
    assert str(found(young(), "never_unknown")).startswith("Follow-up reaches day 50: how many events still come later")


# each rep -------------------------------------------------------------------------------------------------------------


def test_findings_about_all_reps_stand_before_those_about_each() -> None:
    for fit in fits().values():
        whose = [finding.rep is not None for finding in findings(fit)]
        assert whose == sorted(whose)


@pytest.mark.parametrize(("rep", "key", "side"), [("Cy", "slower", "below"), ("{x}", "faster", "above")])
def test_a_slow_and_a_fast_rep_are_found_with_side_sureness_and_weight(rep: str, key: str, side: str) -> None:
    fit = plateau() if key == "slower" else quick()
    row = next(row for row in plain_rows(fit.tempo()) if row["rep"] == rep)
    finding = found(fit, key, rep)
    assert (finding.role, finding.side, finding.prob) == ("found", side, row[f"prob_{key}"])
    assert finding.weight == pytest.approx(0.25 * finding.prob * row["events"] * abs(row["ratio"] - 1))
    assert str(finding).startswith(f"{rep}'s events come {key} than all reps' by more than a factor of 1.2, ")
    assert f"({row['events']} events, " in str(finding)


def test_a_rep_of_whom_nothing_is_known_has_an_unknown_and_the_team_their_number() -> None:
    unsure = [row["rep"] for row in plain_rows(plateau().tempo()) if row["finding"] == "cannot tell yet"]
    assert [each.rep for each in findings(plateau()) if each.key == "lead_times.more_tempo"] == unsure
    assert str(found(plateau(), "tempo_unknown")) == f"Tempo, cannot tell yet: {len(unsure)} of 5 reps."


def test_one_rep_alone_is_compared_with_nobody() -> None:
    assert not {"tempo_unknown", "more_tempo", "slower", "faster", "chased_whose"} & set(keys(alone()))
    assert "how_long" in keys(alone())


def test_looking_through_old_prospects_is_the_thing_to_try_from_a_few_on() -> None:
    prospects = open_prospects(plateau())
    tried = {each.rep: each for each in findings(plateau()) if each.role == "try" and each.rep is not None}
    assert set(tried) == {rep for rep in plateau().reps if prospects[rep].n_chased >= FEW_CHASED} != set()
    assert list(tried)[:2] == ["Di", "Eve"]  # with most of them: a text that names a few names these
    for rep, finding in tried.items():
        assert (finding.values["n"], finding.weight) == (prospects[rep].n_chased, 0.4)
        assert finding.values["left"] == prospects[rep].left


def test_fewer_old_prospects_are_no_reason_for_a_conversation() -> None:
    n = {rep: prospects.n_chased for rep, prospects in open_prospects(few_chased()).items()}
    assert 0 < n["Few"] < FEW_CHASED <= n["Many"], n
    assert [each.rep for each in findings(few_chased()) if each.role == "try"] == [None, "Many"]


def few_chased() -> cb.LeadTimeFit:
    """Half become an event by day 30, all others stay open: old ones of Many, young ones of Few but for three."""
    rng, n = np.random.default_rng(1), 1500
    event = np.where(rng.random(n) < 0.5, rng.integers(0, 30, n), 10_000)
    rep, age = alternating(("Many", "Few"), n), rng.integers(0, 600, n)
    age = np.where(rep == "Few", age % 15, age)
    event[-6:], age[-6:] = 10_000, 300  # three prospects of each
    days, ending = np.minimum(event, age), np.where(event <= age, EVENT, OPEN)
    return fitted(judgments_of(days, ending, rep=rep, scale=scale_of("A"), exits=False))


# words ----------------------------------------------------------------------------------------------------------------


def placeholders(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


EVENT_WORDS = {"event", "events", "an_event", "became", "becomes", "become"}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, japanese = (load_phrases(lang, PACKAGE) for lang in ("en", "ja"))
    assert list(english) == list(japanese)
    for key, phrase in english.items():
        assert placeholders(phrase) - EVENT_WORDS == placeholders(japanese[key]) - EVENT_WORDS, key


def every_finding() -> Iterator[Finding]:
    for fit in fits().values():
        yield from findings(fit)


def test_every_finding_can_be_said_in_both_languages_and_every_form() -> None:
    from calibra.wording import EVENT_KINDS, choose_wording

    for finding in every_finding():
        for event in EVENT_KINDS:
            english, japanese = (choose_wording(lang, event, several=True) for lang in ("en", "ja"))
            for form in FORMS:
                assert english.tell(finding, form=form)
                assert not re.search(r"[a-zA-Z]{4,}", without_labels(japanese.tell(finding, form=form)))
        assert json.loads(json.dumps(finding.plain()))["sentence"] == str(finding)


def without_labels(text: str) -> str:
    """The text without the one label of the worlds that could be taken for a word."""
    return text.replace("{days}", "")


def test_the_worlds_of_these_tests_give_every_finding() -> None:
    given = {finding.key for finding in every_finding()}
    own = {
        "how_long",
        "promise_not_yet",
        "promise_past_edge",
        "tempo_unknown",
        "exits_more",
        "exits_less",
        "chased_all",
    }
    own |= {"chased_none", "chased_whose", "chance_unknown", "never", "never_unknown", "slower", "faster", "more_tempo"}
    assert given >= {f"lead_times.{key}" for key in {*own, "chased"}}


def test_only_what_has_a_line_has_weight_for_the_first_page() -> None:
    phrases = load_phrases("en", PACKAGE)
    for finding in every_finding():
        assert (f"{finding.key}_line" in phrases) == (
            (finding.weight >= 1 and finding.prob is not None) or finding.key == "lead_times.chased_all"
        ), finding.key


def test_labels_with_braces_are_values_and_never_read_as_a_phrase() -> None:
    assert ": {days} " in str(found(quick(), "how_long"))
    named = Finding("lead_times.chased_each", {"rep": Rank("{n}"), "n": 3})
    assert str(named) == "{n} 3"


def test_a_phrase_of_several_is_listed_in_both_languages() -> None:
    both = Listed(tuple(Phrase("lead_times.promise_of", {"rank": Rank(rank), "days": 30}) for rank in "AB"))
    finding = Finding("lead_times.promise_past_edge", {"ranks": both, "edge": 20})
    assert str(finding) == "This fit ends on day 20, before the promised days of A (30 days) and B (30 days)."
    assert finding.say("ja") == "今回の計算は20日目までです。目安の日数がそれより先にあるランク：A（30日）、B（30日）。"


# why there is no answer -----------------------------------------------------------------------------------------------


def note_of(judgments: cb.Judgments, model: LeadTimeModel) -> Finding:
    """The note that the chapter leaves where it has no answer."""
    settings = FitSettings("laplace", 100, ("lead times",), models={"lead times": model})
    fitting = Fitting(judgments, 1, settings)
    with pytest.raises(NotEnoughDataError):
        fitting[LEAD_TIMES]
    (note,) = fitting.notes
    return note


def test_all_ended_on_the_day_they_were_made_is_a_note_in_both_languages() -> None:
    note = note_of(judgments_of([0] * 30, [EVENT] * 20 + [EXIT] * 10), LeadTimeModel())
    assert (note.key, note.role) == ("lead_times.same_day", "note")
    assert str(note).startswith(
        "All 30 judgments ended or were last seen on the day they were made, as of 30 September"
    )
    assert note.say("ja").startswith("リードタイム：2026年9月30日時点の判定30件は、すべて")


def test_edges_past_the_follow_up_are_a_note_in_both_languages() -> None:
    days = np.r_[np.arange(1, 31), 40]
    judgments = judgments_of(days, np.r_[np.full(30, EVENT), OPEN])
    note = note_of(judgments, LeadTimeModel(interval_edges_days=(10, 60)))
    assert (note.key, note.role) == ("lead_times.edges_not_followed", "note")
    assert "The first answer can be had on 20 October 2026, if a judgment is still open then" in str(note)
    assert "早くて2026年10月20日に分かります" in note.say("ja")
