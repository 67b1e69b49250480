"""A log of deals whose truth is known: readiness that grows from day to day, and reps who state it month by month.

It shares no formula with the model of deals: nothing here is drawn from a probability of being won in a month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.data.frames.dates import as_day
from calibra.data.simulation.mechanism import SURNAMES
from calibra.errors import InputError, check_whole

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

CATEGORIES = ("commit", "best case", "pipeline")
_DAYS_OF_WORK, _SPREAD = 75.0, 0.5
_RESTATED = (20, 36)
"""Days from one statement of a deal to the next, at least and at most."""
_EXACT = 0.35
"""Share of the deals that bring what is said to the yen, once the offer is out."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedDeals:
    """A world of deals: what was said, what came, and the truth about each rep."""

    statements: pd.DataFrame
    """The log: deal, rep, category, said_on, expected_on, amount; the last row of a deal is written at its end."""
    outcomes: pd.DataFrame
    """Deals that have ended: deal, won_on, lost_on, amount."""
    as_of: date
    """Snapshot date."""
    overstated: Mapping[str, float]
    """Rep to the factor by which stated amounts lie above what comes."""
    too_early: Mapping[str, float]
    """Rep to the share of the days to go that are left out of what is said."""

    @property
    def reading(self) -> dict[str, Any]:
        """What `Deals.from_frames` has to know of these tables."""
        roles = {"deal": "deal", "rep": "rep", "category": "category", "judged_at": "said_on"}
        return {
            "as_of": self.as_of,
            "columns": roles | {"expected_at": "expected_on", "stated_amount": "amount"},
            "outcome_columns": {"deal": "deal", "won_at": "won_on", "lost_at": "lost_on", "amount": "amount"},
            "categories": CATEGORIES,
        }


def simulate_deals(
    *,
    seed: int,
    n_reps: int = 12,
    n_months: int = 18,
    deals_a_month: float = 5.0,
    as_of: str | date = "2026-09-30",
    overstated: Mapping[int, float] | None = None,
    alike: bool = False,
) -> SimulatedDeals:
    """Simulate what reps say of their deals from month to month, and what comes of them.

    A deal becomes ready by work done day by day, faster in good months; it is signed when it is ready, for the amount
    that it was worth all along. Others are lost on the way. The rep sees the work left through a fog that lifts, adds
    habits of their own to date and amount, and says so about once a month. At the end the CRM writes the day and the
    amount over what was said.

    Parameters
    ----------
    seed : int
        Same seed, same world.
    n_reps, n_months : int
        Reps, and months of history before `as_of`.
    deals_a_month : float
        New deals a rep and month.
    as_of : date
        Snapshot date.
    overstated : mapping of int to float, optional
        Place of a rep to the factor by which stated amounts lie above the true ones.
    alike : bool
        Whether all reps have the same habits, but for those named.

    Examples
    --------
    >>> world = simulate_deals(seed=1, n_reps=2)
    >>> list(world.statements.columns)
    ['deal', 'rep', 'category', 'said_on', 'expected_on', 'amount']
    """
    import pandas as pd

    for name, value in {"n_reps": n_reps, "n_months": n_months}.items():
        check_whole(value, name, 1, mend="Ask for one at least.")
    if not 0 < deals_a_month < 1000:
        raise InputError(f"`deals_a_month` must lie between 0 and 1,000; got {deals_a_month!r}.")
    rng = np.random.default_rng(seed)
    last = as_day(as_of, "UTC")
    begin = last - round(30.4 * (n_months + 5))
    reps = tuple(
        SURNAMES[r % len(SURNAMES)] + (f" {r // len(SURNAMES) + 1}" if r >= len(SURNAMES) else "")
        for r in range(n_reps)
    )
    spread = 0.0 if alike else 1.0
    factor = np.exp(np.clip(rng.normal(0.0, 0.15 * spread, n_reps), 0.0, None))  # half of them say what they think
    early = np.clip(rng.normal(0.2, 0.12 * spread, n_reps), 0.0, 0.7)
    for place, times in (overstated or {}).items():
        factor[place] = factor[place] * times
    good_months = np.exp(rng.normal(0.0, 0.2, n_months + 40))
    told: list[tuple[Any, ...]] = []
    ends: list[tuple[Any, ...]] = []
    number = 0
    for r, rep in enumerate(reps):
        for born in np.sort(rng.integers(begin, last, rng.poisson(deals_a_month * (n_months + 5)))).tolist():
            number += 1
            deal = _Deal(f"D{number:05d}", rep, born, factor[r], early[r])
            deal.live(rng, good_months, begin, last, told, ends)
    names = ["deal", "rep", "category", "said_on", "expected_on", "amount"]
    statements = pd.DataFrame(told, columns=names)
    outcomes = pd.DataFrame(ends, columns=["deal", "won_on", "lost_on", "amount"])
    habits = (dict(zip(reps, map(float, values), strict=True)) for values in (factor, early))
    return SimulatedDeals(statements, outcomes, date.fromordinal(last), *habits)


@dataclass(frozen=True, slots=True)
class _Deal:
    """One deal and the habits of whoever works on it."""

    name: str
    rep: str
    born: int
    factor: float
    early: float

    def live(
        self,
        rng: np.random.Generator,
        good_months: Floats,
        begin: int,
        last: int,
        told: list[tuple[Any, ...]],
        ends: list[tuple[Any, ...]],
    ) -> None:
        """What is said of it month by month, and how it ends, up to the last day."""
        worth = float(np.round(np.exp(rng.normal(6.0, 0.8))) * 10.0)
        days = np.arange(self.born, self.born + 1500)
        pace = np.exp(rng.normal(0.0, _SPREAD)) / _DAYS_OF_WORK * (worth / 4000.0) ** -0.1
        speed = good_months[np.minimum((days - begin) // 30, len(good_months) - 1)]
        done = np.cumsum(pace * speed * rng.gamma(0.3, 1 / 0.3, days.size))
        ready = int(days[min(int(np.searchsorted(done, 1.0)), days.size - 1)])
        lost = self.born + int(rng.exponential(150.0)) + 1
        end, is_won = (ready, True) if ready <= lost else (lost, False)
        day, offered = self.born, None
        while day <= min(last, end - 1):
            left = max((ready if rng.random() < 0.9 else lost) - day, 1)
            fog = np.exp(rng.normal(0.0, 0.15 + 0.004 * min(left, 100)))
            said = max(1, int((1.0 - self.early) * left * fog))
            offered = self._amount(rng, worth) if offered is None or rng.random() < 0.3 else offered
            sure = 1.0 - done[day - self.born] + rng.normal(0.0, 0.15)
            category = CATEGORIES[int(np.searchsorted([0.35, 0.7], sure))]
            told.append((self.name, self.rep, category, _day(day), _day(day + said), offered))
            day = day + int(rng.integers(*_RESTATED))
        if end <= last:
            exact = offered is not None and rng.random() < _EXACT
            paid = None if not is_won else float(np.round((offered or worth) / self.factor)) if exact else worth
            told.append((self.name, self.rep, CATEGORIES[0], _day(end), _day(end), paid if is_won else offered))
            ends.append((self.name, *((_day(end), None) if is_won else (None, _day(end))), paid))

    def _amount(self, rng: np.random.Generator, worth: float) -> float:
        return float(np.round(worth * self.factor * np.exp(rng.normal(0.0, 0.2)), -1))


def _day(number: int) -> str:
    return (date(1, 1, 1) + timedelta(days=number - 1)).isoformat()
