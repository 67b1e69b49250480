"""Does the first page say what is so? Teams with known truth, from a generator of its own.

Fourteen reps: one whose ranks are reversed, two who use A early, one who is cautious, one who sees more clearly; a
definition of A that nobody meets; old prospects that nobody hands back. Held against the truth: whether the reversed
rep stands in the first two lines, whether what everybody shares is told once, whether any line of a person contradicts
the truth, and how often a rank reads as the rank it is said to, beside how sure that is.

`python -m studies.first_page [FOLDER]` writes docs/studies/first_page.md (teams are kept in the folder, `.study` by
default, and a run goes on where it stopped).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import calibra as cb
from calibra.calibration import Calibration
from calibra.chapters.ranks.translation import place_draws
from calibra.findings import Finding
from calibra.reading.flags import CANNOT_TELL
from calibra.reading.means import concordance
from calibra.report.lines import choose_lines
from calibra.wording import choose_wording
from studies.page import markdown_table, write_page

type Floats = NDArray[np.float64]

RANKS = ("A", "B", "C", "D", "E")
DAYS = 90
PROMISES = {"A": 0.75, "B": 0.40, "C": 0.22, "D": 0.12, "E": 0.05}
"""What is meant; A is out of reach of everybody."""
CUTS = np.array([1.35, 0.7, 0.05, -0.7])
REVERSED, EARLY, CAUTIOUS, CLEAR = 0, (1, 2), 3, 4
REVERSED_KEYS = ("ranks.inverted_counted", "ranks.turned")
N_REPS, N_EACH, AS_OF = 14, 260, pd.Timestamp("2026-09-30")
N_TRUTH = 60_000


@dataclass(frozen=True, slots=True)
class Team:
    """How each rep reads: shift of the cut points, noise, and whether the ranks are reversed."""

    shift: Floats
    """Added to what is seen: a rep above 0 uses good ranks early."""
    noise: Floats
    """Standard deviation of what is seen beside what is."""
    is_reversed: NDArray[np.bool_]
    """Whose ranks stand upside down."""


def draw_team(rng: np.random.Generator) -> Team:
    """The five who differ, and nine who differ a little."""
    shift, noise = rng.normal(0.0, 0.08, N_REPS), np.full(N_REPS, 0.75)
    shift[list(EARLY)], shift[CAUTIOUS], noise[CLEAR] = 1.2, -1.0, 0.25
    turned = np.zeros(N_REPS, dtype=bool)
    turned[REVERSED] = True
    return Team(shift, noise, turned)


def chance(ready: Floats) -> Floats:
    """P(event within 90 days) of a readiness."""
    return 1.0 / (1.0 + np.exp(-(1.25 * ready - 1.65)))


def rank_of(team: Team, rep: int, ready: Floats, rng: np.random.Generator) -> NDArray[np.intp]:
    """Index of the rank a rep gives."""
    seen = ready + team.shift[rep] + team.noise[rep] * rng.standard_normal(ready.size)
    given = np.searchsorted(-CUTS, -seen)
    return np.asarray(len(RANKS) - 1 - given if team.is_reversed[rep] else given)


def true_chances(team: Team, rng: np.random.Generator) -> Floats:
    """P(event | rank) of every rep, by brute force, (rep, rank)."""
    prob = np.zeros((N_REPS, len(RANKS)))
    for rep in range(N_REPS):
        ready = rng.standard_normal(N_TRUTH)
        rank = rank_of(team, rep, ready, rng)
        n = np.bincount(rank, minlength=len(RANKS))
        prob[rep] = np.bincount(rank, chance(ready), minlength=len(RANKS)) / np.maximum(n, 1)
    return prob


def judgments_of(team: Team, rng: np.random.Generator) -> cb.Judgments:
    """Judgments over 600 days; those who come do so early, a third of the others leave within 200 days."""
    frames = []
    for rep in range(N_REPS):
        ready, age = rng.standard_normal(N_EACH), rng.integers(1, 600, N_EACH)
        rank = rank_of(team, rep, ready, rng)
        comes = rng.random(N_EACH) < chance(ready)
        days = np.where(comes, np.minimum(rng.exponential(30.0, N_EACH), DAYS - 1), np.inf)
        leaves = np.where(~comes & (rng.random(N_EACH) < 0.35), rng.uniform(20, 200, N_EACH), np.inf)
        judged = AS_OF - pd.to_timedelta(age, unit="D")
        frame = pd.DataFrame({"rep": f"Rep {rep:02}", "rank": np.array(RANKS)[rank], "judged_at": judged})
        for name, when in (("event_at", days), ("exit_at", leaves)):
            known = np.isfinite(when) & (np.floor(np.where(np.isfinite(when), when, 0)) <= age)
            frame[name] = (
                judged + pd.to_timedelta(np.where(known, np.floor(np.minimum(when, 9999)), 0), unit="D")
            ).where(known)
        frames.append(frame)
    frame = pd.concat(frames, ignore_index=True)
    frame["prospect"] = [f"p{i}" for i in range(len(frame))]
    scale = cb.RankScale(list(RANKS), {rank: cb.Promise(share, within_days=DAYS) for rank, share in PROMISES.items()})
    columns = {str(name): str(name) for name in frame}
    return cb.Judgments.from_frame(frame, scale=scale, as_of=AS_OF.date(), columns=columns)


def others_of(values: Floats) -> Floats:
    """Mean over the other reps, (rep, …)."""
    return np.asarray((values.sum(axis=0) - values) / (len(values) - 1))


def contradicts(finding: Finding, prob: Floats, mix: Floats) -> bool:
    """Whether a line of a person says the opposite of what is so."""
    rep = int(str(finding.rep).split()[-1])
    auc = concordance(prob, mix)
    if finding.key == "ranks.inverted_counted":
        return bool(auc[rep] >= 0.5)
    if finding.key == "ranks.turned":
        better, worse = (RANKS.index(str(finding.values[name].label)) for name in ("better", "worse"))  # type: ignore[union-attr]
        return bool(prob[rep, worse] <= prob[rep, better])
    if finding.key == "ranks.sharper":
        return bool(auc[rep] <= others_of(auc)[rep])
    if finding.key in ("ranks.fewer", "ranks.more"):
        k = RANKS.index(str(finding.rank))
        off = prob[rep, k] - others_of(prob)[rep, k]
        return bool(off >= 0) if finding.key == "ranks.fewer" else bool(off <= 0)
    return True  # nobody is slower, faster, or blind here


def translation_held(calibration: Calibration, prob: Floats) -> pd.DataFrame:
    """Of every rank of a rep that reads as something: how sure it is, and whether it is so."""
    table = calibration.ranks[DAYS].translation()
    place = place_draws(prob[None], others_of(prob)[None])[0].ravel()
    nearest = np.clip(np.rint(place), 1, len(RANKS)).astype(int) - 1
    told = table["reads_as"].to_numpy()
    held = [RANKS[near] in str(said).split("–") for near, said in zip(nearest, told, strict=True)]
    rows = pd.DataFrame({"prob": table["prob"], "held": held, "one": ["–" not in str(said) for said in told]})
    return pd.DataFrame(rows[told != CANNOT_TELL])


WITH_LEAD_TIMES = 5
"""So many teams have lead times fitted, too, for the list to look through: they take most of the time."""


def run(seed: int) -> tuple[dict[str, object], pd.DataFrame]:
    """One team: what its lines say, and its translation."""
    rng = np.random.default_rng(seed)
    team = draw_team(rng)
    prob = true_chances(team, rng)
    judgments, parts = judgments_of(team, rng), ["lead times"] if seed < WITH_LEAD_TIMES else []
    calibration = cb.calibrate(judgments, seed=1, draws=500, engine="laplace", parts=parts, progress=False)
    lines = choose_lines(calibration.findings, choose_wording("en", "opportunity"))
    persons = [line for line in lines if line.rep is not None]
    shared = [line for line in lines if line.key == "promises.everybody_less" and line.rank == "A"]
    mix = calibration.ranks[DAYS].rank_mix
    listed = any(line.key == "lead_times.chased_all" for line in lines)
    wrong = [f"{line.rep} {line.key}" for line in persons if contradicts(line, prob, mix)]
    told: dict[str, object] = {
        "seed": seed,
        "reversed first two": any(line.rep == "Rep 00" and line.key in REVERSED_KEYS for line in lines[:2]),
        "shared once": len(shared) == 1,
        "no contradiction": not wrong,
        "review list": listed if seed < WITH_LEAD_TIMES else None,
        "early named": sum(line.rep in ("Rep 01", "Rep 02") and line.side == "below" for line in persons),
        "cautious named": any(line.rep == "Rep 03" and line.side == "above" for line in persons),
        "clear named": any(line.rep == "Rep 04" and line.key == "ranks.sharper" for line in persons),
        "lines of persons": len(persons),
        "lines wrong": "; ".join(wrong),
    }
    return told, translation_held(calibration, prob)


def run_kept(n: int, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """So many teams, those already in the folder read from it."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, translations = [], []
    for seed in range(n):
        kept = folder / f"first_page_{seed}.json"
        if not kept.exists():
            told, translation = run(seed)
            kept.write_text(json.dumps({"told": told, "translation": translation.to_dict("list")}), encoding="utf-8")
        world = json.loads(kept.read_text(encoding="utf-8"))
        rows.append(world["told"])
        translations.append(pd.DataFrame(world["translation"]))
    return pd.DataFrame(rows), pd.concat(translations, ignore_index=True)


