"""The sections of the rank model: all reps in one picture, promised against delivered, how many ranks, standings."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from calibra.decisions.promises import KEPT, LESS, MORE
from calibra.decisions.standings import SURE, rep_standings
from calibra.models.rank_population import THESE_REPS
from calibra.models.rank_profiles import FLAG_PROB
from calibra.models.reading import ALL_REPS, WITHIN_REPS
from calibra.views.plot_rank import PANEL_TOPS
from calibra.views.report.blocks import NO_PICTURE, Block, Bullets, Cell, Column, Row, Section, Table, Text
from calibra.views.report.facts import ENDS, RANK_WIDTH, Days, Facts, Record, is_shown
from calibra.views.report.svg import Scale, axis, strip
from calibra.views.style import short_label
from calibra.views.tables import plain_rows

FINDING_KEYS = {
    "below all reps": ("below", "prob_below"), "above all reps": ("above", "prob_above"),
    "in line": ("in_line", "prob_within"),
}  # fmt: skip
"""Finding of `RankFit.profiles` to its phrase and the probability behind it."""

PROMISE_KEYS = {
    "average": {LESS: "less", KEPT: "kept", MORE: "more"},
    "bar": {LESS: "bar_less", KEPT: "bar_kept", MORE: "bar_more"},
}
"""Kind of a promise and verdict on it to its phrase."""
MANY_ROWS = 60
"""A table of more rows scrolls up and down, too."""


def rank_label(rank: str) -> str:
    """A rank on one short line."""
    return short_label(rank, width=RANK_WIDTH)


def tall(rows: list[Row]) -> str:
    """Class of a table of many rows."""
    return "tall" if len(rows) > MANY_ROWS else ""


# all reps in one picture ----------------------------------------------------------------------------------------------


def overview_section(facts: Facts) -> Section:
    """Every rep at every rank, and how far each lies from all reps."""
    say = facts.say
    blocks: list[Block] = []
    for days in facts.days:
        within = say.within(days)
        blocks += [Text(say("overview.lead", within=within, level=facts.level())), _grid(facts, days)]
        if len(facts.profiles[days]) > 1:
            blocks += [
                Text(say("overview.gaps_lead", margin=facts.margin_odds())),
                _gaps(facts, days),
                Text(_spread(facts, days)),
            ]
    return Section("all-reps", say("overview.title"), blocks)


def _spread(facts: Facts, days: Days) -> str:
    """How far the reps there are differ at the best rank."""
    fit = facts.calibration.rank_fits[days]
    row = next(row for row in plain_rows(fit.spread()) if row["of"] == THESE_REPS)
    points = facts.say.read(row, unit="whole")
    return facts.say("overview.spread", rank=rank_label(fit.ranks[0]), points=points, n=f"{row['n_reps']:,}")


def percent_scale(facts: Facts, days: Days, rank: str | None = None) -> Scale:
    """From 0 to the first of a few tops that holds every interval's end and promise: of one rank, or of all."""
    found = facts.probabilities[days]
    rows = [row for of_rank in found.values() for name, row in of_rank.items() if rank in (None, name)]
    aims = [promise_aim(facts, name, days) or 0.0 for name in found[ALL_REPS] if rank in (None, name)]
    highest = max(*(row["upper"] for row in rows), *aims)
    return Scale(0.0, next(top for top in PANEL_TOPS if top >= min(highest, 1.0)))


def percent_axis(scale: Scale) -> list[tuple[float, str]]:
    """Ticks of a scale of shares."""
    return [(share * scale.high, f"{100 * share * scale.high:g}") for share in (0.0, 0.5, 1.0)]


def promise_aim(facts: Facts, rank: str, days: Days) -> float | None:
    """The average promised by a rank, where it is promised within this horizon."""
    promise = facts.calibration.judgments.scale.promises.get(rank)
    comparable = promise is not None and promise.kind == "average" and days in (None, promise.within_days)
    return promise.prob if promise is not None and comparable else None


