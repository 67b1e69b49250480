"""When to hand back: downwards only, for what more contacts would bring is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.effort.caps import count_capped, lost_shares, told_caps
from calibra.chapters.effort.fit import EffortFit
from calibra.data.counting.counts import EXIT
from calibra.errors import InputError, check_kind, check_number, check_within
from calibra.reading.flags import CANNOT_TELL, FLAG_PROB
from calibra.reading.payoff import Payoff
from calibra.reading.rows import resting_table
from calibra.tables import brief
from calibra.words import ALL_RANKS

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

MOST_LOST = 0.05
"""A hand-back may cost this share of the events at most, unless another is chosen."""
LEAST_SAVED = 0.05
"""A hand-back that saves a smaller share of the contacts is not worth a rule."""
PAYS_PROB = 0.8
"""Probability that further contacts cost more than they bring, from which a hand-back is advised by payoff."""
HAND_BACK, AS_NOW = "hand back", "as now"
"""What is advised, beside that it cannot be told yet."""


@dataclass(frozen=True, slots=True, eq=False)
class HandBackAdvice:
    """After how many contacts to hand back, of all ranks together and of each."""

    __repr__ = brief

    columns: Mapping[str, NDArray[Any]]
    """See `table`."""
    fit: EffortFit
    """What it rests on."""
    settings: Mapping[str, Any]
    """What was chosen."""

    @property
    def table(self) -> pd.DataFrame:
        """All ranks first, then each rank.

        `stop_after` contacts, missing without advice; `now`: contacts after which half of those given up were;
        `verdict`; `prob` that it holds; `contacts_saved`, `share_saved` as counted; `events_lost` as counted, at
        most, `share_lost` with `_lower` and `_upper`; `n` contacts, `events`, `engine`.
        """
        return resting_table(self.columns, self.fit.diagnostics, interval_prob=0.9, **self.settings)


def recommend_hand_back(
    fit: EffortFit, *, most_lost: float = MOST_LOST, payoff: Payoff | None = None, hand_back_value: float = 0.0
) -> HandBackAdvice:
    """After how many contacts should a prospect be handed back, of each rank? Fewer than now, never more.

    Without a payoff: the smallest number of contacts after which at most the share `most_lost` of the events come, with
    probability 0.9. With one: the smallest after which further contacts cost more than they can bring at best, with
    probability 0.8. Either is advised where it saves 5 % of the contacts or more. What more contacts would bring to
    those who were given up is not in such data: a pilot tells (`pilot_size`).

    Parameters
    ----------
    fit : EffortFit
        A fitted model of contacts.
    most_lost : float
        Share of the events that may be lost at most, above 0 and below 1.
    payoff : Payoff, optional
        Cost of a contact and value of an event, in the same currency.
    hand_back_value : float
        What a prospect is worth that is handed back now, below the value of an event.

    Raises
    ------
    InputError
        A share, cost or value that is none; a prospect handed back that is worth as much as an event.
    """
    check_kind(fit, "fit", EffortFit)
    check_within(most_lost, "most_lost", 0, 1, ends="()", mend="Write 5 % as 0.05.")
    if payoff is not None:
        _check_payoff(payoff, hand_back_value)
    caps = told_caps(fit)
    shares = lost_shares(fit, caps)
    lost = np.concatenate([shares.reps[:, :1], shares.ranks], axis=1)
    if payoff is None:
        probs, least = (lost <= most_lost).mean(axis=0), FLAG_PROB
    else:
        probs, least = _by_payoff(fit, caps, payoff, hand_back_value), PAYS_PROB
    rows = [_row(fit, caps, i, lost[:, i], np.flatnonzero(prob >= least), prob) for i, prob in enumerate(probs)]
    columns: dict[str, NDArray[Any]] = {
        name: np.array([row[name] for row in rows], dtype=_kind(name)) for name in rows[0]
    }
    settings = {"most_lost": most_lost, "hand_back_value": hand_back_value, "as_of": str(fit.cells.counts.as_of)}
    settings |= {} if payoff is None else {"cost": payoff.cost, "value": payoff.value}
    return HandBackAdvice(columns, fit, settings)


def _kind(name: str) -> type:
    return object if name in ("rank", "verdict") else float if name in _FRACTIONS else int


_FRACTIONS = ("stop_after", "now", "prob", "share_saved", "share_lost", "share_lost_lower", "share_lost_upper")


def _check_payoff(payoff: object, hand_back_value: object) -> None:
    check_kind(payoff, "payoff", Payoff)
    check_number(hand_back_value, "hand_back_value")
    cost, value = payoff.cost, payoff.value  # type: ignore[attr-defined]
    if not cost > 0.0:
        raise InputError(f"`payoff` must have a cost of a contact above 0; got {cost:g}: then no contact is too many.")
    if not 0.0 <= hand_back_value < value:  # type: ignore[operator]
        raise InputError(
            f"`hand_back_value` must lie from 0 to below the value of an event, {value:g}; got {hand_back_value:g}."
        )


def _by_payoff(fit: EffortFit, caps: list[int], payoff: Payoff, hand_back_value: float) -> Floats:
    """Probability that contacts after each cap cost more than they bring at best, (1 + rank, cap)."""
    index = fit.index_draws()
    next_one = np.minimum(np.array(caps), index.shape[-1] - 1)
    costs_more = index[..., next_one] * (payoff.value - hand_back_value) < payoff.cost
    return np.asarray(costs_more.mean(axis=0))


def _row(
    fit: EffortFit, caps: list[int], place: int, lost: Floats, allowed: NDArray[np.intp], prob: Floats
) -> dict[str, Any]:
    """The advice for all ranks together, place 0, or for one: the first cap that is allowed, if it saves enough."""
    counts, used = fit.cells.counts, fit.cells.used
    chosen = np.ones(counts.rank.size, dtype=bool) if not place else counts.rank == used[place - 1]
    found = count_capped(counts, chosen, caps)
    at = int(allowed[0]) if allowed.size else len(caps) - 1
    saved = found.saved[at] / max(found.contacts, 1)
    verdict = CANNOT_TELL if not allowed.size else HAND_BACK if saved >= LEAST_SAVED else AS_NOW
    draws = lost[:, at]
    given = verdict == HAND_BACK
    return {
        "rank": counts.ranks[used[place - 1]] if place else ALL_RANKS,
        "stop_after": caps[at] if given else np.nan,
        "now": _median_of_given_up(fit, chosen),
        "verdict": verdict,
        "prob": float(prob[at]),
        "contacts_saved": int(found.saved[at]) if given else 0,
        "share_saved": saved if given else 0.0,
        "events_lost": int(found.lost[at]) if given else 0,
        "share_lost": float(draws.mean()) if given else 0.0,
        "share_lost_lower": float(np.quantile(draws, 0.05)) if given else 0.0,
        "share_lost_upper": float(np.quantile(draws, 0.95)) if given else 0.0,
        "n": found.contacts,
        "events": found.events,
    }


def _median_of_given_up(fit: EffortFit, chosen: NDArray[np.bool_]) -> float:
    """Contacts after which half of those given up were; NaN where nobody was."""
    counts = fit.cells.counts
    known = chosen & counts.of(ending=EXIT, least=1)
    if not known.any():
        return float("nan")
    order = np.argsort(counts.contacts[known])
    n = counts.n[known][order].cumsum()
    return float(counts.contacts[known][order][np.searchsorted(n, n[-1] / 2.0)])
