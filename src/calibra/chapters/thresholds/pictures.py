"""Thresholds in pictures: bars against their aim, shares now and recommended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.thresholds.advice import ThresholdAdvice
from calibra.chapters.thresholds.advice_words import CANNOT_TELL, FINE, LOOSEN, MET_BY_ALL, MOVED, OUT_OF_REACH, TIGHTEN
from calibra.data.scale import find_rank
from calibra.stats.intervals import INTERVAL_PROB
from calibra.views.style import (
    DATA_COLOUR,
    INK,
    LINE,
    MUTED,
    PALE,
    Look,
    dress,
    expect,
    folded_label,
    legend_above,
    make_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VERDICT_LOOKS: Mapping[str, Look] = {
    TIGHTEN: Look("#c2540a", "<", "#c2540a", "bold dark_orange3"),
    LOOSEN: Look("#1f6fb2", ">", "#1f6fb2", "bold dodger_blue2"),
    FINE: Look("#52606d", "o", "#52606d", ""),
    MOVED: Look("#2f855a", "s", "#2f855a", ""),
    CANNOT_TELL: Look(PALE, "o", "white", "dim"),
    OUT_OF_REACH: Look("#7b4ea3", "X", "#7b4ea3", "bold medium_purple3"),
    MET_BY_ALL: Look("#7b4ea3", "P", "#7b4ea3", "bold medium_purple3"),
}
"""Verdict of the advice to its look; the markers point where the share should go."""

MOST_ROWS = 60
"""So many reps are drawn; of more, those with the largest gap."""


def plot_bars(advice: ThresholdAdvice, *, rank: str | int | None = None, ax: Axes | None = None) -> Axes:
    """At which probability does each rep start to use a rank, and at which should that be?

    Dot and line: the bar today with its interval. Diamond: the bar that meets the aim; for a promise of kind `average`
    that is the bar at which the rank's prospects together keep it, and so below the promised number.

    Parameters
    ----------
    advice : ThresholdAdvice
        The advice.
    rank : str or int, optional
        The better rank of the boundary; default the best.
    ax : Axes, optional
        Default: its own.
    """
    expect(advice, "ThresholdAdvice")
    at, rank = _rows(advice, rank, by="bar_now")
    axes = make_axes(width=8.4, height=2.0 + 0.26 * len(at["rep"])) if ax is None else ax
    row = np.arange(len(at["rep"]), dtype=float)
    axes.hlines(
        row,
        at["bar_now_lower"],
        at["bar_now_upper"],
        color=DATA_COLOUR,
        alpha=0.45,
        linewidth=2.2,
        label=f"{_level(advice):.0%} interval",
    )
    axes.plot(at["bar_now"], row, linestyle="none", marker="o", markersize=6, color=DATA_COLOUR, label="bar now")
    axes.plot(
        at["bar_target"],
        row,
        linestyle="none",
        marker="D",
        markersize=5,
        markerfacecolor="white",
        color=INK,
        label=f"bar that meets the aim ({folded_label(advice.target)})",
    )
    _finish(axes, row, at)
    axes.set_xlabel(
        f"probability of an event {_within(at)} at which a prospect begins to be called {_above(advice, rank)}"
        + _others(advice)
    )
    return axes


def plot_share_moves(advice: ThresholdAdvice, *, rank: str | int | None = None, ax: Axes | None = None) -> Axes:
    """What share of the prospects does each rep call this rank or better, and what share should it be?

    Marker and thin line: the share now, with its interval; colour and shape say the verdict. Thick line and tick: the
    recommended share with its interval. Arrow: this quarter's step, where a move is advised.
    """
    expect(advice, "ThresholdAdvice")
    at, rank = _rows(advice, rank, by="share_now")
    axes = make_axes(width=8.4, height=2.0 + 0.26 * len(at["rep"])) if ax is None else ax
    row = np.arange(len(at["rep"]), dtype=float)
    axes.hlines(
        row,
        at["share_target_lower"],
        at["share_target_upper"],
        color=PALE,
        linewidth=4,
        alpha=0.6,
        label=f"recommended, {advice.rules.move_prob:.0%} interval",
    )
    axes.plot(at["share_target"], row, linestyle="none", marker="|", markersize=11, color=INK, label="recommended")
    level = f"now, {advice.rules.move_prob:.0%} interval"
    axes.plot([], [], color=INK, linewidth=1.2, label=level)  # the lines themselves have the colours of the verdicts
    for verdict, look in VERDICT_LOOKS.items():
        mine = at["verdict"] == verdict
        if mine.any():
            axes.hlines(
                row[mine],
                at["share_now_lower"][mine],
                at["share_now_upper"][mine],
                color=look.colour,
                linewidth=1.2,
                zorder=2,
            )
            axes.plot(
                at["share_now"][mine],
                row[mine],
                linestyle="none",
                marker=look.marker,
                markersize=7,
                zorder=3,
                color=look.colour,
                markerfacecolor=look.face,
                label=f"{verdict}: {int(mine.sum())}",
            )
    for i in np.flatnonzero(np.isin(at["verdict"], [TIGHTEN, LOOSEN])):
        look = VERDICT_LOOKS[at["verdict"][i]]
        axes.annotate(
            "",
            (at["share_step"][i], row[i]),
            (at["share_today"][i], row[i]),
            arrowprops={"arrowstyle": "->", "color": look.colour, "linewidth": 1.4},
        )
    _finish(axes, row, at)
    axes.set_xlabel(
        f"share of the rep's prospects called {_above(advice, rank)}\n"
        "marker: now, estimated; arrow: this quarter's step" + _others(advice)
    )
    return axes


def _rows(advice: ThresholdAdvice, rank: str | int | None, *, by: str) -> tuple[dict[str, NDArray[Any]], str]:
    """The columns of one boundary, sorted, and its rank."""
    ranks = list(dict.fromkeys(advice.columns["rank"].tolist()))
    wanted = ranks[0] if rank is None else find_rank(rank, ranks, "rank")
    columns = {**advice.columns, "share_today": advice.share_today}
    at = {name: values[advice.columns["rank"] == wanted] for name, values in columns.items()}
    if len(at["rep"]) > MOST_ROWS:
        gap = np.nan_to_num(np.abs(at["share_now"] - at["share_target"]))
        kept = np.sort(np.argsort(-gap, kind="stable")[:MOST_ROWS])
        at = {name: values[kept] for name, values in at.items()}
    order = np.argsort(-at[by], kind="stable")
    return {name: values[order] for name, values in at.items()}, wanted


def _finish(axes: Axes, row: NDArray[np.float64], at: Mapping[str, NDArray[Any]]) -> None:
    """Names with n, percentages, legend."""
    dress(axes)
    names = [f"{folded_label(rep)}  n {int(n):,}" for rep, n in zip(at["rep"], at["n"], strict=True)]
    axes.set_yticks(row, names, parse_math=False, color=INK)
    axes.set(xlim=(0.0, None), ylim=(len(row) - 0.4, -0.6))
    axes.xaxis.set_major_formatter(lambda value, _position: f"{100 * value:.3g} %")
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_ylabel("rep, mature judgments", color=MUTED)
    legend_above(axes)


def _others(advice: ThresholdAdvice) -> str:
    """That there are other thresholds than the one drawn."""
    return "\nthe table holds the other thresholds, too" if len(set(advice.columns["rank"].tolist())) > 1 else ""


def _above(advice: ThresholdAdvice, rank: str) -> str:
    best = bool(advice.is_best[advice.columns["rank"] == rank][0])
    return folded_label(rank) if best else f"{folded_label(rank)} or better"


def _within(at: Mapping[str, NDArray[Any]]) -> str:
    days = at["within_days"][0]
    return "(horizon not stated)" if days is None else f"within {days} days"


def _level(advice: ThresholdAdvice) -> float:
    level = advice.settings.get("interval_prob", INTERVAL_PROB)
    return float(level) if isinstance(level, float) else INTERVAL_PROB
