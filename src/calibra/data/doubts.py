"""What gives reason to doubt though every row is sound: columns, names, dates, order of ranks, few, a misfit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from calibra.data.counts import BinomialCells
from calibra.data.scale import RankScale
from calibra.words import counted, listed, normal_spelling, quoted

REPS_NEVER_SEEN = "reps_never_seen"
NONE_OPEN, NO_EXIT, ONE_DAY = "none_open", "no_exit", "one_day"
UNUSED_RANKS, TOTAL_ROW = "unused_ranks", "total_row"
NO_EVENT, ALIKE_REPS, NONE_YOUNG = "no_event", "alike_reps", "none_young"
UPSIDE_DOWN, FEW_MATURE, RISING, LEAD_MISFIT = "upside_down", "few_mature", "rising", "lead_misfit"
MET_BY_ALL, THRESHOLD_MISFIT, QUARTERS_DIFFER = "met_by_all", "threshold_misfit", "quarters_differ"
CELL_MISFIT = "cell_misfit"
EVENTS_AFTER_EXITS, PARTLY_SEEN = "events_after_exits", "partly_seen"
REP_LEFT_OUT, CLUSTER = "rep_left_out", "cluster"

MODELS_APART = "models_apart"
STRANGERS, EVENT_DAY, UTC_DAYS = "strangers", "event_day", "utc_days"

FEWEST_MATURE = 50
"""With fewer mature judgments in all, of all reps, hardly anything can be told."""
NEARLY_ALL = 0.98
"""A promise that such a share of the prospects keeps tells nothing apart."""
FEWEST_OF_EXPORT = 50
"""In fewer judgments it may be chance that a kind of them is missing altogether."""
TOTALS = frozenset(("total", "grandtotal", "sum", "subtotal", "合計", "総計", "小計", "計"))
"""How a row of totals is called, in `normal_spelling`."""
MANY_NEVER_SEEN = 0.1
"""With a larger share of scored rows by reps the fit does not know, their names are probably written otherwise."""
SURE_Z = 2.5758
"""Normal quantile of 0.995."""
FEWEST_IN_CELL, APART = 30, 2.0
"""Two models are compared in cells of so many judgments, and are apart beyond so many joint standard deviations. Both
read the same counts, so that where the threshold model holds they hardly differ."""
MANY_STRANGERS = 0.1
"""From such a share of ranked prospects without an outcome on it looks like a mistake."""
FEWEST_EVENTS, MOST_ON_THE_DAY = 5, 0.5
"""Of a rank with so many events, from such a share of them on the day of the judgment on, it looks like hindsight."""
MISFIT_P_VALUE = 0.05
"""A predictive check below it speaks against the threshold model."""
MISFIT_PROB, WORTH_TELLING = 0.99, 0.05
"""A lead-time model is called off where the interval of this level says so, and by more than this part."""
CELL_MISFIT_LEVEL = 0.01
"""Chance that of a lead-time model that fits any grouping is called off: shared by all groupings of both endings."""
FEWEST_CLUSTERED, CLUSTERED = 10, 2.0
"""Endings cluster on days of an interval that hold so many, and so many times what the model gives them."""
FEWEST_EXPECTED = 5.0
"""A cell that is named expects so many endings at least."""

ENGLISH: Mapping[str, str] = {
    EVENTS_AFTER_EXITS: (
        "{n_after:,} of {n:,} exits have an event after them, which counts as none. If prospects were handed back, the "
        "rank was right all the same, and a rep who hands back early is read too low: name the column that says how "
        "each ended as the role `exit_kind`"
    ),
    PARTLY_SEEN: (
        "{n:,} of the {n_mature:,} judgments old enough for {within_days} days were lost from sight before "
        "(`censored_at`) or came under observation late (`entered_at`). Those are too many to leave out: what rests on "
        "outcomes within {within_days} days (probabilities, thresholds, how many ranks) is not calculated"
    ),
    REP_LEFT_OUT: (
        "of {names} {n:,} of the {n_mature:,} judgments old enough for {within_days} days are left out, for they were "
        "lost from sight before (`censored_at`) or came under observation late (`entered_at`). What came of the others "
        "need not be what came of all: this rep is compared with nobody here; take what rests on the outcomes, "
        "thresholds and advice too, as unknown"
    ),
    QUARTERS_DIFFER: (
        "what came of a judgment depends on the quarter it was made in: of the {n:,} judgments of {quarter}, "
        "{rate:.0%} had an event within {within_days} days, where the same reps' same ranks had {elsewhere:.0%} in the "
        "other quarters. A rep who judged mostly in one of them looks better or worse than the others for that alone: "
        "mind it before anybody is compared"
    ),
    REPS_NEVER_SEEN: (
        "{n:,} of the {scored:,} prospects with a probability name a rep that the fit does not know, and have the "
        "probability of any new rep: are names or ids written as in the judgments?"
    ),
    NONE_OPEN: (
        "no judgment is open on {as_of}: an export of closed prospects only holds the quick ones, and every "
        "probability comes out too high, or too low; export those still open, too"
    ),
    NO_EXIT: (
        "no judgment has an exit, though `exit_at` is mapped: prospects that were lost or closed count as still open; "
        "is it the right column?"
    ),
    ONE_DAY: (
        "every open judgment was made on one day, {day}: is that the day of the judgment, or of an import or export?"
    ),
    UNUSED_RANKS: "no judgment carries {ranks}: is the scale that of the data, and are other spellings mapped?",
    TOTAL_ROW: "{names} reads like a row of totals and counts as a rep: leave it out",
    NO_EVENT: (
        "no judgment has an event: is the column with its day named as the role `event_at`? Without events every "
        "probability below tells of that alone"
    ),
    ALIKE_REPS: (
        "{names} differ in case, width or blanks alone and count as different reps. If it is one person, write the "
        "name one way in what you give: calibra merges no names"
    ),
    NONE_YOUNG: "every judgment is {days} days old or older on {as_of}: is that the day the data were taken?",
    UPSIDE_DOWN: "better ranks bring fewer events than worse ones: do the ranks stand best first?",
    RISING: "{worse} promises more than {better}, a better rank, and no later: do the ranks stand best first?",
    MET_BY_ALL: (
        "what {rank} promises would be kept even if nearly every prospect were called so, by most reps: is the promise "
        "right?"
    ),
    LEAD_MISFIT: (
        "the lead-time model does not give back what was counted: of {rank} it expects {expected:.0%} within "
        "{within_days} days, counted were {observed:.0%} (n {n:,}); read lead times and the chances of open prospects "
        "with care"
    ),
    CELL_MISFIT: (
        "the lead-time model does not give back the {endings} by {grouping}: more is off than chance allows. "
        "Most of all {where}: expected {awaited:,.0f}, counted {seen:,}; read what is said of it with care"
    ),
    CLUSTER: (
        "the {endings} cluster on days {days} within the interval of days {interval}: expected {awaited:,.0f}, counted "
        "{seen:,}. The lead-time model takes the interval as even, so chances just before and after those days are "
        "wrong; give edges around them (`interval_edges_days`)"
    ),
    THRESHOLD_MISFIT: (
        "the threshold model does not give back what was counted{within} (predictive check, p = {p}): its advice gives "
        "the direction and this quarter's step, and no aim"
    ),
    MODELS_APART: (
        "of {cells} the rank model and the threshold model give different probabilities{within}, most of {names} at "
        "{rank}: {one:.0%} and {other:.0%}, counted {observed:.0%} (n {n:,}); probabilities are told by the first, "
        "advice on thresholds rests on the second: take its sizes with care"
    ),
    STRANGERS: (
        "{n:,} of {n_all:,} ranked prospects are not among {table} and count as open or are left out: are the ids "
        "written in the same way, and is the table whole?"
    ),
    EVENT_DAY: (
        "{n:,} of the {n_all:,} events at {rank} came on the day of the judgment: was the rank given when the event "
        "was known already? Dates without a time of day cannot tell"
    ),
    UTC_DAYS: (
        "{zoned} hold moments with a time zone, which fall on the days of UTC, beside plain days in {plain}: eight in "
        "the morning in Tokyo is the day before. Say whose calendar the plain days are of with `timezone=`"
    ),
    FEW_MATURE: (
        "only {judgments} with a known outcome{within}: intervals are wide, and of most reps nothing can be told yet"
    ),
}
"""Kind to what is said."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that looks like a mistake, or like a model that does not fit, and that only its owner can judge."""

    kind: str
    """A key of `ENGLISH`."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What its sentence names; several names as a tuple."""

    def __str__(self) -> str:
        names = {name: listed(map(quoted, value)) for name, value in self.values.items() if isinstance(value, tuple)}
        return ENGLISH[self.kind].format(**{**self.values, **names})


