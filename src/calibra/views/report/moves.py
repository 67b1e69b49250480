"""The section of thresholds: share now, this quarter's step, verdict, and how sure that is."""

from __future__ import annotations

from collections import Counter

from calibra.decisions.advice_words import CANNOT_TELL, FINE, LOOSEN, MOVED, OUT_OF_REACH, TIGHTEN, VERDICTS
from calibra.stats.margin import MARGIN_ODDS
from calibra.views.report.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.report.facts import Facts, Record
from calibra.views.report.ranks import rank_label, rep_cell, tall

VERDICT_KEYS = {
    TIGHTEN: "tighten", LOOSEN: "loosen", FINE: "fine", MOVED: "moved", CANNOT_TELL: "cannot_tell",
    OUT_OF_REACH: "out_of_reach",
}  # fmt: skip
"""Verdict to its phrase."""
TONES = {TIGHTEN: "below", LOOSEN: "above", FINE: "", MOVED: "", CANNOT_TELL: "pale", OUT_OF_REACH: "reach"}
"""Verdict to its colour."""
AIMS = {"promise": "aim_promise", "all reps' bars": "aim_all"}
"""Aim of the advice to its phrase."""


def threshold_section(facts: Facts) -> Section:
    """Who should move which threshold, and how far."""
    say, advice = facts.say, facts.calibration.advice
    title = say("thresholds.title")
    if advice is None or not facts.advice:
        return Section("thresholds", title, [Text(say("thresholds.none"))])
    aim = say(f"thresholds.{AIMS.get(advice.target, 'aim_other')}", words=advice.target)
    counted = Counter(row["verdict"] for rows in facts.advice.values() for row in rows)
    verdicts = say("format.comma").join(
        say("format.colon", head=say(f"thresholds.{VERDICT_KEYS[verdict]}"), rest=f"{counted[verdict]:,}")
        for verdict in VERDICTS
        if counted[verdict]
    )
    blocks: list[Block] = [
        Text(say("thresholds.lead", aim=aim, step=say.percent(advice.rules.step_fraction))),
        Text(say("thresholds.counted", n=f"{sum(counted.values()):,}", verdicts=verdicts)),
        _advice_table(facts),
    ]
    return Section("thresholds", title, blocks)


def boundary_label(facts: Facts, row: Record) -> str:
    """The ranks above a boundary."""
    rank = rank_label(row["rank"])
    return rank if row["is_best"] else facts.say("format.better", rank=rank)


def aim_level(facts: Facts) -> str:
    """Level of the interval of a recommended share."""
    advice = facts.calibration.advice
    return facts.say.percent(advice.rules.move_prob) if advice is not None else ""


def target_words(facts: Facts, row: Record) -> str:
    """The recommended share with its interval."""
    return facts.say.read(row, "share_target", unit="share")


def now_words(facts: Facts, row: Record) -> str:
    """The share called a rank now, as the model estimates it, with its interval."""
    if row["share_now_lower"] is None:  # a file of an earlier calibra
        return facts.say.share(row["share_now"])
    return facts.say.read(row, "share_now", unit="share")


def counted_words(facts: Facts, row: Record) -> str:
    """The share that was counted, where anything was."""
    return facts.say("format.none") if row["share_counted"] is None else facts.say.share(row["share_counted"])


def today_words(facts: Facts, row: Record) -> str:
    """The share called a rank today: of the recent judgments where they are known, else estimated and counted."""
    if row["share_recent"] is None:
        now, counted = now_words(facts, row), counted_words(facts, row)
        return facts.say("thresholds.today_estimated", now=now, counted=counted)
    share, n = facts.say.share(row["share_recent"]), f"{row['n_recent']:,.0f}"
    return facts.say("thresholds.today_recent", share=share, n=n)


def _advice_table(facts: Facts) -> Table:
    say, advice = facts.say, facts.calibration.advice
    first = next(iter(facts.advice.values()))
    columns = [Column(say("thresholds.col_rep"), "name")]
    several = len({row["within_days"] for row in first}) > 1
    columns += [Column(_heading(facts, row, several=several), "words") for row in first]
    rows = []
    for rep in (rep for rep in facts.reps if rep in facts.advice):
        cell = rep_cell(facts, rep)
        n = "" if several else say("format.n", n=f"{facts.advice[rep][0]['n']:,}")
        cells = [_advice_cell(facts, row, several=several) for row in facts.advice[rep]]
        rows.append(Row([Cell(cell.text, n, href=cell.href), *cells], facts.names[rep]))
    rules = None if advice is None else advice.rules
    note = say(
        "thresholds.note", level=aim_level(facts), engine=_engine(facts),
        margin=f"{rules.margin_odds if rules else MARGIN_ODDS:g}", n=_mature(facts),
    )  # fmt: skip
    return Table(columns, rows, note=note, css=f"advice {tall(rows)}".strip())


def _heading(facts: Facts, row: Record, *, several: bool) -> str:
    """The ranks above a boundary, and the horizon they are read at where there are several."""
    label = facts.say("thresholds.col_boundary", rank=boundary_label(facts, row))
    return facts.say("format.colon", head=label, rest=facts.say.within(row["within_days"])) if several else label


def _engine(facts: Facts) -> str:
    engines = {fit.diagnostics.engine for fit in facts.calibration.threshold_fits.values()}
    return facts.say("format.comma").join(sorted(engines))


def _mature(facts: Facts) -> str:
    days = sorted({str(row["within_days"]) for rows in facts.advice.values() for row in rows})
    key = "page.n_mature_unstated" if days == ["None"] else "page.n_mature"
    return facts.say(key, days=facts.say("format.comma").join(days))


def _advice_cell(facts: Facts, row: Record, *, several: bool) -> Cell:
    say, verdict = facts.say, row["verdict"]
    now, counted = now_words(facts, row), say("thresholds.share_counted", share=counted_words(facts, row))
    counted += say("format.comma") + say("format.n", n=f"{row['n']:,}") if several else ""
    word = say(f"thresholds.{VERDICT_KEYS[verdict]}")
    if verdict in (TIGHTEN, LOOSEN):
        today = now if row["share_recent"] is None else today_words(facts, row)
        moved = say("format.arrow", now=today, then=say.share(row["share_step"]))
        told = say("thresholds.verdict", verdict=word, chance=say.chance(row["prob_direction"]))
        known = row["share_target"] is not None
        target = say("thresholds.target", share=target_words(facts, row)) if known else say("thresholds.no_aim")
        return Cell(moved, say("format.semicolon").join([told, target, counted]), tone=TONES[verdict])
    if verdict == CANNOT_TELL and row["n_more"]:
        word = say("thresholds.cannot_tell_more", more=say.more(row["n_more"]))
    elif verdict == FINE:
        word = say("thresholds.verdict", verdict=word, chance=say.chance(row["prob_within_margin"]))
    return Cell(now, say("format.semicolon").join([word, counted]), tone=TONES[verdict])
