"""What is said of one threshold of each rep: the verdict, its reason, and about how many more judgments it takes."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.thresholds.advice_rules import AdviceRules
from calibra.chapters.thresholds.advice_words import (
    CANNOT_TELL,
    FINE,
    INVERTED,
    LOOSEN,
    MISFIT,
    NO_SEPARATION,
    OUT_OF_REACH,
    TIGHTEN,
    TOO_FEW,
    UNSURE,
    WITHOUT_NUMBERS,
)
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.chapters.thresholds.targets import BoundaryTarget
from calibra.reading.means import more_judgments_needed
from calibra.stats.detection.curve import share_above
from calibra.stats.margin import log_odds_gap

type Floats = NDArray[np.float64]

FARTHEST = 5.0
"""Log-odds beyond which a gap is endless: what nobody can keep, or what does not bind."""


class Gap(NamedTuple):
    """How far a rank, as it is used today, is from the aim; (draw, rep), positive: to be used less."""

    share: Floats
    """Share of the prospects today less the share aimed at."""
    odds: Floats
    """Log-odds of what the rank would bring at today's line against what is aimed at, signed as `share`."""

    def beyond(self, rules: AdviceRules) -> tuple[Floats, Floats]:
        """Probability that the rank is to be used less, and more, by more than the margin; (rep,)."""
        margin = np.log(rules.margin_odds)
        return (self.odds > margin).mean(axis=0), (self.odds < -margin).mean(axis=0)


def gap_of(aim: BoundaryTarget, cut_now: Floats, now: Floats, wanted: Floats) -> Gap:
    """Today against the aim: in shares, and on the odds of what the rank brings."""
    share = now - wanted
    brought, reference = aim.brought_at(cut_now)
    size = np.minimum(np.abs(log_odds_gap(brought, reference)), FARTHEST)
    return Gap(share, np.sign(share) * size)


def verdicts(
    fit: ThresholdFit, aim: BoundaryTarget, gap: Gap, wanted: Floats, rules: AdviceRules, *, fits_well: bool
) -> dict[str, NDArray[Any]]:
    """Verdict, the reason where there is none yet or no aim, and about how many more judgments it would take."""
    n, events = fit.n.sum(axis=1), fit.events.sum(axis=1)
    near = fit.n[:, aim.boundary] + fit.n[:, aim.boundary + 1]
    enough = (n >= rules.min_judgments) & (events >= rules.min_events) & (near >= rules.min_near)
    separates = (aim.found.discrimination > 0).mean(axis=0) >= rules.separate_prob
    inverted = ~separates & ((aim.found.discrimination < 0).mean(axis=0) >= rules.separate_prob)
    out_of_reach = _out_of_reach(aim, wanted, rules) & fits_well
    less, more = gap.beyond(rules)
    without_aim = "" if fits_well else MISFIT
    conditions = [
        (inverted & enough, CANNOT_TELL, INVERTED),
        (~separates & enough, CANNOT_TELL, NO_SEPARATION),
        (~enough, CANNOT_TELL, TOO_FEW),
        (out_of_reach, OUT_OF_REACH, ""),
        (1.0 - less - more >= rules.fine_prob, FINE, without_aim),
        (less >= rules.act_prob, TIGHTEN, without_aim),
        (more >= rules.act_prob, LOOSEN, without_aim),
    ]
    which = [np.asarray(condition) for condition, _, _ in conditions]
    verdict = np.select(which, [np.array(v, dtype=object) for _, v, _ in conditions], default=CANNOT_TELL)
    reason = np.select(which, [np.array(r, dtype=object) for _, _, r in conditions], default=UNSURE)
    waiting = (verdict == CANNOT_TELL) & ~np.isin(reason, WITHOUT_NUMBERS)
    return {"verdict": verdict, "reason": reason, "n_more": np.where(waiting, _more(fit, gap, rules), 0.0).astype(int)}


def _out_of_reach(aim: BoundaryTarget, wanted: Floats, rules: AdviceRules) -> NDArray[np.bool_]:
    """Whether hardly any prospect left to the rank could keep its promise."""
    left = 1.0 - share_above(aim.upper_cut, **aim.pool)
    keepers = wanted - (1.0 - left)
    beyond_reach = ((keepers < rules.reach_share) & (left > rules.reach_share)).mean(axis=0) >= rules.reach_prob
    return np.asarray(beyond_reach & (aim.promise is not None))


def _more(fit: ThresholdFit, gap: Gap, rules: AdviceRules) -> Floats:
    """About how many more judgments until a verdict, on the odds, and at least what the gates ask for."""
    n, events = fit.n.sum(axis=1), fit.events.sum(axis=1)
    more = more_judgments_needed(
        gap.odds.mean(axis=0),
        np.maximum(gap.odds.std(axis=0), 1e-9),
        n,
        margin=float(np.log(rules.margin_odds)),
        prior_sd=max(float(gap.odds.std()), 1e-6),
        flag_prob=rules.act_prob,
    )
    rate = float(events.sum() / max(n.sum(), 1.0))
    lacking = np.maximum(rules.min_judgments - n, (rules.min_events - events) / max(rate, 1e-3))
    return np.ceil(np.maximum(more, lacking))