def lines_held(rows: pd.DataFrame) -> dict[str, list[object]]:
    """What the first page should say of these teams, in how many it does, and how many are asked of it."""
    n, n_listed = len(rows), int(rows["review list"].notna().sum())
    asked = (
        ("the rep with reversed ranks stands in the first two lines", "reversed first two", n, ">= 0.90"),
        ("what everybody shares (A brings less than meant) is told, and once", "shared once", n, ">= 0.90"),
        ("no line of a person contradicts the truth", "no contradiction", n, ">= 0.95"),
        ("old prospects to look through again stand in a line", "review list", n_listed, ""),
        ("the cautious rep has a line", "cautious named", n, ""),
        ("the rep who tells prospects apart best has a line", "clear named", n, ""),
    )
    table: dict[str, list[object]] = {"claim": [], "teams": [], "holds in": [], "share": [], "wanted": []}
    for claim, name, teams, wanted in asked:
        held = int(rows[name].dropna().astype(bool).sum())
        for column, value in zip(table, (claim, teams, held, f"{held / max(teams, 1):.2f}", wanted), strict=True):
            table[column].append(value)
    return table


def readings_held(held: pd.DataFrame) -> dict[str, list[object]]:
    """How often a rank of a rep reads as what it is said to, beside how sure that is said to be."""
    table: dict[str, list[object]] = {"reads as": [], "sureness": [], "ranks": [], "stated": [], "held": []}
    for is_one, kind in ((True, "one rank"), (False, "two neighbours")):
        for low, high in ((0.90, 0.95), (0.95, 0.99), (0.99, 1.01)):
            part = held[(held["one"] == is_one) & (held["prob"] >= low) & (held["prob"] < high)]
            named = f"{low:.2f}-{min(high, 1.0):.2f}"
            row = (kind, named, len(part), f"{part['prob'].mean():.3f}", f"{part['held'].mean():.3f}")
            for column, value in zip(table, row, strict=True):
                table[column].append(value)
    return table