def all_reps_line(row: Record) -> float | None:
    """Where the line of all reps stands; none of too few judgments."""
    return row["estimate"] if is_shown(row) else None


def probability_strip(
    facts: Facts, row: Record, scale: Scale, *, line: float | None = None, aim: float | None = None, tone: str = ""
) -> Cell:
    """A probability as a strip with its number, interval and n; of too few judgments the day of the first answer."""
    say = facts.say
    if not is_shown(row):
        counts = say("format.of_short", events=f"{row['events']:,}", n=f"{row['n']:,}")
        day = facts.first_answer(row)
        return Cell(say("format.none"), say("format.semicolon").join([counts, day] if day else [counts]), tone="pale")
    text = say.interval(f"{100 * row['estimate']:.0f}", f"{100 * row['lower']:.0f}", f"{100 * row['upper']:.0f}")
    picture = strip(
        say.read(row), scale, row["estimate"], row["lower"], row["upper"], tone=tone, line=line, aim=aim
    )  # fmt: skip
    return Cell(text, say("format.of_short", events=f"{row['events']:,}", n=f"{row['n']:,}"), picture)


def _grid(facts: Facts, days: Days) -> Table:
    """One row a rep, one column a rank; all reps first."""
    say, found = facts.say, facts.probabilities[days]
    everyone, scales = found[ALL_REPS], {rank: percent_scale(facts, days, rank) for rank in found[ALL_REPS]}
    columns = [Column(say("overview.col_rep"), "name")]
    columns += [Column(rank_label(rank), "strip", axis(scale, percent_axis(scale))) for rank, scale in scales.items()]
    first = [
        probability_strip(facts, row, scales[rank], tone="everyone", aim=promise_aim(facts, rank, days))
        for rank, row in everyone.items()
    ]
    rows = [Row([Cell(say("format.all_reps")), *first], tone="everyone")]
    for rep in (rep for rep in facts.reps if rep in found):
        cells = [
            probability_strip(facts, row, scales[rank], line=all_reps_line(everyone[rank]))
            for rank, row in found[rep].items()
        ]
        rows.append(Row([rep_cell(facts, rep), *cells], facts.names[rep]))
    caption = say("overview.caption", within=say.within(days))
    return Table(columns, rows, caption, facts.mature_note(days), f"grid {tall(rows)}".strip())


def rep_cell(facts: Facts, rep: str) -> Cell:
    """A rep's name, leading to the card."""
    return Cell(facts.label(rep), href=facts.anchor(rep))


