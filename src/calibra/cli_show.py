"""What the commands show: tables and sentences for a reader, plain values for a pipeline."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from calibra.data.judgments import Judgments
    from calibra.workflow import Calibration

PIPED_WIDTH = 110
"""Characters a line where nobody watches."""


def show(calibration: Calibration) -> None:
    """Diagnostics first, then what came in, the tables, and what was found."""
    from calibra.views.tables import probability_table, profile_table

    console = _console()
    say("How far to trust it\n" + "\n".join(f"- {line}" for line in calibration.diagnostics))
    for note in calibration.notes:
        say(f"- not fitted: {note}")
    console.print()
    if calibration.judgments.as_of is not None:
        show_judgments(calibration.judgments)
    for rank_fit in calibration.rank_fits.values():
        console.print(probability_table(rank_fit))
        console.print(profile_table(rank_fit))
    say("What was found\n" + "\n".join(f"- {sentence}" for sentence in calibration.findings) + "\n")


def show_judgments(judgments: Judgments) -> None:
    """What came in, what is noted, what was set aside."""
    from calibra.views.tables import summary_table

    summary, console = judgments.summary(), _console()
    console.print(summary_table(summary))
    say("\n".join([*(f"Noted: {n:,} {words}." for words, n in summary.noted.items()), f"{summary.set_aside}\n"]))


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
    from calibra.views.style import printable

    return "\n".join(printable(line) for line in text.split("\n"))


def as_json(calibration: Calibration, files: Sequence[Path]) -> dict[str, Any]:
    """The whole of a calibration as plain values."""
    from dataclasses import asdict

    from calibra.views.tables import plain_rows

    fits = [
        {
            "model": "rank",
            "within_days": days,
            "n": int(rank_fit.n.sum()),
            "ok": rank_fit.diagnostics.ok,
            "diagnostics": {name: _finite(value) for name, value in asdict(rank_fit.diagnostics).items()},
            "probabilities": plain_rows(rank_fit.probabilities()),
            "profiles": plain_rows(rank_fit.profiles()),
        }
        for days, rank_fit in calibration.rank_fits.items()
    ]
    return {
        "ok": calibration.ok, "seed": calibration.seed, "notes": list(calibration.notes), "fits": fits,
        "findings": list(calibration.findings), "judgments": judgments_json(calibration.judgments),
        "files": [str(path) for path in files],
    }  # fmt: skip


def judgments_json(judgments: Judgments) -> dict[str, Any]:
    """What came in, as plain values."""
    from calibra.views.tables import plain_rows

    known: dict[str, Any] = {"as_of": None, "n_judgments": judgments.n_judgments, "n_reps": len(judgments.reps)}
    if judgments.as_of is None:
        return known
    summary = judgments.summary()
    return known | {
        "as_of": str(judgments.as_of), "by_rank": plain_rows(summary.by_rank), "noted": dict(summary.noted),
        "set_aside": summary.set_aside.by_reason,
    }  # fmt: skip


def _finite(value: object) -> object:
    """JSON knows no infinity and no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
