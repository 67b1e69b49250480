"""Do intervals of deals hold the truth, are totals of the next period right, and is who states too much found?

Worlds are drawn deal by deal by code of this study's own: parameters from the stated priors, beside them a swing of
each rep from period to period, which the model does not have. The next period is lived once and held against its total.

Run from the root of the project: python -m studies.deals [worlds] [worlds for flags]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.deals.backtest import rivals
from calibra.chapters.deals.fit import TOO_LITTLE, TOO_MUCH, DealFit
from calibra.chapters.deals.model import DealModel
from calibra.chapters.deals.total import period_total
from calibra.data.counting.forecasts import NOT_YET, SUMS, ForecastCells, OpenForecasts
from calibra.stats.forecasts.totals import crps_draws, pit_draws

type Floats = NDArray[np.float64]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "studies" / "deals.md"
CATEGORIES, N_SIZES, N_PUSHES = ("commit", "best case", "pipeline"), 3, 4
WON, LOST, PUSHED = 1, 2, 3
DRAWS = 400
MIX_OF_PUSHES = (0.6, 0.25, 0.1, 0.05)
TYPICAL = (300.0, 900.0, 2700.0)


@dataclass(frozen=True)
class Truth:
    """Who the reps of a world truly are; log-odds in a typical period."""

    won: Floats
    """(rep, category, pushes, size)."""
    lost: Floats
    """The same, given not won."""
    ratio: Floats
    """Paid over stated, (rep, size)."""
    exact: Floats
    """Share exactly as stated, (rep,)."""
    new: Floats
    """Deals won without a forecast a period, (rep,)."""
    period: dict[str, Floats]
    """Effect of each period and of the next, by part."""
    swing: dict[str, Floats]
    """Of each rep and period."""


def draw_truth(rng: np.random.Generator, n_reps: int, n_periods: int, period_sd: float | None = None) -> Truth:
    """A world from the priors; swings of a rep are HalfNormal(0.15) beside them."""

    def half(sd: float) -> float:
        return abs(rng.normal(0.0, sd))

    def fates(mean: float, sd: float) -> Floats:
        walk = np.concatenate(
            [[0.0], rng.normal(0, 0.5) + np.concatenate([[0.0], rng.normal(0, half(0.5), 2).cumsum()])]
        )
        size = np.concatenate([[0.0], rng.normal(0, 0.5, 2)])
        level, slope = (half(s) * rng.normal(size=n_reps) for s in (0.5, 0.3))
        score = np.array([0.5, 0.0, -0.5])
        of_rep = level[:, None] + slope[:, None] * score + rng.normal(mean, sd, 3)
        return np.asarray(of_rep[:, :, None, None] + walk[:, None] + size)

    def periods(sd: float) -> Floats:
        return np.asarray(rng.normal(0.0, sd, n_periods + 1))

    scale = period_sd if period_sd is not None else half(0.3)
    effects = {
        "won": periods(scale),
        "lost": periods(half(0.3)),
        "new": periods(half(0.3)),
        "ratio": periods(half(0.15)),
    }
    swing = {part: half(0.15) * rng.normal(size=(n_reps, n_periods + 1)) for part in ("won", "ratio")}
    ratio = np.exp(rng.normal(0, 0.5, N_SIZES) + half(0.3) * rng.normal(size=n_reps)[:, None])
    exact = 1 / (1 + np.exp(-(rng.normal(0, 1.5) + half(1.0) * rng.normal(size=n_reps))))
    new = np.exp(rng.normal(0, 1.0) + half(0.7) * rng.normal(size=n_reps))
    return Truth(fates(-0.5, 1.5), fates(-1.2, 1.0), ratio, exact, new, effects, swing)


def live(rng: np.random.Generator, truth: Truth, each: int) -> tuple[ForecastCells, OpenForecasts, Floats]:
    """Forecasts of all periods counted; those of the next; what the next brings, (rep,)."""
    n_reps, n_periods = truth.swing["won"].shape[0], truth.swing["won"].shape[1] - 1
    number = rng.poisson(each, (n_reps, n_periods + 1))
    rep, period = (np.repeat(at.ravel(), number.ravel()) for at in np.indices(number.shape))
    n = len(rep)
    category = rng.integers(3, size=n)
    pushes = rng.choice(N_PUSHES, n, p=MIX_OF_PUSHES)
    size = rng.integers(N_SIZES, size=n)
    stated = np.round(np.array(TYPICAL)[size] * np.exp(rng.normal(0, 0.25, n)))
    at = (rep, category, pushes, size)
    own = truth.swing["won"][rep, period]
    won = rng.random(n) < 1 / (1 + np.exp(-(truth.won[at] + truth.period["won"][period] + own)))
    lost = rng.random(n) < 1 / (1 + np.exp(-(truth.lost[at] + truth.period["lost"][period])))
    fate = np.where(won, WON, np.where(lost, LOST, PUSHED))
    # Who pays exactly what was stated pays 1, so that the others have to make up the ratio.
    mean = truth.ratio[rep, size] * np.exp(truth.period["ratio"][period] + truth.swing["ratio"][rep, period])
    exact = rng.random(n) < truth.exact[rep]
    others = np.maximum((mean - truth.exact[rep]) / np.maximum(1 - truth.exact[rep], 1e-9), 0.05)
    paid = np.where(exact, stated, stated * others * rng.gamma(8.0, 1 / 8.0, n)) * won
    new_n = rng.poisson(truth.new[:, None] * np.exp(truth.period["new"]))
    new_paid = np.array([[rng.gamma(1.5, 600.0, k).sum() for k in row] for row in new_n])
    closed = period < n_periods
    both = won & (paid > 0)
    apart = both & ~exact
    log = np.where(apart, np.log(np.where(apart, paid, 1.0) / stated), 0.0)
    sums: dict[str, Floats] = {
        "n": np.ones(n),
        "stated": stated,
        "paid": paid,
        "n_paired": both.astype(float),
        "stated_paired": np.where(both, stated, 0.0),
    }
    sums |= {
        "paid_paired": paid,
        "square": paid**2 / stated,
        "n_other": apart.astype(float),
        "sum_log": log,
        "sum_log2": log**2,
    }
    sums["n_overdue"] = np.zeros(n)
    known = {name: np.where(closed, sums[name], sums[name] if name in ("n", "stated") else 0.0) for name in SUMS}
    openings = tuple(date(2024 + month // 12, month % 12 + 1, 1) for month in range(n_periods + 1))
    cells = ForecastCells(
        reps=tuple(f"rep {r:02d}" for r in range(n_reps)),
        categories=CATEGORIES,
        openings=openings,
        closes=openings[-1],
        as_of=openings[-1],
        size_edges=(500.0, 1500.0),
        rep=rep,
        category=category,
        pushes=pushes,
        period=period,
        size=size,
        fate=np.where(closed, fate, NOT_YET),
        sums=known,
        new={"n": new_n[:, :-1].astype(np.float64), "paid": new_paid[:, :-1], "square": new_paid[:, :-1] ** 2},
        told={},
    )
    rows = OpenForecasts(openings[-1], rep, category, pushes, size, stated, period, np.where(closed, fate, NOT_YET))
    came = np.bincount(rep[~closed], paid[~closed], minlength=n_reps) + new_paid[:, -1]
    return cells, rows.of(n_periods, openings[-1]), came


def shares_of(truth: Truth) -> Floats:
    """Won, lost and moved in a typical period, (rep, category, pushes, size, fate)."""
    won, lost = 1 / (1 + np.exp(-truth.won)), 1 / (1 + np.exp(-truth.lost))
    return np.stack([won, (1 - won) * lost, (1 - won) * (1 - lost)], axis=-1)


def lived_chain(shares: Floats, steps: int = 4000) -> tuple[Floats, Floats]:
    """Won at all and pushes of what is won, push by push; shares (…, pushes, fate)."""
    open_still = np.ones(shares.shape[:-2])
    at_all, moved = np.zeros_like(open_still), np.zeros_like(open_still)
    for k in range(steps):
        now = shares[..., min(k, N_PUSHES - 1), :]
        at_all += open_still * now[..., 0]
        moved += k * open_still * now[..., 0]
        open_still = open_still * now[..., 2]
    return at_all, moved / at_all


def one_world(seed: int, *, period_sd: float | None = None, without: bool = False) -> dict[str, Floats]:
    """Whether each interval of a world holds the truth, where totals lie among the draws, and scores."""
    rng = np.random.default_rng(seed)
    truth = draw_truth(rng, 10, 10, period_sd)
    cells, rows, came = live(rng, truth, 8)
    fit = DealModel().lay_out(cells).fit(seed=seed, engine="laplace", draws=DRAWS, progress=False)
    found = held(fit, truth) if period_sd is None else {}
    total = period_total(fit, rows).draws["total"]
    actual = np.concatenate([[came.sum()], came])
    pit = pit_draws(total, actual, seed=seed)
    found |= {"pit reps": pit[1:], "pit all": pit[:1]}
    if without:
        bare = DealModel(with_period=False).lay_out(cells).fit(seed=seed, engine="laplace", draws=DRAWS, progress=False)
        found["pit all, without periods"] = pit_draws(period_total(bare, rows).draws["total"], actual, seed=seed)[:1]
    stated = np.concatenate(
        [cells.total("stated", "rep", "period"), cells.total("stated", "rep", "period", closed=False)[:, -1:]], axis=1
    )
    past = cells.total("paid", "rep", "period") + cells.new["paid"]
    every = [np.concatenate([values.sum(axis=0, keepdims=True), values]) for values in (stated, past)]
    for name, draws in {"calibra": total, **rivals(*every)}.items():
        found[f"crps {name}"] = crps_draws(draws, actual, is_fair=True)[1:] / max(actual[0], 1.0)
    return found


def held(fit: DealFit, truth: Truth) -> dict[str, Floats]:
    """1 where a 90 % interval holds the truth."""
    mix = fit.layout.mix
    by_size = mix / np.maximum(mix.sum(axis=2, keepdims=True), 1e-9)
    shares = np.einsum("rkqbf,kqb->rkqf", shares_of(truth), by_size)
    of_pushes = mix.sum(axis=2) / mix.sum(axis=(1, 2))[:, None]
    table = fit.forecasts()
    table = table[(table["rep"] != "(all reps)") & (table["category"] != "(all categories)")]
    true = np.einsum("rkqf,kq->rkf", shares, of_pushes).reshape(-1, 3)
    found = {}
    for i, name in enumerate(("won", "lost", "pushed")):
        inside = (table[f"{name}_lower"] <= true[:, i]) & (true[:, i] <= table[f"{name}_upper"])
        found[name] = inside.to_numpy(dtype=float)
    chain = np.einsum("rkqf,k->rqf", shares, mix.sum(axis=(1, 2)) / mix.sum())
    at_all, moved = lived_chain(chain)
    pushes = fit.pushes()
    names = {"0": chain[:, 0, 2], "1": chain[:, 1, 2], "won at all": at_all, "pushes given won": moved}
    for name, true_of in names.items():
        own = pushes[(pushes["pushes"] == name) & (pushes["rep"] != "(all reps)")]
        label = name if len(name) > 1 else f"moved again after {name}"
        found[label] = ((own["lower"] <= true_of) & (true_of <= own["upper"])).to_numpy(dtype=float)
    weight = fit.layout.paired("stated_paired").sum(axis=(0, 2))
    mean = truth.exact[:, None] + np.maximum(truth.ratio - truth.exact[:, None], 0.05 * (1 - truth.exact[:, None]))
    ratio = mean @ (weight / weight.sum())
    amounts = fit.amounts().iloc[1:]
    inside = (amounts["ratio_of_totals_lower"] <= ratio) & (ratio <= amounts["ratio_of_totals_upper"])
    return found | {"ratio of totals": inside.to_numpy(dtype=float)}


def one_flag(seed: int) -> dict[str, Floats]:
    """Ten reps, 12 periods of 8 deals: nine alike, and one who states a fifth too much."""
    rng = np.random.default_rng(50_000 + seed)
    zero = np.zeros((10, 13))
    level = np.broadcast_to(np.array([1.0, 0.0, -1.0])[None, :, None, None], (10, 3, 4, 3)).copy()
    ratio = np.ones((10, 3))
    ratio[0] /= 1.2
    nothing = {part: np.zeros(13) for part in ("lost", "new")}
    effects = {"won": rng.normal(0, 0.2, 13), "ratio": rng.normal(0, 0.05, 13), **nothing}
    exact = np.append(0.0, np.full(9, 0.3))
    truth = Truth(level, level * 0 - 1.0, ratio, exact, np.ones(10), effects, {"won": zero, "ratio": zero})
    cells, _, _ = live(rng, truth, 8)
    fit = DealModel().lay_out(cells).fit(seed=seed, engine="laplace", draws=DRAWS, progress=False)
    told = fit.amounts()["finding"].to_numpy()[1:]
    moves = fit.forecasts().query("category == '(all categories)'")["finding"].to_numpy()[1:]
    named = np.isin(told, [TOO_MUCH, TOO_LITTLE])
    of_moves = np.isin(moves, ["moves more", "moves fewer"])
    return {
        "found": (told[:1] == TOO_MUCH) * 1.0,
        "alike named for amounts": named[1:] * 1.0,
        "alike named for moves": of_moves * 1.0,
    }


def gather(parts: list[dict[str, Floats]]) -> dict[str, Floats]:
    """Values of all worlds by name."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: np.concatenate([part[name] for part in parts if name in part]) for name in names}


