"""The sheet of a joint rating: prospects to rank, a page a rep to print, and a table to fill in and read back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import open_judgments
from calibra.data.frames.write_workbook import SheetOfRows, write_workbook
from calibra.data.history.joint_ratings import HEADS
from calibra.errors import InputError, check_folder, check_kind, check_path, check_whole
from calibra.tables import make_table
from calibra.views.files import write_csv
from calibra.wording import Wording, choose_wording
from calibra.words import counted, quoted

N_PROSPECTS = 15
"""Enough to start a talk; 30 to state a difference of 10 points."""
_NAME = "joint-rating"
_STYLE = """
@page { size: A4; margin: 18mm }
body { font: 11pt/1.5 system-ui, "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", sans-serif; color: #1b2733 }
section { break-after: page } section:last-child { break-after: auto }
h1 { font-size: 16pt; margin: 0 } p, ul { margin: .4em 0 } ul { padding-left: 1.2em }
table { border-collapse: collapse; width: 100%; margin-top: .8em }
th, td { border: 1px solid #9aa5b1; padding: .35em .6em; text-align: left }
tr { break-inside: avoid } td.blank { width: 7em } td.number { width: 2em; text-align: right }
"""


def save_joint_rating_sheet(
    judgments: Judgments,
    folder: str | Path,
    *,
    n_prospects: int = N_PROSPECTS,
    reps: Collection[str] | None = None,
    seed: int = 0,
    lang: str = "en",
    event: str = "opportunity",
) -> tuple[Path, ...]:
    """What do the reps rank together? A sheet to print, a page a rep, and a table to fill in, as CSV and workbook.

    Prospects are drawn at random from all that are open, of all reps: those on which reps are known to disagree would
    say something of the meeting and nothing of the work. Each rep fills in one page, alone and before any talk; the
    table is read back by `JointRatings.from_frame`.

    Parameters
    ----------
    judgments : Judgments
        Judgments with rows.
    folder : path
        A folder that exists.
    n_prospects : int
        How many; 15 to start a talk, 30 to state a difference of 10 points (`plan_joint_rating`).
    reps : collection of str, optional
        Who ranks; by default all reps of the judgments.
    seed : int
        Same seed, same prospects.
    lang : {"en", "ja"}
        Language.
    event : {"opportunity", "win"}
        As in `Calibration.report`.

    Returns
    -------
    tuple of Path
        joint-rating.html, joint-rating.csv, joint-rating.xlsx.

    Raises
    ------
    InputError
        Ready-made counts; fewer open prospects than are asked for; a rep without judgments.
    """
    check_kind(judgments, "judgments", Judgments)
    check_whole(n_prospects, "n_prospects", 1, mend="Write 15 to start a talk.")
    target = Path(check_path(folder, "folder"))
    check_folder(target)
    say = choose_wording(lang, event)
    who = tuple(judgments.reps if reps is None else dict.fromkeys(reps))
    if unknown := [rep for rep in who if rep not in judgments.reps]:
        raise InputError(f"`reps` must be reps of the judgments; {quoted(unknown[0])} is none.")
    prospects = choose_prospects(judgments, n_prospects, seed)
    rows = [(prospect, rep, "") for rep in who for prospect in prospects]
    heads = [HEADS[role][lang == "ja"] for role in ("prospect", "rep", "rank")]
    html = target / f"{_NAME}.html"
    html.write_text(_page(say, judgments, prospects, who), encoding="utf-8", newline="\n")
    columns = {
        head: np.array(values, dtype=object) for head, values in zip(heads, zip(*rows, strict=True), strict=True)
    }
    csv = write_csv(make_table(columns), target / f"{_NAME}.csv")
    return html, csv, write_workbook([SheetOfRows(say("joint_ratings.title"), heads, rows)], target / f"{_NAME}.xlsx")


def choose_prospects(judgments: Judgments, n_prospects: int, seed: int) -> tuple[str, ...]:
    """Open prospects, each once, at random, whoever they belong to."""
    there = sorted({str(prospect) for prospect in open_judgments(judgments).prospect if prospect is not None})
    if len(there) < n_prospects:
        raise InputError(
            f"`n_prospects` must be at most the {counted(len(there), 'prospect')} that are open; got {n_prospects}. "
            "Ask for fewer."
        )
    return tuple(np.random.default_rng(seed).choice(np.array(there, dtype=object), n_prospects, replace=False))


def _page(say: Wording, judgments: Judgments, prospects: Sequence[str], reps: Sequence[str]) -> str:
    """The whole sheet: one section a rep."""
    defined = Markup("").join(Markup("<li>{}</li>").format(line) for line in _definitions(say, judgments))
    names = Markup("").join(
        Markup('<tr><td class="number">{}</td><td>{}</td><td class="blank"></td></tr>').format(i, prospect)
        for i, prospect in enumerate(prospects, 1)
    )
    heads = Markup("<tr><th></th><th>{}</th><th>{}</th></tr>").format(
        say("joint_ratings.col_prospect"), say("joint_ratings.sheet_rank")
    )
    how, title = say("joint_ratings.sheet_how"), say("joint_ratings.title")
    sections = Markup("").join(
        Markup("<section><h1>{}</h1><p>{}</p><p>{}</p><ul>{}</ul><table>{}{}</table></section>").format(
            title, say("joint_ratings.sheet_who", who=rep), how, defined, heads, names
        )
        for rep in reps
    )
    head = Markup('<meta charset="utf-8"><meta name="robots" content="noindex"><title>{}</title><style>{}</style>')
    body = Markup('<!doctype html>\n<html lang="{}"><head>{}</head>\n<body>{}</body></html>\n')
    return str(body.format(say.lang, head.format(title, Markup(_STYLE)), sections))


def _definitions(say: Wording, judgments: Judgments) -> list[str]:
    """Each rank with what it means, as far as the scale says it."""
    lines = []
    for rank, promise in zip(judgments.scale.ranks, judgments.scale.promise_by_rank, strict=True):
        if promise is None:
            lines.append(say("joint_ratings.sheet_undefined", rank=rank))
            continue
        values = {"rank": rank, "share": say.percent(promise.prob), "within": say.within(promise.within_days)}
        lines.append(say("joint_ratings.sheet_definition", **values))
    return lines
