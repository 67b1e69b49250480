"""What the commands show: tables and sentences for a reader, plain values for a pipeline."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.words import printable

if TYPE_CHECKING:
    from rich.console import Console

    from calibra.data.judgments import Judgments
    from calibra.decisions.granularity import Granularity
    from calibra.decisions.thresholds import ThresholdAdvice
    from calibra.inference.posterior import Diagnostics
    from calibra.models.lead_time_fit import LeadTimeFit
    from calibra.workflow import Calibration

PIPED_WIDTH = 110
"""Characters a line where nobody watches."""


def show(calibration: Calibration, words: Callable[[str], str]) -> None:
    """Diagnostics first, then what came in, the tables, and what was found; `words` are those of the shell."""
    from calibra.decisions.first_answers import first_answers
    from calibra.views.tables import (
        advice_table,
        hand_back_table,
        lead_time_table,
        probability_table,
        profile_table,
        tempo_table,
    )

    console = _console()
    say("How far to trust it\n" + "\n".join(f"- {line}" for line in calibration.diagnostics))
    for note in calibration.notes:
        say(words(f"- could not be calculated: {note}"))
    console.print()
    if calibration.judgments.as_of is not None:
        show_judgments(calibration.judgments, words)
    for rank_fit in calibration.rank_fits.values():
        known = first_answers(calibration.judgments, rank_fit.within_days)
        console.print(probability_table(rank_fit, first_answers=known))
        if len(rank_fit.reps) > 1:
            console.print(profile_table(rank_fit, margin_odds=calibration.settings.margin_odds))
    if calibration.lead_fit is not None:
        console.print(lead_time_table(calibration.lead_fit))
        if len(calibration.lead_fit.reps) > 1:
            console.print(tempo_table(calibration.lead_fit))
    if calibration.advice is not None:
        console.print(advice_table(calibration.advice))
    for back in calibration.hand_backs().values():
        console.print(hand_back_table(back))
    say("What was found\n" + "\n".join(f"- {sentence}" for sentence in calibration.findings) + "\n")


def show_judgments(judgments: Judgments, words: Callable[[str], str], *, each_rep: bool = False) -> None:
    """What came in, what is noted or doubtful, what was set aside; `words` are those of the shell."""
    from calibra.decisions.row_doubts import doubts_of_rows
    from calibra.views.tables import summary_table

    summary, console = judgments.summary(), _console()
    console.print(summary_table(summary))
    if each_rep:
        console.print(summary_table(summary, by="rep"))
    noted = [f"Noted: {n:,} {what}." for what, n in summary.noted.items()]
    doubtful = [f"Doubtful: {doubt}" for doubt in (*doubts_of_rows(judgments), *summary.doubts)]
    say(words("\n".join([*noted, *doubtful, f"{summary.set_aside}\n"])))


def _console() -> Console:
    """A console that reads no markup, makes no emoji and, where nobody watches, does not squeeze tables."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


def say(text: str) -> None:
    """Text for a reader: wrapped, and without anything a terminal would obey."""
    from rich.text import Text

    _console().print(Text(harmless(text)))


def harmless(text: str) -> str:
    """The text, line by line, without anything a terminal would obey."""
    return "\n".join(printable(line) for line in text.split("\n"))


def as_json(calibration: Calibration, files: Sequence[Path]) -> dict[str, Any]:
    """The whole of a calibration as plain values."""
    from calibra.views.tables import plain_rows

    promised = calibration.promises()
    ranks = [
        {
            "model": "rank", "within_days": days, "n": int(fit.n.sum()), "ok": fit.diagnostics.ok,
            "diagnostics": _plain_diagnostics(fit.diagnostics), "probabilities": plain_rows(fit.probabilities()),
            "profiles": plain_rows(fit.profiles(margin_odds=calibration.settings.margin_odds)),
            "promises": plain_rows(promised[days].table) if days in promised else [],
        }
        for days, fit in calibration.rank_fits.items()
    ]  # fmt: skip
    thresholds = [
        {
            "model": "threshold", "within_days": days, "n": int(fit.n.sum()), "ok": fit.diagnostics.ok,
            "diagnostics": _plain_diagnostics(fit.diagnostics), "bars": plain_rows(fit.bars()),
        }
        for days, fit in calibration.threshold_fits.items()
    ]  # fmt: skip
    return {
        "ok": calibration.ok, "problems": list(calibration.problems),
        "doubts": [str(doubt) for doubt in calibration.doubts()], "seed": calibration.seed,
        "margin_odds": calibration.settings.margin_odds,
        "notes": list(calibration.notes), "fits": [*ranks, *_lead_time_json(calibration.lead_fit), *thresholds],
        "advice": _advice_json(calibration.advice), "granularity": _granularity_json(calibration.granularity),
        "findings": list(calibration.findings), "judgments": judgments_json(calibration.judgments),
        "files": [str(path) for path in files],
    }  # fmt: skip


def _lead_time_json(fit: LeadTimeFit | None) -> list[dict[str, Any]]:
    """The lead-time model, diagnostics per ending; nothing where there is none."""
    from calibra.views.tables import plain_rows

    if fit is None:
        return []
    by_cause = {cause: _plain_diagnostics(found) for cause, found in fit.diagnostics.by_cause.items()}
    return [{
        "model": "lead time", "last_edge_days": fit.last_edge_days, "n": int(fit.n.sum()), "ok": fit.diagnostics.ok,
        "diagnostics": by_cause, "lead_times": plain_rows(fit.lead_times()), "tempo": plain_rows(fit.tempo()),
        "chasing": plain_rows(fit.chasing()),
    }]  # fmt: skip


def _advice_json(advice: ThresholdAdvice | None) -> dict[str, Any] | None:
    from calibra.views.tables import plain_rows

    return None if advice is None else {"target": advice.target, "thresholds": plain_rows(advice.table)}


def _granularity_json(granularity: Mapping[int | None, Granularity]) -> list[dict[str, Any]]:
    from calibra.views.tables import plain_rows

    return [
        {
            "within_days": days, "n_supported": found.n_supported, "groups": [list(group) for group in found.groups],
            "merges": plain_rows(found.merge_table),
        }
        for days, found in granularity.items()
    ]  # fmt: skip


def _plain_diagnostics(found: Diagnostics) -> dict[str, object]:
    from dataclasses import asdict

    return {name: _finite(value) for name, value in asdict(found).items()}


def judgments_json(judgments: Judgments) -> dict[str, Any]:
    """What came in, as plain values."""
    from calibra.views.tables import plain_rows

    known: dict[str, Any] = {"as_of": None, "n_judgments": judgments.n_judgments, "n_reps": len(judgments.reps)}
    if judgments.as_of is None:
        return known
    summary = judgments.summary()
    return known | {
        "as_of": str(judgments.as_of), "by_rank": plain_rows(summary.by_rank), "noted": dict(summary.noted),
        "doubts": [str(doubt) for doubt in summary.doubts], "by_rep": plain_rows(summary.by_rep),
        "set_aside": summary.set_aside.by_reason,
    }  # fmt: skip


def _finite(value: object) -> object:
    """JSON knows no infinity and no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
