"""Do the threshold model's intervals cover, are its stated directions right, and does the advice lead where it says?

`python -m studies.threshold_coverage` writes docs/studies/threshold_coverage.md.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.thresholds.advice import recommend_thresholds
from calibra.chapters.thresholds.advice_words import FINE, LOOSEN, TIGHTEN
from calibra.chapters.thresholds.model import ThresholdPriors
from calibra.data.simulation.simulate import demo_scale
from calibra.stats.detection.advice import promised_cutpoint, promised_cutpoints
from calibra.stats.detection.curve import average_above, bar_at, cutpoint_at_share, share_above
from calibra.stats.intervals import equal_tailed
from calibra.stats.margin import MARGIN_ODDS, log_odds_gap
from studies.page import last_line
from studies.threshold_worlds import (
    KnownReps,
    draw_prior_reps,
    draw_typical_reps,
    fit_counts,
    markdown,
)

type Floats = NDArray[np.float64]

DIRECTION_BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0001)


@dataclass(frozen=True, slots=True, eq=False)
class AdviceAgainstTruth:
    """What was advised and what is true, one entry per rep and boundary over all worlds."""

    covered: dict[str, Floats]
    """Quantity → 1 where its 90 % interval held the truth."""
    prob_direction: Floats
    """Stated probability of the direction; NaN where the advice gives no number."""
    right_direction: NDArray[np.bool_]
    """Whether the truth lies that way."""
    true_gap: Floats
    """True share now minus true share aimed at, in points."""
    verdict: NDArray[np.object_]
    """Verdicts."""
    bar_now: Floats
    """True bar today."""
    bar_after: Floats
    """True bar once the share is the minimal move's."""
    bar_target: Floats
    """True bar aimed at."""
    off_odds: Floats
    """Log-odds between what the rank truly brings at today's line, the better ranks at their aim, and its promise."""

    @property
    def advised_move(self) -> NDArray[np.bool_]:
        """Whether a move was advised."""
        return np.asarray((self.verdict == TIGHTEN) | (self.verdict == LOOSEN))

    @property
    def right_verdict(self) -> NDArray[np.bool_]:
        """Whether the verdict is the move the truth asks for."""
        above, below = self.true_gap > 0, self.true_gap < 0
        return np.asarray(((self.verdict == TIGHTEN) & above) | ((self.verdict == LOOSEN) & below))


def compare_advice(
    *, seed: int, n_worlds: int, n_judgments: int, typical: bool, n_reps: int = 30, draws: int = 1000
) -> AdviceAgainstTruth:
    """Draw worlds, fit them, advise, and hold the advice against the truth.

    Parameters
    ----------
    typical : bool
        Reps from the typical population; else from populations drawn from the priors.
    """
    parts = []
    for world in range(n_worlds):
        rng = np.random.default_rng([seed, world])
        reps = (
            draw_typical_reps(rng, n_reps=n_reps)
            if typical
            else draw_prior_reps(rng, n_reps=n_reps, priors=ThresholdPriors())
        )
        parts.append(_one_world(reps, rng, n_judgments, seed + world, draws))
    names = parts[0][0].keys()
    covered = {name: np.concatenate([part[0][name] for part in parts]) for name in names}
    rest = [np.concatenate([part[1][i] for part in parts]) for i in range(len(parts[0][1]))]
    return AdviceAgainstTruth(covered, *rest)


