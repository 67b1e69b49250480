"""What is found of what is won: what the money rests on first, then what a rank is worth, then whose deals differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from calibra.chapters.value.fit import ValueFit
from calibra.chapters.value.gaps import amount_gaps
from calibra.chapters.value.trust import FEW, FEW_DEALS, LARGE, MUCH_SHARE, ON_LARGE, SHAPE_RATIO, Trust
from calibra.findings import Finding
from calibra.reading.flags import FEWEST_JUDGMENTS, FLAG_PROB
from calibra.reading.means import ALL_REPS
from calibra.stats.intervals import equal_tailed
from calibra.tables import plain_rows
from calibra.values import Amount, Chance, Estimate, Listed, Number, Rank, Rep, Share, Value, Within
from calibra.views.strips import Record

MISSING_APART = 0.1
"""How far a rep's share of wins without an amount lies above all reps' before it is a doubt."""
FEWEST_WINS = 10
"""Wins from which on a rep's missing amounts are looked at."""


def findings(fit: ValueFit) -> Sequence[Finding]:
    """What was found, all reps first."""
    trust = fit.amounts.trust()
    told = [*_on_what(fit, trust), _all(fit, trust), *_worth(fit, trust), *_without_mean(fit, trust), *_mix(fit)]
    for row in plain_rows(fit.gaps()):
        if row["n"] >= FEWEST_JUDGMENTS:
            told += _of_rep(row)
    return told


def notes(fit: ValueFit) -> list[Finding]:
    """Wins of amount 0, and without an amount."""
    trust = fit.amounts.trust()
    won, zero = int(trust.n_won[0]), int(trust.n_zero[0])
    missing = won - zero - int(trust.n_amounts[0])
    numbers = {"value.zero": zero, "value.missing": missing}
    return [Finding(key, {"n": n, "of": won}, "note") for key, n in numbers.items() if n]


def _on_what(fit: ValueFit, trust: Trust) -> Iterator[Finding]:
    """What the money of all ranks rests on, before anything is said of it."""
    deals, share = float(trust.effective_deals[0]), float(trust.largest_share[0])
    if trust.note[0] in (LARGE, ON_LARGE) or share > MUCH_SHARE:
        without = fit.without_largest
        mean = float(trust.raw_mean[0])
        values: dict[str, Value] = {
            "amount": Amount(float(trust.largest[0])),
            "share": Share(share),
            "mean": Amount(mean),
            "without": Amount(float(trust.without_largest[0])),
            "typical": _typical(fit),
        }
        told = "one_deal" if not trust.trusted[0] else "large_deal"
        if without is not None or told == "one_deal":
            yield Finding(f"value.{told}", values, "doubt")
    elif not trust.trusted[0]:
        yield Finding("value.few_deals", {"n": int(trust.n_amounts[0]), "deals": Number(deals, 1)}, "doubt")
    elif deals < FEW_DEALS:
        yield Finding("value.rests_on_few", {"deals": Number(deals, 0)}, "doubt")
    ratio = float(trust.shape_ratio[0])
    if np.isfinite(ratio) and not 1.0 / SHAPE_RATIO <= ratio <= SHAPE_RATIO:
        key = "value.two_kinds_adjusted" if fit.amounts.terms.groups else "value.two_kinds"
        yield Finding(key, {}, "unknown")
    yield from _missing_apart(trust)


def _missing_apart(trust: Trust) -> Iterator[Finding]:
    """Reps whose amounts are missing more often than the others'."""
    missing = trust.n_won - trust.n_amounts - trust.n_zero
    share = missing / np.maximum(trust.n_won, 1)
    apart = (share > share[0] + MISSING_APART) & (trust.n_won >= FEWEST_WINS) & (trust.rep != ALL_REPS)
    if apart.any():
        reps = Listed(tuple(Rep(rep) for rep in trust.rep[apart]))
        yield Finding("value.missing_apart", {"reps": reps, "share": Share(float(share[0]))}, "doubt")


def _all(fit: ValueFit, trust: Trust) -> Finding:
    """How many opportunities are won, and what a win brings."""
    cells = fit.wins.cells
    values: dict[str, Value] = {
        "n": int(cells.n.sum()),
        "won": int(cells.won.sum()),
        "days": fit.won_within_days,
        "amount": _mean(fit) if trust.trusted[0] else _typical(fit),
        "typical": _typical(fit),
        "deals": Number(float(trust.effective_deals[0]), 0),
    }
    return Finding("value.all" if trust.trusted[0] else "value.all_typical", values)