def doubts_of_counts(reps: Iterable[str], n: NDArray[Any], events: NDArray[Any], *, has_events: bool) -> list[Doubt]:
    """What counts give reason to ask: mature judgments and their events, (rep, rank); whether there is any event."""
    names = tuple(reps)
    found = alike(names)
    found += [Doubt(TOTAL_ROW, {"names": (name,)}) for name in names if normal_spelling(name) in TOTALS][:1]
    found += [] if has_events else [Doubt(NO_EVENT)]
    return found + ([Doubt(UPSIDE_DOWN)] if _stands_upside_down(n, events) else [])


def doubts_of_export(
    n: NDArray[Any], n_exits: NDArray[Any], n_open: NDArray[Any],
    *, ranks: tuple[str, ...], as_of: date | None, only_day: date | None, exits_mapped: bool,
) -> list[Doubt]:  # fmt: skip
    """What is missing altogether, or all alike, as in an export that was cut; counts by (rep, rank)."""
    if n.sum() < FEWEST_OF_EXPORT:
        return []
    unused = [rank for rank, of_rank in zip(ranks, n.sum(axis=0), strict=True) if not of_rank]
    checks = (
        (not n_open.any(), Doubt(NONE_OPEN, {"as_of": as_of})),
        (exits_mapped and not n_exits.any(), Doubt(NO_EXIT)),
        (only_day is not None, Doubt(ONE_DAY, {"day": only_day})),
        (bool(unused), Doubt(UNUSED_RANKS, {"ranks": ", ".join(map(quoted, unused))})),
    )
    return [doubt for holds, doubt in checks if holds]


