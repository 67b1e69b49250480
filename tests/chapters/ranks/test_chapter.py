"""What the rank models find, of all reps and of each, and how it is shown."""

import pytest

import calibra as cb
from calibra.chapters.ranks.chapter import RANKS
from calibra.chapters.ranks.findings import one_verdict
from calibra.chapters.ranks.rows import Ranks
from calibra.findings import Finding
from calibra.reading.means import ALL_REPS
from calibra.tables import plain_rows
from calibra.wording import choose_wording
from tests.chapters.ranks.calibrated import all_findings, answers, calibrated, hardly_seen, page_of, texts


def of_rep(name: str, rep: str) -> dict[str, Finding]:
    """Key to finding of one rep."""
    return {found.key: found for found in all_findings(name) if found.rep == rep}


def said(name: str) -> list[str]:
    """What is said of all reps, blanks made plain."""
    return [str(found).replace("\u00a0", " ") for found in all_findings(name) if found.rep is None]


def test_all_reps_are_told_first_and_each_rank_beside_its_promise() -> None:
    found = all_findings("mixed")
    n_first = next(i for i, finding in enumerate(found) if finding.rep is not None)
    assert all(finding.key.startswith("ranks.") for finding in found[:n_first])
    table = calibrated("mixed").ranks[90].probabilities()
    rows = table[table["rep"] == ALL_REPS]
    shares = [
        f"{row['rank']} {100 * row['estimate']:.0f} % ({100 * row['lower']:.0f}–{100 * row['upper']:.0f}), "
        f"n {row['n']:,}, promised {promised} %"
        for row, promised in zip(plain_rows(rows), ("60", "35", "2.5"), strict=True)
    ]
    assert said("mixed")[0] == f"All reps together, probability of an event within 90 days: {'; '.join(shares)}."


def test_a_rank_of_too_few_judgments_has_the_day_of_its_first_answer_in_place_of_a_number() -> None:
    assert "; C – (n 0; enough on 13 October 2026)." in said("young")[0]
    assert "; C – (n 0), promised 2.5 %." in said("apart")[0]


def test_ranks_in_order_the_wrong_way_round_and_unsure_are_told_apart() -> None:
    assert said("mixed")[1] == (
        "Each rank brings more events than the next, at the same reps (over 99 % sure of each)."
    )
    wrong, unsure = said("upside down")[1:3]
    assert wrong == "Ranks stand the wrong way round, at the same reps (over 99 % sure): B above A."
    assert unsure.startswith(
        "Which of two neighbouring ranks brings more events is not sure, at the same reps: B above"
    )


@pytest.mark.parametrize(("rep", "side"), [("Below", "below"), ("Above", "above")])
def test_outcomes_to_one_side_have_size_probability_something_to_try_and_a_question_left(rep: str, side: str) -> None:
    found = of_rep("mixed", rep)
    row = calibrated("mixed").ranks[90].profiles().set_index("rep").loc[rep]
    finding = found[f"ranks.{side}"]
    assert (finding.side, finding.within_days, finding.role) == (side, 90, "found")
    assert finding.prob == row[f"prob_{side}"]
    assert finding.weight == abs(row["gap_points"])
    low, high = sorted(abs(row[f"gap_points_{end}"]) for end in ("lower", "upper"))
    size = f"{abs(row['gap_points']):.0f} ({low:.0f}–{high:.0f}) points"
    assert f"lie {side} the others' at the same rank by {size} (n {row['n']:,};" in str(finding)
    assert found[f"ranks.review_{side}"].role == "try"
    assert found["ranks.territory"].role == "unknown"
    assert not {"ranks.cannot_tell", "ranks.few", "ranks.in_line"} & set(found)


def test_each_finding_is_told_on_the_card_to_the_rep_and_on_the_first_page_in_a_line() -> None:
    say, finding = choose_wording("en", "opportunity"), of_rep("mixed", "Below")["ranks.below"]
    assert say.tell(finding, form="card").startswith(
        "At the same rank, your prospects become opportunities less often than the others'. "
    )
    fewer = of_rep("mixed", "Below")["ranks.fewer"]
    n, came, others = (fewer.values[name] for name in ("n", "came", "others"))
    assert say.tell(fewer, form="line") == (
        f"Of {n} called {fewer.rank}, {came} became opportunities; of as many of the others' {fewer.rank}, "
        f"{others.number:.0f} would. "
        "When in doubt, one rank down."
    )
    assert not say.has("ranks.below_line")
    assert not say.has("ranks.in_line_line")
    assert not say.has("ranks.review_line")


def test_ranks_that_tell_nothing_or_the_wrong_way_are_looked_through_before_anything_else() -> None:
    flat, inverted = of_rep("mixed", "Flat"), of_rep("mixed", "Inverted")
    assert "ranks.tells_nothing" in flat
    assert "ranks.inverted_counted" in inverted
    assert inverted["ranks.pair_inverted"].rank == "B"
    assert "C of Inverted brought more events than B" in str(inverted["ranks.pair_inverted"])
    for found in (flat, inverted):
        assert found["ranks.review"].weight == max(one.weight for one in found.values())
    assert flat["ranks.tells_nothing"].weight > 0.9 * 30
    assert "ranks.separates" in of_rep("mixed", "Like 1")
    assert "ranks.review" not in of_rep("mixed", "Like 1")


@pytest.mark.parametrize("name", ["one_rank", "no event"])
def test_nothing_is_said_of_how_ranks_separate_where_there_is_one_or_no_event(name: str) -> None:
    keys = {found.key for found in all_findings(name)}
    assert not keys & {"ranks.separates", "ranks.tells_nothing", "ranks.inverted", "ranks.review"}


