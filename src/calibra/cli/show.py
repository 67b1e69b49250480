"""What the commands show: tables and sentences for a reader, plain values for a pipeline."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.words import printable

if TYPE_CHECKING:
    from rich.console import Console

    from calibra.calibration import Calibration
    from calibra.data.counting.judgments import Judgments
    from calibra.inference.posterior import Diagnostics
    from calibra.wording import Wording

PIPED_WIDTH = 110
"""Characters a line where nobody watches."""
SCREEN = 25
"""Lines that `fit` and `demo` print without --verbose."""


def show(calibration: Calibration, words: Callable[[str], str], *, lang: str = "en") -> None:
    """Diagnostics first, then what came in, the chapters, and what was found; `words` are those of the shell."""
    from calibra.views.summary import sentences
    from calibra.views.terminal import render

    console = _console()
    say("How far to trust it\n" + "\n".join(f"- {line}" for line in calibration.diagnostics))
    for note in calibration.notes:
        say(words(f"- could not be calculated: {note}"))
    console.print()
    show_judgments(calibration.judgments, words)
    page = calibration.page(lang=lang, event="event")
    for chapter, answer in calibration.on_the_page():
        for section in chapter.section(answer, page):
            for part in render(section):
                console.print(part)
    found = [*sentences(calibration.findings, page.say), page.say("page.footing")]
    say("What was found\n" + "\n".join(f"- {sentence}" for sentence in found) + "\n")


def show_briefly(
    calibration: Calibration, words: Callable[[str], str], *, lang: str, event: str, rest: Sequence[str], above: int = 0
) -> None:
    """One screen: how far to trust it, meant and came, the lines for Monday, and where the rest is.

    `above` is the number of lines that stand on it already.
    """
    from calibra.cli.brief import brief, fitted

    say_page = page_words(lang)
    room = SCREEN - above - sum(map(_height, rest))
    lines = fitted(
        brief(calibration, lang=lang, event=event),
        room,
        lambda text: _height(words(text)),
        more=lambda n: say_page("terminal.left_out", n=f"{n:,}"),
    )
    say(words("\n".join([*lines, *rest])))


def _height(text: str) -> int:
    """Lines of the terminal that a text takes."""
    from rich.text import Text

    console = _console()
    return max(1, sum(len(Text(line).wrap(console, console.width)) for line in harmless(text).split("\n")))


def show_judgments(judgments: Judgments, words: Callable[[str], str], *, each_rep: bool = False) -> None:
    """What came in, what is noted or doubtful, what was set aside; `words` are those of the shell."""
    from calibra.checks.row_doubts import doubts_of_rows
    from calibra.report.opening import came_in, counts_table
    from calibra.views.terminal import render_block
    from calibra.wording import choose_wording

    page_words = choose_wording("en", "event")
    say(f"What came in\n{came_in(judgments, page_words)}\n")
    if judgments.as_of is None:
        return
    summary, console = judgments.summary(), _console()
    for by in ("rank", "rep") if each_rep else ("rank",):
        for part in render_block(counts_table(summary, page_words, by=by)):
            console.print(part)
    noted = [str(found) for found in summary.noted]
    doubtful = [f"Doubtful: {doubt}" for doubt in (*doubts_of_rows(judgments), *summary.doubts)]
    say(words("\n".join([*noted, *doubtful, f"{summary.set_aside}\n"])))


def page_words(lang: str) -> Wording:
    """The wording of a language, for what is said beside the findings."""
    from calibra.wording import choose_wording

    return choose_wording(lang, "opportunity")


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
    from calibra.tables import plain_rows
    from calibra.wording import choose_wording

    since = calibration.settings.judged_since
    return {
        "ok": calibration.ok,
        "problems": list(calibration.problems),
        "doubts": [doubt.plain() for doubt in calibration.doubts],
        "notes": [note.plain() for note in calibration.notes],
        "findings": [finding.plain() for finding in calibration.findings if finding.role != "doubt"],
        "footing": choose_wording("en", "event")("page.footing"),
        "seed": calibration.seed,
        "margin_odds": calibration.settings.margin_odds,
        "judged_since": None if since is None else since.isoformat(),
        "fits": [
            {"name": name, "ok": found.ok, "diagnostics": _plain_diagnostics(found)}
            for name, found in calibration.named_fits()
        ],
        "judgments": judgments_json(calibration.judgments),
        "tables": {name: plain_rows(table) for name, table in calibration.tables().items() if name != "judgments"},
        "files": [str(path) for path in files],
    }


def _plain_diagnostics(found: Diagnostics) -> dict[str, object]:
    from dataclasses import asdict

    return {name: _finite(value) for name, value in asdict(found).items()}


def judgments_json(judgments: Judgments) -> dict[str, Any]:
    """What came in, as plain values."""
    from calibra.tables import plain_rows

    known: dict[str, Any] = {"as_of": None, "n_judgments": judgments.n_judgments, "n_reps": len(judgments.reps)}
    if judgments.as_of is None:
        return known
    summary = judgments.summary()
    return known | {
        "as_of": str(judgments.as_of),
        "by_rank": plain_rows(summary.by_rank),
        "noted": [found.plain() for found in summary.noted],
        "doubts": [doubt.plain() for doubt in summary.doubts],
        "by_rep": plain_rows(summary.by_rep),
        "set_aside": summary.set_aside.by_reason,
    }


def _finite(value: object) -> object:
    """JSON knows no infinity and no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
