"""What a hand-back after so many contacts would have saved, and what at most it would have cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.effort.fit import EffortFit
from calibra.data.counting.contacts import ContactCounts
from calibra.data.counting.counts import EVENT
from calibra.reading.means import ALL_REPS
from calibra.reading.rows import flat_columns, resting_table
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

CAPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 22, 30, 40)
"""Contacts after which a hand-back is looked at: ends of the classes of contacts."""


class Capped(NamedTuple):
    """What a hand-back after each cap would have done to the judgments counted; arrays of the shape (cap,)."""

    saved: NDArray[np.int64]
    """Contacts after the cap."""
    lost: NDArray[np.int64]
    """Events after the cap: at most so many would have been lost."""
    contacts: int
    """Contacts in all."""
    events: int
    """Events after a contact in all."""


def count_capped(counts: ContactCounts, chosen: NDArray[np.bool_], caps: Sequence[int]) -> Capped:
    """Count what lies after each cap in some rows of the counts."""
    known = chosen & counts.of(least=1)
    made, n, came = counts.contacts[known], counts.n[known], counts.ending[known] == EVENT
    saved = [int((n * np.clip(made - cap, 0, None)).sum()) for cap in caps]
    lost = [int(n[came & (made > cap)].sum()) for cap in caps]
    return Capped(np.array(saved), np.array(lost), int((n * made).sum()), int(n[came].sum()))


def told_caps(fit: EffortFit) -> list[int]:
    """Caps up to the last contact that enough prospects had."""
    return [cap for cap in CAPS if cap <= fit.cells.last]


def contact_caps(fit: EffortFit, *, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
    """What would a hand-back after so many contacts have saved, and what at most would it have cost?

    Counted, and so without a model: contacts after the cap, and the events among them. The share of all events that
    come after the cap is modelled, with open prospects followed on as the others were. It is the most that can be lost:
    some of those handed back come all the same.

    Parameters
    ----------
    fit : EffortFit
        A fitted model of contacts.

    Returns
    -------
    pandas.DataFrame
        Per `rep` (all reps first) and, of all reps, `rank` (all ranks first), and `cap`: `contacts_saved` and
        `events_lost` as counted; `share_saved`; `share_lost` with `_lower`, `_upper`; `contacts_per_event_lost`, empty
        where none is lost; `n` contacts, `events`, `engine`.
    """
    counts, caps = fit.cells.counts, told_caps(fit)
    every = np.ones(counts.rep.size, dtype=bool)
    shares = lost_shares(fit, caps)
    rows = [(ALL_REPS, ALL_RANKS, every, shares.reps[:, 0])]
    for i, k in enumerate(fit.cells.used.tolist()):
        rows.append((ALL_REPS, counts.ranks[k], counts.rank == k, shares.ranks[:, i]))
    for r, rep in enumerate(counts.reps):
        rows.append((rep, ALL_RANKS, counts.rep == r, shares.reps[:, 1 + r]))
    parts = [_rows(fit, caps, chosen, draws, interval_prob) for _, _, chosen, draws in rows]
    columns: dict[str, Any] = {
        "rep": np.repeat(np.array([row[0] for row in rows], dtype=object), len(caps)),
        "rank": np.repeat(np.array([row[1] for row in rows], dtype=object), len(caps)),
        "cap": np.tile(np.array(caps), len(rows)),
    }
    columns |= {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    of: dict[str, Any] = {"as_of": str(counts.as_of)}
    return resting_table(columns, fit.diagnostics, interval_prob=interval_prob, **of)


def _rows(
    fit: EffortFit, caps: Sequence[int], chosen: NDArray[np.bool_], draws: Floats, interval_prob: float
) -> Mapping[str, NDArray[Any]]:
    """The rows of some judgments, one a cap."""
    found = count_capped(fit.cells.counts, chosen, caps)
    each = np.full(len(caps), np.nan)
    np.divide(found.saved, found.lost, out=each, where=found.lost > 0)
    return {
        "contacts_saved": found.saved,
        "share_saved": found.saved / max(found.contacts, 1),
        "events_lost": found.lost,
        **flat_columns("share_lost", equal_tailed(draws, interval_prob=interval_prob)),
        "contacts_per_event_lost": each,
        "n": np.full(len(caps), found.contacts),
        "events": np.full(len(caps), found.events),
    }


class LostShares(NamedTuple):
    """Draws of the share of events that come after each cap."""

    reps: Floats
    """(draw, 1 + rep, cap), all reps first, at all reps' mix of ranks."""
    ranks: Floats
    """(draw, used rank, cap), at one mix of reps."""


def lost_shares(fit: EffortFit, caps: Sequence[int]) -> LostShares:
    """How much of what comes comes after each cap, as prospects are worked?"""
    worked = fit.worked(caps)
    of_reps = 1.0 - worked.reps / fit.readings()["events"][..., None]
    of_ranks = 1.0 - worked.ranks / fit.of_ranks()["events"][..., None]
    return LostShares(np.clip(of_reps, 0.0, 1.0), np.clip(of_ranks, 0.0, 1.0))
