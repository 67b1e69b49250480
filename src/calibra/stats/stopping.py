"""When to stop trying: the index of a prospect by contact, and how large a pilot must be to tell.

At each contact n a prospect that has not come yet comes with hazard h_n. From contact n on the best that can be had is

    γ_n = max_{m ≥ 1}  Σ_{i<m} S_i h_{n+i} / Σ_{i<m} S_i,    S_0 = 1,  S_i = Π_{j<i} (1 − h_{n+j})

events per contact. Going on is right if and only if γ_n (v − u) ≥ c: v the value of an event, u what the prospect is
worth handed back, c the cost of a contact. Where hazards never rise γ_n = h_n, and the myopic rule is right; where they
rise it gives up too soon.

References
----------
Gittins, J., Glazebrook, K. and Weber, R. (2011). Multi-armed Bandit Allocation Indices, 2nd edition, chapter 2. Wiley.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from calibra.errors import InputError, check_switch, check_within

type Floats = NDArray[np.float64]


def stopping_index(hazards: ArrayLike, *, goes_on: bool = False) -> Floats:
    """How many events per contact can be had at best, from each contact on?

    Parameters
    ----------
    hazards : array, shape (..., contact)
        Chance of the event at each contact, given that it has not come, from 0 to 1.
    goes_on : bool
        Whether the last hazard holds at every further contact; else there is none after the last.

    Returns
    -------
    array, shape (..., contact)
        The index from each contact on. Going on pays where it is at least the cost of a contact over what an event is
        worth more than handing back.

    Raises
    ------
    InputError
        No contact at all, or a hazard that is no probability.

    Examples
    --------
    >>> stopping_index([0.02, 0.02, 0.2]).round(4).tolist()
    [0.0788, 0.1091, 0.2]
    """
    given = np.asarray(hazards, dtype=float)
    check_switch(goes_on, "goes_on")
    if not given.ndim or not given.shape[-1]:
        raise InputError("`hazards` must hold one hazard or more along its last axis; it holds none.")
    if not np.all((given >= 0.0) & (given <= 1.0)):
        wrong = given[~((given >= 0.0) & (given <= 1.0))][0]
        raise InputError(f"`hazards` must lie in 0 to 1; got {wrong:g}.")
    return _index(given, goes_on=goes_on)


def _index(hazards: Floats, *, goes_on: bool) -> Floats:
    """γ of every contact, from sums that grow by one contact at a time."""
    n_contacts = hazards.shape[-1]
    found = np.empty_like(hazards)
    for first in range(n_contacts):
        events, contacts = np.zeros_like(hazards[..., 0]), np.zeros_like(hazards[..., 0])
        still, best = np.ones_like(events), np.zeros_like(events)
        for contact in range(first, n_contacts):
            events, contacts = events + still * hazards[..., contact], contacts + still
            still = still * (1.0 - hazards[..., contact])
            best = np.maximum(best, events / contacts)
        if goes_on:  # Σ of the geometric rest: all who are left come, in 1/h contacts each
            last = hazards[..., -1]
            lasting = np.divide(still, last, out=np.full_like(still, np.inf), where=last > 0)
            best = np.maximum(best, np.where(still > 0, (events + still) / (contacts + lasting), 0.0))
        found[..., first] = best
    return found


def pilot_size(base: float, better: float, *, power: float = 0.8, level: float = 0.05) -> int:
    """How many prospects a side tell two shares apart? For a test at random, rounded up to fives.

    n = (z_{1 − level/2} + z_power)² (p₁(1 − p₁) + p₂(1 − p₂)) / (p₂ − p₁)², the normal approximation; below ten events
    a side it is rough.

    Parameters
    ----------
    base, better : float
        Shares with an event on the two sides, different, in 0 to 1.
    power : float
        Probability that the test tells them apart.
    level : float
        Two-sided level of the test.

    Raises
    ------
    InputError
        Shares that are none or the same; a power or level outside 0 to 1.

    Examples
    --------
    >>> [pilot_size(0.02, 0.05), pilot_size(0.02, 0.08), pilot_size(0.02, 0.10), pilot_size(0.05, 0.10)]
    [590, 205, 135, 435]
    """
    mend = "Write 5 % as 0.05."
    check_within(base, "base", 0, 1, mend=mend)
    check_within(better, "better", 0, 1, mend=mend)
    check_within(power, "power", 0, 1, ends="()", mend="Write 80 % as 0.8.")
    check_within(level, "level", 0, 1, ends="()", mend=mend)
    if base == better:
        raise InputError(f"`better` must differ from `base`; both are {base:g}, which no pilot tells apart.")
    reach = float(ndtri(1.0 - level / 2.0) + ndtri(power))
    spread = base * (1.0 - base) + better * (1.0 - better)
    return 5 * math.ceil(reach**2 * spread / (better - base) ** 2 / 5.0)
