"""Do 90 % intervals of mean amounts hold the truth, whatever the shape of amounts, and are bad means held back?

`python -m studies.amounts worlds SHAPE FIRST LAST FOLDER` draws worlds and writes what came of each to FOLDER, a piece
at a time; `python -m studies.amounts page FOLDER` writes docs/studies/amounts.md of what is there.
"""

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import calibra as cb
from calibra.data.counting.deals import DealCells
from calibra.stats.intervals import equal_tailed
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]

N_REPS, N_RANKS, EACH = 20, 3, 8
SHAPES = ("log-normal", "gamma", "two products", "pareto")
TRUSTED_FROM, UNTRUSTED_TO = 80.0, 20.0
"""Effective deals from which a mean should be given, and below which it must not."""


def draw_amounts(rng: np.random.Generator, shape: str, mean: float, n: int) -> Floats:
    """Amounts of a shape with this mean."""
    if shape == "log-normal":
        return np.asarray(mean * np.exp(rng.standard_normal(n) - 0.5))
    if shape == "gamma":
        return np.asarray(rng.gamma(0.7, mean / 0.7, n))
    if shape == "two products":
        large = rng.random(n) < 0.3
        return np.asarray(mean / 3.1 * np.where(large, 8.0, 1.0) * np.exp(0.3 * rng.standard_normal(n) - 0.045))
    return np.asarray(mean * 1.5 / 2.5 * (1.0 + rng.pareto(2.5, n)))


def run_world(shape: str, seed: int) -> dict[str, float | int | bool]:
    """One world: how many intervals held the truth, and what the gate said."""
    rng = np.random.default_rng([SHAPES.index(shape), seed])
    rank = rng.normal(0.0, 1.0, N_RANKS)
    level, slope = (abs(rng.normal(0.0, sd)) * rng.standard_normal(N_REPS) for sd in (0.4, 0.2))
    scores = cb.RankScale(list("ABC")).scores().values
    truth = 1e6 * np.exp(rank + level[:, None] + slope[:, None] * scores)
    amounts = [[draw_amounts(rng, shape, truth[r, k], EACH) for k in range(N_RANKS)] for r in range(N_REPS)]
    cells = cells_of(np.array(amounts))
    fit = cb.AmountModel().lay_out_cells(cb.RankScale(list("ABC")), cells)
    found = fit.fit(seed=seed, engine="laplace", draws=400, progress=False)
    mean = found.mean_draws()
    control = found.typical_draws() * np.exp(0.5 * found.money.log_sd**2)
    trust = found.trust()
    told: dict[str, float | int | bool] = {
        "deals": float(trust.effective_deals[0]),
        "trusted": bool(trust.trusted[0]),
        "ratio": float(np.median(mean.mean(axis=(1, 2))) / truth.mean()),
    }
    for name, draws in (("mean", mean), ("control", control)):
        told[f"{name}_cells"] = float(_held(draws, truth).mean())
        told[f"{name}_all"] = bool(_held(draws.mean(axis=(1, 2)), np.asarray(truth.mean())))
    return told


def cells_of(amounts: Floats) -> DealCells:
    """Cells of amounts (rep, rank, deal)."""
    n = np.full(amounts.shape[:2], amounts.shape[2], dtype=np.int64)
    ordered = np.sort(amounts, axis=2)
    sums = {
        "amount": amounts,
        "amount2": amounts**2,
        "log_amount": np.log(amounts),
        "log2_amount": np.log(amounts) ** 2,
    }
    return DealCells(
        reps=tuple(f"rep {i:02d}" for i in range(len(amounts))),
        ranks=tuple("ABC"),
        groups={},
        within_days=90,
        won_within_days=180,
        as_of=date(2026, 9, 30),
        n=n,
        won=n,
        n_immature=np.zeros_like(n),
        n_amounts=n,
        n_zero=np.zeros_like(n),
        max_amount=ordered[..., -1],
        next_amount=ordered[..., -2],
        **{f"sum_{name}": values.sum(axis=2) for name, values in sums.items()},
    )


def _held(draws: Floats, truth: Floats) -> NDArray[np.bool_]:
    found = equal_tailed(draws)
    return np.asarray((found.lower <= truth) & (truth <= found.upper))


def write_piece(shape: str, first: int, last: int, folder: Path) -> None:
    """Worlds of these seeds into a file of the folder; those there already are not drawn again."""
    path = folder / f"{shape.replace(' ', '_')}-{first}-{last}.jsonl"
    known = len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0
    with path.open("a", encoding="utf-8") as file:
        for seed in range(first + known, last):
            file.write(json.dumps(run_world(shape, seed)) + "\n")
            file.flush()


def page(folder: Path) -> None:
    """The page of everything in the folder."""
    rows = []
    for shape in SHAPES:
        worlds = [
            json.loads(line)
            for path in sorted(folder.glob(f"{shape.replace(' ', '_')}-*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        for label, kept in (
            ("all", worlds),
            ("80 deals or more", [world for world in worlds if world["deals"] >= TRUSTED_FROM]),
            ("fewer than 20", [world for world in worlds if world["deals"] < UNTRUSTED_TO]),
        ):
            if kept:
                rows.append([shape, label, len(kept), *(_share(kept, name) for name in _SHOWN)])
    heads = (
        "shape",
        "effective deals",
        "worlds",
        "cells",
        "all reps",
        "control: cells",
        "control: all reps",
        "trusted",
    )
    table = markdown_table({head: [row[i] for row in rows] for i, head in enumerate(heads)})
    write_page("amounts", "Mean amounts under four shapes", _ABOUT, table)


_ABOUT = """Do 90 % intervals of mean amounts hold the truth, whatever the shape of amounts, and are bad means held
back? Twenty reps, three ranks, eight wins a cell; ranks, levels and slopes are drawn from the priors,
amounts from their shape at the true mean of the cell (log-normal of s 1; Gamma of shape .7; two products,
one eight times the other; Pareto of index 2.5). The control reads the mean off the log-normal, e^(η +
s²/2), from draws of the same fit. `python -m studies.amounts`."""
_SHOWN = ("mean_cells", "mean_all", "control_cells", "control_all", "trusted")


def _share(worlds: list[dict[str, float]], name: str) -> str:
    values = np.array([float(world[name]) for world in worlds])
    return f"{values.mean():.3f} ± {values.std() / np.sqrt(len(values)):.3f}"


if __name__ == "__main__":
    if sys.argv[1] == "page":
        page(Path(sys.argv[2]))
    else:
        write_piece(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
