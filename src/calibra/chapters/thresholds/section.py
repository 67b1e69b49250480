"""The section of thresholds: verdicts counted, and today's share of each rep, this quarter's step, how sure."""

from __future__ import annotations

from collections.abc import Sequence

from calibra.chapters.thresholds.advice import ThresholdAdvice
from calibra.chapters.thresholds.advice_findings import (
    Row as Threshold,
    boundary,
    chance_of_leaning,
    counted_share,
    interval_of,
    share_today,
)
from calibra.chapters.thresholds.advice_words import CANNOT_TELL, FINE, LOOSEN, MET_BY_ALL, MOVED, OUT_OF_REACH, TIGHTEN
from calibra.chapters.thresholds.answer import Thresholds
from calibra.chapters.thresholds.findings import VERDICT_PHRASES, count_verdicts
from calibra.reading.waiting import waiting_for
from calibra.values import Share
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import quiet_rows, tall
from calibra.wording import Wording

TONES = {
    TIGHTEN: "below",
    LOOSEN: "above",
    FINE: "",
    MOVED: "",
    CANNOT_TELL: "pale",
    OUT_OF_REACH: "reach",
    MET_BY_ALL: "reach",
}
"""Verdict to its colour."""

SPOKEN = (TIGHTEN, LOOSEN, OUT_OF_REACH)
"""Verdicts that there is something to say of."""


def threshold_section(found: Thresholds, page: Page) -> list[Section]:
    """Show who should move which threshold, and how far."""
    advice, say = found.advice, page.say
    if advice is None:
        return []
    blocks: list[Block] = [
        Text(say("thresholds.lead", step=say.percent(advice.rules.step_fraction))),
        Text(say.tell(count_verdicts(advice))),
        _advice_table(advice, page),
    ]
    return [Section("thresholds", say("thresholds.title"), blocks)]


def _advice_table(advice: ThresholdAdvice, page: Page) -> Table:
    """One row a rep, one column a threshold."""
    say, thresholds_of_rep = page.say, advice.rows_of_reps()
    first = next(iter(thresholds_of_rep.values()))
    several = len({threshold["within_days"] for threshold in first}) > 1
    columns = [Column(say("thresholds.col_rep"), "name")]
    columns += [Column(_heading(say, threshold, several=several), "words") for threshold in first]
    rows = []
    for rep in (rep for rep in page.reps if rep in thresholds_of_rep):
        name = page.rep_cell(rep)
        n = "" if several else say("format.n", n=f"{thresholds_of_rep[rep][0]['n']:,}")
        cells = [_advice_cell(say, threshold, several=several) for threshold in thresholds_of_rep[rep]]
        quiet = all(threshold["verdict"] not in SPOKEN for threshold in thresholds_of_rep[rep])
        rows.append(Row([Cell(name.text, n, href=name.href), *cells], page.names[rep], is_quiet=quiet))
    css = f"advice {tall(rows)}".strip()
    return Table(columns, rows, note=_note(advice, say), css=css, quiet=quiet_rows(rows, page))


def _heading(say: Wording, threshold: Threshold, *, several: bool) -> str:
    """The ranks above a threshold, and the horizon they are read at where there are several."""
    label = say.write(boundary(threshold))
    return say("format.colon", head=label, rest=say.within(threshold["within_days"])) if several else label


def _note(advice: ThresholdAdvice, say: Wording) -> str:
    """What the intervals, the probability and n of the table are."""
    days_of_rows = advice.columns["within_days"].tolist()
    days = sorted({days for days in days_of_rows if days is not None})
    key = "page.n_mature" if days else "page.n_mature_unstated"
    return say(
        "thresholds.note",
        level=say.percent(advice.rules.move_prob),
        margin=f"{advice.rules.margin_odds:g}",
        n=say(key, days=_joined(say, list(map(str, days)))),
    )


def _joined(say: Wording, parts: Sequence[str]) -> str:
    return say("format.comma").join(parts)


def _advice_cell(say: Wording, threshold: Threshold, *, several: bool) -> Cell:
    """Today's share, this quarter's step where a move is advised, the verdict, and what was counted."""
    verdict, now = threshold["verdict"], say.write(interval_of(threshold, "share_now"))
    counted = say("thresholds.share_counted", share=say.write(counted_share(threshold)))
    counted += say("format.comma") + say("format.n", n=f"{threshold['n']:,}") if several else ""
    parts = [_verdict(say, threshold)]
    if verdict in (TIGHTEN, LOOSEN):
        today = now if threshold["share_recent"] is None else say.tell(share_today(threshold))
        now = say("format.arrow", now=today, then=say.write(Share(threshold["share_step"], fine=True)))
        parts.append(_aim(say, threshold))
    hover = ""
    if verdict == CANNOT_TELL:
        parts, hover = [say.tell(VERDICT_PHRASES[verdict])], parts[0]
    return Cell(now, say("format.semicolon").join([*parts, counted]), tone=TONES[verdict], hover=hover)


def _verdict(say: Wording, threshold: Threshold) -> str:
    """The verdict with how sure it is, or with about how many more judgments one takes."""
    verdict, word = threshold["verdict"], say.tell(VERDICT_PHRASES[threshold["verdict"]])
    prob = {TIGHTEN: "prob_beyond_margin", LOOSEN: "prob_beyond_margin", FINE: "prob_within_margin"}.get(verdict)
    if prob is not None:
        return say("thresholds.verdict", verdict=word, chance=say.chance(threshold[prob]))
    if verdict == CANNOT_TELL and threshold["n_more"]:
        word = say("thresholds.cannot_tell_more", more=say.write(waiting_for(threshold)))
    if not threshold["leaning"]:
        return word
    lean, chance = say.tell(VERDICT_PHRASES[threshold["leaning"]]), say.chance(chance_of_leaning(threshold))
    return say("thresholds.leans", told=word, verdict=lean, chance=chance)


def _aim(say: Wording, threshold: Threshold) -> str:
    """The recommended share, or why there is none."""
    if threshold["share_target"] is None:
        return say("thresholds.no_aim")
    return say("thresholds.target", share=say.write(interval_of(threshold, "share_target")))