def main(n: int, folder: Path) -> None:
    """Run the teams, or those that are missing, and write the page."""
    rows, held = run_kept(n, folder)
    early, lines = int(rows["early named"].sum()), int(rows["lines of persons"].sum())
    wrong = [line for told in rows["lines wrong"] for line in told.split("; ") if line]
    opening = (
        f"Engine `laplace`, made by `python -m studies.first_page`: {n} teams of {N_REPS} reps with {N_EACH} "
        "prospects each, drawn by a generator that shares nothing with the models or with the simulator. One rep's "
        "ranks are reversed, two use A early, one is cautious, one sees more clearly; A is meant to come in "
        f"{PROMISES['A']:.0%} and comes so with nobody. Old prospects are handed back by nobody; the review list "
        f"needs lead times, which are fitted for the first {WITH_LEAD_TIMES} teams."
    )
    persons = (
        f"Of {lines} lines of persons {len(wrong)} contradict the truth"
        f"{': ' + ', '.join(wrong) if wrong else ''}. Of {2 * n} reps who use A early {early} have a line: five lines "
        "are not enough for everybody, and the others stand on their cards."
    )
    reading = (
        "The translation table: of every rank of a rep that reads as one of the others' ranks, or as two neighbours, "
        f"how sure that is said to be and how often it is so. n {len(held)} of {n * N_REPS * len(RANKS)} ranks; of "
        "the others the page says that it cannot tell yet."
    )
    lines_table, readings = markdown_table(lines_held(rows)), markdown_table(readings_held(held))
    write_page("first_page", "The first page on trial", opening, lines_table, persons, reading, readings)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".study"), help="where the teams are kept")
    parser.add_argument("--teams", type=int, default=50)
    asked = parser.parse_args()
    main(asked.teams, asked.folder)
