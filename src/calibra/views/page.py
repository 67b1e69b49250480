"""A page that is being written: its language, whose names it shows and how, and what its numbers are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.tabulate import MISSING
from calibra.findings import Finding
from calibra.stats.intervals import INTERVAL_PROB
from calibra.views.blocks import Cell
from calibra.views.pseudonyms import hide_names, rep_codes
from calibra.wording import Wording, choose_wording
from calibra.words import printable


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """What every section and card is written with."""

    say: Wording
    """The language; it knows the names shown."""
    reps: tuple[str, ...]
    """Every rep judged, in the order of the names shown."""
    names: Mapping[str, str]
    """Rep to the full name shown: the pseudonym, where there are any."""
    is_hidden: bool
    """Whether the names are pseudonyms."""
    later: Mapping[tuple[str, int | None], Finding] = field(default_factory=dict)
    """Key and horizon of a finding to the finding of a later chapter that takes its place."""
    _kept: dict[tuple[int, str], tuple[object, Any]] = field(default_factory=dict, init=False, repr=False)
    """What was read of all reps so far, with the answer it was read of."""

    def once[Read](self, answer: object, name: str, read: Callable[[], Read]) -> Read:
        """Read something of all reps for the first card, and keep it for the others.

        A card that reads the table of all reps anew makes a report take reps × reps.
        """
        key = (id(answer), name)
        if key not in self._kept:
            self._kept[key] = (answer, read())  # the answer, too: while it is kept, no other has its `id`
        return cast(Read, self._kept[key][1])

    def last(self, finding: Finding) -> Finding:
        """The finding, or the one of a later chapter that takes its place."""
        return self.later.get((finding.key, finding.within_days), finding)

    def label(self, rep: str) -> str:
        """A rep on one short line."""
        return self.say.rep(rep)

    def anchor(self, rep: str) -> str:
        """Name of the anchor of a rep's card: a number, so that no label ever becomes part of an address."""
        return f"rep-{self.reps.index(rep) + 1}"

    def rep_cell(self, rep: str) -> Cell:
        """A rep's name, leading to the card where there is one."""
        return Cell(self.label(rep), href=self.anchor(rep)) if rep in self.reps else Cell(self.label(rep))

    def reveal(self, text: str) -> str:
        """A message worded elsewhere, printable and under the names shown."""
        return printable(hide_names(text, self.names if self.is_hidden else {}))

    def level(self, interval_prob: float = INTERVAL_PROB) -> str:
        """Level of intervals."""
        return self.say.percent(interval_prob)

    def note(self, days: int | None, interval_prob: float = INTERVAL_PROB) -> str:
        """What the brackets and n of numbers of mature judgments are."""
        key = "page.n_mature_unstated" if days is None else "page.n_mature"
        n = self.say(key, days=days)
        return self.say("page.interval_note", level=self.level(interval_prob), n=n)


def make_page(
    reps: Iterable[str],
    judgments: Judgments,
    *,
    lang: str,
    event: str,
    pseudonyms: str | None,
    several: bool,
    findings: Iterable[Finding] = (),
    others: Iterable[str] = (),
) -> Page:
    """The page of these reps; with a key their names are pseudonyms, as are those of others that it names.

    `several`: whether there are several horizons.
    """
    judged = tuple(dict.fromkeys(reps))
    named = tuple(dict.fromkeys([*judged, *_reps_of_rows(judgments), *others]))
    say = choose_wording(lang, event)
    names = _shown_names(named, say, pseudonyms)
    ordered = tuple(sorted(judged, key=lambda rep: (*_place(names[rep]), rep)))
    told = choose_wording(lang, event, names, several=several, spans=judgments.scale.spans)
    later = {(key, finding.within_days): finding for finding in findings for key in finding.replaces}
    return Page(told, ordered, names, pseudonyms is not None, later)


def _reps_of_rows(judgments: Judgments) -> list[str]:
    """Reps of judgments and of rows set aside, fitted or not."""
    if judgments.as_of is None:
        return []
    aside = [rep for found in judgments.set_aside.findings for rep in found.per_rep if rep != MISSING]
    return [*judgments.duration_counts().reps, *aside]


def _shown_names(reps: tuple[str, ...], say: Wording, key: str | None) -> dict[str, str]:
    """Rep to the name shown: printable, on one line, or a pseudonym."""
    if key is not None:
        return {rep: say("format.rep", code=code) for rep, code in rep_codes(reps, key).items()}
    return {rep: printable(str(rep)).strip() or say("format.blank") for rep in reps}


def _place(name: str) -> tuple[int, str, str]:
    """Where a name stands: numbers by size, before words by letter."""
    return (len(name), name, "") if name.isdecimal() else (1_000_000, name.casefold(), name)