def doubts_of_scores(counts: Mapping[str, int]) -> list[Doubt]:
    """Many rows of reps never seen, as labels written in two ways make them; `counts` as `count_notes` gives them."""
    scored, n = counts["scored"], counts["rep never seen"]
    return [Doubt(REPS_NEVER_SEEN, {"n": n, "scored": scored})] if n > MANY_NEVER_SEEN * scored else []


def doubts_of_scale(scale: RankScale) -> list[Doubt]:
    """A worse rank that promises more; of several pairs the first."""
    return [Doubt(RISING, {"better": better, "worse": worse}) for better, worse in scale.rising[:1]]


def reps_left_out(cells: Iterable[BinomialCells]) -> list[Doubt]:
    """Reps of whose own judgments too many are left out, each at the first horizon where they are."""
    found: dict[str, Doubt] = {}
    for of in cells:
        for i in np.flatnonzero(of.seen_too_little).tolist():
            told: dict[str, Any] = {"n": int(of.left_out_of_rep[i]), "n_mature": int(of.mature_of_rep[i])}
            told |= {"names": (of.reps[i],), "within_days": of.within_days}
            found.setdefault(of.reps[i], Doubt(REP_LEFT_OUT, told))
    return list(found.values())


def few_mature(n: float, within_days: int | None) -> list[Doubt]:
    """Too few judgments to tell much; `n` mature ones of all reps."""
    within = "" if within_days is None else f" within {within_days} days"
    told = {"judgments": counted(n, "judgment"), "n": int(n), "within": within, "days": within_days}
    return [Doubt(FEW_MATURE, told)] if n < FEWEST_MATURE else []


def events_on_the_day(ranks: Sequence[str], n_event_day: NDArray[Any], n_events: NDArray[Any]) -> list[Doubt]:
    """Ranks most of whose events came on the day of the judgment: of each rank, such events and all."""
    carried = (n_events >= FEWEST_EVENTS) & (n_event_day >= MOST_ON_THE_DAY * n_events)
    rows = zip(ranks, n_event_day.tolist(), n_events.tolist(), carried.tolist(), strict=True)
    return [Doubt(EVENT_DAY, {"rank": rank, "n": n, "n_all": n_all}) for rank, n, n_all, hit in rows if hit]


def strangers(n: int, n_all: int, table: str) -> tuple[Doubt, ...]:
    """Whether so many ranked prospects are missing from a table that it looks like a mistake."""
    many = n > 0 and n >= MANY_STRANGERS * n_all
    return (Doubt(STRANGERS, {"n": n, "n_all": n_all, "table": table}),) if many else ()


