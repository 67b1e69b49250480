"""The first page: whom to talk to about what, of whom nothing can be told, what each rank brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calibra.findings import Finding
from calibra.views.blocks import Block, Card, Flag
from calibra.views.page import Page

MOST_TALKS = 15
"""Reps listed on the first page; the rest are collapsed."""
MOST_NAMED = 12
"""Reps named in a sentence of the first page; the card of each tells more."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The first page."""

    trust: str
    """One sentence on how far to trust the report."""
    is_good: bool
    """Whether every fit passed its checks."""
    doubts: list[str]
    """What looks like a mistake in what was given, or like a model that does not fit."""
    blocks: Sequence[Block]
    """What chapters have to show of all reps together."""
    talks: list[tuple[Card, Sequence[Flag]]]
    """Whom to talk to about what, in order of names."""
    more_talks: list[tuple[Card, Sequence[Flag]]]
    """The rest of them, with less to talk about."""
    nobody: str
    """What is said where nothing can be told of anyone."""
    lists: list[str]
    """Who is in line, of whom nothing can be told yet, whose prospects should be looked through."""


def first_page(
    findings: Sequence[Finding], cards: Sequence[Card], page: Page, *, front: Sequence[Block], is_good: bool
) -> Glance:
    """The first page of these findings and cards."""
    say = page.say
    told = [(card, card.talks) for card in cards if card.talks]
    kept = {card.anchor for card, _ in sorted(told, key=_weight, reverse=True)[:MOST_TALKS]}
    doubts = [say.tell(finding) for finding in findings if finding.role == "doubt"]
    quiet = {rep for rep, card in zip(page.reps, cards, strict=True) if not card.talks}
    listed = _listed(findings, quiet, page)
    is_found = bool(told) or any(finding.role == "found" for finding in listed)
    return Glance(
        trust=say(f"glance.trust_{'bad' if not is_good else 'doubted' if doubts else 'good'}"),
        is_good=is_good,
        doubts=doubts,
        blocks=front,
        talks=[pair for pair in told if pair[0].anchor in kept],
        more_talks=[pair for pair in told if pair[0].anchor not in kept],
        nobody="" if is_found else say("glance.nobody"),
        lists=_lists(listed, page),
    )


def _listed(findings: Sequence[Finding], quiet: set[str], page: Page) -> list[Finding]:
    """Findings that name their rep in a sentence of the first page: what was found, what is unknown, what to try.

    They have the forms `each` and `list`. A rep with a line of its own on the page is listed only with what to try;
    any other once, with what is known within the shortest horizon.
    """
    known: dict[str, Finding] = {}
    tries: list[Finding] = []
    for finding in findings:
        if finding.rep is None or not page.say.has(f"{finding.key}_each"):
            continue
        if finding.role == "try":
            tries.append(finding)
        elif finding.rep in quiet:
            earlier = known.setdefault(finding.rep, finding)
            known[finding.rep] = min(earlier, finding, key=lambda each: each.within_days or 0)
    return sorted(known.values(), key=lambda finding: finding.role != "found") + tries


def _lists(listed: Sequence[Finding], page: Page) -> list[str]:
    """Sentences that name the reps of these findings; those of the same words share a sentence.

    The form `each` is a part of such a sentence, whose words are those of the form `list`.
    """
    say = replace(page.say, several=False)
    named: dict[str, dict[str, str]] = {}
    for finding in listed:
        of = named.setdefault(say.phrase(f"{finding.key}_list"), {})
        of.setdefault(str(finding.rep), say.tell(finding, form="each"))
    return [
        say.fill(words, names=say.listed([of[rep] for rep in page.reps if rep in of], limit=MOST_NAMED))
        for words, of in named.items()
    ]


def _weight(pair: tuple[Card, Sequence[Flag]]) -> float:
    return max(flag.weight for flag in pair[1])
