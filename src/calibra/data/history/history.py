"""Rank histories: the log of rank changes that CRMs export, and the judgments it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from calibra.data.counting.choices import check_exit_kinds, check_problems
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.labels import by_text
from calibra.data.counting.problems import FINE
from calibra.data.counting.rows import Problems
from calibra.data.counting.set_aside import SetAside
from calibra.data.frames.calendars import Calendar, doubts_of_calendars
from calibra.data.frames.dates import as_day, check_timezone
from calibra.data.frames.empty_days import check_no_day
from calibra.data.frames.engine_errors import asks_an_engine
from calibra.data.frames.open import collect
from calibra.data.frames.rep_names import read_rep_names
from calibra.data.history.checks import KEPT_ON_EVENT_DAY, HistorySummary, check_history
from calibra.data.history.frames import open_history
from calibra.data.history.log import CLEARED, Log
from calibra.data.history.readers import ChangeLog
from calibra.data.history.transitions import Transitions, count_transitions
from calibra.data.scale import RankScale
from calibra.errors import InputError, check_kind
from calibra.findings import Finding
from calibra.words import quoted

type Day = str | date | datetime | np.datetime64
Mode = Literal["first", "every", "landmark"]


class RankHistory:
    """Who changed which prospect's rank when, and what came of the prospect? Made by `from_frames`.

    Holds two tables (lazily, in their own engine): changes of ranks, and one row of outcomes per prospect. Nothing
    dated after `as_of` enters, ranks written after the event or exit are hindsight and left out, and what became of
    every row stands in `summary()`. On the day of the event or exit the clock decides where both have one; else the
    rank is kept, as one of day 0. The unit of time is the day: of several changes of one prospect on one day the last
    counts.

    Attributes
    ----------
    scale : RankScale
        The scale.
    as_of : datetime.date
        Snapshot date: nothing later is known.
    set_aside : SetAside
        Bad rows left out, why, and of whom.

    Examples
    --------
    >>> import polars as pl
    >>> from calibra.data.scale import RankScale
    >>> changes = pl.DataFrame({"id": [1, 1, 2], "who": ["Abe", "Ito", "Abe"], "to": ["B", "A", "B"],
    ...     "on": ["2026-01-10", "2026-02-01", "2026-01-12"]})
    >>> outcomes = pl.DataFrame({"id": [1, 2], "won": ["2026-02-20", None]})
    >>> history = RankHistory.from_frames(changes, outcomes, scale=RankScale(["A", "B"]), as_of="2026-06-30",
    ...     columns={"prospect": "id", "rep": "who", "rank": "to", "changed_at": "on"},
    ...     outcome_columns={"prospect": "id", "event_at": "won"})
    >>> history.judgments("first").n_judgments, history.judgments("every").n_judgments
    (2, 3)
    """

    __slots__ = ("_export_doubts", "_horizons", "_log", "_problems", "_summary", "as_of", "scale", "set_aside")

    scale: RankScale
    as_of: date
    set_aside: SetAside
    _log: Log
    _summary: HistorySummary
    _problems: Problems
    _horizons: tuple[int, ...]
    _export_doubts: tuple[Finding, ...]

    def __init__(self) -> None:
        """Refuse: histories are made by `from_frames`."""
        raise InputError("A rank history is made by RankHistory.from_frames(...).")

    @classmethod
    @asks_an_engine
    def from_frames(
        cls,
        changes: Any,
        outcomes: Any,
        *,
        scale: RankScale,
        as_of: Day,
        outcome_columns: Mapping[str, str],
        columns: Mapping[str, str] | None = None,
        problems: Problems = "raise",
        rank_labels: Mapping[str, str | None] | Mapping[int, str | None] | None = None,
        rep_labels: Mapping[str, str] | None = None,
        normalise_names: bool = False,
        exit_kinds: Mapping[str, str] | None = None,
        timezone: str | None = None,
        no_day: Sequence[str | date] = (),
        encoding: str = "utf-8",
        horizons: Sequence[int] = (),
    ) -> RankHistory:
        """Read a log of rank changes and the outcomes of the prospects, and account for every row.

        Parameters
        ----------
        changes : frame, path or ChangeLog
            One row per change of rank, or what a reader made of an export. An empty rank takes the rank away.
        outcomes : frame or path
            One row per prospect; prospects that are not in it are open. Both tables must live in one engine; pandas,
            pyarrow and files are counted by DuckDB.
        scale : RankScale
            The scale the ranks are of.
        as_of : date, datetime, numpy.datetime64 or str
            Snapshot date, the last day on which a change or an outcome would be in the data.
        outcome_columns : mapping of str to str
            Role to column of `outcomes`. Needed: `prospect`. Else: `event_at`, `exit_at`, `exit_kind`, `censored_at`,
            `won_at`, `amount`, `recorded_at` (when the row came into the table: before, nothing of it is known, which
            `at` minds), `version` (of several rows of a prospect the last counts; may be the column of `recorded_at`);
            any other key is a grouping.
        columns : mapping of str to str
            Role to column of `changes`. Needed: `prospect`, `rep` (who gave the rank), `rank` (the new one),
            `changed_at`. Else: `sequence`, by which changes of one moment are ordered; `recorded_at` and `version`, of
            several rows of a prospect and moment; any other key is a grouping, as known at the change. Left out for a
            ChangeLog.
        problems : {"raise", "set_aside"}
            Whether bad rows are an error, or left out and reported in `set_aside` and in the log. A change whose new
            rank is set aside still ends the rank before it.
        rank_labels : mapping, optional
            Rank as it stands in the data to a rank of the scale, or to None where it means no rank.
        rep_labels, normalise_names, exit_kinds
            As in `Judgments.from_frame`.
        timezone : str, optional
            IANA zone in whose calendar zone-aware moments fall on a day, as in `Judgments.from_frame`.
        no_day : sequence of str or date
            Days that stand for none, as in `Judgments.from_frame`.
        encoding : str
            Encoding of CSV files.
        horizons : sequence of int
            Horizons in days to count maturity for, beside those the scale promises.

        Raises
        ------
        InputError
            Every problem found, with count, first three rows and how to mend it; no rank before any event.
        """
        check_kind(scale, "scale", RankScale)
        check_timezone(timezone)
        doubts: tuple[Finding, ...] = ()
        local: Calendar | None = None
        if isinstance(changes, ChangeLog):
            doubts, local = changes.doubts, changes.calendar
            changes, columns = changes.at_the_door(columns, timezone)
        frames = open_history(
            changes,
            outcomes,
            columns=columns or {},
            outcome_columns=outcome_columns,
            timezone=timezone,
            encoding=encoding,
            local=local,
            no_day=check_no_day(no_day),
            exit_kinds=check_exit_kinds(exit_kinds),
            reps=read_rep_names(rep_labels, normalise_names),
        )
        doubts = (*doubts, *doubts_of_calendars(*frames.calendars))
        labels = _read_labels(rank_labels or {}, scale)
        log = Log(frames, labels, as_day(as_of, frames.timezone))
        return cls._from_log(log, scale, check_problems(problems), tuple(horizons), doubts)

    @classmethod
    def _from_log(
        cls, log: Log, scale: RankScale, problems: Problems, horizons: tuple[int, ...], doubts: tuple[Finding, ...]
    ) -> RankHistory:
        self = object.__new__(cls)
        self._log, summary = check_history(log, scale.ranks, problems)
        self._summary, self._export_doubts = replace(summary, doubts=(*doubts, *summary.doubts)), doubts
        self.scale, self.as_of, self.set_aside = scale, self._summary.as_of, self._summary.set_aside
        self._problems, self._horizons = problems, horizons
        return self

    def __repr__(self) -> str:
        found = self._summary
        return (
            f"<RankHistory: {found.n_ranks} ranks of {found.n_prospects} prospects in {found.n_changes} changes, "
            f"as of {self.as_of}>"
        )

    @asks_an_engine
    def at(self, as_of: Day) -> RankHistory:
        """What was known on an earlier day? The same history, with nothing dated later.

        A moment with a zone falls on its day in the `timezone` of `from_frames`.

        Raises
        ------
        InputError
            A day after the snapshot date, of which the data know nothing.
        """
        day = as_day(as_of, self._log.frames.timezone)
        if day > self._log.as_of_day:
            raise InputError(
                f"`as_of` must not be after the snapshot date {self.as_of}; got {date.fromordinal(day)}, of which the "
                "data know nothing. Read a newer export."
            )
        log = replace(self._log, as_of_day=day)
        return self._from_log(log, self.scale, self._problems, self._horizons, self._export_doubts)

    def summary(self) -> HistorySummary:
        """What became of every row of the log?"""
        return self._summary

    @asks_an_engine
    def transitions(self) -> Transitions:
        """How do ranks move, and do they move before events or with them?"""
        late = (self._summary.days_after_event, self._summary.n_after_event)
        return count_transitions(self._log, self.scale.ranks, late)

    @asks_an_engine
    def judgments(
        self, mode: Mode = "first", *, landmark: Day | None = None, assignment: str | None = None
    ) -> Judgments:
        """The judgments the log holds.

        Parameters
        ----------
        mode : {"first", "every", "landmark"}
            `first`: the rank a prospect entered with, one judgment per prospect, made before anything later was
            learnt. `every`: each rank given opens a judgment; its outcome follows the prospect through later
            re-ranks (so that an event counts for each rank given before it, and the judgments of one prospect are not
            independent: intervals are too narrow), while lead times end at the re-rank, which is informative: reps
            re-rank when they learn something. `landmark`: the rank each prospect still open holds at the end of one
            day, judged on that day.
        landmark : date, optional
            The day of `landmark`, at most `as_of`.
        assignment : {"random"}, optional
            As in `Judgments.from_frame`.

        Raises
        ------
        InputError
            An unknown mode; `landmark` without a day, or a day after `as_of`; a day on which nobody holds a rank.
        """
        rows = self._chosen(mode, landmark)
        frames = self._log.frames
        dated = {"judged_at": "changed_at"}
        if mode == "landmark":
            self._refuse_empty(rows, self._landmark_day(landmark))
            rows = rows.with_columns(nw.lit(date.fromordinal(self._landmark_day(landmark))).alias("landmark_at"))
            dated = {"judged_at": "landmark_at"}
        if mode == "every":
            dated["reranked_at"] = "reranked_at"
        roles = {"prospect": "prospect", "rep": "rep", "rank": "rank", **dated}
        roles |= {role: role for role in frames.present if role != "prospect"} | dict(frames.groups)
        labels = {label: self.scale.ranks[place] for label, place in self._log.labels.items() if place != CLEARED}
        judgments = Judgments.from_frame(
            nw.to_native(rows.select(*dict.fromkeys(roles.values()))),
            scale=self.scale,
            as_of=self.as_of,
            columns=roles,
            problems=self._problems,
            rank_labels=labels,
            check_duplicates=False,
            horizons=self._horizons,
            assignment=assignment,
            timezone=frames.timezone,
            exit_kinds=frames.exit_kinds,
        )
        return self._with_account(judgments)

    def _chosen(self, mode: Mode, landmark: Day | None) -> nw.LazyFrame[Any]:
        """The spells that are judgments under a mode."""
        if mode not in ("first", "every", "landmark"):
            raise InputError(f"`mode` must be 'first', 'every' or 'landmark'; got {mode!r}.")
        if (landmark is not None) != (mode == "landmark"):
            raise InputError(
                f"`landmark` is the day of mode='landmark' and of no other; got mode={mode!r}, landmark={landmark!r}."
            )
        spells = self._log.spells().filter((nw.col("problem") == FINE) & (nw.col("code") >= 0))
        if mode != "landmark":
            timely = spells.filter(nw.col("hindsight") == 0)
            return timely.filter(nw.col("previous").is_null()) if mode == "first" else timely
        day = self._landmark_day(landmark)
        standing = nw.col("next_day").is_null() | (nw.col("next_day") > day)
        still_open = nw.col("ended_day").is_null() | (nw.col("ended_day") > day)
        in_sight = nw.col("lost_day").is_null() | (nw.col("lost_day") > day)
        return spells.filter((nw.col("day") <= day) & standing & still_open & in_sight)

    def _landmark_day(self, landmark: Day | None) -> int:
        day = as_day(landmark, self._log.frames.timezone)
        if day > self._log.as_of_day:
            raise InputError(
                f"`landmark` must not be after the snapshot date {self.as_of}; got {date.fromordinal(day)}."
            )
        return day

    def _refuse_empty(self, rows: nw.LazyFrame[Any], day: int) -> None:
        """Refuse a landmark on which no open prospect holds a rank."""
        if collect(rows.select(nw.len().alias("n")))["n"].item():
            return
        ranked = self._log.spells().filter((nw.col("problem") == FINE) & (nw.col("code") >= 0))
        first = collect(ranked.select(nw.col("day").min().alias("day")))["day"].item()
        since = "There is none at all."
        if first is not None:
            since = (
                f"The first rank was given on {date.fromordinal(first)}: choose a day from then to {self.as_of} on "
                "which prospects were open."
            )
        raise InputError(
            "At the end of the day `landmark` an open prospect must hold a rank; none did on "
            f"{date.fromordinal(day)}. {since}"
        )

    def _with_account(self, judgments: Judgments) -> Judgments:
        """The judgments, with what became of the rest of the log in their summary and their report."""
        findings = (*self.set_aside.findings, *judgments.set_aside.findings)
        checked = judgments._rows("summary")
        judgments.set_aside = SetAside(findings)
        noted = tuple(found for found in self._summary.noted if not found.key.endswith(KEPT_ON_EVENT_DAY))
        choices = replace(checked.choices, rep_names=self._log.frames.reps)
        judgments._checked = replace(checked, set_aside=judgments.set_aside, told=noted, choices=choices)
        judgments._log_doubts = self._summary.doubts
        return judgments


def _read_labels(rank_labels: Mapping[Any, str | None], scale: RankScale) -> dict[str, int]:
    """Every label that may stand in the log, to its place in the scale, or to CLEARED."""
    place = {rank: i for i, rank in enumerate(scale.ranks)}
    labels = by_text(rank_labels, "rank_labels")
    unknown = [
        f"{quoted(label)}: {quoted(rank)}" for label, rank in labels.items() if rank is not None and rank not in place
    ]
    if unknown:
        raise InputError(
            f"`rank_labels` must lead to ranks of the scale ({', '.join(scale.ranks)}), or to None for no rank; "
            f"{', '.join(unknown[:3])} {'does' if len(unknown) == 1 else 'do'} not."
        )
    known = place | {label: CLEARED if rank is None else place[str(rank)] for label, rank in labels.items()}
    return {f"{label}.0": at for label, at in known.items() if label.isdigit()} | known
