"""What each finding claims, how sure it says it is, and whether it is so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

import numpy as np

from calibra.findings import Finding
from calibra.stats.margin import log_odds_gap
from calibra.values import Chance, Estimate, Listed, Phrase, Rank, Rep
from studies.sentence_truth import MARGIN, NOTHING_AUC, TEMPO_MARGIN, Truth
from studies.sentence_worlds import DAYS, PROMISES, RANKS, World

AT_LEAST = 0.9
"""How sure a finding is that states no probability."""


class Claim(NamedTuple):
    """One thing said, of one rep or rank or of all."""

    name: str
    """What kind of thing."""
    prob: float
    """How sure it is said to be."""
    holds: bool
    """Whether it is so."""
    wrong: bool = False
    """Whether even its direction is not so."""


class Measure(NamedTuple):
    """How far each subject lies on a side: above 0 the sentence holds, below `-width` its direction is wrong."""

    beyond: Callable[[Truth], Any]
    """By how much the claim holds, an array over the subjects."""
    width: float
    """From here on down the truth lies on the other side."""
    chapter: str
    """The chapter that must have answered."""


def _side(of: Callable[[Truth], Any], sign: float, margin: float, chapter: str = "ranks") -> Measure:
    return Measure(lambda truth: sign * of(truth) - margin, margin, chapter)


def _inside(of: Callable[[Truth], Any], margin: float, chapter: str = "ranks") -> Measure:
    return Measure(lambda truth: margin - np.abs(of(truth)), np.inf, chapter)


def _slower(truth: Truth) -> Any:
    return truth.tempo.min(axis=0) - TEMPO_MARGIN


def _faster(truth: Truth) -> Any:
    return -truth.tempo.max(axis=0) - TEMPO_MARGIN


OF_REPS: Mapping[str, Measure] = {
    "ranks.below": _side(lambda truth: truth.gap, -1.0, MARGIN),
    "ranks.above": _side(lambda truth: truth.gap, 1.0, MARGIN),
    "ranks.in_line": _inside(lambda truth: truth.gap, MARGIN),
    "ranks.tells_nothing": _inside(lambda truth: truth.auc - 0.5, NOTHING_AUC),
    "ranks.inverted": _side(lambda truth: truth.auc - 0.5, -1.0, 0.0),
    "ranks.sharper": _side(lambda truth: truth.sharper, 1.0, MARGIN),
    "thresholds.starts_lower": _side(lambda truth: truth.bar_gap, -1.0, MARGIN, "thresholds"),
    "thresholds.starts_higher": _side(lambda truth: truth.bar_gap, 1.0, MARGIN, "thresholds"),
    "lead_times.slower": Measure(_slower, TEMPO_MARGIN, "lead_times"),
    "lead_times.faster": Measure(_faster, TEMPO_MARGIN, "lead_times"),
    "lead_times.exits_more": _side(lambda truth: truth.exits, 1.0, TEMPO_MARGIN, "lead_times"),
    "lead_times.exits_less": _side(lambda truth: truth.exits, -1.0, TEMPO_MARGIN, "lead_times"),
}
"""Claims about one rep."""
SAME = {"ranks.inverted_counted": "ranks.inverted"}
"""Key to the claim that it makes in other words."""
RELATIVE = ("ranks.below", "ranks.above", "ranks.in_line", "ranks.fewer", "ranks.more", "ranks.sharper")
"""What is judged in a changed world: reps against each other. What a rank brings depends there on the day."""
DOUBTED = "doubt"


def claims_of(world: World, truth: Truth) -> Iterator[Claim]:
    """Everything that is claimed of a world, and whether it is so."""
    for finding in truth.calibration.findings:
        told = _READ.get(finding.key, _of_rep)(finding, truth)
        yield from (claim for claim in told if world.kind != "changed world" or claim.name in RELATIVE)


def could_be_said(truth: Truth) -> dict[str, tuple[int, int]]:
    """Of each claim about a rep or a cell, how many there are, and of how many it is so."""
    found: dict[str, tuple[int, int]] = {}
    for name, measure in OF_REPS.items():
        if measure.chapter in truth.calibration.answered:
            beyond = np.asarray(measure.beyond(truth))
            found[name] = (beyond.size, int((beyond > 0).sum()))
    off = np.array([off for off, _, _ in truth.advised.values()])
    for name, so in (("tighten", off < -MARGIN), ("loosen", off > MARGIN), ("keep", np.abs(off) <= MARGIN)):
        found[f"thresholds.{name}"] = (off.size, int(so.sum()))
    gaps = truth.cell_gap
    found["ranks.fewer"] = (gaps.shape[0], int((gaps[:, :-1] < 0).any(axis=1).sum()))
    found["ranks.more"] = (gaps.shape[0], int((gaps[:, 1:] > 0).any(axis=1).sum()))
    strong = (np.abs(truth.as_meant) <= MARGIN) & (truth.sharper >= 0)
    found["ranks.strength"] = (strong.size, int(strong.sum()))
    for name, sign in (("less", -1.0), ("more", 1.0)):
        off = sign * _promise_gaps(truth)
        found[f"promises.{name}"] = (off.size, int((off > MARGIN).sum()))
    found["promises.kept"] = (off.size, int((np.abs(off) <= MARGIN).sum()))
    apart = [abs(truth.within_reps(k, k + 1, odds=True)) > MARGIN for k in range(len(RANKS) - 1)]
    found["granularity.apart"] = (len(apart), sum(apart))
    found["granularity.merge"] = (len(apart), len(apart) - sum(apart))
    return found


def doubts_of(truth: Truth) -> list[str]:
    """Keys of the doubts that are raised."""
    return sorted(
        {finding.key for finding in (*truth.calibration.findings, *truth.calibration.doubts) if finding.role == DOUBTED}
    )


# one rep --------------------------------------------------------------------------------------------------------------


def _of_rep(finding: Finding, truth: Truth) -> Iterator[Claim]:
    name = SAME.get(finding.key, finding.key)
    if finding.rep is None or name not in OF_REPS:
        return
    measure = OF_REPS[name]
    beyond = float(np.asarray(measure.beyond(truth))[truth.reps.index(finding.rep)])
    yield Claim(name, AT_LEAST if finding.prob is None else finding.prob, beyond > 0, beyond <= -2.0 * measure.width)


def _exits(finding: Finding, truth: Truth) -> Iterator[Claim]:
    measure = OF_REPS[finding.key]
    for part in _parts(finding, "reps"):
        rep = _name(part, "rep")
        beyond = float(measure.beyond(truth)[truth.reps.index(rep)])
        yield Claim(finding.key, 0.95, beyond > 0, beyond <= -2.0 * measure.width)


def _pair(finding: Finding, truth: Truth) -> Iterator[Claim]:
    """Two ranks of a rep that stand the wrong way round."""
    i = truth.reps.index(str(finding.rep))
    better, worse = (RANKS.index(finding.values[name].label) for name in ("better", "worse"))  # type: ignore[union-attr]
    holds = bool(truth.prob[i, worse] > truth.prob[i, better])
    yield Claim(finding.key, float(finding.prob or AT_LEAST), holds, not holds)


def _cell(finding: Finding, truth: Truth) -> Iterator[Claim]:
    """A rank of a rep that brings fewer, or more, than the others'."""
    gap = float(truth.cell_gap[truth.reps.index(str(finding.rep)), RANKS.index(str(finding.rank))])
    beyond = (-gap if finding.side == "below" else gap) - MARGIN
    yield Claim(finding.key, float(finding.prob or AT_LEAST), beyond > 0, beyond <= -MARGIN)


