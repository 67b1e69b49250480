"""The lines for Monday: whom to talk to about what, chosen by how much there is to talk about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calibra.findings import Finding
from calibra.reading.flags import FLAG_PROB
from calibra.views.page import Page
from calibra.wording import Wording

MOST_LINES = 5
"""Lines of the first page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the first page."""

    who: str
    """Everybody, a rep, or a list of prospects."""
    text: str
    """What to talk about."""
    sure: str
    """How sure it is, in a word; empty where it is a count."""
    chance: str
    """The probability behind the word."""
    side: str
    """Side of the others it lies on."""
    href: str
    """Where more of it stands."""
    rep: str | None
    """The rep, if it is of one."""


def worth_a_line(findings: Sequence[Finding], say: Wording) -> list[Finding]:
    """Findings that may stand on the first page, of each rep the one with most to talk about; the heaviest first."""
    heaviest: dict[tuple[str, str | None], Finding] = {}
    for finding in findings:
        likely = finding.prob is None or finding.prob >= FLAG_PROB
        if not (likely and finding.weight >= 1.0 and say.has(f"{finding.key}_line")):
            continue
        kind = ("", finding.rep) if finding.rep is not None else (finding.key, None)
        if kind not in heaviest or finding.weight > heaviest[kind].weight:
            heaviest[kind] = finding
    return sorted(heaviest.values(), key=lambda finding: -finding.weight)


def choose_lines(findings: Sequence[Finding], say: Wording) -> list[Finding]:
    """What is everybody's, then persons, then prospects to look through: at most five, and no place left empty."""
    worth = worth_a_line(findings, say)
    shared = [finding for finding in worth if finding.rep is None and finding.role != "try"]
    prospects = [finding for finding in worth if finding.rep is None and finding.role == "try"]
    persons = [finding for finding in worth if finding.rep is not None]
    room = MOST_LINES - len(shared[:1]) - len(prospects[:1])
    return [*shared[:1], *_both_sides(persons, room), *prospects[:1]]


def _both_sides(persons: Sequence[Finding], room: int) -> list[Finding]:
    """The heaviest; the last place is for what goes well, or not well, where all the others are of one side."""
    chosen = list(persons[:room])
    sides = {finding.side for finding in chosen}
    other = next((finding for finding in persons[room:] if finding.side not in sides), None)
    return [*chosen[:-1], other] if len(sides) == 1 and len(chosen) > 1 and other is not None else chosen


def make_line(finding: Finding, page: Page) -> Line:
    """A finding as a line."""
    say = replace(page.say, several=False)
    text = say.tell(finding, form="line")
    who = say.person(finding.rep) if finding.rep is not None else say.fill(say.phrase(f"{finding.key}_who"))
    return Line(
        who=who,
        text=text[:1].upper() + text[1:],
        sure="" if finding.prob is None else say.sureness(finding.prob),
        chance="" if finding.prob is None else say.chance(finding.prob),
        side=finding.side,
        href=page.anchor(finding.rep) if finding.rep is not None else finding.chapter.replace("_", "-"),
        rep=finding.rep,
    )
