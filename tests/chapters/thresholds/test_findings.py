"""What is said of thresholds: verdicts, moves, what is not known, styles; in both languages and every form."""

from collections.abc import Iterable

import numpy as np
import pytest

from calibra.chapters.ranks.chapter import Ranks
from calibra.chapters.thresholds.advice import ThresholdAdvice
from calibra.chapters.thresholds.answer import Thresholds
from calibra.chapters.thresholds.findings import one_style, style_findings, threshold_findings
from calibra.chapters.thresholds.style import CANNOT_TELL, STARTS_HIGHER, STARTS_LOWER, RepStyles
from calibra.findings import Finding
from calibra.reading.by_horizon import ByHorizon
from calibra.wording import choose_wording, load_phrases
from tests.chapters.phrases import english_left, placeholders, plain, told_in_all_forms, unlike_phrases
from tests.chapters.thresholds.advices import advices, styles


def answered(advice: ThresholdAdvice | None = None, **by_days: RepStyles) -> Thresholds:
    """An answer of the chapter, without its fits; styles by horizon as `days_90`."""
    of_days = {int(name.removeprefix("days_")): found for name, found in by_days.items()}
    return Thresholds(ByHorizon(), advice, ByHorizon(of_days), Ranks(dict.fromkeys(of_days), 1.25), 1.25)


def findings_of(name: str) -> list[Finding]:
    return threshold_findings(answered(advices()[name]))


def everything() -> list[Finding]:
    found = [finding for name in advices() for finding in findings_of(name)]
    return found + threshold_findings(answered(days_90=styles(), days_180=styles()))


def said_of(findings: Iterable[Finding], key: str, *, form: str = "") -> list[str]:
    say = choose_wording("en", "opportunity")
    return [plain(say.tell(finding, form=form)) for finding in findings if finding.key == f"thresholds.{key}"]


def test_both_languages_name_the_same_things_under_the_same_keys() -> None:
    assert unlike_phrases("thresholds") == []


@pytest.mark.parametrize("event", ["event", "opportunity", "win"])
@pytest.mark.parametrize("several", [True, False])
def test_everything_can_be_said_in_both_languages_and_all_forms(event: str, several: bool) -> None:
    found = everything()
    for lang in ("en", "ja"):
        texts = told_in_all_forms(found, choose_wording(lang, event, several=several))
        assert not any("nan" in text or "{" in text or "None" in text for text in texts)
    assert english_left(texts, known={"rep"}) == []  # "rep 0" is a name


def test_every_phrase_of_a_rep_is_said_in_some_world() -> None:
    phrases = load_phrases("en", "calibra.chapters.thresholds")
    of_reps = {key for key, phrase in phrases.items() if "rep" in placeholders(phrase) and "doubt" not in key}
    assert of_reps == {finding.key for finding in everything() if finding.rep is not None}


def test_all_reps_come_before_each_of_them() -> None:
    for name in advices():
        found = findings_of(name)
        n_of_all = sum(finding.rep is None for finding in found)
        assert all(finding.rep is None for finding in found[:n_of_all])
        assert [f.key for f in found].count("thresholds.counted") == 1


def test_verdicts_are_counted_beside_the_aim() -> None:
    assert said_of(findings_of("moves"), "counted") == [
        "Of 2 thresholds 2 are worth a move this quarter. Aim: what each rank promises."
    ]
    (told,) = said_of(findings_of("all reps' bars"), "counted")
    assert told == "Of 8 thresholds 2 are worth a move this quarter. Aim: where all reps draw the line."


def test_a_move_is_said_of_a_rep_and_to_a_rep() -> None:
    found = findings_of("moves from recent shares")
    (tighten,) = [finding for finding in found if finding.key == "thresholds.tighten"]
    assert (tighten.role, tighten.rep, tighten.rank, tighten.prob) == ("try", "rep 0", "A", pytest.approx(0.97))
    assert said_of(found, "tighten") == [
        "rep 0: call a prospect A later, from 17 % of the recent 60, to 14 % of the prospects this quarter; aim 9.7 % "
        "(9.7–9.7), 80 % intervals. That a move is due is 97 % sure. Beyond today's line the aim rests on an assumed "
        "shape: move a step and look."
    ]
    assert said_of(found, "tighten", form="card") == [
        "Call a prospect A later: of 100 prospects rather 14 than, as lately, 17. When in doubt, one rank down; what "
        "is no longer A stays in follow-up. Beyond today's line the aim rests on an assumed shape: move a step and "
        "look."
    ]


def test_the_weight_of_a_move_is_its_size_in_points_and_beats_everything_without_a_move() -> None:
    advice = advices()["moves"]
    moves = [finding for finding in advice.findings() if finding.key in ("thresholds.tighten", "thresholds.loosen")]
    assert [finding.weight for finding in moves] == pytest.approx(100 * advice.move_sizes)
    others = [finding.weight for finding in everything() if finding.key in ("thresholds.keep", "thresholds.reach")]
    assert set(others) == {0.1}
    assert {f.weight for f in everything() if "review" in f.key} == {0.5}


