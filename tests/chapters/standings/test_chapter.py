"""Standings as asked for: whether they may be read, and the place of each rep."""

import pytest

from calibra.chapters.standings.chapter import STANDINGS
from tests.chapters.ranks.calibrated import calibrated, page_of


def test_whether_a_league_table_is_warranted_is_the_only_finding() -> None:
    (apart,), (mixed,) = (STANDINGS.findings(calibrated(name).standings) for name in ("apart", "mixed"))
    assert (apart.key, mixed.key) == ("standings.warranted", "standings.unwarranted")
    share = calibrated("mixed").standings[90].share_of_pairs_known
    assert str(mixed).replace("\u00a0", " ") == (
        f"A league table is not warranted: the order of {share:.0%} of all pairs of reps is at least 90 % sure. "
        "Neighbouring places are chance."
    ).replace(f"{share:.0%}", f"{100 * share:.0f} %")


def test_in_every_draw_as_many_stand_among_the_worst_as_the_share_says() -> None:
    found = calibrated("mixed").standings[90]  # 17 reps, of whom a tenth is two
    assert len(found.reps) == 17
    assert found.prob_worst.sum() == pytest.approx(2.0)
    assert found.prob_worst[found.reps.index("Below")] > 0.9


def test_the_highest_stands_first_with_interval_and_judgments() -> None:
    found, page = calibrated("apart").standings, page_of("apart")
    (section,) = STANDINGS.section(found, page)
    _, bullets, table = section.blocks
    assert bullets.items == [str(STANDINGS.findings(found)[0])]
    names = [row.cells[0].text for row in table.rows]
    assert names.index("Up") < names.index("Middle") < names.index("Down")
    by_rep = found[90].table.set_index("rep")
    up = by_rep.loc["Up"]
    cell = table.rows[names.index("Up")].cells[1]
    assert cell.text == f"{up['standing']:.0f} ({up['lower']:.0f}–{up['upper']:.0f})"
    assert cell.sub.replace("\u00a0", " ") == f"n {up['n']}"
    assert table.columns[2].text == "Probability of outcomes more than 5 points below"
