"""The whole report: sections and cards gathered, rendered into one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibra.chapters.contract import Chapter
from calibra.data.counting.judgments import Judgments
from calibra.errors import check_folder
from calibra.findings import Finding
from calibra.inference.posterior import Diagnostics
from calibra.report.cards import rep_card
from calibra.report.glance import first_page, resource, template
from calibra.report.opening import intro_section, notes_section, trust_section
from calibra.values import Phrase
from calibra.version import __version__
from calibra.views.page import Page

NAME_OF_FILE = 40
"""Characters of a rep's name in the name of the card's file."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Everything that a report tells."""

    judgments: Judgments
    """What was judged."""
    answers: Sequence[tuple[Chapter[Any], Any]]
    """Chapters with their answers, in the order of the page."""
    findings: Sequence[Finding]
    """What was found."""
    notes: Sequence[Finding]
    """What could not be calculated."""
    fits: Sequence[tuple[Phrase, Diagnostics]]
    """Every fit, and how far it may be trusted."""
    ok: bool
    """Whether nothing speaks against any fit."""
    seed: int
    """Seed of every fit."""
    since: Sequence[Finding] = ()
    """What moved since an earlier calibration."""


def write_report(told: Told, page: Page, path: str | Path) -> Path:
    """Write the report as one HTML file; `Calibration.report` says what there is to choose."""
    check_folder(Path(path).parent)
    target = Path(path)
    target.write_text(template("report.html.j2").render(**_parts(told, page)), encoding="utf-8", newline="\n")
    return target


def write_cards(told: Told, page: Page, folder: Path) -> tuple[Path, ...]:
    """Write a page for each rep, to hand over: the rep's card alone, without the others' names."""
    check_folder(folder)
    style = f"{resource('first.css')}\n{resource('report.css')}"
    as_of = told.judgments.as_of
    shared = {"say": page.say, "lang": page.say.lang, "style": style, "style_hash": _hash(style)}
    shared |= {"version": __version__, "seed": told.seed, "day": "" if as_of is None else page.say.date(as_of)}
    paths = []
    for number, rep in enumerate(page.reps, 1):
        card = rep_card(told.answers, told.findings, rep, page)
        name = "".join(char if char.isalnum() else "-" for char in card.name)[:NAME_OF_FILE]
        paths.append(folder / f"card-{number:0{len(str(len(page.reps)))}}-{name}.html")
        text = template("card.html.j2").render(card=card, **shared)
        paths[-1].write_text(text, encoding="utf-8", newline="\n")
    return tuple(paths)


def _parts(told: Told, page: Page) -> dict[str, Any]:
    """Everything the template is given."""
    say = page.say
    style, script = f"{resource('first.css')}\n{resource('report.css')}", resource("report.js")
    return {
        "say": say,
        "lang": say.lang,
        "sections": _sections(told, page),
        "cards": [rep_card(told.answers, told.findings, rep, page) for rep in page.reps],
        "glance": first_page(told.judgments, told.answers, told.findings, page, is_good=told.ok, since=told.since),
        "notes": notes_section(told.fits, page),
        "is_hidden": page.is_hidden,
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "version": __version__,
        "seed": told.seed,
    }


def _sections(told: Told, page: Page) -> list[Any]:
    """What came in, how far to trust it, and what each chapter has to say."""
    of_chapters = [section for chapter, answer in told.answers for section in chapter.section(answer, page)]
    return [
        intro_section(told.judgments, page),
        trust_section(told.fits, told.notes, _doubts(told), page),
        *of_chapters,
    ]


def _doubts(told: Told) -> list[Finding]:
    """Everything to check first, of all reps or of one."""
    return [finding for finding in told.findings if finding.role == "doubt"]


def _hash(text: str) -> str:
    """Hash of an inline style or script, by which the page allows it and nothing else (CSP level 2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
