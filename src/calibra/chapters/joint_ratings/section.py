"""The section on a joint rating, and what stands of it on a card."""

from __future__ import annotations

from collections.abc import Sequence

from calibra.chapters.joint_ratings.findings import JointRating, findings
from calibra.chapters.joint_ratings.fit import FEWER, MORE
from calibra.data.history.joint_ratings import NOT_RATED
from calibra.tables import plain_rows
from calibra.views.blocks import Block, Cell, Column, Row, Section, Table, Text
from calibra.views.page import Page
from calibra.views.strips import Record, percent_axis, percent_scale, quiet_rows, rank_label, tall
from calibra.views.svg import axis, strip
from calibra.words import short_label

MOST_ARGUED = 8
"""Prospects that are shown; the table of the answer has all."""
_HEADS = ("rep", "n", "share", "others", "difference")
_OF_PROSPECTS = ("prospect", "crowd", "given")


def section(found: JointRating, page: Page) -> Sequence[Section]:
    """How far the reps agree, each rep's As on the same prospects, and what they are most apart on."""
    told = [finding for finding in findings(found) if finding.rep is None]
    blocks: list[Block] = [Text(page.say("joint_ratings.lead", n=found.fit.ratings.n_shared))]
    blocks += [Text(page.say.tell(finding)) for finding in told]
    blocks += [_coefficient(found, page), _reps(found, page)]
    argued = _argued(found, page)
    return [Section("joint-ratings", page.say("joint_ratings.title"), [*blocks, *([argued] if argued else [])])]


def _coefficient(found: JointRating, page: Page) -> Text:
    row, say = found.everyone, page.say
    if row["estimate"] is None:
        return Text(say("joint_ratings.no_coefficient"))
    value = say.interval(*(f"{row[name]:.2f}" for name in ("estimate", "lower", "upper")))
    return Text(say("joint_ratings.coefficient", value=value, level=page.level(), n=row["n"]))


def _reps(found: JointRating, page: Page) -> Table:
    """One row a rep, who calls most prospects A first."""
    say, best = page.say, rank_label(found.fit.ratings.ranks[0])
    scale = percent_scale(row["share_upper"] for row in found.rows)
    rows = []
    for row in sorted(found.rows, key=lambda row: -row["share"]):
        numbers = say.interval(*(f"{100 * row[name]:.0f}" for name in ("share", "share_lower", "share_upper")))
        gap = [row[f"difference_points{end}"] for end in ("", "_lower", "_upper")]
        tone = {MORE: "below", FEWER: "above"}.get(row["finding"], "")
        shown = strip(
            numbers, scale, row["share"], row["share_lower"], row["share_upper"], tone=tone, line=row["others"]
        )
        cells = [
            page.rep_cell(row["rep"]) if row["rep"] in page.reps else Cell(page.label(row["rep"])),
            Cell(f"{row['n']:,}"),
            Cell(numbers, picture=shown),
            Cell(f"{100 * row['others']:.0f}"),
            Cell(say.signed(*gap), tone=tone),
        ]
        rows.append(Row(cells, page.names.get(row["rep"], ""), is_quiet=not tone))
    kinds = ("name", "number", "strip", "number", "number")
    columns = [
        Column(say(f"joint_ratings.col_{head}", rank=best), kind, axis(scale, percent_axis(scale)))
        if kind == "strip"
        else Column(say(f"joint_ratings.col_{head}", rank=best), kind)
        for head, kind in zip(_HEADS, kinds, strict=True)
    ]
    note = say("joint_ratings.note", level=page.level())
    return Table(columns, rows, say("joint_ratings.caption", rank=best), note, tall(rows), quiet=quiet_rows(rows, page))


def _argued(found: JointRating, page: Page) -> Table | None:
    """The prospects on which the reps are most apart, with who said what; under pseudonyms they have numbers."""
    ratings, say = found.fit.ratings, page.say
    place = {pair: i for i, pair in enumerate(zip(ratings.prospects, ratings.occasions, strict=True))}
    rows = []
    for row in plain_rows(found.fit.prospects())[:MOST_ARGUED]:
        if not row["spread"]:
            break
        at = place[row["prospect"], row["occasion"]]
        name = say("joint_ratings.number", n=at + 1) if page.is_hidden else short_label(row["prospect"])
        rows.append(Row([Cell(name), Cell(rank_label(row["crowd_rank"])), Cell(_given(found, at, page))]))
    columns = [
        Column(say(f"joint_ratings.col_{head}"), "number" if head == "crowd" else "name") for head in _OF_PROSPECTS
    ]
    return Table(columns, rows, say("joint_ratings.argued"), say("joint_ratings.argued_note")) if rows else None


def _given(found: JointRating, at: int, page: Page) -> str:
    """Who gave which rank, best rank first."""
    ratings, parts = found.fit.ratings, []
    for k, rank in enumerate(ratings.ranks):
        who = [
            page.label(rep)
            for rep, given in zip(ratings.reps, ratings.rated[at], strict=True)
            if given == k != NOT_RATED
        ]
        parts += [page.say("joint_ratings.gave", rank=rank_label(rank), who=page.say.listed(who))] if who else []
    return page.say("format.semicolon").join(parts)


def card(found: JointRating, rep: str, page: Page) -> Sequence[Block]:
    """Of 100 prospects such as those shared, how many the rep would call A, and how many the others."""
    rows: dict[str, Record] = page.once(found, "own", lambda: {row["rep"]: row for row in found.rows})
    if rep not in rows:
        return []
    row, say = rows[rep], page.say
    own, others = (f"{100 * row[name]:.0f}" for name in ("share", "others"))
    return [Text(say("joint_ratings.own", n=row["n"], rank=rank_label(row["rank"]), own=own, others=others))]