def _strength(finding: Finding, truth: Truth) -> Iterator[Claim]:
    """As meant over the ranks that promise something, and ranks at least as often the right way round as the others."""
    gap, sharper = (values[truth.reps.index(str(finding.rep))] for values in (truth.as_meant, truth.sharper))
    holds = abs(gap) <= MARGIN and sharper >= 0
    yield Claim(finding.key, float(finding.prob or AT_LEAST), bool(holds), bool(abs(gap) > 2.0 * MARGIN))


# thresholds -----------------------------------------------------------------------------------------------------------


def _off(side: str, off: float) -> tuple[bool, bool]:
    """Whether a verdict is so, and whether its direction is wrong."""
    if side == "keep":
        return abs(off) <= MARGIN, False
    beyond = -off if side == "tighten" else off
    return beyond > MARGIN, beyond <= 0


def _advice(finding: Finding, truth: Truth) -> Iterator[Claim]:
    rep, rank = str(finding.rep), str(finding.rank)
    off, aim, _ = truth.advised[rep, rank]
    side = finding.key.removeprefix("thresholds.").removesuffix("_without_aim")
    yield Claim(f"thresholds.{side}", float(finding.prob or AT_LEAST), *_off(side, off))
    target = finding.values.get("target")
    if isinstance(target, Estimate):
        yield _held("thresholds.aim", target, aim, 0.8)
    if finding.key != "thresholds.keep":
        today = float(truth.today[truth.reps.index(rep), RANKS.index(rank)])
        step = finding.values["step"].share  # type: ignore[union-attr]
        past = step < aim if side == "tighten" else step > aim
        yield Claim("thresholds.step", AT_LEAST, not past, (step > today + 0.01) == (side == "tighten"))


