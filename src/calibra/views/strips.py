"""Shares and probabilities drawn as strips in the cells of a table, and tables read by rep and rank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from calibra.reading.flags import FEWEST_SHOWN
from calibra.tables import plain_rows
from calibra.views.blocks import Cell, Row
from calibra.views.page import Page
from calibra.views.svg import Scale, strip
from calibra.wording import RANK_WIDTH
from calibra.words import short_label

if TYPE_CHECKING:
    import pandas as pd

type Record = Mapping[str, Any]
type ByRank = Mapping[str, Mapping[str, Record]]
"""Rep to rank to row."""

ENDS = ("", "_lower", "_upper")
"""What follows a quantity's name in its estimate and the ends of its interval."""
FEWEST_QUIET, MOST_QUIET = 3, 40
"""Rows of which nothing stands out: from so many on they are one sentence on paper, which names so many."""
MANY_ROWS = 60
"""A table of more rows scrolls up and down, too."""
PANEL_TOPS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Where a scale of shares may end."""


def by_rep(table: pd.DataFrame) -> dict[str, Record]:
    """Rep to the row of a table that has one row a rep."""
    return {row["rep"]: row for row in plain_rows(table)}


def by_rank(table: pd.DataFrame) -> dict[str, dict[str, Record]]:
    """Rep to rank to row."""
    found: dict[str, dict[str, Record]] = {}
    for row in plain_rows(table):
        found.setdefault(row["rep"], {})[row["rank"]] = row
    return found


def rows_of_rep(table: pd.DataFrame) -> dict[str, list[Record]]:
    """Rep to its rows."""
    found: dict[str, list[Record]] = {}
    for row in plain_rows(table):
        found.setdefault(row["rep"], []).append(row)
    return found


def rank_label(rank: str) -> str:
    """A rank on one short line."""
    return short_label(rank, width=RANK_WIDTH)


def quiet_rows(rows: Sequence[Row], page: Page) -> str:
    """The sentence that stands on paper for rows of which nothing stands out; none where they are few."""
    names = [row.cells[0].text for row in rows if row.is_quiet]
    if len(names) < FEWEST_QUIET:
        return ""
    return page.say("page.quiet", names=page.say.listed(names, limit=MOST_QUIET))


def tall(rows: Sequence[Row]) -> str:
    """Class of a table of many rows."""
    return "tall" if len(rows) > MANY_ROWS else ""


def is_shown(row: Record) -> bool:
    """Whether enough judgments stand behind a probability for it to be shown."""
    return bool(row["n"] >= FEWEST_SHOWN)


def percent_scale(highest: Iterable[float]) -> Scale:
    """From 0 to the first of a few tops that holds all of these shares."""
    most = min(max(highest), 1.0)
    return Scale(0.0, next(top for top in PANEL_TOPS if top >= most))


def percent_axis(scale: Scale) -> list[tuple[float, str]]:
    """Ticks of a scale of shares."""
    return [(share * scale.high, f"{100 * share * scale.high:g}") for share in (0.0, 0.5, 1.0)]


def probability_strip(
    page: Page, row: Record, scale: Scale, *, line: float | None = None, aim: float | None = None, tone: str = ""
) -> Cell:
    """A probability as a strip with its number, interval and n; of too few judgments the day of the first answer.

    `row` has `estimate`, `lower`, `upper`, `n`, `events` and, where it is known, `first_answer`.
    """
    say = page.say
    counts = say("format.of_short", events=f"{row['events']:,}", n=f"{row['n']:,}")
    if not is_shown(row):
        day = first_answer(page, row)
        return Cell(say("format.none"), say("format.semicolon").join([counts, day] if day else [counts]), tone="pale")
    estimate, lower, upper = (row[name] for name in ("estimate", "lower", "upper"))
    text = say.interval(f"{100 * estimate:.0f}", f"{100 * lower:.0f}", f"{100 * upper:.0f}")
    return Cell(text, counts, strip(say.read(row), scale, estimate, lower, upper, tone=tone, line=line, aim=aim))


def first_answer(page: Page, row: Record) -> str:
    """The day of the first answer, in place of a probability of too few judgments; empty where it is not known."""
    day = row.get("first_answer")
    return "" if day is None else page.say("format.first_answer", date=page.say.date(day))
