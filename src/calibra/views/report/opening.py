"""The first sections: what came in, what was set aside, how far to trust it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from calibra.data.problems import REASONS
from calibra.data.rows import NO_VALUE
from calibra.data.tabulate import MISSING
from calibra.views.report.blocks import Block, Bullets, Cell, Column, Row, Section, Table, Text
from calibra.views.report.facts import RANK_WIDTH, Facts
from calibra.views.report.wording import Wording
from calibra.views.style import printable, short_label
from calibra.views.tables import plain_rows

if TYPE_CHECKING:
    from calibra.data.summary import JudgmentsSummary
    from calibra.inference.posterior import Diagnostics

NOTED_KEYS = {
    "judged, or first under observation, after as_of: not yet known": "noted_not_yet_known",
    "event or exit after as_of: open": "noted_end_after",
    "event and exit both: the earlier counts, ties to the event": "noted_both",
    "handed back, and the event came after: it counts for the reading, within the horizon": "noted_handed_back",
    "disqualified, came all the same: counted as no event": "noted_disqualified",
    "lost or ended otherwise, came all the same: counted as no event": "noted_other_exit",
    "lost from sight, or under observation late, before the longest horizon: not counted within it": "noted_in_part",
    "won before the judgment or before the event": "noted_won_before",
    "won without an event, or after an earlier exit": "noted_won",
}
"""What the judgments note, to its phrase."""
_NO_VALUE = re.compile(re.escape(NO_VALUE).replace(r"\{role\}", r"(?P<role>\w+)"))

NOTES = (
    (r"Lead times: ready-made counts do not say when what came\.", "note_counts"),
    (r"Lead-time model: (?P<n>[\d,]+) events? so far; when they come is told from (?P<least>\d+) on\.",
     "note_few_events"),
    (r"Thresholds: a scale of one rank has none\.", "note_one_rank"),
    (r"Thresholds of (?P<ranks>.+): no advice, for nothing is promised of them within (?P<days>.+) days; .*",
     "note_unpromised"),
    (r"Thresholds of (?P<ranks>.+): no advice yet, for the (?P<days>\d+) days of its promise could not be fitted\.",
     "note_unfitted"),
    (r"Advice on thresholds: nothing is promised, and there is one rep: nothing to aim at\.", "note_one_rep"),
    (r"Advice on thresholds: none, for (?P<worse>.+) promises more than (?P<better>.+), a better rank\.",
     "note_rising"),
    (r"Advice on thresholds: what (?P<ranks>.+) promise cannot be aimed at; the aim is all reps' bars instead\.",
     "note_other_aim"),
    (
        r"(?P<what>.+?): None of the (?P<n>\d+) judgments is (?P<days>\d+) days old as of \S+; "
        r"the first will be on (?P<date>[\d-]+)\..*",
        "note_young",
    ),
    (r"(?P<what>.+?): (?P<n>[\d,]+) of the (?P<of>[\d,]+) judgments old enough for (?P<days>\d+) days left out, .*",
     "note_left_out"),
    (r"How many ranks.*: Cross-validation over reps .*", "note_folds"),
)  # fmt: skip
"""What a calibration notes, as a pattern, to its phrase; anything else is told as it stands."""

MODEL_NAMES = (("Rank model", "fit_rank"), ("Threshold model", "fit_threshold"))
"""How a note names a model, to the phrase for it."""


def intro_section(facts: Facts) -> Section:
    """What came in, how old it is, what was set aside."""
    say, judgments = facts.say, facts.calibration.judgments
    title = say("intro.title")
    if judgments.as_of is None:
        told = say("intro.counts", n=f"{judgments.n_judgments:,}", reps=f"{len(judgments.reps):,}")
        return Section("came-in", title, [Text(told)])
    summary = judgments.summary()
    first = summary.first_judged_at or judgments.as_of
    span = say(
        "intro.span_one" if len(summary.reps) == 1 else "intro.span", n=f"{summary.n_judgments:,}",
        reps=f"{len(summary.reps):,}", first=say.date(first), as_of=say.date(judgments.as_of),
    )  # fmt: skip
    mature = [Text(say("intro.mature_note", days=say("format.comma").join(map(str, summary.n_mature))), "note")]
    blocks: list[Block] = [Text(span), _rank_table(summary, say), *(mature if summary.n_mature else [])]
    noted = [say("intro.noted", n=f"{n:,}", what=_noted(words, say)) for words, n in summary.noted.items()]
    return Section("came-in", title, [*blocks, *([Bullets(noted)] if noted else []), Text(_set_aside(facts, summary))])


def _noted(words: str, say: Wording) -> str:
    """What the judgments note, in the report's language."""
    if empty := _NO_VALUE.fullmatch(words):
        return say("intro.noted_no_value", role=empty["role"])
    return say(f"intro.{NOTED_KEYS.get(words, 'noted_other')}", words=words)


def _rank_table(summary: JudgmentsSummary, say: Wording) -> Table:
    keys = ("rank", "n", "share", "events", "exits", "open")
    heads = [say.first_capital(f"intro.col_{key}") for key in keys]
    heads += [say("intro.col_mature", days=days) for days in summary.n_mature]
    rows = [
        Row([
            Cell(short_label(row["rank"], width=RANK_WIDTH)), Cell(f"{row['n']:,}"), Cell(say.percent(row["share"])),
            *(Cell(f"{row[name]:,}") for name in ("events", "exits", "open")),
            *(Cell(f"{row[f'mature_{days}']:,}") for days in summary.n_mature),
        ])
        for row in plain_rows(summary.by_rank)
    ]  # fmt: skip
    columns = [Column(head, "number" if i else "name") for i, head in enumerate(heads)]
    return Table(columns, rows, caption=say("intro.by_rank"))