def test_what_cannot_be_told_says_why_or_how_many_more_judgments_it_takes() -> None:
    new = of_rep("mixed", "New")
    assert "too few judgments or events" in str(new["ranks.few"])
    profile = calibrated("counts_only").ranks[90].profiles().set_index("rep").loc["Bauer"]
    more = of_rep("counts_only", "Bauer")["ranks.cannot_tell"]
    assert more.values["more"].n == profile["n_more"] > 0
    ranks = hardly_seen(answers("mixed")[0], "Below")
    unseen = {found.key: found for found in RANKS.findings(ranks) if found.rep == "Below"}
    assert "lost from sight" in str(unseen["ranks.seen_too_little"])
    assert not {"ranks.below", "ranks.few"} & set(unseen)


def test_those_in_line_and_those_not_told_yet_are_counted_in_a_sentence() -> None:
    told = " ".join(said("mixed"))
    assert "In line with the others, odds within 1.25 times theirs: Flat (" in told
    assert "and 9 more." in told
    assert "cannot be told yet: 1 of 17 reps." in told
    assert "5 of 5 reps; a verdict takes more than 2,000 more judgments of each." in " ".join(said("one event"))
    ranks = _waiting_for("young", {"Abe": 73, "Bo": 120, "Chi": 200})
    told = " ".join(map(str, RANKS.findings(ranks)))
    assert "3 of 3 reps; a verdict takes about 73 to about 200 more judgments of each." in told


def _waiting_for(name: str, n_more: dict[str, int]) -> Ranks:
    """The ranks of an organisation, as if so many more judgments of each rep were wanting."""
    ranks = answers(name)[0]
    told = Ranks(dict(ranks), ranks.margin_odds)
    for rows in told.all_rows():
        rows.__dict__["profiles"] = {rep: {**rows.profiles[rep], "n_more": n} for rep, n in n_more.items()}
    return told


def test_with_several_horizons_each_sentence_names_its_own_once() -> None:
    say = choose_wording("en", "event", several=True)
    for found in all_findings("two horizons"):
        told = say.tell(found)
        assert told.count(f"{found.within_days} days") == (found.within_days is not None)
    open_days = {found.within_days for found in all_findings("two horizons") if found.key == "ranks.cannot_tell"}
    assert open_days == {60}  # the card asks of the first horizon alone


def test_of_several_horizons_one_verdict_is_told_and_no_other_page_says_that_it_cannot_be_told() -> None:
    def level(side: str, days: int, weight: float, prob: float = 0.95) -> Finding:
        return Finding(f"ranks.{side or 'in_line'}", rep="Abe", within_days=days, prob=prob, side=side, weight=weight)  # type: ignore[arg-type]

    line, narrow, wide, above = (
        level("", 90, 0.0),
        level("below", 180, 6.0),
        level("below", 365, 8.0),
        level("above", 90, 4.0),
    )
    assert one_verdict([line, narrow, wide]) == [wide]
    assert one_verdict([line, level("", 180, 0.0, 0.99)])[0].within_days == 180
    assert one_verdict([narrow, above]) == [narrow, above]  # more at first, fewer in the end: both are so
    assert one_verdict([]) == []
    for days in (60, 90):
        keys = {found.key for found in RANKS.findings(_verdict_at_one_horizon(days, "Aoki")) if found.rep == "Aoki"}
        assert "ranks.below" in keys
        assert not keys & {"ranks.cannot_tell", "ranks.few", "ranks.in_line"}


def _verdict_at_one_horizon(days: int, rep: str) -> Ranks:
    """The ranks of two horizons, as if the rep lay below at one of them and nothing were known at the other."""
    ranks = answers("two horizons")[0]
    told = Ranks(dict(ranks), ranks.margin_odds)
    for rows in told.all_rows():
        word = "below the others" if rows.days == days else "cannot tell yet"
        row = {**rows.profiles[rep], "finding": word, "n_more": 50}
        rows.__dict__["profiles"] = {**rows.profiles, rep: row}
    return told


def test_a_single_rep_is_compared_with_nobody() -> None:
    keys = {found.key for found in all_findings("one_rep")}
    assert not keys & {
        "ranks.below", "ranks.above", "ranks.in_line", "ranks.cannot_tell", "ranks.few", "ranks.territory",
        "ranks.spread", "ranks.in_line_reps", "ranks.cannot_tell_reps",
    }  # fmt: skip


def test_the_picture_of_all_reps_has_a_row_a_rep_and_says_what_was_found() -> None:
    ranks, page = answers("mixed")[0], page_of("mixed")
    (section,) = RANKS.section(ranks, page)
    *_, grid, gaps = (block for block in section.blocks if block.kind == "table")
    assert [row.cells[0].text for row in grid.rows] == ["All reps", *page.reps]
    assert [row.cells[0].text for row in gaps.rows] == list(page.reps)
    findings = {row.cells[0].text: row.cells[2] for row in gaps.rows}
    assert (findings["Below"].text, findings["Below"].tone) == ("below the others", "below")
    assert (findings["Above"].text, findings["Above"].tone) == ("above the others", "above")
    assert findings["Like 1"].text == "in line"
    assert (findings["New"].text, findings["New"].tone) == ("cannot tell yet", "pale")
    spread = next(found for found in RANKS.findings(ranks) if found.key == "ranks.spread")
    assert page.say.tell(spread) in texts(section.blocks)


def test_a_saved_calibration_says_the_same(tmp_path) -> None:
    calibration = calibrated("mixed")
    again = cb.load(calibration.save(tmp_path / "team.calibra"))
    assert again.findings == calibration.findings
    assert "promised 2.5\u00a0%" in str(next(f for f in again.findings if f.key == "ranks.delivered"))
