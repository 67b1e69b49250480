"""One table, one state: what the first count saw, against which every later one is held.

Each question is a query of its own, and a table may grow between two of them. A transaction over all of them would
keep a server from clearing old rows for as long as somebody holds the judgments; the numbers of the first count cost
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.counts import EVENT, EXIT, OPEN
from calibra.data.counting.packed import PackedCounts
from calibra.data.counting.plan import Plan
from calibra.errors import InputError


@dataclass(frozen=True, slots=True)
class FirstCount:
    """What did the first count see?"""

    n_rows: int
    """Rows of the frame, whatever they hold."""
    n: int
    """Judgments that are counted."""
    n_by_ending: tuple[int, int, int]
    """Of them those that end with an event, an exit, or open."""
    total_code: int
    """The sum of their packed codes, which changes with the day or the kind of any ending."""

    def check_rows(self, n_rows: int) -> None:
        """Hold a count of all rows against the first.

        Raises
        ------
        InputError
            Another number: the table has changed.
        """
        _check("rows", self.n_rows, n_rows)

    def check_judgments(self, n: int) -> None:
        """Hold a count of the judgments against the first; raises as `check_rows`."""
        _check("judgments", self.n, n)

    def check_endings(self, ending: int, n: int) -> None:
        """Hold a count of the judgments that end so against the first; raises as `check_rows`."""
        names = {EVENT: "events", EXIT: "exits", OPEN: "open judgments"}
        _check(names[ending], self.n_by_ending[(EVENT, EXIT, OPEN).index(ending)], n)

    def check_counts(self, packed: PackedCounts, kept: NDArray[np.bool_], plan: Plan) -> None:
        """Hold raw counts against the first; raises as `check_rows`.

        Where endings are followed otherwise than at first, codes differ, and with late entry so does what is counted.
        """
        followed_alike = plan.to_rerank and plan.to_hand_back
        n, code = _of_kept(packed, kept)
        if followed_alike or "entered_at" not in plan.present:
            self.check_judgments(int(n.sum()))
        if followed_alike and int(code @ n) != self.total_code:
            raise InputError(
                f"The table changed while it was read: {self.n:,} judgments then and now, but their days or endings "
                f"differ. {_WAY_OUT}"
            )


def first_count(packed: PackedCounts, kept: NDArray[np.bool_], n_rows: int) -> FirstCount:
    """What later counts are held against: the judgments kept of the raw counts, and all rows of the frame."""
    n, code = _of_kept(packed, kept)
    n_by_bits = np.bincount(code & 3, weights=n, minlength=4)
    n_event, n_exit, n_open = (int(n_by_bits[bits]) for bits in (EVENT, EXIT, OPEN))
    return FirstCount(n_rows, int(n.sum()), (n_event, n_exit, n_open), int(code @ n))


def _of_kept(packed: PackedCounts, kept: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers and codes of the judgments kept, which are nearly always all."""
    n, code = packed.sums["n"], packed.code
    return (n, code) if kept.all() else (n[kept], code[kept])


def _check(what: str, then: int, now: int) -> None:
    if then != now:
        raise InputError(f"The table changed while it was read: {then:,} {what} then, {now:,} now. {_WAY_OUT}")


_WAY_OUT = (
    "Numbers of the two states would not go together: read it again, or read a copy that nobody writes to "
    "(CREATE TABLE … AS SELECT …)."
)
