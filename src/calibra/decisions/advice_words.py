"""Every sentence of the threshold advice, in one place."""

import math
from collections.abc import Mapping

TIGHTEN, LOOSEN, FINE = "tighten", "loosen", "fine"
CANNOT_TELL, OUT_OF_REACH = "cannot tell yet", "promise out of reach"
MOVED = "moved already"
"""The share of late lies beyond this quarter's step: nothing to advise until it is known what came of it."""
VERDICTS = (TIGHTEN, LOOSEN, FINE, MOVED, CANNOT_TELL, OUT_OF_REACH)

NO_SEPARATION = "ranks do not separate outcomes"
INVERTED = "ranks stand the wrong way round"
WITHOUT_NUMBERS = (NO_SEPARATION, INVERTED)
"""Reasons for which no share can be recommended."""
TOO_FEW = "too few mature judgments or events"
UNSURE = "direction or size not sure"
MISFIT = "the threshold model does not give back the counts"
"""Why a direction stands without an aim."""
SHAPE = "Beyond today's line the aim rests on an assumed shape: move a step and look."
"""Stands behind an aim of the best rank that lies beyond its line of today."""

MOST_PLANNED = 2000
"""Beyond so many judgments "about n more" is no plan."""

ENGLISH: Mapping[str, str] = {
    TIGHTEN: (
        "Start calling a prospect {rank} later: from {now} to {step} of your prospects "
        "this quarter; aim {target} ({ends}); {level} intervals. The direction is {sure} sure."
    ),
    LOOSEN: (
        "Start calling a prospect {rank} earlier: from {now} to {step} of your prospects "
        "this quarter; aim {target} ({ends}); {level} intervals. The direction is {sure} sure."
    ),
    FINE: (
        "Keep calling a prospect {rank} as you do now: {now} of your prospects, {level} interval; "
        "what it brings has odds within {margin} times those aimed at."
    ),
    f"{TIGHTEN}, {MISFIT}": (
        "Start calling a prospect {rank} later: from {now} to {step} of your prospects this quarter; "
        "{level} interval. The direction is {sure} sure. No aim is given, for the threshold model does not give back "
        "what was counted: move a step and look."
    ),
    f"{LOOSEN}, {MISFIT}": (
        "Start calling a prospect {rank} earlier: from {now} to {step} of your prospects this quarter; "
        "{level} interval. The direction is {sure} sure. No aim is given, for the threshold model does not give back "
        "what was counted: move a step and look."
    ),
    MOVED: (
        "You have moved the line of {rank} already: {now}, beyond this quarter's step. What came of it is not known "
        "yet: wait for it."
    ),
    NO_SEPARATION: (
        "Your ranks do not separate outcomes so far (AUC {auc}, {auc_lower} to {auc_upper}): "
        "no threshold of {rank} can be advised."
    ),
    INVERTED: (
        "Your better ranks brought fewer events than your worse ones (AUC {auc}, {auc_lower} to {auc_upper}): "
        "no threshold of {rank} can be advised."
    ),
    TOO_FEW: "Cannot tell yet about {rank}; it would take {more} more mature judgments.",
    UNSURE: "Cannot tell yet about {rank}; it would take {more} more mature judgments.",
    OUT_OF_REACH: (
        "What {rank} promises ({promise} within {days} days) is out of reach with present information (AUC {auc}): "
        "the best {reach} of the prospects{left} come to {best}. This is a matter of the promise, not of your reading "
        "alone."
    ),
}
"""Verdict or reason to sentence."""


def percent(share: float) -> str:
    """A share as whole per cent; one decimal below 10 %."""
    return f"{100.0 * share:.1f} %" if abs(share) < 0.0995 else f"{100.0 * share:.0f} %"


def sureness(prob: float) -> str:
    """A probability from draws as whole per cent: never said to be certain."""
    return "over 99 %" if prob > 0.99 else f"{100.0 * prob:.0f} %"


def more_judgments(n: float) -> str:
    """About how many more judgments: upwards to two digits, for more is not known of a plan."""
    if n > MOST_PLANNED:
        return f"more than {MOST_PLANNED:,}"
    return f"about {round_up(n):,}"


def round_up(n: float) -> int:
    """The number rounded up to two significant digits."""
    unit = int(10 ** max(0, len(str(math.ceil(n))) - 2))
    return math.ceil(n / unit) * unit


def rank_words(rank: str, *, is_best: bool) -> str:
    """The ranks above a boundary."""
    return rank if is_best else f"{rank} or better"
