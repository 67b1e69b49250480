"""A card for each rep: what the ranks meant, where they differ and how sure that is, one thing to try, what is open."""

from __future__ import annotations

from collections.abc import Iterator

from calibra.decisions.advice_words import CANNOT_TELL, FINE, LOOSEN, MOVED, OUT_OF_REACH, TIGHTEN, WITHOUT_NUMBERS
from calibra.decisions.style import CAUTIOUS, READS_TOO_MUCH, STARTS_HIGHER, STARTS_LOWER
from calibra.models.rank_profiles import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.models.reading import ALL_REPS
from calibra.views.report.blocks import Card, Cell, Column, Flag, Row, Table
from calibra.views.report.facts import ENDS, Days, Facts, Record
from calibra.views.report.moves import aim_level, boundary_label, now_words, target_words, today_words
from calibra.views.report.ranks import (
    all_reps_line,
    percent_axis,
    percent_scale,
    probability_strip,
    promise_aim,
    promise_verdict,
    rank_label,
)
from calibra.views.report.svg import axis
from calibra.views.report.times import chased_of, expected_events
from calibra.views.style import short_label
from calibra.words import points

NAME_WIDTH = 200
"""Characters of a rep's name in the heading of the card."""
STYLES = {
    READS_TOO_MUCH: ("reads_too_much", "below"), CAUTIOUS: ("cautious", "above"),
    STARTS_LOWER: ("starts_lower", "below"), STARTS_HIGHER: ("starts_higher", "above"),
}  # fmt: skip
"""What is said of a rep's bars: its phrase and its colour."""
WITHOUT_AIM = {"tighten": "tighten_without_aim", "loosen": "loosen_without_aim"}
"""A move to its phrase where no aim is given."""
FEW_CHASED = 5
"""From so many prospects open for too long on, looking through them is worth a conversation."""


def rep_card(facts: Facts, rep: str) -> Card:
    """Everything that is said to one rep."""
    moves = [row for row in facts.advice.get(rep, []) if row["verdict"] in (TIGHTEN, LOOSEN)]
    best = max(moves, key=lambda row: row["move_size"], default=None)
    return Card(
        anchor=facts.anchor(rep), name=short_label(facts.names[rep], width=NAME_WIDTH), label=facts.label(rep),
        lead=_lead(facts, rep), ranks=_rank_tables(facts, rep), differs=list(_differences(facts, rep)),
        attempt=[_attempt(facts, rep, best)], unknown=list(_unknown(facts, rep)) or [facts.say("card.nothing_unknown")],
        talks=list(_talks(facts, rep, best)),
    )  # fmt: skip


def _lead(facts: Facts, rep: str) -> str:
    """What the card rests on."""
    say, days = facts.say, facts.first_days
    rows = facts.probabilities.get(days, {}).get(rep, {}).values()
    n, events = (sum(row[name] for row in rows) for name in ("n", "events"))
    if not n:
        return say("card.nothing_judged")
    return say(
        "card.lead", n=f"{n:,}", events=f"{events:,}", events_word=say("glance.event_count"), within=say.within(days)
    )


# what the ranks meant -------------------------------------------------------------------------------------------------


def _rank_tables(facts: Facts, rep: str) -> list[Table]:
    """One table a horizon: every rank in the first, and in each other those that promise something within it."""
    tables = []
    for days in facts.days:
        found = facts.probabilities[days].get(rep, {})
        ranks = [rank for rank in found if days in (facts.first_days, facts.horizon_of(rank))]
        if ranks:
            tables.append(_rank_table(facts, rep, ranks, days))
    return tables


def _rank_table(facts: Facts, rep: str, ranks: list[str], days: Days) -> Table:
    say, found, everyone = facts.say, facts.probabilities[days][rep], facts.probabilities[days][ALL_REPS]
    scale = percent_scale(facts, days)
    promises, bars = facts.promises[days].get(rep, {}), facts.bars.get(days, {}).get(rep, {})
    columns = [
        Column(say("card.col_rank"), "name"),
        Column(say("card.col_delivered", within=say.within(days)), "strip wide", axis(scale, percent_axis(scale))),
    ]
    columns += [Column(say("card.col_promised"))] if promises else []
    rows = []
    for rank in ranks:
        bar = say("card.bar", bar=say.read(bars[rank])) if rank in bars else ""
        cells = [
            Cell(rank_label(rank), bar),
            probability_strip(
                facts, found[rank], scale, line=all_reps_line(everyone[rank]), aim=promise_aim(facts, rank, days)
            ),
        ]
        cells += [_promise_cell(facts, promises.get(rank))] if promises else []
        rows.append(Row(cells))
    note = say("card.note", level=facts.level(), engine=facts.engine(days))
    return Table(columns, rows, note=note, css="own")


