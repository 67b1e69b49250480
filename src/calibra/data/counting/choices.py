"""How judgments are asked to be read: the checks of what was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from calibra.data.counting.labels import by_text
from calibra.data.counting.packed import MAX_HORIZONS
from calibra.data.counting.plan import EXIT_KINDS
from calibra.data.counting.rows import Problems
from calibra.data.scale import RankScale, check_days
from calibra.errors import InputError
from calibra.words import listed, quoted

if TYPE_CHECKING:
    from calibra.data.counting.judgments import Judgments


RANDOM = "random"
"""Prospects come to reps by lot, so that no territory stands behind a difference between reps."""


def horizons_to_fit(judgments: Judgments) -> tuple[int | None, ...]:
    """The horizons to fit; None, of ready-made counts, leaves it to them.

    Raises
    ------
    InputError
        No horizon is known.
    """
    if judgments.as_of is None:
        return (None,)
    horizons = judgments.duration_counts().horizons
    if not horizons:
        raise InputError(
            "A horizon is needed, within which events count: the scale promises nothing, and the judgments were read "
            "with none. Read them with horizons=[90], or promise something: "
            "RankScale(['A', 'B'], {'A': Promise(0.6, within_days=90)})."
        )
    return horizons


def all_horizons(known: Sequence[int], more: Sequence[int]) -> tuple[int, ...]:
    """Every horizon once, shortest first, or the error that says which is none."""
    if isinstance(more, str) or not isinstance(more, Iterable):
        raise InputError(f"`horizons` must be a list of whole days, such as [30, 180]; got {more!r}.")
    for days in more:
        check_days(days, "horizons")
    wanted = tuple(sorted({*known, *(int(days) for days in more)}))
    if len(wanted) > MAX_HORIZONS:
        raise InputError(f"`horizons` may be {MAX_HORIZONS} at most; got {len(wanted)}. Ask for fewer at a time.")
    return wanted


def check_assignment(assignment: object) -> str | None:
    """Refuse what says nothing of how prospects came to reps."""
    if assignment is None or (isinstance(assignment, str) and assignment == RANDOM):
        return assignment
    raise InputError(
        f"`assignment` must be {RANDOM!r}, or None where prospects do not come to reps by lot; got {assignment!r}."
    )


def check_exit_kinds(exit_kinds: Mapping[str, str] | None) -> dict[str, str]:
    """Labels as text to kinds of exits, or the error that says which lead nowhere."""
    if not isinstance(exit_kinds, Mapping | None):
        raise InputError(
            "`exit_kinds` must lead from labels to kinds of exits, such as {'to marketing': 'handed back'}; got "
            f"{exit_kinds!r}."
        )
    kinds = {label: str(kind) for label, kind in by_text(exit_kinds or {}, "exit_kinds").items()}
    unknown = [f"{quoted(label)}: {quoted(kind)}" for label, kind in kinds.items() if kind not in EXIT_KINDS]
    if unknown:
        raise InputError(
            f"`exit_kinds` must lead to {listed(map(quoted, EXIT_KINDS), 'or')}; {', '.join(unknown[:3])} "
            f"{'does' if len(unknown) == 1 else 'do'} not."
        )
    return kinds


def check_problems(problems: Problems) -> Problems:
    """Refuse any other way with bad rows."""
    if problems not in ("raise", "set_aside"):
        raise InputError(f"`problems` must be 'raise' or 'set_aside'; got {problems!r}.")
    return problems


def check_rank_labels(rank_labels: Mapping[str, str] | Mapping[int, str] | None, scale: RankScale) -> dict[str, str]:
    """Labels as text to ranks of the scale, or the error that says which lead nowhere."""
    if not isinstance(rank_labels, Mapping | None):
        raise InputError(f"`rank_labels` must lead from labels to ranks, such as {{'a': 'A'}}; got {rank_labels!r}.")
    labels = {label: str(rank) for label, rank in by_text(rank_labels or {}, "rank_labels").items()}
    unknown = [f"{quoted(label)}: {quoted(rank)}" for label, rank in labels.items() if rank not in scale.ranks]
    if unknown:
        raise InputError(
            f"`rank_labels` must lead to ranks of the scale ({', '.join(scale.ranks)}); {', '.join(unknown[:3])} "
            f"{'does' if len(unknown) == 1 else 'do'} not."
        )
    return labels
