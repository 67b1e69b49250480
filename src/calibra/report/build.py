"""The whole report: sections and cards gathered, rendered into one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.chapters.contract import Chapter
from calibra.data.counting.judgments import Judgments
from calibra.errors import check_folder
from calibra.findings import Finding
from calibra.inference.posterior import Diagnostics
from calibra.report.cards import rep_card
from calibra.report.glance import first_page
from calibra.report.opening import intro_section, trust_section
from calibra.values import Phrase
from calibra.version import __version__
from calibra.views.page import Page

if TYPE_CHECKING:
    from jinja2 import Template

OWN = "calibra.report"


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


def write_report(told: Told, page: Page, path: str | Path) -> Path:
    """Write the report as one HTML file; `Calibration.report` says what there is to choose."""
    check_folder(Path(path).parent)
    target = Path(path)
    target.write_text(_template().render(**_parts(told, page)), encoding="utf-8", newline="\n")
    return target


def _parts(told: Told, page: Page) -> dict[str, Any]:
    """Everything the template is given."""
    say = page.say
    cards = [rep_card(told.answers, told.findings, rep, page) for rep in page.reps]
    front = [block for chapter, answer in told.answers for block in chapter.front(answer, page)]
    style, script = _resource("report.css"), _resource("report.js")
    return {
        "say": say,
        "lang": say.lang,
        "sections": _sections(told, page),
        "cards": cards,
        "glance": first_page(told.findings, cards, page, front=front, is_good=told.ok),
        "dated": _dated(told.judgments, page),
        "scope": _scope(told.judgments, page),
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
    return [intro_section(told.judgments, page), trust_section(told.fits, told.notes, page), *of_chapters]


def _dated(judgments: Judgments, page: Page) -> str:
    as_of = judgments.as_of
    return page.say("page.undated") if as_of is None else page.say("page.dated", as_of=page.say.date(as_of))


def _scope(judgments: Judgments, page: Page) -> str:
    key = "page.scope_one" if len(page.reps) == 1 else "page.scope"
    return page.say(key, n=f"{judgments.n_judgments:,}", reps=f"{len(page.reps):,}")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader(OWN, ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


@cache
def _resource(name: str) -> str:
    return files(OWN).joinpath(name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    """Hash of an inline style or script, by which the page allows it and nothing else (CSP level 2)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
