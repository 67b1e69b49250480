"""Findings as a text: all of all reps, and of each kind the reps with most to talk about."""

from calibra.findings import Finding
from calibra.views.summary import MOST_NAMED, sentences
from calibra.wording import choose_wording


def of_rep(name: str, weight: float, role: str = "found") -> Finding:
    return Finding("inference.other", {"words": name}, role, rep=name, weight=weight)  # type: ignore[arg-type]


def test_the_heaviest_of_each_kind_are_named_and_the_others_counted() -> None:
    found = [of_rep(f"r{i}", weight=i) for i in range(1, 9)]
    told = sentences(found, choose_wording("en", "event"))
    assert told[:MOST_NAMED] == ["r8", "r7", "r6", "r5", "r4"]
    assert told[MOST_NAMED:] == ["And 3 more of this kind; see the tables."]


def test_what_is_unknown_of_one_rep_or_weighs_nothing_stays_on_the_card() -> None:
    found = [of_rep("a", 0.0), of_rep("b", 1.0, "unknown"), Finding("data.no_event")]
    assert sentences(found, choose_wording("en", "event")) == [str(found[-1])]


def test_a_doubt_of_several_horizons_that_reads_alike_is_told_once() -> None:
    found = [Finding("data.no_event", within_days=days) for days in (30, 60, 90)]
    assert len(sentences(found, choose_wording("en", "event"))) == 1
    assert len(sentences(found, choose_wording("en", "event", several=True))) == 3
