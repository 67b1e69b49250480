"""From hazards at each contact to contacts made and events that come, in closed form.

Of prospects with a first contact the share K_1 = 1 has it, K_{n+1} = K_n (1 − h_n)(1 − q_n) the next. Where h and q are
constant over w contacts from the a-th on, with ρ = (1 − h)(1 − q) and G = (1 − ρ^w)/(1 − ρ),

    Σ K_n = K_a G,    Σ K_n h = K_a h G,    Σ n K_n h = K_a h (a G + Σ_{i<w} i ρ^i).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


class Step(NamedTuple):
    """Contacts over which hazards are constant."""

    first: int
    """Its first contact."""
    width: int | None
    """How many contacts; None for all that follow."""
    place: int
    """Class of contacts that holds its hazards."""


class Followed(NamedTuple):
    """What follows per prospect with a contact; arrays of the shape of a hazard, steps along the last axis."""

    contacts: Floats
    """Contacts made."""
    events: Floats
    """Events."""
    on_events: Floats
    """Contacts made with prospects that come."""
    as_worked: Floats
    """Share with an event by the end of each step, as prospects are worked."""
    if_all_worked: Floats
    """The same if nobody were stopped, and who was stopped were as good as who was not: an upper bound."""


def make_steps(starts: Sequence[int], ends: Sequence[int] = (), *, closed: bool) -> list[Step]:
    """Steps of the classes that begin at `starts`, parted so that each of `ends` is the last contact of one.

    The last step has all contacts that follow where `closed`, else one.
    """
    borders = sorted({*starts, *(end + 1 for end in ends)})
    places = np.searchsorted(starts, borders, side="right") - 1
    widths = [*np.diff(borders).tolist(), None if closed else 1]
    return [Step(*step) for step in zip(borders, widths, places.tolist(), strict=True)]


def follow(event: Floats, stop: Floats | None, steps: Sequence[Step]) -> Followed:
    """Follow prospects through these steps; hazards (…, class), of a stop None where nobody is stopped."""
    reached, all_reached = (np.ones_like(event[..., 0]) for _ in range(2))
    contacts, events, on_events = (np.zeros_like(reached) for _ in range(3))
    worked, upper = [], []
    for first, width, place in steps:
        hazard = event[..., place]
        staying = (1.0 - hazard) if stop is None else (1.0 - hazard) * (1.0 - stop[..., place])
        made, weighted = _sums(staying, width)
        contacts = contacts + reached * made
        events = events + reached * hazard * made
        on_events = on_events + reached * hazard * (first * made + weighted)
        if width is None:
            reached, all_reached = np.zeros_like(reached), np.zeros_like(reached)
        else:
            reached, all_reached = reached * staying**width, all_reached * (1.0 - hazard) ** width
        worked.append(events)
        upper.append(1.0 - all_reached)
    return Followed(contacts, events, on_events, np.stack(worked, axis=-1), np.stack(upper, axis=-1))


def _sums(staying: Floats, width: int | None) -> tuple[Floats, Floats]:
    """Σ ρ^i and Σ i ρ^i over i below the width; ρ stays below 1."""
    if width == 1:
        return np.ones_like(staying), np.zeros_like(staying)
    ending = np.maximum(1.0 - staying, 1e-12)
    if width is None:
        return 1.0 / ending, staying / ending**2
    powers = [staying**i for i in range(width)]
    return sum(powers[1:], powers[0]), sum((i * power for i, power in enumerate(powers)), np.zeros_like(staying))
