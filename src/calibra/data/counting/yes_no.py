"""Outcomes that are yes or no, without days: rep, rank and whether the event came, counted in the frame's engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from calibra.data.counting.counts import BinomialCells
from calibra.data.counting.labels import label_order, label_text
from calibra.data.counting.problems import MISSING_REP, NEITHER, UNKNOWN_RANK, say
from calibra.data.counting.ready_counts import CALLED_ALL
from calibra.data.counting.rows import Problems
from calibra.data.counting.set_aside import RowFault, SetAside
from calibra.data.frames.open import collect, open_frame
from calibra.data.frames.rep_names import RepNames
from calibra.data.scale import RankScale
from calibra.errors import InputError
from calibra.words import ALL_REPS, normal_spelling, quoted

YES = frozenset(("1", "true", "yes", "y", "t", "はい", "有", "有り", "あり", "○", "〇", "◯", "済", "済み"))
NO = frozenset(("0", "false", "no", "n", "f", "いいえ", "無", "無し", "なし", "×", "✕", "未"))
"""What says that the event came, and that it did not, in `normal_spelling`."""
EVENT = "event"
"""Role of the column that says so."""
_MISSING = "(missing)"


def read_yes_no(
    frame: Any,
    *,
    scale: RankScale,
    columns: Mapping[str, str],
    within_days: int | None,
    rank_labels: Mapping[str, str],
    problems: Problems,
    encoding: str,
    names: RepNames,
) -> tuple[BinomialCells, SetAside]:
    """Judgments and events per rep and rank, and what was left out.

    Raises
    ------
    InputError
        A column that is not there; with `problems="raise"`, every row whose rep is missing, whose rank is not of the
        scale or whose event is neither yes nor no; no row at all.
    """
    needed = ("rep", "rank", EVENT)
    wanted = {role: columns[role] for role in needed if role in columns}
    opened = open_frame(frame, columns=wanted, timezone=None, encoding=encoding, required=needed, reps=names)
    roles = {opened.roles.label_column(role): role for role in needed}
    counted = collect(opened.frame.group_by(*roles).agg(nw.len().cast(nw.Int64).alias("n"))).rename(roles)
    n: Counter[tuple[str, int, bool]] = Counter()
    bad: dict[int, Counter[str]] = {}
    examples: dict[int, set[str]] = {}
    for row in counted.iter_rows(named=True):
        rep, rank, event = (label_text(row[role]) for role in needed)
        rank = rank_labels.get(rank or "", rank)
        word = normal_spelling(event or "")
        reason = MISSING_REP if rep is None else UNKNOWN_RANK if rank not in scale.ranks else NEITHER
        if rep is not None and rank in scale.ranks and word in YES | NO:
            n[rep, scale.ranks.index(str(rank)), word in YES] += int(row["n"])
        else:
            bad.setdefault(reason, Counter())[rep or _MISSING] += int(row["n"])
            told = {MISSING_REP: "", UNKNOWN_RANK: rank, NEITHER: event}[reason]
            examples.setdefault(reason, set()).update([quoted(told)] if told else [])
    faults = tuple(
        RowFault(
            reason, dict(per_rep), shown := tuple(sorted(examples[reason])[:3]), _message(reason, per_rep, shown, scale)
        )
        for reason, per_rep in sorted(bad.items())
    )
    if faults and problems == "raise":
        listed = [f"- {fault.message}" for fault in faults]
        raise InputError("\n".join(["The judgments have problems:", *listed, _WAY_OUT]))
    if not n:
        raise InputError("`frame` must hold at least one judgment with rep, rank and event; it holds none.")
    if ALL_REPS in {rep for rep, _, _ in n}:
        raise InputError(CALLED_ALL)
    reps = tuple(sorted({rep for rep, _, _ in n}, key=label_order))
    total, events = (np.zeros((len(reps), len(scale.ranks)), dtype=np.int64) for _ in range(2))
    for (rep, rank_place, came), count in n.items():
        total[reps.index(rep), rank_place] += count
        events[reps.index(rep), rank_place] += count if came else 0
    return BinomialCells(reps, scale.ranks, {}, total, events, np.zeros_like(total), within_days), SetAside(faults)


_WAY_OUT = 'Or leave such rows out with `problems="set_aside"`: how many, why and of whom is then reported.'


def _message(reason: int, per_rep: Counter[str], shown: tuple[str, ...], scale: RankScale) -> str:
    unknown = tuple(text[1:-1] for text in shown) if reason == UNKNOWN_RANK else ()
    return say(reason, per_rep.total(), shown, ranks=scale.ranks, unknown_ranks=unknown)