def _one_world(
    reps: KnownReps, rng: np.random.Generator, n_judgments: int, seed: int, draws: int
) -> tuple[dict[str, Floats], list[NDArray[np.generic]]]:
    n, events = reps.counts(rng, n_judgments)
    fit = fit_counts(n, events, seed=seed, draws=draws)
    found, truth = fit.draws(), reps.as_draws
    covered = {
        "bar": _inside(found.bars, truth.bars[0]),
        "share now": _inside(found.shares, truth.shares[0]),
        "base rate": _inside(found.base_rate, truth.base_rate[0]),
        "discrimination": _inside(found.discrimination, truth.discrimination[0]),
        "recommended share": _inside(_aimed(found.base_rate, found.discrimination), _true_aim(reps)),
    }
    table = recommend_thresholds(fit, target="promise").columns
    pool = {"base_rate": reps.base_rate[:, None], "discrimination": reps.discrimination[:, None]}
    now = truth.shares[0]
    shape = now.shape
    moves = np.isin(table["verdict"], (TIGHTEN, LOOSEN)) & np.isfinite(table["share_target"])
    aim, left_as = _aim_given(reps, moves.reshape(shape))
    goal = np.where(np.isnan(table["share_target"]), table["share_step"], table["share_target"])  # without an aim
    side = (table["share_now"] - goal).reshape(shape)  # NaN where no number is given
    side = np.where(side == 0.0, np.nan, side)  # neither an aim nor a step: no direction is told
    move = (table["share_move"] - table["share_now"]).reshape(shape)
    followed = np.clip(now + np.where(np.isnan(move), 0.0, move), 1e-4, 1.0 - 1e-4)
    moved = bar_at(cutpoint_at_share(followed, **pool), **pool)
    aimed_bar = bar_at(cutpoint_at_share(aim, **pool), **pool)
    right = np.sign(now - aim) == np.sign(side)
    return covered, [
        np.where(np.isnan(side), np.nan, table["prob_direction"].reshape(shape)).ravel(),
        right.ravel(),
        100.0 * (now - aim).ravel(),
        table["verdict"],
        truth.bars[0].ravel(),
        moved.ravel(),
        aimed_bar.ravel(),
        _off_odds(reps, left_as).ravel(),
    ]


def _inside(draws: Floats, truth: Floats) -> Floats:
    _, lower, upper = equal_tailed(draws)
    return np.asarray((truth >= lower) & (truth <= upper), dtype=float).ravel()


def _aimed(base_rate: Floats, discrimination: Floats) -> Floats:
    promises = [promise.prob for promise in demo_scale().promises.values()][:-1]
    cuts = promised_cutpoints(promises, base_rate=base_rate, discrimination=discrimination)
    return share_above(cuts, base_rate=base_rate[..., None], discrimination=discrimination[..., None])