def threshold_misfits(within_days: NDArray[Any], p_value: NDArray[Any]) -> list[Doubt]:
    """Horizons at which the threshold model does not give back its counts; one entry per row of the advice."""
    p_values = dict(zip(within_days.tolist(), p_value.tolist(), strict=True))
    return [
        Doubt(
            THRESHOLD_MISFIT, {"within": "" if days is None else f" within {days} days", "days": days, "p": f"{p:.3f}"}
        )
        for days, p in p_values.items()
        if p < MISFIT_P_VALUE
    ]


def models_apart(
    labels: tuple[Sequence[str], Sequence[str]], n: NDArray[Any], events: NDArray[Any], *, one: NDArray[Any],
    other: NDArray[Any], within_days: int | None, margin: float,
) -> list[Doubt]:  # fmt: skip
    """Whether two models of one table are apart in a cell with enough judgments; the cell where they are most.

    `labels` of reps and ranks; `one` and `other` hold mean and variance of the log-odds in each cell, (2, rep, rank).
    Apart: by more than a margin in log-odds, and by more than `APART` joint standard deviations.
    """
    gap = np.abs(one[0] - other[0])
    score = gap / np.sqrt(one[1] + other[1])
    apart = (n >= FEWEST_IN_CELL) & (gap > margin) & (score > APART)
    if not apart.any():
        return []
    rep, rank = map(int, np.unravel_index(int(np.argmax(np.where(apart, score, -1.0))), n.shape))
    told = {"cells": counted(apart.sum(), "cell"), "n_cells": int(apart.sum()), "days": within_days}
    told |= {"within": "" if within_days is None else f" within {within_days} days", "names": (labels[0][rep],)}
    told |= {"rank": labels[1][rank], "n": int(n[rep, rank]), "observed": float(events[rep, rank] / n[rep, rank])}
    shares = (1.0 / (1.0 + np.exp(-model[0, rep, rank])) for model in (one, other))
    return [Doubt(MODELS_APART, told | dict(zip(("one", "other"), map(float, shares), strict=True)))]


def promises_met_by_all(rank: NDArray[Any], promise: NDArray[Any], share_target: NDArray[Any]) -> list[Doubt]:
    """The first rank whose promise most reps would keep with nearly every prospect; one entry per rep and threshold."""
    found = []
    for label in dict.fromkeys(rank[np.isfinite(promise)].tolist()):
        shares = share_target[(rank == label) & np.isfinite(share_target)]
        if shares.size and (shares > NEARLY_ALL).mean() > 0.5:
            found.append(Doubt(MET_BY_ALL, {"rank": label}))
    return found[:1]


class GivenBack(Protocol):
    """What a lead-time model gives back of what was counted: columns as in `LeadTimeCalibration`."""

    @property
    def cells(self) -> Mapping[str, NDArray[Any]]:
        """Endings counted and expected, per cell of each grouping."""
        ...

    @property
    def tests(self) -> Mapping[str, NDArray[Any]]:
        """The tests of each grouping."""
        ...

    @property
    def horizons(self) -> Mapping[str, NDArray[Any]]:
        """Shares by each promised day, with intervals of the level `MISFIT_PROB`."""
        ...

    @property
    def pieces(self) -> Mapping[str, NDArray[Any]]:
        """Endings counted and expected, per piece of each wide interval."""
        ...


def lead_time_misfits(found: GivenBack) -> list[Doubt]:
    """Where the lead-time model does not give back what was counted: by a promised day, grouping, piece of interval."""
    return lead_misfits(found.horizons) + cell_misfits(found.tests, found.cells) + clusters(found.pieces)


def lead_misfits(horizons: Mapping[str, NDArray[Any]]) -> list[Doubt]:
    """Where the lead-time model is surely off what was counted by a promised day; the rank that is off most.

    `horizons` as in `LeadTimeCalibration`, with intervals of the level `MISFIT_PROB`.
    """
    ratio, low, high = (horizons[name] for name in ("ratio", "ratio_lower", "ratio_upper"))
    off = np.abs(ratio - 1.0)
    surely = ((low > 1.0) | (high < 1.0)) & (off > WORTH_TELLING)
    if not surely.any():
        return []
    worst = int(np.argmax(np.where(surely, off, -1.0)))
    told = {name: horizons[name][worst] for name in ("rank", "expected", "observed", "within_days", "n")}
    return [Doubt(LEAD_MISFIT, told)]


