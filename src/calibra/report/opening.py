"""The first sections: what came in, what was set aside, how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from calibra.data.counting.judgments import Judgments
from calibra.data.counting.problems import REASONS
from calibra.data.counting.tabulate import MISSING
from calibra.findings import Finding
from calibra.inference.posterior import Diagnostics
from calibra.tables import plain_rows
from calibra.values import Phrase
from calibra.views.blocks import Block, Bullets, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import rank_label
from calibra.wording import Wording

if TYPE_CHECKING:
    from calibra.data.counting.summary import JudgmentsSummary


def came_in(judgments: Judgments, say: Wording) -> str:
    """How many judgments of how many reps, and from when to when; of ready-made counts that they have no dates."""
    if judgments.as_of is None:
        return say("intro.counts", n=f"{judgments.n_judgments:,}", reps=f"{len(judgments.reps):,}")
    summary = judgments.summary()
    return say(
        "intro.span_one" if len(summary.reps) == 1 else "intro.span",
        n=f"{summary.n_judgments:,}",
        reps=f"{len(summary.reps):,}",
        first=say.date(summary.first_judged_at or judgments.as_of),
        as_of=say.date(judgments.as_of),
    )


def intro_section(judgments: Judgments, page: Page) -> Section:
    """What came in, how old it is, what was set aside."""
    say = page.say
    title, opening = say("intro.title"), Text(came_in(judgments, say))
    if judgments.as_of is None:
        return Section("came-in", title, [opening])
    summary = judgments.summary()
    mature = [Text(say("intro.mature_note", days=say("format.comma").join(map(str, summary.n_mature))), "note")]
    blocks: list[Block] = [opening, counts_table(summary, say), *(mature if summary.n_mature else [])]
    noted = [say.tell(found) for found in summary.noted]
    return Section(
        "came-in", title, [*blocks, *([Bullets(noted)] if noted else []), Text(_set_aside(page, summary), "aside")]
    )


def counts_table(summary: JudgmentsSummary, say: Wording, *, by: str = "rank") -> Table:
    """Judgments by rank or by rep: how many, how they ended, how many are old enough."""
    keys = (by, "n", "share", "events", "exits", "open")
    heads = [say.first_capital(f"intro.col_{key}") for key in keys]
    heads += [say("intro.col_mature", days=days) for days in summary.n_mature]
    rows = [
        Row(
            [
                Cell(rank_label(row[by]) if by == "rank" else say.rep(row[by])),
                Cell(f"{row['n']:,}"),
                Cell(say.percent(row["share"])),
                *(Cell(f"{row[name]:,}") for name in ("events", "exits", "open")),
                *(Cell(f"{row[f'mature_{days}']:,}") for days in summary.n_mature),
            ]
        )
        for row in plain_rows(summary.by_rank if by == "rank" else summary.by_rep)
    ]
    columns = [Column(head, "number" if i else "name") for i, head in enumerate(heads)]
    return Table(columns, rows, caption=say(f"intro.by_{by}"))


def _set_aside(page: Page, summary: JudgmentsSummary) -> str:
    """How many rows, why and of whom."""
    say, aside = page.say, summary.set_aside
    if not aside.n_rows:
        return say("intro.aside_none")
    reasons = []
    for found in aside.findings:
        reason = REASONS[found.reason].name
        key = f"intro.reason_{reason.replace(' ', '_').replace('-', '_')}"
        word = say(key if say.has(key) else "intro.reason_other", words=reason)
        whose = [say("intro.aside_rep", rep=_aside_rep(page, rep), n=f"{n:,}") for rep, n in found.per_rep.items()]
        n = f"{sum(found.per_rep.values()):,}"
        named = set(found.per_rep) != {MISSING}
        key = "intro.aside_reason" if named else "intro.aside_unnamed"
        reasons.append(say(key, reason=word, n=n, reps=say.listed(sorted(whose))))
    return say("intro.aside", n=f"{aside.n_rows:,}", reasons=say("format.semicolon").join(reasons))


def _aside_rep(page: Page, rep: str) -> str:
    """A rep of rows set aside; one that no fit knows gets a pseudonym, too."""
    if rep == MISSING:
        return page.say("format.missing_rep")
    return page.label(rep)


def trust_section(
    fits: Sequence[tuple[Phrase, Diagnostics]], notes: Sequence[Finding], doubts: Sequence[Finding], page: Page
) -> Section:
    """What to check first, the diagnostics in words, what could not be calculated, and what no statistics can tell."""
    say = page.say
    doubted = [(name, found) for name, found in fits if not found.ok]
    rows = [Row([Cell(say.tell(name, form="page")), _verdict(found, say)]) for name, found in doubted]
    columns = [Column(say("trust.col_fit"), "name"), Column(say("trust.col_verdict"), "words")]
    missing: list[Block] = []
    if notes:
        plain = replace(say, several=False)  # a note names its horizon itself
        told = dict.fromkeys(page.reveal(plain.tell(note, form="page")) for note in notes)
        missing = [Text(say("trust.missing"), "head"), Bullets(list(told))]
    first: list[Block] = []
    if doubts:
        first = [Text(say("trust.doubts"), "head"), Bullets([say.tell(doubt) for doubt in doubts])]
    n_good = sum(found.ok for _, found in fits)
    good = [Text(say("trust.n_good_one" if n_good == 1 else "trust.n_good", n=n_good))] if n_good else []
    table = [Table(columns, rows)] if rows else []
    blocks = [*first, Text(say("trust.lead")), *good, *table, *missing, Text(say("trust.limits"))]
    return Section("trust", say("trust.title"), blocks)


def notes_section(fits: Sequence[tuple[Phrase, Diagnostics]], page: Page) -> Section:
    """The statistical notes: how each number was computed, and what speaks against a computation."""
    say = page.say
    heads = (("fit", "name"), ("verdict", "words"), ("draws", "number"), ("k", "number"), ("engine", "words"))
    columns = [Column(say(f"trust.col_{head}"), kind) for head, kind in heads]
    rows = [_note_row(say, say.tell(name, form="page"), found) for name, found in fits]
    return Section("notes", say("trust.notes"), [Text(say("trust.notes_lead")), Table(columns, rows)])


def _verdict(found: Diagnostics, say: Wording, why: str = "") -> Cell:
    """Whether a computation may be relied on."""
    return Cell(say("trust.good" if found.ok else "trust.bad"), sub=why, tone="good" if found.ok else "bad")


def _note_row(say: Wording, name: str, found: Diagnostics) -> Row:
    why = say("format.semicolon").join(map(say.tell, found.problems))
    k_values = [k for k in (found.outer_pareto_k, found.worst_block_k) if k is not None]
    worst = f"{max(k_values):.2f}" if k_values else say("format.none")
    verdict = _verdict(found, say, why)
    return Row([Cell(name), verdict, Cell(f"{found.effective_sample:,.0f}"), Cell(worst), Cell(found.engine)])
