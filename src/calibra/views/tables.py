"""Tables for reading: in a terminal with rich, as CSV, as plain values; labels of the user's are inert in each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from calibra.data.summary import JudgmentsSummary
from calibra.decisions.advice_words import LOOSEN, TIGHTEN, more_judgments
from calibra.decisions.hand_backs import HandBacks
from calibra.decisions.thresholds import ThresholdAdvice
from calibra.models.lead_time_check import ALL_RANKS
from calibra.models.lead_time_fit import LeadTimeFit
from calibra.models.rank_fit import RankFit
from calibra.models.rank_profiles import FEWEST_SHOWN
from calibra.stats.margin import MARGIN_ODDS
from calibra.views.plot_thresholds import VERDICT_LOOKS
from calibra.views.style import FINDING_LOOKS, short_label, short_labels
from calibra.words import counted, points

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

SHOWN_REPS = 40
"""So many reps are printed; files hold all."""

CSV_DECIMALS = 6

TEMPO_STYLES = {"slower than all reps": "bold dark_orange3", "faster than all reps": "bold dodger_blue2", "in line": ""}
"""Finding of `LeadTimeFit.tempo()` to its style in a terminal; any other is dim."""

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
    """Write a table as CSV, numbers to six decimals; text that a spreadsheet would run as a formula is made inert.

    UTF-8, with a byte-order mark where there is more than ASCII: without it spreadsheets read another encoding.
    """
    decimals = dict.fromkeys(table.select_dtypes("float").columns, CSV_DECIMALS)
    text = table.round(decimals).map(safe_cell).rename(columns=safe_cell).to_csv(index=False, lineterminator="\n")
    path.write_text(text, encoding="utf-8" if text.isascii() else "utf-8-sig", newline="")
    return path


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain values for JSON; what is missing or endless becomes None."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict(orient="records")]


def summary_table(summary: JudgmentsSummary, *, by: Literal["rank", "rep"] = "rank", limit: int = SHOWN_REPS) -> Group:
    """What came in, by rank or rep: counts, share, how they ended, how many are mature."""
    horizons = list(summary.n_mature)
    table = _table([by, "n", "share", "events", "exits", "open", *(f"≥ {days} days old" for days in horizons)])
    rows = plain_rows(summary.by_rank if by == "rank" else summary.by_rep)
    for row in rows[:limit]:
        counts = [f"{row[name]:,}" for name in ("events", "exits", "open", *(f"mature_{days}" for days in horizons))]
        table.add_row(_text(row[by]), f"{row['n']:,}", f"{row['share']:.0%}", *counts)
    judged = f"{counted(summary.n_judgments, 'judgment')} of {counted(len(summary.reps), 'rep')}"
    return _under(f"What came in, by {by}: {judged}", table, len(rows) - limit)


def probability_table(
    fit: RankFit, *, first_answers: Mapping[tuple[str, str], date] = MappingProxyType({}), limit: int = SHOWN_REPS
) -> Group:
    """What each rep's rank means: estimate and interval in per cent, below it events of mature judgments.

    Of fewer than five judgments no number is shown, and the day of the first answer by rep and rank where it is known.
    """
    numbers = fit.probabilities()
    table = _table(["rep", *short_labels(fit.ranks, width=12)])
    rows, n_ranks = plain_rows(numbers), len(fit.ranks)
    for i, rep in enumerate(("all reps", *fit.reps[:limit])):
        own = rows[i * n_ranks : (i + 1) * n_ranks]
        cells = [_probability_cell(row, first_answers.get((row["rep"], row["rank"]))) for row in own]
        table.add_row(_text(rep, style="bold" if i == 0 else ""), *cells, end_section=i == 0)
    heading = f"Probability of an event {within_words(fit)}, in % ({numbers.attrs['interval_prob']:.0%} interval)"
    return _under(f"{heading}; below it events of mature judgments", table, len(fit.reps) - limit)


def profile_table(fit: RankFit, *, margin_odds: float = MARGIN_ODDS, limit: int = SHOWN_REPS) -> Group:
    """Whose outcomes lie below or above all reps' at the same rank, with the probability and the finding."""
    numbers = fit.profiles(margin_odds=margin_odds)
    level = numbers.attrs["interval_prob"]
    table = _table(["rep", "n", "gap, points", "P(below)", "P(above)", "finding"])
    table.columns[-1].justify, table.columns[-1].no_wrap = "left", False
    for row in plain_rows(numbers)[:limit]:
        gap, lower, upper = _signed(*(row[f"gap_points{end}"] for end in ("", "_lower", "_upper")))
        finding = _text(row["finding"], style=FINDING_LOOKS[row["finding"]].terminal)
        if row["n_more"]:
            finding.append(f" ({more_judgments(row['n_more'])} more)")
        table.add_row(
            _text(row["rep"]), f"{row['n']:,}", f"{gap} ({lower} to {upper})",
            f"{row['prob_below']:.0%}", f"{row['prob_above']:.0%}", finding,
        )  # fmt: skip
    heading = (
        f"Gap to all reps at the same rank ({level:.0%} interval; −: outcomes lie below), the probability that it "
        f"exceeds {margin_odds:g} times the odds, and in brackets about how many more judgments a verdict takes"
    )
    return _under(heading, table, len(fit.reps) - limit)


