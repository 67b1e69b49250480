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
    MET_BY_ALL,
    MISFIT,
    MOVED,
    NO_SEPARATION,
    OUT_OF_REACH,
    TIGHTEN,
    TOO_FEW,
    UNSURE,
    WITHOUT_NUMBERS,
)
from calibra.chapters.thresholds.fit import ThresholdFit
from calibra.chapters.thresholds.targets import BoundaryTarget
from calibra.reading.waiting import HARDLY, judgments_until_verdict
from calibra.stats.detection.curve import share_above
from calibra.stats.margin import log_odds_gap

type Floats = NDArray[np.float64]

MET_BY_ALL_REST = 1e-6
"""A promise does not bind where no larger share of the prospects than this is left outside the rank."""
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


class Moved(NamedTuple):
    """What the recent judgments say of a line; (rep,)."""

    as_asked: NDArray[np.bool_]
    """A move would have been advised by the line of all mature judgments, and the line has moved that way since."""
    tightened: NDArray[np.bool_]
    """It has moved to fewer prospects, and this quarter's step is not surely beyond where it stands."""
    loosened: NDArray[np.bool_]
    """The same to more prospects."""


def gap_of(aim: BoundaryTarget, cut_now: Floats, now: Floats, wanted: Floats) -> Gap:
    """Today against the aim: in shares, and on the odds of what the rank brings."""
    share = now - wanted
    brought, reference = aim.brought_at(cut_now)
    size = np.minimum(np.abs(log_odds_gap(brought, reference)), FARTHEST)
    return Gap(share, np.sign(share) * size)


def verdicts(
    fit: ThresholdFit,
    aim: BoundaryTarget,
    cut_now: Floats,
    gap: Gap,
    wanted: Floats,
    step: Floats,
    rules: AdviceRules,
    *,
    fits_well: bool,
) -> dict[str, NDArray[Any]]:
    """Verdict, the reason where there is none yet or no aim, what it leans to, and how many more judgments it takes."""
    n, events = fit.n.sum(axis=1), fit.events.sum(axis=1)
    near = fit.n[:, aim.boundary] + fit.n[:, aim.boundary + 1]
    enough = (n >= rules.min_judgments) & (events >= rules.min_events) & (near >= rules.min_near)
    separates = (aim.found.discrimination > 0).mean(axis=0) >= rules.separate_prob
    inverted = ~separates & ((aim.found.discrimination < 0).mean(axis=0) >= rules.separate_prob)
    less, more = gap.beyond(rules)
    out_of_reach = _out_of_reach(aim, wanted, rules) & (less >= rules.act_prob) & fits_well
    moved = _moved_line(aim, cut_now, step, rules)
    without_aim = "" if fits_well else MISFIT
    conditions = [
        (inverted & enough, CANNOT_TELL, INVERTED),
        (~separates & enough, CANNOT_TELL, NO_SEPARATION),
        (~enough, CANNOT_TELL, TOO_FEW),
        (out_of_reach, OUT_OF_REACH, ""),
        (_met_by_all(aim, wanted, rules) & fits_well, MET_BY_ALL, ""),
        (1.0 - less - more >= rules.fine_prob, FINE, without_aim),
        ((less >= rules.act_prob) & ~moved.tightened, TIGHTEN, without_aim),
        ((more >= rules.act_prob) & ~moved.loosened, LOOSEN, without_aim),
        (moved.as_asked | (less >= rules.act_prob) | (more >= rules.act_prob), MOVED, ""),
    ]
    which = [np.asarray(condition) for condition, _, _ in conditions]
    verdict = np.select(which, [np.array(v, dtype=object) for _, v, _ in conditions], default=CANNOT_TELL)
    reason = np.select(which, [np.array(r, dtype=object) for _, _, r in conditions], default=UNSURE)
    waiting = (verdict == CANNOT_TELL) & ~np.isin(reason, WITHOUT_NUMBERS)
    return {
        "verdict": verdict,
        "reason": reason,
        "leaning": np.where(reason == UNSURE, _leaning(less, more, rules), ""),
        "n_more": np.where(waiting, _more(fit, gap, rules, reason == TOO_FEW), 0.0).astype(int),
    }


def _leaning(less: Floats, more: Floats, rules: AdviceRules) -> NDArray[np.object_]:
    """What the verdict would be from `lean_prob` on; empty where not even that is reached."""
    chances = {TIGHTEN: less, LOOSEN: more, FINE: 1.0 - less - more}
    words = [np.array(verdict, dtype=object) for verdict in chances]
    return np.select([chance >= rules.lean_prob for chance in chances.values()], words, default="")


def _moved_line(aim: BoundaryTarget, cut_now: Floats, step: Floats, rules: AdviceRules) -> Moved:
    """Whether the line has moved the way that all mature judgments ask for, and whether the next step lies behind."""
    stood = aim.found.cutpoints[:, :, aim.boundary]
    old, now, wanted = (share_above(cut, **aim.pool) for cut in (stood, cut_now, aim.cut))
    less, more = gap_of(aim, stood, old, wanted).beyond(rules)
    fell, rose = (now < old).mean(axis=0) >= rules.act_prob, (now > old).mean(axis=0) >= rules.act_prob
    ahead = np.stack([(now > step).mean(axis=0), (now < step).mean(axis=0)]) >= rules.act_prob
    return Moved(
        (fell & (less >= rules.act_prob)) | (rose & (more >= rules.act_prob)), fell & ~ahead[0], rose & ~ahead[1]
    )


def _out_of_reach(aim: BoundaryTarget, wanted: Floats, rules: AdviceRules) -> NDArray[np.bool_]:
    """Whether hardly any prospect left to the rank could keep its promise."""
    left = 1.0 - share_above(aim.upper_cut, **aim.pool)
    keepers = wanted - (1.0 - left)
    beyond_reach = ((keepers < rules.reach_share) & (left > rules.reach_share)).mean(axis=0) >= rules.reach_prob
    return np.asarray(beyond_reach & (aim.promise is not None))


def _met_by_all(aim: BoundaryTarget, wanted: Floats, rules: AdviceRules) -> NDArray[np.bool_]:
    """Whether a promise would be kept even if every prospect left were called so: it does not bind."""
    met = (wanted >= 1.0 - MET_BY_ALL_REST).mean(axis=0) >= rules.reach_prob
    return np.asarray(met & (aim.promise is not None))


def _more(fit: ThresholdFit, gap: Gap, rules: AdviceRules, too_few: NDArray[np.bool_]) -> Floats:
    """How many more judgments until a verdict is likely; of too few, what the gates ask for."""
    n, events = fit.n.sum(axis=1), fit.events.sum(axis=1)
    rate = float(events.sum() / max(n.sum(), 1.0))
    lacking = np.maximum(rules.min_judgments - n, (rules.min_events - events) / max(rate, 1e-3))
    needed = judgments_until_verdict(
        gap.odds.mean(axis=0),
        gap.odds.std(axis=0),
        n,
        margin=np.log(rules.margin_odds),
        beyond_prob=rules.act_prob,
        within_prob=rules.fine_prob,
    )
    return np.ceil(np.where(too_few, np.clip(lacking, 1.0, HARDLY), needed))
