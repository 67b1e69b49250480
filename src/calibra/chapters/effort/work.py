"""The granularity of the work: do ranks differ in the contacts they take, where they do not in what comes?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.effort.fit import EffortFit
from calibra.chapters.granularity.merges import APART, MERGE, MERGE_PROB, Granularity
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.reading.flags import CANNOT_TELL, FLAG_PROB
from calibra.reading.rows import flat_columns, resting_table
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_RATIO, check_margin_ratio
from calibra.values import Listed, Phrase, Rank, Value, Within

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

REPLACED = ("granularity.all", "granularity.parts")
"""Findings on how many ranks there should be by outcome alone."""
KEEP = "alike in outcome, not in work"
"""Said of ranks that are worth merging by what comes of them, and not by the contacts they take."""


def work_by_rank(fit: EffortFit, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
    """How much work is a prospect of each rank, and what comes of it?

    Parameters
    ----------
    fit : EffortFit
        A fitted model of contacts.

    Returns
    -------
    pandas.DataFrame
        Per `rank`, all reps at one mix: `contacts_per_prospect`, `events_per_prospect`, `contacts_per_event`, each with
        `_lower`, `_upper`, of prospects with a contact; `n` judgments with a contact, `n_without` one, `contacts` and
        `events` as counted, `engine`.
    """
    draws, counted, used = fit.of_ranks(), fit.cells.counted, fit.cells.used
    columns: dict[str, Any] = {"rank": np.array(fit.cells.ranks, dtype=object)}
    of = {"contacts_per_prospect": "contacts", "events_per_prospect": "events"}
    for name in (*of, "contacts_per_event"):
        columns |= flat_columns(name, equal_tailed(draws[of.get(name, name)], interval_prob=interval_prob))
    columns["n"] = fit.cells.n.sum(axis=0).astype(int)
    columns["n_without"] = counted.n_without.sum(axis=(0, 2))[used]
    columns |= {"contacts": counted.at_risk.sum(axis=(0, 2))[used], "events": counted.events.sum(axis=(0, 2))[used]}
    of_table: dict[str, Any] = {"as_of": str(fit.cells.counts.as_of)}
    return resting_table(columns, fit.diagnostics, interval_prob=interval_prob, **of_table)


def work_between_ranks(
    fit: EffortFit, *, margin_ratio: float = MARGIN_RATIO, interval_prob: float = INTERVAL_PROB
) -> pd.DataFrame:
    """How much more work is a prospect of one rank than of the next, and how sure is it that they differ?

    Parameters
    ----------
    fit : EffortFit
        A fitted model of contacts.
    margin_ratio : float
        Factor on the contacts per prospect below which two ranks take the same work.

    Returns
    -------
    pandas.DataFrame
        Per pair of neighbours `better`, `worse`: `ratio` of the contacts per prospect, with `_lower`, `_upper`;
        `prob_apart`, that they differ by more than the margin, whichever takes more; `engine`.
    """
    check_margin_ratio(margin_ratio)
    ranks = fit.cells.ranks
    logs = np.log(fit.of_ranks()["contacts"])
    gaps = logs[:, :-1] - logs[:, 1:]
    columns: dict[str, Any] = {
        "better": np.array(ranks[:-1], dtype=object),
        "worse": np.array(ranks[1:], dtype=object),
        **flat_columns("ratio", equal_tailed(np.exp(gaps), interval_prob=interval_prob)),
        "prob_apart": (np.abs(gaps) > np.log(margin_ratio)).mean(axis=0),
    }
    of: dict[str, Any] = {"as_of": str(fit.cells.counts.as_of), "margin_ratio": margin_ratio}
    return resting_table(columns, fit.diagnostics, interval_prob=interval_prob, **of)


def prob_work_apart(fit: EffortFit, group: Sequence[str], margin_ratio: float = MARGIN_RATIO) -> float:
    """Probability that two ranks of a group differ in the contacts of a prospect by more than the margin: the largest.

    Raises
    ------
    InputError
        A rank without a prospect that was contacted.
    """
    check_margin_ratio(margin_ratio)
    lacking = [rank for rank in group if rank not in fit.cells.ranks]
    if lacking:
        raise InputError(f"No prospect of rank {lacking[0]!r} was contacted; ranks that were: {fit.cells.ranks}.")
    logs = np.log(fit.of_ranks()["contacts"])
    place = [fit.cells.ranks.index(rank) for rank in group]
    gaps = [np.abs(logs[:, a] - logs[:, b]) for a, b in combinations(place, 2)]
    return float(max((gap > np.log(margin_ratio)).mean() for gap in gaps))


def both_verdicts(fit: EffortFit, outcomes: Granularity) -> dict[tuple[str, str], str]:
    """Each pair of neighbouring ranks by outcome and by work: merged only where neither would change."""
    found = dict(outcomes.verdicts)
    for group in outcomes.groups:
        if len(group) > 1:
            if all(rank in fit.cells.ranks for rank in group):
                prob = prob_work_apart(fit, group)
                told = MERGE if prob < MERGE_PROB else KEEP if prob >= FLAG_PROB else CANNOT_TELL
            else:
                told = CANNOT_TELL
            found |= dict.fromkeys(pairwise(group), told)
    return found


def work_finding(fit: EffortFit, outcomes: Granularity) -> Finding:
    """How many ranks there should be by outcome and by work; it takes the place of what outcome alone says."""
    verdicts = both_verdicts(fit, outcomes)
    days = outcomes.settings["within_days"]
    within = days if isinstance(days, int) else None
    values: dict[str, Value] = {"all": len(verdicts) + 1, "within": Within(within)}
    values["parts"] = Listed(tuple(_parts(verdicts)), "semicolon")
    return Finding("effort.ranks", values, within_days=within, replaces=REPLACED)


def _parts(verdicts: dict[tuple[str, str], str]) -> Iterator[Phrase]:
    """What is said of all pairs of one verdict."""
    keys = {APART: "apart", MERGE: "merge", KEEP: "keep", CANNOT_TELL: "unsure"}
    for verdict, key in keys.items():
        pairs = [pair for pair, told in verdicts.items() if told == verdict]
        named = [Phrase("effort.pair", {"better": Rank(better), "worse": Rank(worse)}) for better, worse in pairs]
        if named:
            yield Phrase(f"effort.ranks_{key}", {"pairs": Listed(tuple(named), "comma")})