def test_without_an_aim_an_estimate_says_its_own_level_and_a_count_has_none() -> None:
    estimated = said_of(findings_of("tighten without an aim"), "tighten_without_aim", form="card")
    assert "of 100 prospects rather 16 than, as lately, 19" in estimated[0]
    recent = said_of(findings_of("tighten without an aim, recent"), "tighten_without_aim", form="card")
    assert "interval" not in recent[0]
    assert all("aim " not in text.split("No aim")[0] for text in (*estimated, *recent))


def test_the_promise_of_the_best_rank_is_out_of_reach_whatever_better_ranks_do() -> None:
    found = findings_of("out of reach")
    (of_a,), (of_b,) = (said_of(found, key, form="card") for key in ("reach", "reach_below"))
    assert "better ranks" not in of_a
    assert "As you use the better ranks" in of_b
    assert said_of(found, "reach_all") == ["What A promises is out of reach with present information for rep 0."]
    assert said_of(found, "reach_below_all") == [
        "What B promises is out of reach, as the better ranks are used, for rep 0."
    ]


def test_leanings_are_said_once_a_rep_and_never_on_the_first_page() -> None:
    found = [finding for finding in findings_of("leaning to loosen") if finding.key == "thresholds.lean"]
    assert [str(finding) for finding in found] == [
        "rep 0: leaning, not sure yet (85\u00a0% at most): call a prospect A earlier."
    ]
    assert found[0].role == "unknown"
    assert "thresholds.lean_line" not in load_phrases("en", "calibra.chapters.thresholds")


def test_what_cannot_be_told_yet_is_said_once_a_rep_with_every_threshold() -> None:
    (told,) = [finding for finding in findings_of("cannot tell") if finding.rep is not None]
    assert (told.key, told.role) == ("thresholds.more", "unknown")
    assert "A more than 2,000" in str(told)


def test_ranks_that_tell_nothing_are_said_of_their_horizon_alone() -> None:
    found = findings_of("two horizons")
    blind = [finding for finding in found if finding.key == "thresholds.no_separation"]
    assert [(finding.within_days, finding.role) for finding in blind] == [(90, "unknown")]
    say = choose_wording("en", "event", several=True)
    assert say.tell(blind[0]).startswith("Within 90 days: rep 0: with an AUC of 0.50")
    assert [text for text in advices()["two horizons"].sentences() if "AUC" in text] == [say.tell(blind[0])]
    assert said_of(found, "no_separation_all") == [
        "Ranks do not separate outcomes so far, so that no threshold can be advised: rep 0."
    ]


def test_sentences_of_the_advice_are_its_findings() -> None:
    for name, advice in advices().items():
        if name != "two horizons":
            assert advice.sentences() == [str(finding) for finding in advice.findings()]
    advice = advices()["moves"]
    assert advice.sentences("rep 1") == [text for text in advice.sentences() if text.startswith("rep 1: ")]


def test_styles_are_said_of_those_found_the_largest_gap_of_each_side_first() -> None:
    words = (STARTS_LOWER, STARTS_HIGHER, STARTS_LOWER, CANNOT_TELL)
    found = style_findings(styles(*words), 90)
    assert [(finding.rep, finding.side, finding.weight) for finding in found] == [
        ("rep 2", "below", 12.0),
        ("rep 0", "below", 7.0),
        ("rep 1", "above", 9.0),
    ]
    assert said_of(found, "starts_lower")[1] == (
        "rep 0 starts to use ranks at lower probabilities than the others, by 7 (4–9) points (n 1,234; 95 % sure); "
        "line, territory and effort cannot be told apart."
    )
    assert {finding.replaces for finding in found} == {("ranks.below", "ranks.above")}
    assert {(finding.within_days, finding.prob) for finding in found} == {(90, 0.95)}


def test_a_rep_is_named_once_for_the_side_of_the_bars_at_the_horizon_where_the_gap_is_widest() -> None:
    def style(rep: str, days: int, weight: float, side: str = "below") -> Finding:
        return Finding("thresholds.starts_lower", rep=rep, within_days=days, prob=0.95, side=side, weight=weight)  # type: ignore[arg-type]

    near, far, other, above = (
        style("Abe", 90, 4.0),
        style("Abe", 180, 7.0),
        style("Baba", 180, 5.0),
        style("Abe", 365, 3.0, "above"),
    )
    assert one_style([near, far, other, above]) == [far, other, above]
    assert one_style([]) == []


def test_a_review_is_proposed_by_the_styles_of_the_shortest_horizon_alone() -> None:
    low, high = styles(STARTS_LOWER, CANNOT_TELL), styles(STARTS_HIGHER, STARTS_HIGHER)
    found = threshold_findings(answered(days_60=low, days_90=high))
    reviews = [(finding.key, finding.rep) for finding in found if finding.role == "try"]
    assert reviews == [("thresholds.review_below", "rep 0")]


def test_nothing_is_said_where_nothing_was_advised() -> None:
    assert threshold_findings(answered()) == []


def test_numbers_of_findings_are_plain() -> None:
    plain_values = [finding.plain() for finding in everything()]
    assert not any(isinstance(value, np.generic) for told in plain_values for value in told.values())
