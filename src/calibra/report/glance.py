"""The first page: whose A is whose B, five lines for Monday, the number of the quarter, what moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from calibra.chapters.contract import Chapter
from calibra.data.counting.judgments import Judgments
from calibra.findings import Finding
from calibra.report.lines import Line, choose_lines, make_line, worth_a_line
from calibra.views.blocks import Block
from calibra.views.page import Page

if TYPE_CHECKING:
    from jinja2 import Template

OWN = "calibra.report"
MOST_TILES = 3
"""Numbers at the foot of the first page."""
MOST_DOUBTS = 1
"""Doubts told in full on the first page; the others are counted, and stand with what came in."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One number at the foot of the first page."""

    head: str
    """What it is of."""
    figure: str
    """The number."""
    text: str
    """What it counts."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The first page."""

    title: str
    """Heading."""
    facts: Sequence[str]
    """Date, number of judgments and reps."""
    footing: str
    """What it is for and what not, in one line."""
    warning: str
    """That a computation failed; empty otherwise."""
    doubts: Sequence[str]
    """What looks like a mistake in what was given, or like a model that does not fit."""
    blocks: Sequence[Block]
    """What chapters have to show of all reps together."""
    order: str
    """In what order the lines stand."""
    lines: Sequence[Line]
    """Whom to talk to about what."""
    rest: str
    """Of how many other reps there is something on the card, and of how many nothing can be said yet."""
    tiles: Sequence[Tile]
    """Numbers at the foot."""


def first_page(
    judgments: Judgments,
    answers: Sequence[tuple[Chapter[Any], Any]],
    findings: Sequence[Finding],
    page: Page,
    *,
    is_good: bool,
    since: Sequence[Finding] = (),
) -> Glance:
    """The first page of these findings; `since` are those of what moved."""
    say = page.say
    chosen = choose_lines(findings, say)
    named = [finding.rep for finding in chosen if finding.rep is not None]
    front = [block for chapter, answer in answers for block in chapter.front(answer, page, named)]
    doubts = [say.tell(finding) for finding in findings if finding.role == "doubt"]
    return Glance(
        title=say("page.title"),
        facts=[_dated(judgments, page), _scope(judgments, page)],
        footing=" ".join([say("page.footing_short"), *([say("page.pseudonyms")] if page.is_hidden else [])]),
        warning="" if is_good else say("glance.trust_bad"),
        doubts=doubts,
        blocks=front,
        order=say("glance.monday_order") if len(chosen) > 1 else "",
        lines=[make_line(finding, page) for finding in chosen],
        rest=_rest(findings, named, page),
        tiles=[*_tiles(findings, page)[: MOST_TILES - 1], *_since(since, page)],
    )


def _rest(findings: Sequence[Finding], named: Sequence[str], page: Page) -> str:
    """Nothing to say of the other reps yet, or who has more on the card."""
    say = page.say
    spoken = {finding.rep for finding in worth_a_line(findings, say) if finding.rep is not None}
    more, silent = len(spoken - set(named)), len(set(page.reps) - spoken)
    told = [say("glance.territory")] if named else []
    if silent and not spoken and len(page.reps) > 1:
        return say("glance.nobody")
    if spoken and more + silent:
        key = "glance.unnamed" if more and silent else f"glance.unnamed_{'more' if more else 'silent'}"
        key += "_one" if more + silent == 1 else ""
        told.append(say(key, n=f"{more + silent:,}", more=f"{more:,}", silent=f"{silent:,}"))
    return " ".join(told) if say.lang == "en" else "".join(told)


def _tiles(findings: Sequence[Finding], page: Page) -> list[Tile]:
    """Findings of all reps that have a figure of their own, those of most prospects first."""
    say = replace(page.say, several=False)
    told = [finding for finding in findings if finding.rep is None and say.has(f"{finding.key}_figure")]
    told.sort(key=lambda finding: -finding.weight)
    return [Tile(*(say.tell(finding, form=form) for form in ("head", "figure", "tile"))) for finding in told]


def _since(since: Sequence[Finding], page: Page) -> list[Tile]:
    """What moved since last time, or that there was none."""
    first_time = Tile(*(page.say(f"glance.since_{form}") for form in ("head", "figure", "tile")))
    return _tiles(since, page)[:1] or [first_time]


def _dated(judgments: Judgments, page: Page) -> str:
    as_of = judgments.as_of
    return page.say("page.undated") if as_of is None else page.say("page.dated", as_of=page.say.date(as_of))


def _scope(judgments: Judgments, page: Page) -> str:
    key = "page.scope_one" if len(page.reps) == 1 else "page.scope"
    return page.say(key, n=f"{judgments.n_judgments:,}", reps=f"{len(page.reps):,}")


@cache
def template(name: str) -> Template:
    """A template of the report."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader(OWN, ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)


@cache
def resource(name: str) -> str:
    """A style sheet or script of the report."""
    return files(OWN).joinpath(name).read_text(encoding="utf-8").strip()


def first_page_html(glance: Glance, page: Page) -> str:
    """The first page alone, for a notebook: a fragment with a style of its own."""
    return template("first.html.j2").render(
        say=page.say, lang=page.say.lang, glance=glance, style=resource("first.css")
    )