def lead_time_table(fit: LeadTimeFit) -> Group:
    """How long does it take, per rank, all reps together?"""
    numbers = fit.lead_times()
    table = _table(["rank", "n", "quarter", "half", "three quarters", "by the promise", "open past it"])
    for row in plain_rows(numbers.head(len(fit.ranks))):
        known = row["promise_answer"] == "known"
        promise = [_percents(row, "share_inside_promise"), _percents(row, "open_past_promise")] if known else ["–", "–"]
        days = [_days(row, name) for name in ("quarter_days", "median_days", "three_quarters_days")]
        table.add_row(_text(row["rank"], width=16), f"{row['n']:,}", *days, *promise)
    heading = (
        f"Lead time, all reps: days by which a quarter, half and three quarters of the events within "
        f"{fit.last_edge_days} days have come ({numbers.attrs['interval_prob']:.0%} interval); share of them by the "
        "promised day, and of all prospects still open after it"
    )
    return _under(heading, table)


def tempo_table(fit: LeadTimeFit, *, limit: int = SHOWN_REPS) -> Group:
    """Who is slower or faster than all reps, and what is to be looked through again?"""
    numbers, chased = fit.tempo(), fit.chasing().groupby("rep", sort=False)[["n_open", "n_chased"]].sum()
    table = _table(["rep", "n", "events", "median days", "P(slower)", "P(faster)", "finding", "to look through"])
    table.columns[-2].justify = "left"
    for row in plain_rows(numbers)[:limit]:
        n_open, n_chased = chased.loc[row["rep"]].tolist()
        table.add_row(
            _text(row["rep"]), f"{row['n']:,}", f"{row['events']:,}", _days(row, "median_days"),
            f"{row['prob_slower']:.0%}", f"{row['prob_faster']:.0%}",
            _text(row["finding"], style=TEMPO_STYLES.get(row["finding"], "dim")),
            f"{n_chased:,} of {n_open:,}",
        )  # fmt: skip
    heading = (
        f"Tempo, median as if nobody exited ({numbers.attrs['interval_prob']:.0%} interval), the probability that it "
        "and that of the events as seen differ from all reps' by more than a factor of "
        f"{numbers.attrs['margin_ratio']:g}, and open judgments with little chance left"
    )
    return _under(heading, table, len(fit.reps) - limit)


