"""Published counts, typed in as facts, to try the library on judgments of real people."""

from __future__ import annotations

from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale
from calibra.tables import make_table

SALVIRT_SOURCE = (
    "M. Bohanec / Salvirt, B2B sales data set (448 opportunities, 18 sellers), salvirt.com/b2bdataset, CC BY 4.0. "
    "Counted here: won of all per seller and Strat_deal, with A: Very important, B: Average important, C: Unimportant."
)

SALVIRT_RANKS = ("A", "B", "C")

SALVIRT_COUNTS = {
    "Seller 1": ((57, 86), (61, 91), (1, 1)),
    "Seller 2": ((0, 2), (16, 50), (0, 13)),
    "Seller 3": ((7, 12), (2, 5), (0, 0)),
    "Seller 4": ((2, 3), (6, 10), (0, 0)),
    "Seller 5": ((0, 0), (2, 2), (0, 0)),
    "Seller 6": ((3, 3), (1, 1), (0, 0)),
    "Seller 7": ((0, 1), (1, 2), (0, 0)),
    "Seller 8": ((3, 4), (2, 3), (2, 2)),
    "Seller 9": ((4, 7), (35, 107), (3, 12)),
    "Seller 10": ((1, 1), (8, 10), (0, 0)),
    "Seller 11": ((0, 1), (0, 3), (0, 0)),
    "Seller 12": ((0, 0), (2, 2), (0, 0)),
    "Seller 13": ((0, 0), (1, 1), (0, 0)),
    "Seller 14": ((0, 2), (6, 7), (0, 0)),
    "Seller 15": ((0, 1), (0, 0), (0, 0)),
    "Seller 16": ((0, 0), (1, 1), (0, 0)),
    "Seller 17": ((0, 0), (0, 1), (0, 0)),
    "Seller 20": ((0, 1), (0, 0), (0, 0)),
}
"""Seller to (won, all) per rank."""


def salvirt_judgments() -> Judgments:
    """How well do 18 sellers' judgments of strategic importance foretell a won deal? Their published counts.

    The data bear no dates: the event is "won, at the end", and no horizon is stated. The raw file holds 83 exact
    duplicates, which are counted as published.
    """
    rows = [
        (seller, rank, n, won)
        for seller, cells in SALVIRT_COUNTS.items()
        for rank, (won, n) in zip(SALVIRT_RANKS, cells, strict=True)
    ]
    columns = dict(zip(("rep", "rank", "n", "events"), map(list, zip(*rows, strict=True)), strict=True))
    return Judgments.from_counts(make_table(columns), scale=RankScale(SALVIRT_RANKS))