def _aim_given(reps: KnownReps, moves: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """True aim of each boundary given what is said of the better ranks, and where these then lie; (rep, boundary).

    A rank that is to move lies at its aim, any other where it is.
    """
    base_rate, d = reps.base_rate, reps.discrimination
    promises = [promise.prob for promise in demo_scale().promises.values()][:-1]
    upper, aims, lines = np.full(len(reps.base_rate), np.inf), [], []
    for k, promise in enumerate(promises):
        cut = promised_cutpoint(promise, base_rate=base_rate, discrimination=d, upper_cutpoint=upper)
        upper = np.minimum(np.where(moves[:, k], cut, reps.cutpoints[:, k]), upper)
        aims.append(share_above(cut, base_rate=base_rate, discrimination=d))
        lines.append(share_above(upper, base_rate=base_rate, discrimination=d))
    return np.stack(aims, axis=1), np.stack(lines, axis=1)


def _off_odds(reps: KnownReps, left_as: Floats) -> Floats:
    """How far what each rank truly brings is from its promise, the better ranks as they are left; (rep, boundary)."""
    pool = {"base_rate": reps.base_rate[:, None], "discrimination": reps.discrimination[:, None]}
    now = reps.as_draws.cutpoints[0]
    upper = np.concatenate([np.full((len(now), 1), np.inf), cutpoint_at_share(left_as, **pool)[:, :-1]], axis=1)
    average = average_above(now, upper_cutpoint=upper, **pool)
    promised = [promise.prob for promise in demo_scale().promises.values()][:-1]
    return np.abs(log_odds_gap(np.where(now < upper, average, bar_at(now, **pool)), np.array(promised)))


def _true_aim(reps: KnownReps) -> Floats:
    return _aimed(reps.base_rate, reps.discrimination)


def direction_table(found: AdviceAgainstTruth) -> dict[str, list[str]]:
    """Stated probability of the direction against how often it was right."""
    bins = np.where(np.isnan(found.prob_direction), -1, np.digitize(found.prob_direction, DIRECTION_BINS) - 1)
    columns: dict[str, list[str]] = {"stated": [], "mean stated": [], "right": [], "standard error": [], "n": []}
    for i in range(len(DIRECTION_BINS) - 1):
        inside = bins == i
        if inside.any():
            right, n = found.right_direction[inside].mean(), int(inside.sum())
            columns["stated"].append(f"{DIRECTION_BINS[i]:.2f}–{min(DIRECTION_BINS[i + 1], 1.0):.2f}")
            columns["mean stated"].append(f"{found.prob_direction[inside].mean():.3f}")
            columns["right"].append(f"{right:.3f}")
            columns["standard error"].append(f"{np.sqrt(max(right * (1 - right), 1e-9) / n):.3f}")
            columns["n"].append(str(n))
    return columns


KEPT = "promise kept, odds within the margin"


def verdict_rows(found: AdviceAgainstTruth, margin_odds: float = MARGIN_ODDS) -> dict[str, tuple[float, int]]:
    """The promises of the issue, as measured: name → (share, n)."""
    inside = found.off_odds <= np.log(margin_odds)
    off = (np.abs(found.true_gap) >= 17.5) & (np.abs(found.true_gap) <= 22.5)
    moved, gap = found.bar_after - found.bar_now, found.bar_target - found.bar_now
    shift = np.sign(gap) * moved
    return {
        f"{KEPT}: no move advised": (float((~found.advised_move)[inside].mean()), int(inside.sum())),
        f"{KEPT}: `fine`": (
            float((found.verdict == FINE)[inside].mean()),
            int(inside.sum()),
        ),
        "gap 17.5 to 22.5 points: the right move advised": (
            float(found.right_verdict[off].mean()) if off.any() else np.nan,
            int(off.sum()),
        ),
        "moves advised: right side": (
            float(found.right_verdict[found.advised_move].mean()),
            int(found.advised_move.sum()),
        ),
        "all reps, minimal move: part of the gap in the bar closed": (
            float(shift.sum() / np.abs(gap).sum()),
            int(gap.size),
        ),
        "moves advised: part of the gap in the bar closed": (
            float(shift[found.advised_move].sum() / np.abs(gap)[found.advised_move].sum()),
            int(found.advised_move.sum()),
        ),
    }


def follow_steps(*, seed: int, n_worlds: int, n_quarters: int, n_judgments: int, n_reps: int = 30) -> dict[str, Floats]:
    """Reps who follow each quarter's capped step, judged on that quarter's judgments alone.

    Returns
    -------
    dict
        `gap`: mean absolute true gap in points by quarter, of rows whose gap was above 10 points at first; `past`:
        share of them that stand beyond the aim by more than the margin; `advised`: share with a move advised.
    """
    gaps, past, advised = (np.zeros((n_worlds, n_quarters)) for _ in range(3))
    for world in range(n_worlds):
        rng = np.random.default_rng([seed, world])
        reps = draw_typical_reps(rng, n_reps=n_reps)
        pool = {"base_rate": reps.base_rate[:, None], "discrimination": reps.discrimination[:, None]}
        aim = _true_aim(reps)
        first = reps.as_draws.shares[0] - aim
        far = np.abs(first) > 0.10
        for quarter in range(n_quarters):
            gap = reps.as_draws.shares[0] - aim
            gaps[world, quarter] = 100.0 * np.abs(gap[far]).mean()
            past[world, quarter] = (-gap * np.sign(first) > 0.05)[far].mean()
            n, events = reps.counts(rng, n_judgments)
            table = recommend_thresholds(fit_counts(n, events, seed=seed + quarter)).columns
            verdict = table["verdict"].reshape(gap.shape)
            moving = (verdict == TIGHTEN) | (verdict == LOOSEN)
            advised[world, quarter] = moving[far].mean()
            step = (table["share_step"] - table["share_now"]).reshape(gap.shape)
            share = np.clip(reps.as_draws.shares[0] + np.where(moving, step, 0.0), 0.001, 0.999)
            share = np.maximum.accumulate(share, axis=1)
            reps = KnownReps(reps.base_rate, reps.discrimination, cutpoint_at_share(share, **pool))
    return {"gap": gaps.mean(axis=0), "past": past.mean(axis=0), "advised": advised.mean(axis=0)}


def write_study(path: Path, *, seed: int = 1, n_prior: int = 40, n_typical: int = 12, n_followed: int = 5) -> None:
    """Run the study in full and write its page."""
    prior = compare_advice(seed=seed, n_worlds=n_prior, n_judgments=150, typical=False)
    typical = compare_advice(seed=seed + 1000, n_worlds=n_typical, n_judgments=150, typical=True)
    richer = compare_advice(seed=seed + 2000, n_worlds=n_typical, n_judgments=300, typical=True)
    steps = follow_steps(seed=seed + 3000, n_worlds=n_followed, n_quarters=6, n_judgments=150)
    coverage = {
        "quantity": list(prior.covered),
        "coverage": [f"{values.mean():.3f}" for values in prior.covered.values()],
        "n": [str(values.size) for values in prior.covered.values()],
    }
    verdicts = {"what": list(verdict_rows(prior))}
    for name, found in (("priors, 150 each", prior), ("typical, 150 each", typical), ("typical, 300 each", richer)):
        verdicts[name] = [f"{share:.3f} ({n})" for share, n in verdict_rows(found).values()]
    quarters = {"quarter": [str(q) for q in range(len(steps["gap"]))]} | {
        label: [f"{value:.{digits}f}" for value in steps[name]]
        for name, label, digits in (
            ("gap", "mean gap, points", 1),
            ("past", "beyond the aim by more than 5 points", 3),
            ("advised", "a move advised", 3),
        )
    }
    path.write_text(
        "# Threshold advice against known truth\n\n"
        f"Written by `python -m studies.threshold_coverage` (seed {seed}, laplace engine, 1,000 draws). "
        "Promises of the demo scale, kind `average`, within 90 days.\n\n"
        f"## Coverage of 90 % intervals\n\n{n_prior} worlds of 30 reps × 150 judgments, populations and scales drawn "
        f"from the priors.\n\n{markdown(coverage)}\n\n"
        "## Is the stated probability of the direction right?\n\nThe same worlds, every rep and boundary with a "
        f"number, whatever the verdict.\n\n{markdown(direction_table(prior))}\n\n"
        f"{n_typical} worlds of a typical organisation (base rate .25, discrimination 1), 150 judgments each.\n\n"
        f"{markdown(direction_table(typical))}\n\n"
        "## Verdicts and moves\n\nShare, and in brackets of how many. The part of the gap closed is Σ movement toward "
        f"the aim / Σ |gap|, in true bars: below 1 it does not go past it.\n\n{markdown(verdicts)}\n\n"
        f"## Following the capped steps\n\n{n_followed} typical worlds, rows more than 10 points off at first; each "
        "quarter the verdict rests on that quarter's 150 judgments alone, and whoever is advised to move takes the "
        "capped step.\n\n"
        f"{markdown(quarters)}\n{last_line()}",
        encoding="utf-8",
    )


if __name__ == "__main__":
    write_study(Path(__file__).resolve().parents[1] / "docs" / "studies" / "threshold_coverage.md")