def _promise_cell(facts: Facts, row: Record | None) -> Cell:
    """What was promised, and which side of it the rep is on; of a bar the side of the line, not of what came."""
    if row is None:
        return Cell(facts.say("format.none"))
    key, chance, tone = promise_verdict(facts, row)
    told = facts.say(f"card.{key}", chance=chance) if chance else ""
    promised = facts.say.percent(row["promised"])
    return Cell(facts.say("card.meant_from", share=promised) if row["kind"] == "bar" else promised, told, tone=tone)


# where the rep differs ------------------------------------------------------------------------------------------------


def _differences(facts: Facts, rep: str) -> Iterator[Flag]:
    """Every finding about a rep, each with its probability."""
    found = [*_level(facts, rep), *_tempo(facts, rep), *_separation(facts, rep), *_order(facts, rep)]
    if not found:
        yield Flag(facts.say("card.nothing_differs"), "", "pale")
    yield from found


def style_of(facts: Facts, rep: str, days: Days) -> tuple[str, Record] | None:
    """What is said of where a rep begins to use the ranks."""
    row = facts.styles.get(days, {}).get(rep)
    return None if row is None or row["style"] not in STYLES else (row["style"], row)


def _level(facts: Facts, rep: str) -> Iterator[Flag]:
    """Outcomes against all reps' at the same rank, and the bars where they point the same way."""
    say = facts.say
    for days in facts.days:
        row = facts.profiles[days].get(rep)
        if row is None or len(facts.profiles[days]) < 2:
            continue
        if style := style_of(facts, rep, days):
            key, tone = STYLES[style[0]]
            told = say(f"card.{key}", points=_style_points(facts, style[1]))
            yield Flag(_at_horizon(facts, days, told), _sure(facts, style[1]["prob_style"]), tone)
        if row["finding"] in ("below all reps", "above all reps"):
            side = row["finding"].split(" ")[0]
            told = say(f"card.{side}", points=gap_words(facts, row))
            yield Flag(_at_horizon(facts, days, told), _sure(facts, row[f"prob_{side}"]), side)
        elif row["finding"] == "in line":
            points = say.signed(*(row[f"gap_points{end}"] for end in ENDS))
            told = say("card.in_line", points=points)
            yield Flag(_at_horizon(facts, days, told), _sure(facts, row["prob_within"]))


def _at_horizon(facts: Facts, days: Days, told: str) -> str:
    """A sentence under its horizon, where there are several."""
    within = facts.say.within(days)
    return told if len(facts.days) < 2 else facts.say("format.colon", head=within[:1].upper() + within[1:], rest=told)


def _sure(facts: Facts, prob: float) -> str:
    return facts.say("card.probability", chance=facts.say.chance(prob))


def gap_words(facts: Facts, row: Record) -> str:
    """A gap that is a finding, counted in the direction it is told in."""
    return _directed(facts, *(row[f"gap_points{end}"] for end in ENDS))


def _style_points(facts: Facts, bars: Record) -> str:
    """How far the bars lie from the others'."""
    return _directed(facts, bars["bar_gap_points"], bars["lower"], bars["upper"])


def _margin(facts: Facts) -> str:
    """Factor on the odds within which outcomes are not called different."""
    return facts.margin_odds()


def _directed(facts: Facts, estimate: float, lower: float, upper: float) -> str:
    """The size of a difference whose direction the sentence tells."""
    sign = 1.0 if estimate > 0 else -1.0
    low, high = sorted((sign * lower, sign * upper))
    return facts.say.interval(*(text.replace("-", "−") for text in points(sign * estimate, low, high)))


def _tempo(facts: Facts, rep: str) -> Iterator[Flag]:
    row = facts.tempo.get(rep)
    for key, name, tone in (("slower", "prob_slower", "below"), ("faster", "prob_faster", "above")):
        if row is not None and row["finding"] == f"{key} than all reps":
            yield Flag(facts.say(f"card.{key}", **_tempo_values(facts, row)), _sure(facts, row[name]), tone)


def _tempo_values(facts: Facts, row: Record) -> dict[str, str]:
    return {
        "days": facts.say.read(row, "median_days", unit="whole"),
        "ratio": facts.say.read(row, "ratio", unit="tenth"),
    }


