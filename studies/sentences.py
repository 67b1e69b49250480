"""Do the sentences hold? Of every finding, verdict, label and direction, how sure it says it is and how often it is so.

`python -m studies.sentences [FOLDER] [--worlds N] [--minutes M]` runs worlds of every kind, keeps them in the folder
(`.study` by default) and writes docs/studies/sentences.md. A run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import calibra as cb
from studies.page import markdown_table, write_page
from studies.sentence_claims import claims_of, could_be_said, doubts_of
from studies.sentence_cover import compared, covered
from studies.sentence_truth import MARGIN, Truth
from studies.sentence_worlds import KINDS, N_REPS, draw_world

type Record = Mapping[str, Any]
type Floats = NDArray[np.float64]

N_WORLDS = 330
"""Worlds of each kind."""
SURE, CERTAIN = 0.9, 0.99
"""From when on a finding is said, and is nearly certain."""
DRAWS = 400
"""Posterior draws of a fit; three and a half standard errors are five points at .9."""
WITH_LEAD_TIMES = 5
"""Every so many-th world of a kind has lead times fitted, too, for they take most of the time."""


def run_world(kind: str, seed: int) -> dict[str, Any]:
    """What was claimed of one world, what could have been, and which doubts were raised."""
    world = draw_world(kind, seed)
    parts = None if seed % WITH_LEAD_TIMES == WITH_LEAD_TIMES - 1 else ["thresholds", "granularity"]
    calibration = cb.calibrate(world.judgments, seed=seed, draws=DRAWS, engine="laplace", parts=parts, progress=False)
    truth = Truth(world, calibration)
    claims = [
        [claim.name, round(claim.prob, 4), int(claim.holds), int(claim.wrong)] for claim in claims_of(world, truth)
    ]
    told = {"kind": kind, "seed": seed, "claims": claims, "doubts": doubts_of(truth), "compared": compared(truth)}
    if kind == "changed world":
        return told | {"possible": {}, "covered": {}}
    return told | {"possible": could_be_said(truth), "covered": covered(truth)}


def run_all(folder: Path, n_worlds: int, *, minutes: float) -> list[Record]:
    """The records of worlds 0, 1, … of every kind; as many as there is time for, kinds in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    path, end = folder / "sentences.jsonl", time.monotonic() + 60.0 * minutes
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    done = {(record["kind"], record["seed"]) for record in records}
    with path.open("a", encoding="utf-8") as kept:
        for seed in range(n_worlds):
            for kind in KINDS:
                if (kind, seed) in done:
                    continue
                if time.monotonic() > end:
                    return records
                records.append(run_world(kind, seed))
                kept.write(json.dumps(records[-1]) + "\n")
                kept.flush()
    return records


def summarise(records: Iterable[Record]) -> dict[str, list[object]]:
    """One row per kind of claim: how often it spoke, how sure it said it was, and how often it was so."""
    claims: dict[str, list[list[float]]] = defaultdict(list)
    possible: dict[str, Floats] = defaultdict(lambda: np.zeros(2))
    for record in records:
        for name, *told in record["claims"]:
            claims[name].append(told)
        for name, counts in record["possible"].items():
            possible[name] += counts
    rows: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for name in sorted(claims):
        told = np.array(claims[name], dtype=float)
        for label, some in _by_sureness(told):
            n, so = possible.get(name, (np.nan, np.nan))
            row = (
                name,
                label,
                len(some),
                float(some[:, 0].mean()),
                float(some[:, 1].mean()),
                float(some[:, 2].mean()),
                "" if np.isnan(n) else f"{so:.0f} of {n:.0f}",
                "" if np.isnan(n) or not so else float(some[:, 1].sum() / so),
            )
            for column, value in zip(COLUMNS, row, strict=True):
                rows[column].append(value)
    return rows


COLUMNS = ("said", "how sure", "times", "stated", "so", "wrong side", "so of", "of these said")


def _by_sureness(told: Floats) -> list[tuple[str, Floats]]:
    """Leanings, findings, and those nearly certain."""
    parts = {
        "below .9": told[told[:, 0] < SURE - 1e-9],
        ".9 to .99": told[(told[:, 0] >= SURE - 1e-9) & (told[:, 0] < CERTAIN)],
        "from .99": told[told[:, 0] >= CERTAIN],
    }
    return [(label, some) for label, some in parts.items() if len(some)]


