"""A card for each rep: what the ranks meant, where they differ and how sure that is, one thing to try, what is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from calibra.chapters.contract import Chapter
from calibra.findings import Finding
from calibra.views.blocks import Block, Card, Flag, Text
from calibra.views.page import Page
from calibra.words import short_label

NAME_WIDTH = 200
"""Characters of a rep's name in the heading of the card."""


def rep_card(answers: Sequence[tuple[Chapter[Any], Any]], findings: Sequence[Finding], rep: str, page: Page) -> Card:
    """Everything that is said to one rep: blocks of the chapters, and every finding about the rep."""
    say, mine = page.say, [finding for finding in findings if finding.rep == rep]
    found = [_flag(finding, page, "card.probability") for finding in mine if finding.role == "found"]
    tries = sorted((finding for finding in mine if finding.role == "try"), key=lambda finding: -finding.weight)
    unknown = [say.tell(finding, form="card") for finding in mine if finding.role == "unknown"]
    lead: list[Block] = [Text(say.tell(note, form="card"), "lead") for note in mine if note.role == "note"]
    return Card(
        anchor=page.anchor(rep),
        name=short_label(page.names[rep], width=NAME_WIDTH),
        label=page.label(rep),
        blocks=(lead or [Text(say("card.nothing_known"), "lead")])
        + [block for chapter, answer in answers for block in chapter.card(answer, rep, page)],
        differs=found or [Flag(say("card.nothing_differs"), "", "pale")],
        attempt=[_flag(finding, page, "card.sure") for finding in tries[:1]] or [Flag(say("card.attempt_none"), "")],
        unknown=unknown or [say("card.nothing_unknown")],
    )


def _flag(finding: Finding, page: Page, sureness: str) -> Flag:
    """A finding as it stands on the card."""
    chance = "" if finding.prob is None else page.say(sureness, chance=page.say.chance(finding.prob))
    return Flag(page.say.tell(finding, form="card"), chance, finding.side)