def _gaps(facts: Facts, days: Days) -> Table:
    """Difference of each rep's outcomes to all reps'."""
    say, profiles = facts.say, facts.profiles[days]
    band = facts.settings[f"margin_band_{days}"]
    reach = max(
        2.0 * max(map(abs, band)),
        *(abs(row[f"gap_points_{end}"]) for row in profiles.values() for end in ("lower", "upper")),
    )
    scale = Scale(-reach, reach)
    shown = 5.0 * (reach // 5) if reach >= 5.0 else float(f"{0.8 * reach:.1g}")
    ticks = [(-shown, f"−{shown:g}"), (0.0, "0"), (shown, f"+{shown:g}")]
    columns = [
        Column(say("overview.col_rep"), "name"), Column(say("overview.col_gap"), "strip wide", axis(scale, ticks)),
        Column(say("overview.col_finding"), "words"), Column(say("overview.col_sure")),
    ]  # fmt: skip
    rows = []
    for rep in (rep for rep in facts.reps if rep in profiles):
        row = profiles[rep]
        gap, low, high = (row[f"gap_points{end}"] for end in ENDS)
        key, chance = finding_words(facts, row)
        text = say.signed(gap, low, high)
        picture = strip(text, scale, gap, low, high, tone=key, line=0.0, band=band)
        cells = [
            rep_cell(facts, rep), Cell(text, say("format.n", n=f"{row['n']:,}"), picture),
            _finding_cell(facts, row, key), Cell(chance),
        ]  # fmt: skip
        rows.append(Row(cells, facts.names[rep]))
    return Table(columns, rows, say("overview.gaps"), facts.mature_note(days), tall(rows))


def finding_words(facts: Facts, row: Record) -> tuple[str, str]:
    """Phrase of a finding and its probability; of no finding that of either side."""
    say = facts.say
    if row["finding"] in FINDING_KEYS:
        key, name = FINDING_KEYS[row["finding"]]
        return key, say.chance(row[name])
    if not row["n_more"]:
        return "cannot_tell", say("format.none")
    sides = {side: say.chance(row[f"prob_{side}"]) for side in ("below", "above")}
    return "cannot_tell", say("overview.sides", **sides)


def _finding_cell(facts: Facts, row: Record, key: str) -> Cell:
    if key == "cannot_tell" and row["n_more"]:
        return Cell(facts.say("overview.cannot_tell_more", more=facts.say.more(row["n_more"])), tone="pale")
    return Cell(facts.say(f"overview.{key}"), tone="pale" if key == "cannot_tell" else key)


# promised against delivered -------------------------------------------------------------------------------------------


def promises_section(facts: Facts) -> Section:
    """Each rank promised against delivered, all reps together."""
    say = facts.say
    blocks: list[Block] = [Text(say("promises.lead"))]
    for days in facts.days:
        table = promise_table(facts, days)
        blocks += [found for found in (table, bar_table(facts, days)) if found is not None]
        blocks += [Text(say("promises.none", within=say.within(days)))] if not _promises_within(facts, days) else []
        blocks += [Text(told) for told in _order(facts, days)]
    return Section("promises", say("promises.title"), blocks)


def _promises_within(facts: Facts, days: Days) -> bool:
    """Whether the scale promises anything within a horizon."""
    promises = facts.calibration.judgments.scale.promises.values()
    return bool(facts.promises[days]) or any(promise.within_days == days for promise in promises)


def promise_table(facts: Facts, days: Days) -> Table | None:
    """Promised against delivered of all reps, each rank at the horizon it is read at; None where there is no such."""
    ranks = [rank for rank in facts.calibration.rank_fits[days].ranks if facts.horizon_of(rank) == days]
    if not ranks:
        return None
    say, scale = facts.say, percent_scale(facts, days)
    promises, everyone = facts.promises[days].get(ALL_REPS, {}), facts.probabilities[days][ALL_REPS]
    scale = Scale(0.0, max(scale.high, *(promise_aim(facts, rank, days) or 0.0 for rank in ranks), 0.0))
    kinds = {
        "rank": "name", "promised": "number", "delivered": "strip wide", "known": "number", "verdict": "words",
    }  # fmt: skip
    above = {"strip wide": axis(scale, percent_axis(scale))}
    columns = [Column(say(f"promises.col_{name}"), kind, above.get(kind, NO_PICTURE)) for name, kind in kinds.items()]
    rows = []
    for rank in ranks:
        row = everyone[rank]
        text = say.interval(*(f"{100 * row[name]:.0f}" for name in ("estimate", "lower", "upper")))
        aim = promise_aim(facts, rank, days)
        picture = strip(say.read(row), scale, row["estimate"], row["lower"], row["upper"], aim=aim)
        delivered = Cell(text, picture=picture) if is_shown(row) else Cell(say("format.none"), facts.first_answer(row))
        known = Cell(say("format.of", events=f"{row['events']:,}", n=f"{row['n']:,}"))
        promised, verdict = _promise_cells(facts, rank, promises.get(rank))
        rows.append(Row([Cell(rank_label(rank)), promised, delivered, known, verdict]))
    caption = say("overview.caption", within=say.within(days))
    return Table(columns, rows, caption, facts.mature_note(days))


def _promise_cells(facts: Facts, rank: str, row: Record | None) -> tuple[Cell, Cell]:
    """What a rank promises, and what is said of it."""
    say, promise = facts.say, facts.calibration.judgments.scale.promises.get(rank)
    if row is None and promise is not None:
        within = say.within(promise.within_days)
        return Cell(say.percent(promise.prob), within), Cell(say("promises.uncompared"), tone="pale")
    if row is None:
        return Cell(say("format.none")), Cell(say("promises.unpromised"), tone="pale")
    if row["kind"] == "bar":
        return Cell(say("format.none")), Cell(say("promises.bar_below"), tone="pale")
    return Cell(say.percent(row["promised"])), _verdict_cell(facts, row)


def bar_table(facts: Facts, days: Days) -> Table | None:
    """From which chance on ranks that promise a bar are used, all reps together; None where no rank does."""
    say, found = facts.say, facts.promises[days].get(ALL_REPS, {})
    bars = {rank: row for rank, row in found.items() if row["kind"] == "bar"}
    if not bars:
        return None
    columns = [
        Column(say("promises.col_rank"), "name"), Column(say("promises.col_meant_from")),
        Column(say("promises.col_used_from")), Column(say("promises.col_verdict"), "words"),
    ]  # fmt: skip
    rows = [
        Row([
            Cell(rank_label(rank)), Cell(say.percent(row["promised"])), Cell(say.read(row, "bar")),
            _verdict_cell(facts, row),
        ])
        for rank, row in bars.items()
    ]  # fmt: skip
    return Table(
        columns, rows, say("promises.bars", within=say.within(days)), say("promises.bars_note", level=facts.level())
    )


def _verdict_cell(facts: Facts, row: Record) -> Cell:
    """What is said of a promise, and how sure that is."""
    say = facts.say
    key, chance, tone = promise_verdict(facts, row)
    verdict = say(f"promises.{key}")
    return Cell(say("promises.sure", verdict=verdict, chance=chance) if chance else verdict, tone=tone)


def promise_verdict(facts: Facts, row: Record) -> tuple[str, str, str]:
    """Phrase of what is said of a promise, its probability, and its colour; no probability where nothing is sure."""
    verdict = row["verdict"]
    if verdict not in PROMISE_KEYS["average"]:
        return "open", "", "pale"
    tone = {LESS: "below", MORE: "above"}.get(verdict, "")
    return PROMISE_KEYS[row["kind"]][verdict], facts.say.chance(row[f"prob_{verdict}"]), tone


def _order(facts: Facts, days: Days) -> list[str]:
    """Do the ranks stand in order, at the same reps? What is sure, what is sure the other way, and what is not."""
    say, rows = facts.say, facts.orders[days].get(WITHIN_REPS, [])
    wrong = [row for row in rows if row["prob_ordered"] <= 1.0 - FLAG_PROB]
    unsure = [row for row in rows if 1.0 - FLAG_PROB < row["prob_ordered"] < FLAG_PROB]
    if rows and not wrong and not unsure:
        return [say("promises.order_sure", pairs=_pairs_told(facts, rows, "better", "worse"))]
    told = [say("promises.order_wrong", pairs=_pairs_told(facts, wrong, "worse", "better"))] if wrong else []
    unsure_pairs = _pairs_told(facts, unsure, "better", "worse")
    return told + ([say("promises.order_unsure", pairs=unsure_pairs)] if unsure else [])


def _pairs_told(facts: Facts, rows: list[Record], above: str, below: str) -> str:
    say = facts.say
    return say.listed([
        say("promises.pair", better=rank_label(row[above]), worse=rank_label(row[below]),
            chance=say.chance(row["prob_ordered"] if above == "better" else 1.0 - row["prob_ordered"]))
        for row in rows
    ])  # fmt: skip


# how many ranks -------------------------------------------------------------------------------------------------------


def granularity_section(facts: Facts) -> Section:
    """How many ranks the data tell apart, with the evidence."""
    say = facts.say
    blocks: list[Block] = []
    for days, found in facts.calibration.granularity.items():
        n_ranks = sum(len(group) for group in found.groups)
        merged = ["+".join(rank_label(rank) for rank in group) for group in found.groups if len(group) > 1]
        key = "all" if found.n_supported == n_ranks else "one" if found.n_supported == 1 else "merged"
        sentence = say(
            f"granularity.{key}", within=say.within(days), n=found.n_supported if key == "merged" else n_ranks,
            all=n_ranks, groups=say.listed(merged), judgments=f"{found.n_judgments:,}",
        )  # fmt: skip
        blocks += [Text(sentence), _pairs(facts, days)]
    return Section("how-many", say("granularity.title"), blocks or [Text(say("granularity.none"))])


def _pairs(facts: Facts, days: Days) -> Table:
    """Neighbouring ranks, all reps together."""
    say, found = facts.say, facts.calibration.granularity[days]
    at, margin = found.columns, found.margin_points
    mine = np.flatnonzero(at["rep"] == ALL_REPS)
    reach = max(2.0 * margin, *(float(np.max(np.abs(at[end][mine]))) for end in ("lower", "upper")))
    low = min(0.0, float(at["lower"][mine].min()))
    scale = Scale(min(low, -margin), reach)
    shown = 5 * max(1, int(reach // 5))
    head = axis(scale, [(0.0, "0"), (float(shown), f"{shown}")])
    columns = [
        Column(say("granularity.col_pair"), "name"), Column(say("granularity.col_gap"), "strip wide", head),
        Column(say("granularity.col_sure", margin=f"{margin:g}")),
    ]  # fmt: skip
    together = {pair for group in found.groups for pair in pairwise(group)}
    rows = []
    for i in mine:
        gap, lower, upper = (float(at[name][i]) for name in ("estimate", "lower", "upper"))
        text = say.interval(*(f"{value:.0f}".replace("-", "−") for value in (gap, lower, upper)))
        tone = "cannot_tell" if (at["better"][i], at["worse"][i]) in together else ""
        names = say("granularity.pair", better=rank_label(at["better"][i]), worse=rank_label(at["worse"][i]))
        n = say("format.n", n=f"{int(at['n_better'][i]) + int(at['n_worse'][i]):,}")
        picture = strip(text, scale, gap, lower, upper, tone=tone, line=0.0, band=(-margin, margin))
        rows.append(Row([Cell(names), Cell(text, n, picture), Cell(say.chance(float(at["prob_apart"][i])))]))
    return Table(columns, rows, say("granularity.caption"), facts.mature_note(days))


# standings ------------------------------------------------------------------------------------------------------------


def standings_section(facts: Facts) -> Section:
    """Standings with their intervals, for those who ask for them; highest first."""
    say = facts.say
    blocks: list[Block] = [Text(say("standings.lead"))]
    for days, fit in facts.calibration.rank_fits.items():
        found = rep_standings(fit)
        key = "warranted" if found.is_league_table_warranted else "unwarranted"
        known = say.percent(found.share_of_pairs_known)
        blocks.append(Bullets([say(f"standings.{key}", known=known, sure=say.percent(SURE))]))
        scale = Scale(1.0, float(max(2, len(found.reps))))
        head = axis(scale, [(1.0, "1"), (scale.high, f"{len(found.reps)}")])
        columns = [
            Column(say("standings.col_rep"), "name"), Column(say("standings.col_standing"), "strip wide", head),
            Column(say("standings.col_beyond", points=f"{found.cut_points:g}")),
        ]  # fmt: skip
        rows = []
        for i in np.argsort(found.standing, kind="stable"):
            rep, values = found.reps[i], [float(v[i]) for v in (found.standing, found.lower, found.upper)]
            text = say.interval(*(f"{value:.0f}" for value in values))
            cell = Cell(text, say("format.n", n=f"{int(found.n[i]):,}"), strip(text, scale, *values))
            rows.append(
                Row([rep_cell(facts, rep), cell, Cell(say.chance(float(found.prob_beyond[i])))], facts.names[rep])
            )
        blocks.append(Table(columns, rows, note=facts.mature_note(days), css=tall(rows)))
    return Section("standings", say("standings.title"), blocks)