def _worth(fit: ValueFit, trust: Trust) -> Iterator[Finding]:
    """What a prospect of the best rank is worth."""
    rank = fit.ranks[0]
    place = trust.of_rank(rank)
    row = plain_rows(fit.rank_worth())[0]
    parts = next(each for each in plain_rows(fit.values()) if each["rep"] == ALL_REPS and each["rank"] == rank)
    if row["worth"] is None:
        return
    yield Finding(
        "value.worth",
        {
            "rank": Rank(rank),
            "worth": _money(row, "worth"),
            "event_share": Share(parts["prob_event"]),
            "won_share": Share(parts["prob_won"]),
            "mean": Amount(parts["mean_amount"]),
            "deals": Number(float(trust.effective_deals[place]), 0),
            "within": Within(fit.within_days),
        },
        rank=rank,
        within_days=fit.within_days,
    )


def _without_mean(fit: ValueFit, trust: Trust) -> Iterator[Finding]:
    """Ranks at which no mean is given, and why."""
    if not trust.trusted[0]:
        return
    rows = [trust.of_rank(rank) for rank in fit.ranks]
    for reason, key in ((LARGE, "value.no_mean_large"), (FEW, "value.no_mean_few")):
        there = [row for row in rows if trust.note[row] == reason]
        if there:
            yield Finding(key, {"ranks": Listed(tuple(Rank(trust.rank[row]) for row in there))}, "unknown")


def _mix(fit: ValueFit) -> Iterator[Finding]:
    """Whether case mix explains that reps' deals differ."""
    if fit.unadjusted is None:
        return
    judged = fit.events.n.sum(axis=1)
    before, after = (_apart(amount_gaps(each, judged)) for each in (fit.unadjusted, fit.amounts))
    if before and after < before:
        names = Listed(tuple(fit.amounts.terms.groups))
        key = "value.mix_explains" if not after else "value.mix_explains_part"
        values: dict[str, Value] = {"n": before, "names": names, "left": after}
        scale = fit.amounts.posteriors["mean"]["level_scale"]
        found = equal_tailed(100.0 * np.expm1(scale))
        values["spread"] = Estimate(
            float(np.median(100.0 * np.expm1(scale))), float(found.lower), float(found.upper), "tenth"
        )
        yield Finding(key, values)


def _apart(columns: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]) -> int:
    """How many reps' deals surely differ in size from the others'."""
    return int(sum((np.nan_to_num(columns[name]) >= FLAG_PROB).sum() for name in ("prob_smaller", "prob_larger")))


def _of_rep(row: Record) -> Iterator[Finding]:
    common: dict[str, Value] = {"rep": Rep(row["rep"]), "n": row["opportunities"], "won": row["won"]}
    for name, side in (("wins_less", "below"), ("wins_more", "above")):
        prob = row[f"prob_{name}"]
        if prob is not None and prob >= FLAG_PROB:
            share = Estimate(row["won_share"], row["won_share_lower"], row["won_share_upper"])
            values: dict[str, Value] = {**common, "share": share, "others": Share(row["won_others"])}
            values["sure"] = Chance(prob)
            yield Finding(f"value.{name}", values, rep=row["rep"], prob=prob, side=side)  # type: ignore[arg-type]
    for name, side in (("smaller", "below"), ("larger", "above")):
        prob = row[f"prob_{name}"]
        if prob is not None and prob >= FLAG_PROB:
            ratio = Estimate(*(row[f"amount_ratio{end}"] for end in ("", "_lower", "_upper")))
            values = {**common, "ratio": ratio, "sure": Chance(prob)}
            yield Finding(f"value.{name}", values, rep=row["rep"], prob=prob, side=side)  # type: ignore[arg-type]


def _mean(fit: ValueFit) -> Estimate:
    return _middle(fit.amounts.over_ranks(fit.amounts.all_reps(fit.amounts.mean_draws())))


def _typical(fit: ValueFit) -> Estimate:
    return _middle(np.exp(fit.amounts.over_ranks(np.log(fit.amounts.all_reps(fit.amounts.typical_draws())))))


def _middle(draws: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Estimate:
    found = equal_tailed(draws)
    return Estimate(float(np.median(draws)), float(found.lower), float(found.upper), "amount")


def _money(row: Record, name: str) -> Estimate:
    return Estimate(row[name], row[f"{name}_lower"], row[f"{name}_upper"], "amount")
