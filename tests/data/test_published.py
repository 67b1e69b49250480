"""Published counts against the published file."""

import csv
from collections import Counter
from pathlib import Path

from calibra.data.published import SALVIRT_COUNTS, SALVIRT_RANKS, salvirt_judgments


def test_salvirt_counts_are_those_of_the_published_file(shared_data: Path) -> None:
    won, total = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    with (shared_data / "salvirt_b2b" / "Salvirt_B2B_ML_dataset.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            rank = {"Very important": "A", "Average important": "B", "Unimportant": "C"}[row["Strat_deal"]]
            total[row["Seller"], rank] += 1
            won[row["Seller"], rank] += row["Status"] == "Won"
    sellers = {seller for seller, _ in total}
    assert {
        seller: tuple((won[seller, rank], total[seller, rank]) for rank in SALVIRT_RANKS) for seller in sellers
    } == SALVIRT_COUNTS


def test_salvirt_judgments_hold_the_known_pooled_counts() -> None:
    cells = salvirt_judgments().binomial_cells()
    assert cells.n.sum(axis=0).tolist() == [124, 296, 28]
    assert cells.events.sum(axis=0).tolist() == [77, 144, 6]
    assert (cells.within_days, cells.as_of) == (None, None)
