"""Do the bands and intervals of a reliability curve hold what they promise? Simulated sets, counted.

`python -m studies.bands` writes the tables of docs/studies/bands.md (some minutes on one processor).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.stats.forecasts import bands
from calibra.stats.forecasts.cells import Floats, ForecastCells, pool_forecasts
from calibra.stats.forecasts.decomposition import decompose
from calibra.stats.forecasts.isotonic import fit_isotonic

CONSISTENCY_LEVEL = 0.95
CONFIDENCE_LEVEL = 0.90
ROUNDING = 1e-12

FEW_VALUES = (0.05, 0.15, 0.3, 0.45, 0.6)

DESIGNS: dict[str, Callable[[int, np.random.Generator], Floats]] = {
    "few distinct": lambda n, rng: rng.choice(np.array(FEW_VALUES), n),
    "uniform": lambda n, rng: rng.random(n),
    "concentrated": lambda n, rng: rng.beta(2.0, 30.0, n),
}
"""How forecasts lie: five values as by five ranks, everywhere, or near 6 %."""


def too_timid(prob: Floats) -> Floats:
    """A truth that is more extreme than the forecasts: log-odds times 1.6."""
    odds = (prob / (1.0 - prob)) ** 1.6
    return np.asarray(odds / (1.0 + odds))


TRUTHS: dict[str, Callable[[Floats], Floats]] = {"calibrated": lambda prob: prob, "too timid": too_timid}


@dataclass(frozen=True, slots=True, eq=False)
class BandCoverage:
    """How often one kind of band held, in one design."""

    design: str
    """How the forecasts lie."""
    truth: str
    """Event probability given the forecast."""
    band: str
    """Kind and method."""
    n: int
    """Forecasts per set."""
    n_sets: int
    """Simulated sets."""
    pointwise: float
    """Share of the grid held, mean over the sets."""
    worst_fifth: float
    """The same in the worst fifth of the grid (fifths by order of the forecasts)."""
    whole: float
    """Share of sets whose whole grid was held."""
    width: float
    """Mean width over the grid."""


def study_bands(*, n: int, n_sets: int, seed: int, designs: Collection[str] = tuple(DESIGNS)) -> list[BandCoverage]:
    """Hold every band against simulated sets.

    Consistency bands (95 %) are asked whether they hold the fitted curve of calibrated forecasts, confidence bands
    (90 %) whether they hold the true curve.
    """
    rows = []
    for place, (design, draw) in enumerate(DESIGNS.items()):
        if design not in designs:
            continue
        rng = np.random.default_rng([seed, place])
        for truth_name, truth in TRUTHS.items():
            found: dict[str, list[tuple[NDArray[np.bool_], float]]] = {}
            for _ in range(n_sets):
                prob = draw(n, rng)
                cells = pool_forecasts(rng.random(n) < truth(prob), prob)
                for name, result in _hold(cells, truth, calibrated=truth_name == "calibrated", rng=rng).items():
                    found.setdefault(name, []).append(result)
            rows += [_summarise(design, truth_name, name, n, results) for name, results in found.items()]
    return rows


JUMPS = {"jump": lambda prob: np.where(prob < 0.25, 0.1, 0.7)}
"""A truth that no smooth band is for."""


def study_smooth(*, sizes: Collection[int], n_sets: int, seed: int) -> list[BandCoverage]:
    """Hold the smooth confidence band (90 %) against curves that are smooth and one that jumps, at several sizes."""
    rows = []
    for place, (design, draw) in enumerate((name, DESIGNS[name]) for name in ("uniform", "concentrated")):
        for n in sizes:
            rng = np.random.default_rng([seed, place, n])
            for truth_name, truth in (TRUTHS | JUMPS).items():
                results = []
                for _ in range(n_sets):
                    prob = draw(n, rng)
                    cells = pool_forecasts(rng.random(n) < truth(prob), prob)
                    ends = bands.confidence_smooth(cells, interval_prob=CONFIDENCE_LEVEL)
                    results.append(_held(ends, truth(ends.prob)))
                rows.append(_summarise(design, truth_name, "confidence, smooth", n, results))
    return rows


def study_decomposition(
    *, n: int, n_sets: int, seed: int, n_resamples: int = 199
) -> list[tuple[str, str, list[float]]]:
    """Coverage of the 90 % intervals of miscalibration and discrimination, and rejections at 5 %."""
    rows = []
    for place, (design, draw) in enumerate(DESIGNS.items()):
        rng = np.random.default_rng([seed, place])
        large = draw(400_000, rng)
        for truth_name, truth in TRUTHS.items():
            chance = truth(large)
            true_parts = [np.mean((large - chance) ** 2), np.var(chance)]
            held = []
            for _ in range(n_sets):
                prob = draw(n, rng)
                result = decompose(
                    rng.random(n) < truth(prob), prob, n_resamples=n_resamples, seed=int(rng.integers(2**32))
                )
                intervals = (result.miscalibration, result.discrimination)
                inside = [one.lower[0] <= true <= one.upper[0] for one, true in zip(intervals, true_parts, strict=True)]
                held.append([*inside, result.p_value[0] <= 0.05])
            rows.append((design, truth_name, [float(share) for share in np.mean(held, axis=0)]))
    return rows


def _hold(
    cells: ForecastCells, truth: Callable[[Floats], Floats], *, calibrated: bool, rng: np.random.Generator
) -> dict[str, tuple[NDArray[np.bool_], float]]:
    few = cells.prob.size <= bands.FEW_DISTINCT
    found = {}
    if calibrated:
        around = {
            "consistency, simulation": bands.consistency_simulated(cells, interval_prob=CONSISTENCY_LEVEL, rng=rng)
        }
        if few:
            around["consistency, exact"] = bands.consistency_exact(cells, interval_prob=CONSISTENCY_LEVEL)
        curve = fit_isotonic(cells).values
        for name, ends in around.items():
            found[name] = _held(ends, np.interp(ends.prob, cells.prob, curve))
    methods = {"windows": bands.confidence_windows, "honest": bands.confidence_honest}
    if few:
        methods["exact"] = bands.confidence_exact
    for name, band in methods.items():
        ends = band(cells, interval_prob=CONFIDENCE_LEVEL)
        found[f"confidence, {name}"] = _held(ends, truth(ends.prob))
    ends = bands.confidence_resampled(cells, interval_prob=CONFIDENCE_LEVEL, rng=rng)
    found["confidence, resampling"] = _held(ends, truth(ends.prob))
    return found


def _held(ends: bands.BandEnds, target: Floats) -> tuple[NDArray[np.bool_], float]:
    inside = (target >= ends.lower - ROUNDING) & (target <= ends.upper + ROUNDING)
    return inside, float(np.mean(ends.upper - ends.lower))


def _summarise(
    design: str, truth: str, band: str, n: int, results: list[tuple[NDArray[np.bool_], float]]
) -> BandCoverage:
    held = [inside for inside, _ in results]
    fifths = [[part.mean() for part in np.array_split(inside, 5)] for inside in held]
    return BandCoverage(
        design=design,
        truth=truth,
        band=band,
        n=n,
        n_sets=len(results),
        pointwise=float(np.mean([inside.mean() for inside in held])),
        worst_fifth=float(np.mean(fifths, axis=0).min()),
        whole=float(np.mean([inside.all() for inside in held])),
        width=float(np.mean([width for _, width in results])),
    )


def render(rows: list[BandCoverage]) -> str:
    """The rows as a table in Markdown."""
    lines = [
        "| forecasts | truth | band | n | sets | grid held | worst fifth | whole held | width |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.design} | {row.truth} | {row.band} | {row.n:,} | {row.n_sets:,} | {row.pointwise:.1%} "
        f"| {row.worst_fifth:.1%} | {row.whole:.1%} | {row.width:.3f} |"
        for row in rows
    ]
    return "\n".join(lines)


def render_decomposition(rows: list[tuple[str, str, list[float]]]) -> str:
    """The coverage of the decomposition's intervals as a table in Markdown."""
    lines = [
        "| forecasts | truth | miscalibration held | discrimination held | p ≤ 0.05 |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {design} | {truth} | " + " | ".join(f"{share:.1%}" for share in shares) + " |"
        for design, truth, shares in rows
    ]
    return "\n".join(lines)


def write(path: Path, *, n: int = 500, n_sets: int = 1000, seed: int = 20260930) -> None:
    """Run the studies and replace the tables between the marks of the page."""
    tables = {
        "bands": render(study_bands(n=n, n_sets=n_sets, seed=seed)),
        "smooth": render(study_smooth(sizes=(n // 5, n, 6 * n), n_sets=max(n_sets // 10, 1), seed=seed + 2)),
        "decomposition": render_decomposition(study_decomposition(n=n, n_sets=max(n_sets // 5, 1), seed=seed + 1)),
    }
    write_tables(path, tables)


def write_tables(path: Path, tables: dict[str, str]) -> None:
    """Put each table between its marks on the page."""
    page = path.read_text(encoding="utf-8")
    for name, table in tables.items():
        start, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, _, rest = page.partition(start)
        page = f"{before}{start}\n{table}\n{end}{rest.partition(end)[2]}"
    path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs/studies/bands.md"))