def hand_back_table(back: HandBacks, *, limit: int = SHOWN_REPS) -> Group:
    """What came of what was handed back, by rep, all ranks together?"""
    table = _table(["rep", "handed back", "long enough ago", "events", "share", "median days"])
    rows = [row for row in plain_rows(back.table) if row["rank"] == ALL_RANKS]
    for row in rows[: limit + 1]:
        days = "" if row["median_days"] is None else f"{row['median_days']:.0f}"
        share = "" if row["estimate"] is None else _share(row["estimate"], row["lower"], row["upper"])
        shown = (f"{row[name]:,}" for name in ("n_handed_back", "n", "events"))
        table.add_row(_text(row["rep"]), *shown, share, days)
    heading = (
        f"What came within {back.within_days} days of what was handed back ({back.interval_prob:.0%} interval, each "
        "row alone)"
    )
    return _under(heading, table, len(rows) - 1 - limit)


def advice_table(advice: ThresholdAdvice, *, limit: int = SHOWN_REPS) -> Group:
    """How far should each rep move each threshold? Share now and, where a move is advised, this quarter's step."""
    at = advice.columns
    ranks, reps = (list(dict.fromkeys(at[name].tolist())) for name in ("rank", "rep"))
    best = [bool(advice.is_best[at["rank"] == rank][0]) for rank in ranks]
    names = [
        label if is_best else f"{label} or better"
        for label, is_best in zip(short_labels(ranks, width=12), best, strict=True)
    ]
    table = _table(["rep", "n", *names])
    for i, rep in enumerate(reps[:limit]):
        rows = range(i * len(ranks), (i + 1) * len(ranks))
        table.add_row(_text(rep), f"{at['n'][rows[0]]:,}", *(_advice_cell(advice, row) for row in rows))
    heading = (
        f"Thresholds (aim: {advice.target}): share of the rep's recent prospects (of all mature ones, where no days "
        "are known) called a rank, in %, with this quarter's step where a move is advised; below it the verdict and "
        "how sure the direction is"
    )
    return _under(heading, table, len(reps) - limit)


def _advice_cell(advice: ThresholdAdvice, row: int) -> Text:
    from rich.text import Text

    at = {name: advice.columns[name][row] for name in ("verdict", "share_step", "prob_direction")}
    moves = at["verdict"] in (TIGHTEN, LOOSEN)
    cell = Text(f"{100 * advice.share_today[row]:.0f}" + (f" → {100 * at['share_step']:.0f}" if moves else "") + "\n")
    sure = f" ({_below_one(at['prob_direction'])})" if moves else ""
    return cell.append(f"{at['verdict']}{sure}", style=VERDICT_LOOKS[at["verdict"]].terminal)


def _signed(*values: float) -> list[str]:
    """A difference in points and its ends, each with its sign."""
    return [f"+{text}".replace("+-", "−") if float(text) else "0" for text in points(*values)]


def _below_one(prob: float) -> str:
    """A probability from draws: never said to be certain."""
    return "> 99%" if prob > 0.99 else f"{prob:.0%}"


def _days(row: Mapping[str, Any], name: str) -> str:
    return f"{row[name]:.0f} ({row[f'{name}_lower']:.0f}–{row[f'{name}_upper']:.0f})"


def _percents(row: Mapping[str, Any], name: str) -> str:
    return _share(row[name], row[f"{name}_lower"], row[f"{name}_upper"])


def _share(estimate: float, lower: float, upper: float) -> str:
    """A share and its interval, in per cent."""
    return f"{estimate:.0%} ({100 * lower:.0f}–{100 * upper:.0f})"


def _probability_cell(row: Mapping[str, Any], first: date | None) -> Text:
    from rich.text import Text

    if row["n"] < FEWEST_SHOWN:
        return Text("–\n").append(f"{row['events']:,} of {row['n']:,}" + (f", from {first}" if first else ""), "dim")
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
    return None if isinstance(item, float) and not math.isfinite(item) else item


def within_words(fit: RankFit) -> str:
    """The horizon of a fit, in words."""
    return "(horizon not stated)" if fit.within_days is None else f"within {fit.within_days} days"


def join_names(names: Sequence[str], *, limit: int = 5, width: int = 28) -> str:
    """A few names in a sentence, and how many more."""
    shown = [short_label(name, width=width) for name in names[:limit]]
    more = [f"{len(names) - limit:,} more"] if len(names) > limit else []
    parts = [*shown, *more]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
