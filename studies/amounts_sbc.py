"""Are ranks of the truth among draws uniform, for both families of amounts with known spread?

`python -m studies.amounts_sbc FAMILY FIRST FOLDER` draws worlds from seed FIRST on for about 18 s of CPU and writes
ranks to FOLDER; `python -m studies.amounts_sbc page FOLDER` writes docs/studies/amounts_sbc.md. Eight reps, two ranks,
six wins a cell; Gamma of shape 1.4, and normal of variance .64. With the spread plugged in from data it is no Bayesian
model, and coverage (`studies.amounts`) takes its place.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from calibra.inference.declare.cells import CellModel, PopulationTerm, RepTerm
from calibra.inference.declare.families import Gamma, Gaussian
from calibra.inference.declare.priors import HalfNormal, Normal
from calibra.inference.engines import sample_posterior
from calibra.inference.uniformity import uniformity_p_value
from studies.page import markdown_table, write_page

N_REPS, EACH, SHAPE, VARIANCE, DRAWS, SECONDS = 8, 6, 1.4, 0.64, 400, 18.0
SCORES = np.array([1.0, -1.0])


def run_world(family: str, seed: int) -> dict[str, float]:
    """Share of draws below the truth, quantity by quantity, in one world of the priors."""
    rng = np.random.default_rng([7, seed, family == "gamma"])
    mean, (level_scale, slope_scale) = rng.normal(0.0, 1.0, 2), np.abs(rng.normal(0.0, [0.4, 0.2]))
    level, slope = level_scale * rng.standard_normal(N_REPS), slope_scale * rng.standard_normal(N_REPS)
    eta = mean + level[:, None] + slope[:, None] * SCORES
    if family == "gamma":
        events = np.full(eta.shape, SHAPE * EACH)
        size = SHAPE * rng.gamma(SHAPE * EACH, np.exp(eta) / SHAPE)
    else:
        events = rng.normal(EACH * eta, np.sqrt(EACH * VARIANCE)) / VARIANCE
        size = np.full(eta.shape, EACH / VARIANCE)
    model = CellModel(
        Gamma() if family == "gamma" else Gaussian(),
        events,
        size,
        tuple(map(str, range(N_REPS))),
        (PopulationTerm("rank_mean", "rank", ("A", "B"), np.eye(2), Normal(0.0, 1.0)),),
        (
            RepTerm("level", np.ones((2, 1)), HalfNormal(0.4)),
            RepTerm("slope", SCORES[:, None], HalfNormal(0.2)),
        ),
    )
    draws = sample_posterior(model, seed=seed, engine="laplace", draws=DRAWS, progress=False).draws
    found = draws["rank_mean"][:, None, :] + draws["level"][:, :, None] + draws["slope"][:, :, None] * SCORES
    told = {
        "rank mean": (draws["rank_mean"][:, 0], mean[0]),
        "level scale": (draws["level_scale"], level_scale),
        "slope scale": (draws["slope_scale"], slope_scale),
        "level, first rep": (draws["level"][:, 0], level[0]),
        "slope, last rep": (draws["slope"][:, -1], slope[-1]),
        "cell, first rep": (found[:, 0, 0], eta[0, 0]),
        "cell, last rep": (found[:, -1, -1], eta[-1, -1]),
        "mean of all reps": (np.exp(found[:, :, 0]).mean(axis=1), np.exp(eta[:, 0]).mean()),
    }
    return {name: float((values < truth).mean()) for name, (values, truth) in told.items()}


def write_piece(family: str, first: int, folder: Path) -> None:
    """Worlds from a seed on, as many as the time allows, 500 at most."""
    began = time.process_time()
    told: list[dict[str, float]] = []
    while time.process_time() - began < SECONDS and len(told) < 500:
        told.append(run_world(family, first + len(told)))
    (folder / f"sbc-{family}-{first}.json").write_text(json.dumps(told), encoding="utf-8")


def page(folder: Path) -> None:
    """The page of everything in the folder."""
    parts = []
    for family in ("gamma", "gaussian"):
        paths = sorted(folder.glob(f"sbc-{family}-*.json"))
        worlds = [world for path in paths for world in json.loads(path.read_text(encoding="utf-8"))]
        pit = {name: np.array([world[name] for world in worlds]) for name in worlds[0]}
        columns = {
            "quantity": list(pit),
            "p": [uniformity_p_value((values * DRAWS + 0.5) / (DRAWS + 1.0)) for values in pit.values()],
            "in the middle 90 %": [float(((values > 0.05) & (values < 0.95)).mean()) for values in pit.values()],
        }
        parts += [f"## {family}, {len(worlds):,} worlds", markdown_table(columns)]
    about = (__doc__ or "").split("\n\n")[
        0
    ] + " Eight reps, two ranks, six wins a cell. `python -m studies.amounts_sbc`."
    write_page("amounts_sbc", "Simulation-based calibration of amounts", about, *parts)


if __name__ == "__main__":
    if sys.argv[1] == "page":
        page(Path(sys.argv[2]))
    else:
        write_piece(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