def by_kind(records: Sequence[Record], names: Sequence[str]) -> dict[str, list[object]]:
    """Of findings from .9 on, how many of how many were so, by kind of world."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for record in records:
        for name, prob, holds, _ in record["claims"]:
            if prob >= SURE - 1e-9 or name in INTERVALS_OF_LESS:
                counts[name, record["kind"]][0] += holds
                counts[name, record["kind"]][1] += 1
    rows: dict[str, list[object]] = {"said": list(names)}
    for kind in KINDS:
        rows[kind] = [_share(*counts[name, kind]) for name in names]
    return rows


INTERVALS_OF_LESS = ("thresholds.aim",)
"""Intervals of level .8."""


def _share(held: int, n: int) -> str:
    return f"{100 * held / n:.0f} ({n})" if n else "–"


def coverage(records: Sequence[Record]) -> dict[str, list[object]]:
    """Of each interval of level .9, how many of a hundred hold the truth, over all kinds and by kind."""
    counts: dict[tuple[str, str], Floats] = defaultdict(lambda: np.zeros(2))
    for record in records:
        for name, held in record["covered"].items():
            counts[name, record["kind"]] += held
            counts[name, "all"] += held
    names = list(dict.fromkeys(name for name, _ in counts))
    kinds = [kind for kind in ("all", *KINDS) if any((name, kind) in counts for name in names)]
    rows: dict[str, list[object]] = {"interval": list(names)}
    for kind in kinds:
        rows[kind] = [_share(*counts[name, kind].astype(int).tolist()) for name in names]
    return rows


GAPS = (-np.inf, -0.6, -0.4, -0.2231, -0.1, 0.1, 0.2231, 0.4, 0.6, np.inf)
"""Bins of true gaps, in log-odds; the margin is 0.2231."""
CHANCES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0001)
"""Bins of how sure it is said to be."""


def at_the_margin(records: Sequence[Record]) -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    """What is said by the true gap; and how often it is so that a rep lies below, or above, by how sure it is said."""
    told = np.array([row for record in records if record["kind"] in STEADY for row in record["compared"]])
    by_gap: dict[str, list[object]] = {name: [] for name in ("true gap, log-odds", "reps", "below", "above", "in line")}
    for low, high in pairwise(GAPS):
        some = told[(told[:, 0] >= low) & (told[:, 0] < high)]
        by_gap["true gap, log-odds"].append(f"{low:+.2f} to {high:+.2f}")
        by_gap["reps"].append(len(some))
        for k, name in enumerate(("below", "above", "in line"), start=1):
            by_gap[name].append(float((some[:, k] >= SURE).mean()) if len(some) else "")
    sure = np.concatenate([told[:, 1], told[:, 2]])
    so = np.concatenate([told[:, 0] < -MARGIN, told[:, 0] > MARGIN])
    by_chance: dict[str, list[object]] = {"how sure": [], "times": [], "stated": [], "so": []}
    for low, high in pairwise(CHANCES):
        some = (sure >= low) & (sure < high)
        if some.any():
            row = (
                f"{low:.2f} to {min(high, 1.0):.2f}",
                int(some.sum()),
                float(sure[some].mean()),
                float(so[some].mean()),
            )
            for column, value in zip(by_chance, row, strict=True):
                by_chance[column].append(value)
    return by_gap, by_chance


STEADY = tuple(kind for kind in KINDS if kind not in ("changed world", "shared accounts"))
"""Worlds in which the rank model could be right of reps against each other."""


def doubted(records: Sequence[Record]) -> dict[str, list[object]]:
    """Of each doubt, in how many of a hundred worlds of each kind it is raised."""
    n_of = Counter(record["kind"] for record in records)
    raised = Counter((key, record["kind"]) for record in records for key in record["doubts"])
    keys = sorted({key for key, _ in raised})
    rows: dict[str, list[object]] = {"doubt": list(keys)}
    for kind in KINDS:
        rows[kind] = [f"{100 * raised[key, kind] / max(n_of[kind], 1):.0f}" for key in keys]
    return rows


def render(records: Sequence[Record]) -> tuple[str, ...]:
    """The page's parts."""
    n_of = Counter(record["kind"] for record in records)
    names = sorted({claim[0] for record in records for claim in record["claims"]})
    return (
        f"Made by `python -m studies.sentences`: {min(n_of.values())} to {max(n_of.values())} worlds of each of "
        f"{len(n_of)} kinds, every {WITH_LEAD_TIMES}th with lead times, {N_REPS} reps of 40 to 400 judgments each, "
        "from a generator that shares no formula with the library "
        "(`studies/sentence_worlds.py`); the truth is read off 30,000 prospects of each rep. Every finding of "
        "`calibration.findings` is held against it, by its own stated probability; findings that state none are held "
        "against .9, intervals against their level.",
        "## All kinds of worlds",
        markdown_table(summarise(records)),
        "*times*: how often it was said. *stated*: how sure it said it was, on average; *so*: the share that is so; "
        "*wrong side*: the share whose very direction is not so. *so of*: of how many reps, cells or ranks it is so, "
        "of all there are; *of these said*: the share of them of which it was said, and rightly, with such sureness.",
        "## By kind of world",
        "Said with .9 or more: per cent that are so, and in brackets how often it was said.",
        markdown_table(by_kind(records, names)),
        "## Intervals",
        "Intervals of level 90 %, cells of 5 judgments or more: per cent that hold the truth, and of how many. "
        "*agree*: within two joint standard deviations on the log-odds.",
        markdown_table(coverage(records)),
        "## At the margin",
        "Reps against the others, in all worlds but those that changed and those of shared accounts; the margin is "
        f"{MARGIN:.2f} in log-odds. First the share of reps of whom something is said, by their true gap; then how "
        "often they lie below, or above, by how sure it is said to be, whether or not it is said.",
        *map(markdown_table, at_the_margin(records)),
        "## Doubts raised",
        "Of a hundred worlds of a kind, in how many the doubt stands.",
        markdown_table(doubted(records)),
    )


def main() -> None:
    """Run the study and write its page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the worlds are kept")
    parser.add_argument("--worlds", type=int, default=N_WORLDS, help="how many of each kind")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so many minutes, to go on later")
    asked = parser.parse_args()
    records = run_all(asked.folder, asked.worlds, minutes=asked.minutes)
    sys.stdout.write(f"{len(records)} of {asked.worlds * len(KINDS)} worlds\n")
    write_page("sentences", "Do the sentences hold?", *render(records))


if __name__ == "__main__":
    main()
