"""Tables for reading: in a terminal with rich, as CSV, as plain values; labels of the user's are inert in each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.data.summary import JudgmentsSummary
from calibra.models.rank_fit import RankFit
from calibra.views.style import FINDING_LOOKS, short_label, short_labels

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

SHOWN_REPS = 40
"""So many reps are printed; files hold all."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: object) -> object:
    """A value no spreadsheet runs: text that begins like a formula is marked as text with a leading apostrophe.

    References
    ----------
    OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.startswith(_FORMULA_STARTS) or value.lstrip().startswith(_FORMULA_STARTS) else value


def write_csv(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV (UTF-8); text that a spreadsheet would run as a formula is made inert."""
    table.map(safe_cell).rename(columns=safe_cell).to_csv(path, index=False, lineterminator="\n")
    return path


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain values for JSON; what is missing becomes None."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict(orient="records")]


def summary_table(summary: JudgmentsSummary) -> Group:
    """What came in, by rank: counts, share, how they ended, how many are mature."""
    horizons = list(summary.n_mature)
    table = _table(["rank", "n", "share", "events", "exits", "open", *(f"≥ {days} days old" for days in horizons)])
    for row in plain_rows(summary.by_rank):
        counts = [f"{row[name]:,}" for name in ("events", "exits", "open", *(f"mature_{days}" for days in horizons))]
        table.add_row(_text(row["rank"], width=16), f"{row['n']:,}", f"{row['share']:.0%}", *counts)
    return _under(f"What came in: {summary.n_judgments:,} judgments of {len(summary.reps):,} reps", table)


def probability_table(fit: RankFit, *, limit: int = SHOWN_REPS) -> Group:
    """What each rep's rank means: estimate and interval in per cent, below it events of mature judgments."""
    numbers = fit.probabilities()
    table = _table(["rep", *short_labels(fit.ranks, width=12)])
    rows, n_ranks = plain_rows(numbers), len(fit.ranks)
    for i, rep in enumerate(("all reps", *fit.reps[:limit])):
        cells = [_probability_cell(row) for row in rows[i * n_ranks : (i + 1) * n_ranks]]
        table.add_row(_text(rep, style="bold" if i == 0 else ""), *cells, end_section=i == 0)
    heading = f"Probability of an event {within_words(fit)}, in % ({numbers.attrs['interval_prob']:.0%} interval)"
    return _under(f"{heading}; below it events of mature judgments", table, len(fit.reps) - limit)


def profile_table(fit: RankFit, *, limit: int = SHOWN_REPS) -> Group:
    """Whose outcomes lie below or above all reps' at the same rank, with the probability and the finding."""
    numbers = fit.profiles()
    level, margin = numbers.attrs["interval_prob"], numbers.attrs["margin_points"]
    table = _table(["rep", "n", "gap, points", "P(below)", "P(above)", "finding"])
    table.columns[-1].justify, table.columns[-1].no_wrap = "left", False
    for row in plain_rows(numbers)[:limit]:
        gap, lower, upper = (row[f"gap_points{end}"] for end in ("", "_lower", "_upper"))
        finding = _text(row["finding"], style=FINDING_LOOKS[row["finding"]].terminal)
        if row["n_more"]:
            finding.append(f" (+{row['n_more']:,})")
        table.add_row(
            _text(row["rep"]), f"{row['n']:,}", f"{round(gap):+d} ({round(lower):+d} to {round(upper):+d})",
            f"{row['prob_below']:.0%}", f"{row['prob_above']:.0%}", finding,
        )  # fmt: skip
    heading = (
        f"Gap to all reps at the same rank ({level:.0%} interval; positive: outcomes lie below), the probability that "
        f"it exceeds {margin:g} points, and in brackets about how many more judgments a verdict takes"
    )
    return _under(heading, table, len(fit.reps) - limit)


def _probability_cell(row: Mapping[str, Any]) -> Text:
    from rich.text import Text

    estimate, lower, upper = (100 * row[name] for name in ("estimate", "lower", "upper"))
    cell = Text(f"{estimate:.0f} ({lower:.0f}–{upper:.0f})\n")
    return cell.append(f"{row['events']:,} of {row['n']:,}", style="dim")


def _table(names: Sequence[str]) -> Table:
    """An empty table: labels on the left, numbers on the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(names):
        table.add_column(
            Text(name), justify="right" if i else "left", no_wrap=i > 0, overflow="ellipsis" if i else "fold"
        )
    return table


def _under(heading: str, table: Table, n_left_out: int = 0) -> Group:
    from rich.console import Group
    from rich.text import Text

    more = [Text(f"… and {n_left_out:,} more reps; the files hold all.", style="dim")] if n_left_out > 0 else []
    return Group(Text(heading, style="bold"), table, *more)


def _text(label: object, *, style: str = "", width: int = 28) -> Text:
    """A label of the user's for a terminal: no markup, no control characters, one line."""
    from rich.text import Text

    return Text(short_label(label, width=width), style=style)


def _plain(value: Any) -> Any:
    item = value.item() if hasattr(value, "item") else value
    return None if isinstance(item, float) and math.isnan(item) else item


def within_words(fit: RankFit) -> str:
    """The horizon of a fit, in words."""
    return "(horizon not stated)" if fit.within_days is None else f"within {fit.within_days} days"


def join_names(names: Sequence[str], *, limit: int = 5) -> str:
    """A few names in a sentence, and how many more."""
    shown = [short_label(name) for name in names[:limit]]
    more = [f"{len(names) - limit:,} more"] if len(names) > limit else []
    parts = [*shown, *more]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