def _separation(facts: Facts, rep: str) -> Iterator[Flag]:
    """How well the ranks tell outcomes apart."""
    say, row = facts.say, facts.profiles.get(facts.first_days, {}).get(rep)
    everyone = facts.probabilities.get(facts.first_days, {}).get(ALL_REPS, {})
    if row is None or row["n"] < FEWEST_JUDGMENTS or len(everyone) < 2:
        return
    if not any(of_rank["events"] for of_rank in everyone.values()):
        return  # nobody has an event: nothing is told apart
    if row["prob_inverted"] >= FLAG_PROB:
        yield Flag(say("card.inverted"), _sure(facts, row["prob_inverted"]), "below")
    elif row["prob_ranks_tell_nothing"] >= FLAG_PROB:
        yield Flag(say("card.tells_nothing"), _sure(facts, row["prob_ranks_tell_nothing"]), "below")
    else:
        yield Flag(say("card.separates", auc=say.read(row, "auc")), "")


def _ranks_in_doubt(profile: Record) -> bool:
    """Whether a rep's ranks surely tell nothing, or the wrong way."""
    enough = profile["n"] >= FEWEST_JUDGMENTS
    return bool(enough and max(profile["prob_ranks_tell_nothing"], profile["prob_inverted"]) >= FLAG_PROB)


def _order(facts: Facts, rep: str) -> Iterator[Flag]:
    """Neighbouring ranks that stand the wrong way round."""
    for row in facts.orders.get(facts.first_days, {}).get(rep, []):
        wrong = 1.0 - row["prob_ordered"]
        if wrong >= FLAG_PROB and row["n_better"] + row["n_worse"] >= FEWEST_JUDGMENTS:
            names = {"better": rank_label(row["better"]), "worse": rank_label(row["worse"])}
            yield Flag(facts.say("card.pair_inverted", **names), _sure(facts, wrong), "below")


# one thing to try -----------------------------------------------------------------------------------------------------


def _attempt(facts: Facts, rep: str, move: Record | None) -> Flag:
    """The one thing most worth trying: what the ranks go by, the largest sure move, old prospects, else to go on."""
    say, profile = facts.say, facts.profiles.get(facts.first_days, {}).get(rep)
    if profile is not None and _ranks_in_doubt(profile):
        return Flag(say("card.review"), "")
    if move is not None:
        key = "tighten" if move["verdict"] == TIGHTEN else "loosen"
        sure = say("card.sure", chance=say.chance(move["prob_direction"]))
        return Flag(_move_words(facts, "card", key, move), sure)
    if side := _side(facts, rep):
        return Flag(say(f"card.review_{side}"), "")
    chased = chased_of(facts, rep)
    if chased["n_chased"] >= FEW_CHASED:
        return Flag(say("card.hand_back", n=f"{chased['n_chased']:,}", left=expected_events(facts, chased)), "")
    return _steady(facts, rep)


def _side(facts: Facts, rep: str) -> str:
    """The side on which a rep's reading or outcomes are found; empty where nothing is found."""
    if style := style_of(facts, rep, facts.first_days):
        return STYLES[style[0]][1]
    profile = facts.profiles.get(facts.first_days, {}).get(rep)
    found = "" if profile is None else profile["finding"]
    return found.split(" ")[0] if found in ("below all reps", "above all reps") else ""


def _steady(facts: Facts, rep: str) -> Flag:
    """Where nothing should change."""
    say, rows = facts.say, facts.advice.get(rep, [])
    margin = "" if facts.calibration.advice is None else f"{facts.calibration.advice.rules.margin_odds:g}"
    for row in rows:
        if row["verdict"] == FINE:
            told = say("card.keep", rank=boundary_label(facts, row), margin=margin)
            return Flag(told, say("card.sure", chance=say.chance(row["prob_within_margin"])))
        if row["verdict"] == OUT_OF_REACH:
            return Flag(say("card.reach", rank=boundary_label(facts, row)), "")
    return Flag(say("card.attempt_none"), "")


def _move_words(facts: Facts, where: str, key: str, row: Record) -> str:
    """A move; without an aim where the model does not fit, and saying on what an aim beyond the counts rests."""
    if row["share_target"] is None:
        return facts.say(f"{where}.{WITHOUT_AIM[key]}", **_move_values(facts, row))
    told = facts.say(f"{where}.{key}", **_move_values(facts, row))
    if where == "card" and row["rests_on_shape"]:
        return facts.say("format.sentences", first=told, second=facts.say("card.shape"))
    return told


def _move_values(facts: Facts, row: Record) -> dict[str, str]:
    say = facts.say
    return {
        "rank": boundary_label(facts, row), "today": today_words(facts, row),
        "step": say.share(row["share_step"]),        "target": target_words(facts, row), "level": aim_level(facts),
    }  # fmt: skip