def cell_misfits(tests: Mapping[str, NDArray[Any]], cells: Mapping[str, NDArray[Any]]) -> list[Doubt]:
    """Groupings whose endings the lead-time model does not give back; each with the cell that is off most.

    `tests` and `cells` as in `LeadTimeCalibration`. The level is shared by all tests that there are (Bonferroni). A
    misfit is told if beyond chance the cells are off by more than `WORTH_TELLING` on average, √((X² − df)/ΣE); and of
    a table by two things only where neither of the two is told by itself.
    """
    known = np.isfinite(tests["p_value"])
    surely = known & (tests["p_value"] * known.sum() < CELL_MISFIT_LEVEL)
    found: list[Doubt] = []
    told: set[tuple[str, str]] = set()
    for i in sorted(np.flatnonzero(surely), key=lambda i: str(tests["grouping"][i]).count("×")):
        cause, grouping = str(tests["cause"][i]), str(tests["grouping"][i])
        mine = np.flatnonzero((cells["cause"] == cause) & (cells["grouping"] == grouping))
        excess = tests["chi_square"][i] - tests["df"][i]
        if excess <= WORTH_TELLING**2 * cells["expected"][mine].sum():
            continue
        if any((cause, part) in told for part in grouping.split(" × ")):
            continue
        told.add((cause, grouping))
        found.append(_cell_misfit(cause, grouping, {name: values[mine] for name, values in cells.items()}))
    return found


def clusters(pieces: Mapping[str, NDArray[Any]]) -> list[Doubt]:
    """Days within an interval on which endings cluster, which no grouping by intervals can see; one of each ending.

    `pieces` as in `LeadTimeCalibration`. The level is shared by all pieces (Bonferroni), and only what is grossly off
    is told: a hazard that rises or falls smoothly within an interval is not.
    """
    observed, expected = pieces["observed"], pieces["expected"]
    surely = pieces["p_value"] * len(observed) < CELL_MISFIT_LEVEL
    surely &= (observed >= FEWEST_CLUSTERED) & (pieces["factor"] >= CLUSTERED)
    found = []
    for cause in dict.fromkeys(pieces["cause"][surely].tolist()):
        mine = np.flatnonzero(surely & (pieces["cause"] == cause))
        worst = int(mine[np.argmax((observed - expected)[mine] ** 2 / expected[mine])])
        told = {"cause": cause, "endings": f"{cause}s", "interval": str(pieces["interval"][worst])}
        told |= {"days": str(pieces["piece"][worst]), "awaited": float(expected[worst]), "seen": int(observed[worst])}
        found.append(Doubt(CLUSTER, told))
    return found


def _cell_misfit(cause: str, grouping: str, cells: Mapping[str, NDArray[Any]]) -> Doubt:
    """The doubt of one grouping, with the cell that is off most of those that expect enough."""
    expected = cells["expected"]
    off = (cells["observed"] - expected) ** 2 / np.maximum(expected, 1e-300)
    worst = int(np.argmax(np.where(expected >= FEWEST_EXPECTED, off, -1.0)))
    labels = {name: str(cells[name][worst]) for name in ("rep", "rank", "interval")}
    where = [quoted(labels["rep"]), f"rank {quoted(labels['rank'])}", f"days {labels['interval']}"]
    kept = [text for text, label in zip(where, labels.values(), strict=True) if label]
    told = {"cause": cause, "endings": f"{cause}s", "grouping": grouping, "where": ", ".join(kept)}
    return Doubt(
        CELL_MISFIT, told | labels | {"awaited": float(expected[worst]), "seen": int(cells["observed"][worst])}
    )


def _stands_upside_down(n: NDArray[Any], events: NDArray[Any]) -> bool:
    """Whether worse ranks surely bring more events at the same reps: the trend test within reps (Mantel 1963)."""
    place = -np.arange(n.shape[1], dtype=float)
    total = np.maximum(n.sum(axis=1), 1.0)
    rate = events.sum(axis=1) / total
    trend = ((events - n * rate[:, None]) @ place).sum()
    spread = (rate * (1.0 - rate) * (n @ place**2 - (n @ place) ** 2 / total) * total / np.maximum(total - 1, 1)).sum()
    return bool(trend < -SURE_Z * np.sqrt(spread)) and spread > 0


def alike(names: Iterable[str]) -> list[Doubt]:
    """Names that a person reads as the same; one doubt for each group of them."""
    ordered = sorted(names, key=lambda name: (normal_spelling(name), name))
    groups = [tuple(group) for _, group in groupby(ordered, key=normal_spelling)]
    return [Doubt(ALIKE_REPS, {"names": group}) for group in groups if len(group) > 1]