def _leaning(finding: Finding, truth: Truth) -> Iterator[Claim]:
    for part in _parts(finding, "ranks"):
        side, chance = part.key.removeprefix("thresholds.lean_"), _chance(part, "sure")
        off, _, _ = truth.advised[str(finding.rep), _name(part, "rank")]
        yield Claim(f"thresholds.{side}", chance, *_off(side, off))


def _reach(finding: Finding, truth: Truth) -> Iterator[Claim]:
    _, aim, upper = truth.advised[str(finding.rep), str(finding.rank)]
    yield Claim("thresholds.reach", AT_LEAST, aim - upper < finding.values["reach"].share, aim - upper > 0.1)  # type: ignore[union-attr]


def _met_by_all(finding: Finding, truth: Truth) -> Iterator[Claim]:
    _, aim, _ = truth.advised[str(finding.rep), str(finding.rank)]
    yield Claim("thresholds.met_by_all", AT_LEAST, aim > 0.99, aim < 0.9)


# all reps -------------------------------------------------------------------------------------------------------------


def _promise_gaps(truth: Truth) -> Any:
    promised = np.array(list(PROMISES.values()))
    return log_odds_gap(truth.all_reps[: len(promised)], promised)


def _promises(finding: Finding, truth: Truth) -> Iterator[Claim]:
    for part in _parts(finding, "ranks"):
        verdict = part.key.removeprefix("promises.rank_")
        off = float(_promise_gaps(truth)[RANKS.index(_name(part, "rank"))])
        holds, wrong = _off({"less": "tighten", "more": "loosen", "kept": "keep"}[verdict], off)
        yield Claim(f"promises.{verdict}", _chance(part, "chance"), holds, wrong)


def _everybody(finding: Finding, truth: Truth) -> Iterator[Claim]:
    k, less = RANKS.index(str(finding.rank)), finding.key.endswith("less")
    sign = -1.0 if less else 1.0
    off, shared = sign * float(_promise_gaps(truth)[k]), True
    if "everybody" in finding.key:
        known = (truth.n.sum(axis=1) >= 30) & (truth.n[:, k] >= 5)
        shared = bool((sign * (truth.prob[known, k] - PROMISES[RANKS[k]]) > 0).mean() >= 0.75)
    name = "promises.everybody" if "everybody" in finding.key else "promises.meant"
    yield Claim(name, float(finding.prob or AT_LEAST), off > MARGIN and shared, off <= 0)


def _order(finding: Finding, truth: Truth) -> Iterator[Claim]:
    for part in _parts(finding, "pairs"):
        better, worse = (RANKS.index(_name(part, name)) for name in ("better", "worse"))
        low, high = min(better, worse), max(better, worse)
        apart = truth.within_reps(low, high, odds=False) * (1.0 if better < worse else -1.0)
        yield Claim("ranks.order", _chance(part, "chance"), apart > 0, apart <= 0)


def _delivered(finding: Finding, truth: Truth) -> Iterator[Claim]:
    for part in _parts(finding, "ranks"):
        inner = cast("Phrase", part.values.get("told", part))
        if "estimate" in inner.values:
            rank = RANKS.index(_name(inner, "rank"))
            yield _held("ranks.delivered", _estimate(inner, "estimate"), float(truth.all_reps[rank]), 0.9)


def _spread(finding: Finding, truth: Truth) -> Iterator[Claim]:
    yield _held(finding.key, _estimate(finding, "points"), 100.0 * float(truth.prob[:, 0].std()), 0.9)


def _separates(finding: Finding, truth: Truth) -> Iterator[Claim]:
    auc = float(truth.auc[truth.reps.index(str(finding.rep))])
    yield _held(finding.key, _estimate(finding, "auc"), auc, 0.9)