def lines(
    found: dict[str, Floats], flags: dict[str, Floats], wide: dict[str, Floats], numbers: tuple[int, int, int]
) -> list[str]:
    """The page."""
    n, n_flags, n_wide = numbers
    told = [
        "# Deals: coverage, totals, and who is named",
        "",
        "Written by `python -m studies.deals`. 10 reps, 3 categories, 10 closed periods of 8 forecasts a rep;",
        "parameters from the stated priors; beside them each rep swings from period to period (HalfNormal(0.15)),",
        "which the model has not.",
        "",
        f"## 90 % intervals, {n} worlds",
        "",
        "| reading, per rep | holds the truth | n |",
        "|---|---|---|",
    ]
    for name, values in found.items():
        if not name.startswith(("pit", "crps")):
            told.append(f"| {name} | {values.mean():.3f} | {len(values):,} |")
    told += [
        "",
        "## Totals of the next period",
        "",
        "| total | inside 90 % (by PIT) | inside 50 % | n |",
        "|---|---|---|---|",
    ]
    pits = {name: values for name, values in found.items() if name.startswith("pit")}
    pits |= {f"{name}, periods differ by 0.3": values for name, values in wide.items() if name.startswith("pit")}
    for name, values in pits.items():
        inside = [float((np.abs(values - 0.5) <= level / 2).mean()) for level in (0.9, 0.5)]
        told.append(f"| {name[4:]} | {inside[0]:.3f} | {inside[1]:.3f} | {len(values):,} |")
    told += ["", "| forecaster | CRPS per rep, of the period's total | beside calibra |", "|---|---|---|"]
    ours = found["crps calibra"].mean()
    for name, values in found.items():
        if name.startswith("crps"):
            told.append(f"| {name[5:]} | {values.mean():.5f} | {values.mean() / ours:.3f} |")
    told += [
        "",
        f"The worlds in which periods differ by 0.3 are {n_wide} others.",
        "",
        f"## Who is named, {n_flags} worlds",
        "",
    ]
    told += ["Ten reps, 12 periods of 8 deals; one states a fifth too much, nine are alike.", ""]
    told += ["| what | share | n |", "|---|---|---|"]
    told += [f"| {name} | {values.mean():.3f} | {len(values):,} |" for name, values in flags.items()]
    return [*told, ""]


def main(n: int = 900, n_flags: int = 200, seconds: float = 1e9) -> None:
    """Run all worlds, or as many as the seconds allow, and write the page."""
    began = time.monotonic()
    flags = gather([one_flag(seed) for seed in range(n_flags) if time.monotonic() - began < 0.25 * seconds])
    wide = [
        one_world(90_000 + s, period_sd=0.3, without=True)
        for s in range(n // 6)
        if time.monotonic() - began < 0.45 * seconds
    ]
    worlds = [one_world(seed, without=seed % 6 == 0) for seed in range(n) if time.monotonic() - began < seconds]
    numbers = len(worlds), len(flags["found"]), len(wide)
    PAGE.write_text("\n".join(lines(gather(worlds), flags, gather(wide), numbers)), encoding="utf-8")


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:4]))
