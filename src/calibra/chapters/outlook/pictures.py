"""The outlook in a picture: past months as known then, what came, and the months ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibra.chapters.outlook.back_test import DO_NOT_USE
from calibra.chapters.outlook.result import Outlook
from calibra.chapters.outlook.section import past_and_ahead
from calibra.errors import InputError
from calibra.views.style import ALL_REPS_COLOUR, DATA_COLOUR, dress, expect, legend_above, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_outlook(found: Outlook, *, of: str = "opportunities", ax: Axes | None = None) -> Axes:
    """What comes by period, and what was said of past months beside what came?

    Parameters
    ----------
    found : Outlook
        `calibration.outlook`, or what `outlook(...)` gives.
    of : {"opportunities", "wins", "amount"}
        What is drawn.
    """
    expect(found, "Outlook")
    if of not in found.things:
        raise InputError(f"`of` must be one of {', '.join(map(repr, found.things))}; got {of!r}.")
    axes = make_axes(width=6.8, height=4.2) if ax is None else ax
    lower, middle, upper, came, days = past_and_ahead(found, of)
    x, n_past = np.arange(len(middle)), len(came)
    failed = found.verdict(of) == DO_NOT_USE
    parts = {
        "as known then": (slice(0, n_past), ALL_REPS_COLOUR),
        "from what is open today": (slice(n_past, None), DATA_COLOUR),
    }
    for label, (rows, colour) in parts.items():
        if x[rows].size:
            around = np.stack([middle - lower, upper - middle])[:, rows]
            name = f"{label} ({found.interval_prob:.0%} interval)"
            axes.errorbar(x[rows], middle[rows], around, fmt="o", color=colour, capsize=3, label=name)
    if n_past:
        axes.plot(x[:n_past], came, "x", color="black", label="came")
    if failed:
        axes.set_title("do not use: it failed on past months")
    dress(axes)
    axes.set_xticks(x, [f"{day:%Y-%m-%d}" for day in days], rotation=60, ha="right")
    n_open = found.left_out["prospects"].n_open
    axes.set(ylim=(0, None), xlabel="until", ylabel=f"{of} ({n_open:,} open prospects)")
    legend_above(axes)
    return axes