def _how_long(finding: Finding, truth: Truth) -> Iterator[Claim]:
    for part in _parts(finding, "ranks"):
        median = float(truth.median_by_rank[RANKS.index(_name(part, "rank"))])
        yield _held(finding.key, _estimate(part, "median"), median, 0.9)


def _coming(finding: Finding, truth: Truth) -> Iterator[Claim]:
    low, high = (float(finding.values[name]) for name in ("lower", "upper"))  # type: ignore[arg-type]
    yield Claim("lead_times.coming", 0.9, low <= truth.world.coming <= high)


def _chased(finding: Finding, truth: Truth) -> Iterator[Claim]:
    """Each prospect on the list to look through again."""
    worth = finding.values["worth"].share  # type: ignore[union-attr]
    listed = truth.calibration.lead_times.chasing(truth.world.judgments, worth_prob=worth)
    for rep, rank, age in zip(listed["rep"], listed["rank"], listed["age_days"], strict=True):
        holds = truth.is_chased(str(rep), str(rank), int(age), worth)
        yield Claim("lead_times.chased", AT_LEAST, holds)


def _granularity(_: Finding, truth: Truth) -> Iterator[Claim]:
    told = truth.calibration.granularity[DAYS]
    kept = np.array([rep not in told.set_apart for rep in truth.reps])
    for (better, worse), verdict in told.verdicts.items():
        k = RANKS.index(better)
        apart = abs(truth.within_reps(k, RANKS.index(worse), kept=kept, odds=True))
        if verdict == "told apart":
            yield Claim("granularity.apart", AT_LEAST, apart > MARGIN, apart <= 0)
        elif verdict == "worth merging":
            yield Claim("granularity.merge", AT_LEAST, apart <= MARGIN, apart > 2.0 * MARGIN)


def _pace(finding: Finding, truth: Truth) -> Iterator[Claim]:
    so = finding.key == "ranks.pace_slower" and truth.world.reps.fell > 0
    yield Claim("ranks.pace", _chance(finding, "sure"), so, not so)


def _held(name: str, told: Estimate, value: float, prob: float) -> Claim:
    """Whether an interval holds the truth."""
    return Claim(name, prob, told.lower <= value <= told.upper)


def _name(part: Any, name: str) -> str:
    """The label of a rank or a rep that a phrase names, and of the ranks above a threshold that of the worst."""
    value = part.values[name]
    if isinstance(value, Phrase):
        value = value.values["rank"]
    return value.label if isinstance(value, Rank) else cast("Rep", value).name


def _parts(finding: Finding, name: str) -> tuple[Phrase, ...]:
    return cast("tuple[Phrase, ...]", cast("Listed", finding.values[name]).parts)


def _chance(said: Finding | Phrase, name: str) -> float:
    return cast("Chance", said.values[name]).prob


def _estimate(said: Finding | Phrase, name: str) -> Estimate:
    return cast("Estimate", said.values[name])


_READ: Mapping[str, Callable[[Finding, Truth], Iterator[Claim]]] = {
    "lead_times.exits_more": _exits,
    "lead_times.exits_less": _exits,
    "ranks.turned": _pair,
    "ranks.pair_inverted": _pair,
    "ranks.strength": _strength,
    "ranks.fewer": _cell,
    "ranks.more": _cell,
    **{f"thresholds.{side}{end}": _advice for side in ("tighten", "loosen") for end in ("", "_without_aim")},
    "thresholds.keep": _advice,
    "thresholds.lean": _leaning,
    "thresholds.reach": _reach,
    "thresholds.reach_below": _reach,
    "thresholds.met_by_all": _met_by_all,
    "promises.averages": _promises,
    **{f"promises.{who}_{side}": _everybody for who in ("everybody", "meant") for side in ("less", "more")},
    "ranks.order_sure": _order,
    "ranks.order_wrong": _order,
    "ranks.delivered": _delivered,
    "ranks.spread": _spread,
    "ranks.separates": _separates,
    "lead_times.how_long": _how_long,
    "lead_times.coming": _coming,
    "lead_times.chased_all": _chased,
    "granularity.all": _granularity,
    "granularity.parts": _granularity,
    "ranks.pace_slower": _pace,
    "ranks.pace_faster": _pace,
}
"""Key to how it is read; of any other it is looked up whether it is a claim about a rep."""