# what cannot be told --------------------------------------------------------------------------------------------------


def _unknown(facts: Facts, rep: str) -> Iterator[str]:
    """What is open, and about how many more judgments it takes."""
    say, settled = facts.say, True
    waiting: list[str] = []
    profile = facts.profiles.get(facts.first_days, {}).get(rep)
    if profile is not None and profile["finding"] == "cannot tell yet" and len(facts.reps) > 1:
        more = profile["n_more"]
        told = say("card.more_level", more=say.more(more), margin=_margin(facts)) if more else say("card.few_level")
        yield _at_horizon(facts, facts.first_days, told)
    for row in facts.advice.get(rep, []):
        if row["verdict"] == MOVED:
            recent = {"share": say.share(row["share_recent"]), "n": f"{row['n_recent']:,.0f}"}
            yield say("card.moved", rank=boundary_label(facts, row), now=now_words(facts, row), **recent)
        elif row["verdict"] == CANNOT_TELL and row["reason"] in WITHOUT_NUMBERS:
            settled = False
        elif row["verdict"] == CANNOT_TELL:
            waiting.append(say("card.more_rank", rank=boundary_label(facts, row), more=say.more(row["n_more"])))
    if waiting:
        yield say("card.more_threshold", ranks=say.listed(waiting))
    if not settled:
        yield say("card.no_separation")
    tempo = facts.tempo.get(rep)
    if tempo is not None and tempo["finding"] == "cannot tell yet" and len(facts.reps) > 1:
        yield say("card.more_tempo", days=say.read(tempo, "median_days", unit="whole"))
    if profile is not None and profile["finding"] in ("below all reps", "above all reps"):
        yield say("card.territory")


# the first page -------------------------------------------------------------------------------------------------------


def _talks(facts: Facts, rep: str, move: Record | None) -> Iterator[Flag]:
    """What stands of a rep on the first page: only what has a verdict."""
    say, days = facts.say, facts.first_days
    profile = facts.profiles.get(days, {}).get(rep)
    if profile is not None and len(facts.reps) > 1:
        yield from _talk_of_level(facts, rep, profile)
    if move is not None:
        key = "tighten" if move["verdict"] == TIGHTEN else "loosen"
        weight = 100.0 * move["move_size"]
        yield Flag(_move_words(facts, "talk", key, move), say.chance(move["prob_direction"]), "", weight)
    tempo = facts.tempo.get(rep)
    for key, name in (("slower", "prob_slower"), ("faster", "prob_faster")):
        if tempo is not None and tempo["finding"] == f"{key} than all reps":
            told = say(f"talk.{key}", **_tempo_values(facts, tempo))
            yield Flag(
                told[:1].upper() + told[1:], say.chance(tempo[name]), "", 100.0 * abs(tempo["ratio"] - 1.0) / 2.0
            )


def _talk_of_level(facts: Facts, rep: str, profile: Record) -> Iterator[Flag]:
    """Ranks that tell nothing; else the reading or the outcomes, at the horizon at which they are furthest off."""
    if _ranks_in_doubt(profile):
        key = "inverted" if profile["prob_inverted"] >= FLAG_PROB else "tells_nothing"
        name = f"prob_{key}" if key == "inverted" else "prob_ranks_tell_nothing"
        yield Flag(facts.say(f"talk.{key}"), facts.say.chance(profile[name]), "below", 20.0)
        return
    found = [flag for days in facts.days for flag in _talk_at(facts, rep, days)]
    if found:
        yield max(found, key=lambda flag: flag.weight)


def _talk_at(facts: Facts, rep: str, days: Days) -> Iterator[Flag]:
    """The reading or else the outcomes within a horizon, where they are sure."""
    say, profile = facts.say, facts.profiles[days].get(rep)
    if profile is None:
        return
    if style := style_of(facts, rep, days):
        key, tone = STYLES[style[0]]
        told = say(f"talk.{key}", points=_style_points(facts, style[1]))
        weight = abs(style[1]["bar_gap_points"])
        yield Flag(_at_horizon(facts, days, told), say.chance(style[1]["prob_style"]), tone, weight)
    elif profile["finding"] in ("below all reps", "above all reps"):
        key = profile["finding"].split(" ")[0]
        told = say(f"talk.{key}", points=gap_words(facts, profile))
        yield Flag(_at_horizon(facts, days, told), say.chance(profile[f"prob_{key}"]), key, abs(profile["gap_points"]))
