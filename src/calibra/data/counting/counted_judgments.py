"""What can be asked of judgments: their counts, each made when first asked for and kept."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from calibra.data.counting.choices import all_horizons
from calibra.data.counting.contacts import TOUCHES, AnyContacts, ContactCounts, ContactLog, count_contacts
from calibra.data.counting.counts import BinomialCells, DurationCounts, check_groups
from calibra.data.counting.exits import ExitCounts, count_exits, exits_noted
from calibra.data.counting.positions import PositionCells, count_positions
from calibra.data.counting.reached import shares_in
from calibra.data.counting.ready_cells import ReadyCells
from calibra.data.counting.ready_counts import check_horizon
from calibra.data.counting.rows import ONE_AT_A_TIME, CheckedRows, noted_in_part
from calibra.data.counting.set_aside import SetAside
from calibra.data.counting.shared_prospects import shared_prospects
from calibra.data.counting.signals import SignalCounts, count_signals
from calibra.data.counting.stated import StatedCounts, count_stated
from calibra.data.counting.summary import JudgmentsSummary, summarise
from calibra.data.counting.weekly import WeeklyCounts, WeeklyEndings
from calibra.data.counting.weekly_rows import count_endings, count_weeks
from calibra.data.frames.calendars import doubts_of_calendars
from calibra.data.scale import RankScale
from calibra.errors import InputError
from calibra.findings import Finding
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd


class CountedJudgments:
    """The counts of judgments; `Judgments` says where they come from."""

    __slots__ = (
        "_cells",
        "_checked",
        "_contacts",
        "_counts",
        "_doubts_of_rows",
        "_endings",
        "_exits",
        "_horizons",
        "_log_doubts",
        "_noted",
        "_ready",
        "_signals",
        "_stated",
        "_weeks",
        "as_of",
        "assignment",
        "columns",
        "groups",
        "scale",
        "set_aside",
    )

    scale: RankScale
    as_of: date | None
    assignment: str | None
    columns: dict[str, str]
    groups: tuple[str, ...]
    set_aside: SetAside
    _log_doubts: tuple[Finding, ...]
    _doubts_of_rows: tuple[Finding, ...] | None
    _checked: CheckedRows | None
    _contacts: ContactLog | None
    _counts: dict[tuple[tuple[str, ...], tuple[int, ...], tuple[bool, bool]], DurationCounts]
    _horizons: tuple[int, ...]
    _cells: BinomialCells | None
    _ready: ReadyCells | None
    _noted: tuple[Finding, ...] | None
    _weeks: dict[tuple[tuple[str, ...], tuple[int, ...]], WeeklyCounts]
    _endings: WeeklyEndings | None
    _exits: ExitCounts | None
    _signals: dict[tuple[int, ...], SignalCounts]
    _stated: dict[tuple[int, ...], StatedCounts]

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels, sorted."""
        return self._cells.reps if self._cells else self.duration_counts().reps

    @property
    def n_judgments(self) -> int:
        """Judgments in the counts."""
        return int(self._cells.n.sum() if self._cells else self.duration_counts().n.sum())

    @property
    def log_doubts(self) -> tuple[Finding, ...]:
        """What looks like a mistake in what was read; text days and prospects take one scan each, when first asked."""
        if self._doubts_of_rows is None:
            self._doubts_of_rows = () if self._checked is None else _doubts_of_rows(self._checked, self._horizons)
        return (*self._log_doubts, *self._doubts_of_rows)

    def __repr__(self) -> str:
        as_of = "ready-made counts" if self.as_of is None else f"as of {self.as_of}"
        reps = counted(len(self.reps), "rep")
        return f"<Judgments: {self.n_judgments:,} of {reps}, ranks {' '.join(self.scale.ranks)}, {as_of}>"

    def duration_counts(self, *, by: Sequence[str] = (), horizons: Sequence[int] = ()) -> DurationCounts:
        """The sufficient statistics: one scan and one group-by in the frame's own engine, kept for the next call.

        A judgment that was re-ranked (`reranked_at`) is followed to its re-rank and no further, so that no event and no
        day of exposure comes in twice; `binomial_cells` follows the prospect through re-ranks.

        Parameters
        ----------
        by : sequence of str
            Groupings to count by, beside rep and rank.
        horizons : sequence of int
            Horizons in days for the maturity, beside those known already.
        """
        return self._count(by, horizons)

    def binomial_cells(
        self, *, within_days: int | None = None, by: Sequence[str] = (), in_our_care: bool = False
    ) -> BinomialCells:
        """How many mature judgments, and how many events within the horizon, per rep and rank (and group)?

        The outcome follows the prospect through later re-ranks (`reranked_at`), and through a hand-back (`exit_kind`):
        whether the rank was right does not depend on who looked after the prospect.

        Parameters
        ----------
        within_days : int, optional
            Horizon in days; by default the scale's only one.
        by : sequence of str
            Groupings that get axes of their own.
        in_our_care : bool
            Whether an event after a hand-back is none.

        Raises
        ------
        InputError
            No or several horizons to choose from; an unknown grouping; mature judgments seen in part only.
        NotEnoughDataError
            Nobody is mature; the message says when the first will be.
        """
        if self._cells is None:
            horizon = self.scale.resolve_horizon(within_days)
            return self._count(by, [horizon], to_rerank=False, to_hand_back=in_our_care).binomial_cells(horizon, by=by)
        check_groups(by, ())
        check_horizon(within_days, self._cells)
        return self._cells

    def weekly_counts(self, *, by: Sequence[str] = (), horizons: Sequence[int] = ()) -> WeeklyCounts:
        """How many judgments of which week, and how many of them had an event within each horizon?

        One more scan, made when first asked for and kept. What changes from one quarter to the next is read from here
        (`quarterly`), and how often a rep uses each rank now (`recent`).

        Parameters
        ----------
        by : sequence of str
            Groupings to count by, beside rep and rank.
        horizons : sequence of int
            Horizons in days, beside those known already.

        Raises
        ------
        InputError
            Ready-made counts, which hold no days; an unknown grouping.
        """
        checked = self._rows("weekly_counts")
        check_groups(by, self.groups)
        key = (tuple(by), all_horizons(self._horizons, horizons))
        if key not in self._weeks:
            self._weeks[key] = count_weeks(checked, *key)
        return self._weeks[key]

    def weekly_endings(self) -> WeeklyEndings:
        """How many events and exits came in which week? One more scan, made when first asked for and kept."""
        if self._endings is None:
            self._endings = count_endings(self._rows("weekly_endings"), self.reps)
        return self._endings

    def exits(self) -> ExitCounts:
        """How did judgments end without an event, and what came after? One more scan, made when first asked for."""
        if self._exits is None:
            self._exits = count_exits(self._rows("exits"), self.reps, self._horizons)
        return self._exits

    def stated_counts(self, *, horizons: Sequence[int] = ()) -> StatedCounts:
        """How many judgments at which stated probability, and what came of them? Two more scans, when first asked for.

        Parameters
        ----------
        horizons : sequence of int
            Horizons in days, beside those known already.

        Raises
        ------
        InputError
            No column is mapped as `stated_prob`; ready-made counts.
        NotEnoughDataError
            The column holds no value.
        """
        checked, wanted = self._rows("stated_counts"), all_horizons(self._horizons, horizons)
        if wanted not in self._stated:
            counts = self.duration_counts(horizons=wanted)
            self._stated[wanted] = count_stated(checked, self.reps, {days: shares_in(counts, days) for days in wanted})
        return self._stated[wanted]

    def signal_counts(self, *, horizons: Sequence[int] = ()) -> SignalCounts:
        """How many judgments at which rank, machine's score and stated probability? One more scan, when first asked.

        Parameters
        ----------
        horizons : sequence of int
            Horizons in days, beside those known already.

        Raises
        ------
        InputError
            Neither `machine_prob` nor `stated_prob` is mapped to a column; ready-made counts.
        """
        checked, wanted = self._rows("signal_counts"), all_horizons(self._horizons, horizons)
        if wanted not in self._signals:
            self._signals[wanted] = count_signals(checked, self.reps, wanted)
        return self._signals[wanted]

    def position_cells(self, edges: Sequence[float]) -> PositionCells:
        """How long was whom followed on the clock of the stated date, and what came? One more scan.

        Parameters
        ----------
        edges : sequence of float
            Last position of each interval, increasing, in stated lengths: 1 is the stated date.

        Raises
        ------
        InputError
            No column is mapped as `expected_at`; ready-made counts.
        NotEnoughDataError
            The column holds no value.
        """
        return count_positions(self._rows("position_cells"), self.reps, edges)

    @property
    def _beside(self) -> dict[str, Any]:
        """What stays as it is where the rows are counted as of another day."""
        return {"assignment": self.assignment, "contacts": self._contacts}

    @property
    def knows_contacts(self) -> bool:
        """Whether contacts are counted: in a log, or in the column mapped as `touches`."""
        return self._contacts is not None or TOUCHES in self.columns

    def contact_counts(self) -> ContactCounts:
        """How many judgments had how many contacts, and how did they end? One more scan, of the log where there is one.

        Raises
        ------
        InputError
            No column is mapped as `touches`; ready-made counts.
        NotEnoughDataError
            The column holds no value, or says nothing of the earlier day that is asked for (`at`).
        """
        checked = self._rows("contact_counts")
        return (
            count_contacts(checked, self.reps) if self._contacts is None else self._contacts.count(checked, self.reps)
        )

    def with_contacts(self, contacts: AnyContacts) -> Self:
        """The same judgments with a log of contacts beside them, which takes the place of the column of `touches`.

        Parameters
        ----------
        contacts : Contacts
            The log; it is brought into the engine of the judgments and looked through here.

        Raises
        ------
        InputError
            Ready-made counts; a log that cannot be read or joined.
        """
        if not hasattr(contacts, "beside"):
            raise InputError(
                f"`contacts` must be made by `Contacts.from_frame`; got {type(contacts).__name__}. Write "
                "Contacts.from_frame(log, columns={'prospect': …, 'at': …})."
            )
        found = copy(self)
        found._contacts = contacts.beside(self._rows("with_contacts"))
        return found

    def set_aside_rows(self) -> pd.DataFrame:
        """Which rows were set aside, one by one? `row` (from 1 below the header), `reason`, and each mapped column.

        One more scan. Databases and Spark know no order of rows: `row` is empty there; empty rows of a sheet and empty
        lines of a file are not counted. Of copies that are alike all but
        the first are listed, of copies that differ all.

        Raises
        ------
        InputError
            Ready-made counts, or a saved calibration, which hold no rows.
        """
        from calibra.data.counting.bad_rows import bad_rows

        with ONE_AT_A_TIME:
            return bad_rows(self._rows("set_aside_rows"))

    def summary(self) -> JudgmentsSummary:
        """What came in, how old it is, what was set aside? One or two more scans tell what is noted of their ends."""
        if self._noted is None:
            kinds = exits_noted(self.exits()) if "exit_kind" in self.columns else ()
            counts = self._count((), (), to_rerank=False, to_hand_back=False)
            self._noted = (*self._rows("summary").notes(), *kinds, *noted_in_part(counts))
        return summarise(
            self.duration_counts(), self.set_aside, self._noted, scale=self.scale, log_doubts=self.log_doubts
        )

    def _count(
        self, by: Sequence[str], horizons: Sequence[int], *, to_rerank: bool = True, to_hand_back: bool = True
    ) -> DurationCounts:
        """The counts, made once per grouping, horizons and way of following."""
        checked = None if self._ready else self._rows("duration_counts")
        check_groups(by, self.groups)
        wanted = all_horizons(self._horizons, horizons)
        to_rerank = to_rerank or "reranked_at" not in self.columns
        to_hand_back = to_hand_back or checked is None or not checked.plan.handed_back
        key = (tuple(by), wanted, (to_rerank, to_hand_back))
        if key not in self._counts:
            if checked is not None:
                kept = {"to_rerank": to_rerank, "to_hand_back": to_hand_back}
                self._counts[key] = checked.recount(tuple(by), wanted, **kept)
            elif self._ready is not None:
                self._counts[key] = self._ready.counts(by, wanted)
        return self._counts[key]

    def _rows(self, asked: str) -> CheckedRows:
        if self._checked is None:
            raise InputError(f"`{asked}` needs rows; these judgments are ready-made counts. Use Judgments.from_frame.")
        return self._checked


def _doubts_of_rows(checked: CheckedRows, horizons: tuple[int, ...]) -> tuple[Finding, ...]:
    """What days and prospects give reason to ask, which no count by rep and rank shows."""
    with ONE_AT_A_TIME:
        found = (*doubts_of_calendars(checked.plan.opened.calendar), *shared_prospects(checked, horizons))
        checked.plan.opened.let_go()
    return found
