"""The five lines: what is everybody's first, one a person, the heaviest, prospects last, nothing unsure."""

from calibra.findings import Finding
from calibra.report.lines import MOST_LINES, choose_lines
from calibra.values import Number, Rank, Rep, Within
from calibra.wording import choose_wording

SAY = choose_wording("en", "opportunity")


def fewer(rep: str, weight: float, prob: float = 0.97, key: str = "ranks.fewer") -> Finding:
    values = {"rep": Rep(rep), "rank": Rank("A"), "n": 49, "came": 17, "others": Number(27, 0), "within": Within(90)}
    return Finding(key, values, "found", rep, "A", 90, prob, "below", weight)


def shared(weight: float = 3.0) -> Finding:
    values = {"rank": Rank("A"), "came": Number(42, 0), "meant": Number(60, 0), "within": Within(90)}
    return Finding("promises.everybody_less", values, rank="A", within_days=90, prob=0.99, weight=weight)


def old() -> Finding:
    return Finding("lead_times.chased_all", {"n": 14, "open": 210}, "try", weight=14.0)


def test_everybody_comes_first_then_persons_by_weight_and_prospects_last() -> None:
    found = [
        old(),
        *(fewer(rep, weight) for rep, weight in zip("abcdef", (2.0, 9.0, 4.0, 8.0, 5.0, 3.0), strict=True)),
        shared(),
    ]
    lines = choose_lines(found, SAY)
    assert len(lines) == MOST_LINES
    assert [line.rep for line in lines] == [None, "b", "d", "e", None]
    assert (lines[0].key, lines[-1].key) == ("promises.everybody_less", "lead_times.chased_all")


def test_a_person_has_one_line_and_what_is_not_likely_has_none() -> None:
    found = [fewer("a", 9.0), fewer("a", 20.0, key="ranks.inverted_counted"), fewer("b", 50.0, prob=0.89)]
    assert [(line.rep, line.weight) for line in choose_lines(found, SAY)] == [("a", 20.0)]


def test_what_has_no_line_and_what_is_less_than_one_prospect_stays_on_the_card() -> None:
    assert choose_lines([fewer("a", 0.5), fewer("b", 9.0, key="ranks.below")], SAY) == []


def test_where_all_are_of_one_side_the_last_place_is_for_the_other() -> None:
    more = Finding("ranks.more", fewer("z", 1.0).values, "found", "z", "B", 90, 0.95, "above", 1.5)
    found = [*(fewer(rep, weight) for rep, weight in zip("abcdef", (2.0, 9.0, 4.0, 8.0, 5.0, 3.0), strict=True)), more]
    assert [line.rep for line in choose_lines(found, SAY)] == ["b", "d", "e", "c", "z"]