def _set_aside(facts: Facts, summary: JudgmentsSummary) -> str:
    """How many rows, why and of whom."""
    say, aside = facts.say, summary.set_aside
    if not aside.n_rows:
        return say("intro.aside_none")
    reasons = []
    for found in aside.findings:
        reason = REASONS[found.reason].name
        key = f"intro.reason_{re.sub('[ -]', '_', reason)}"
        word = say(key if say.has(key) else "intro.reason_other", words=reason)
        whose = [say("intro.aside_rep", rep=_aside_rep(facts, rep), n=f"{n:,}") for rep, n in found.per_rep.items()]
        n = f"{sum(found.per_rep.values()):,}"
        named = set(found.per_rep) != {MISSING}
        key = "intro.aside_reason" if named else "intro.aside_unnamed"
        reasons.append(say(key, reason=word, n=n, reps=say.listed(sorted(whose))))
    return say("intro.aside", n=f"{aside.n_rows:,}", reasons=say("format.semicolon").join(reasons))


def _aside_rep(facts: Facts, rep: str) -> str:
    """A rep of rows set aside; one that no fit knows gets a pseudonym, too."""
    if rep == MISSING:
        return facts.say("format.missing_rep")
    return facts.label(rep)


def trust_section(facts: Facts) -> Section:
    """The diagnostics in words, what could not be calculated, and what no statistics can tell."""
    say = facts.say
    rows = [_trust_row(facts, name, found) for name, found in _named_fits(facts)]
    heads = ("fit", "verdict", "draws", "k", "engine")
    kinds = ("name", "words", "number", "number", "words")
    columns = [Column(say(f"trust.col_{head}"), kind) for head, kind in zip(heads, kinds, strict=True)]
    missing: list[Block] = []
    if facts.calibration.notes:
        missing = [Text(say("trust.missing"), "head"), Bullets(list(_notes(facts, facts.calibration.notes)))]
    blocks = [Text(say("trust.lead")), Table(columns, rows), *missing, Text(say("trust.limits"))]
    return Section("trust", say("trust.title"), blocks)


def _named_fits(facts: Facts) -> list[tuple[str, Diagnostics]]:
    say, calibration = facts.say, facts.calibration
    named = [
        (say("trust.fit_rank", within=say.within(days)), fit.diagnostics) for days, fit in calibration.rank_fits.items()
    ]
    if calibration.lead_fit is not None:
        causes = calibration.lead_fit.diagnostics.by_cause
        named += [(say(f"trust.fit_lead_{cause}"), found) for cause, found in causes.items()]
    return named + [
        (say("trust.fit_threshold", within=say.within(days)), fit.diagnostics)
        for days, fit in calibration.threshold_fits.items()
    ]  # fmt: skip


def _trust_row(facts: Facts, name: str, found: Diagnostics) -> Row:
    say = facts.say
    good = found.ok
    why = say("format.semicolon").join(_problems(facts, found))
    k_values = [k for k in (found.outer_pareto_k, found.worst_block_k) if k is not None]
    worst = f"{max(k_values):.2f}" if k_values else say("format.none")
    verdict = Cell(say("trust.good") if good else say("trust.bad"), sub=why, tone="good" if good else "bad")
    return Row([Cell(name), verdict, Cell(f"{found.effective_sample:,.0f}"), Cell(worst), Cell(found.engine)])


def _problems(facts: Facts, found: Diagnostics) -> Iterable[str]:
    """What speaks against a fit, as `Diagnostics.problems` judges it."""
    say = facts.say
    if found.effective_sample < 400:
        yield say("trust.few_draws", n=f"{found.effective_sample:,.0f}")
    if found.outer_pareto_k is not None and found.outer_pareto_k > 0.7:
        yield say("trust.high_k", k=f"{found.outer_pareto_k:.2f}")
    if found.worst_block_k is not None and found.worst_block_k > 0.7:
        yield say("trust.block_k", k=f"{found.worst_block_k:.2f}", rep=facts.label(found.worst_block_rep or ""))
    if found.r_hat is not None and found.r_hat > 1.01:
        yield say("trust.r_hat", r=f"{found.r_hat:.3f}")
    if found.n_divergent:
        yield say("trust.divergent", n=found.n_divergent)


def _notes(facts: Facts, notes: Iterable[str]) -> Iterable[str]:
    """What could not be calculated, in the language of the report."""
    say = facts.say
    for note in dict.fromkeys(notes):
        for pattern, key in NOTES:
            if found := re.fullmatch(pattern, note, flags=re.DOTALL):
                yield say(f"trust.{key}", **_values(say, found.groupdict()))
                break
        else:
            yield say("trust.note_other", words=facts.reveal(note))


def _values(say: Wording, found: dict[str, str]) -> dict[str, str]:
    """What a note names, in the words of the report."""
    from datetime import date

    values = {name: printable(text) for name, text in found.items()}
    for name in ("ranks", "days"):
        if name in values:
            values[name] = say.listed(re.split(", | and | or ", values[name]))
    if "date" in values:
        values["date"] = say.date(date.fromisoformat(values["date"]))
    for name, key in MODEL_NAMES:
        if values.get("what", "").startswith(name):
            values["what"] = say(f"trust.{key}", within=say.within(int(values["days"])))
    return values
