"""Judgments: who gave which prospect which rank when, and what came of it by the snapshot date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np

from calibra.data.counting.choices import (
    all_horizons,
    check_assignment,
    check_exit_kinds,
    check_problems,
    check_rank_labels,
)
from calibra.data.counting.contacts import ContactLog
from calibra.data.counting.counted_judgments import CountedJudgments
from calibra.data.counting.currencies import check_rates, read_currencies
from calibra.data.counting.exits import make_plan
from calibra.data.counting.opportunities import check_arose, opportunities_plan
from calibra.data.counting.plan import Plan
from calibra.data.counting.ready_cells import read_cells
from calibra.data.counting.ready_counts import read_counts
from calibra.data.counting.rows import Choices, Problems, check_rows
from calibra.data.counting.same_state import FirstCount
from calibra.data.counting.set_aside import SetAside
from calibra.data.counting.yes_no import read_yes_no
from calibra.data.frames.dates import as_day, check_timezone
from calibra.data.frames.empty_days import check_no_day
from calibra.data.frames.open import open_frame
from calibra.data.frames.rep_names import read_rep_names
from calibra.data.scale import RankScale
from calibra.errors import InputError, check_kind


class Judgments(CountedJudgments):
    """Which judgments are there, and what came of them? Made by `from_frame`, `from_cells` or `from_counts`.

    Holds the frame (lazily, in its own engine), the roles of its columns, the scale and the snapshot date, and keeps
    the counts it has made. The frame is read and never changed.

    Attributes
    ----------
    scale : RankScale
        The scale.
    as_of : datetime.date or None
        Snapshot date: nothing later is known. None for ready-made counts.
    columns : dict of str to str
        Role or grouping to the frame's column; empty for ready-made counts.
    assignment : {"random"} or None
        How prospects came to reps: by lot, or not known.
    groups : tuple of str
        Groupings that `by` may name.
    reps : tuple of str
        Rep labels, sorted.
    n_judgments : int
        Judgments in the counts.
    set_aside : SetAside
        Rows left out, why, and of whom.

    Examples
    --------
    >>> import polars as pl
    >>> from calibra.data.scale import RankScale
    >>> days = {"judged": ["2026-01-10", "2026-01-12"], "won": ["2026-02-01", None]}
    >>> frame = pl.DataFrame({"id": [1, 2], "owner": ["Abe", "Abe"], "rank": ["A", "B"], **days})
    >>> roles = {"prospect": "id", "rep": "owner", "rank": "rank", "judged_at": "judged", "event_at": "won"}
    >>> judgments = Judgments.from_frame(frame, scale=RankScale(["A", "B"]), as_of="2026-06-30", columns=roles)
    >>> judgments.binomial_cells(within_days=90).events
    array([[1, 0]])
    """

    __slots__ = ()

    def __init__(self) -> None:
        """Refuse: judgments are made by `from_frame` and `from_counts`."""
        raise InputError("Judgments are made by Judgments.from_frame(...) or Judgments.from_counts(...).")

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        scale: RankScale,
        as_of: str | date | datetime | np.datetime64,
        columns: Mapping[str, str],
        problems: Problems = "raise",
        rank_labels: Mapping[str, str] | Mapping[int, str] | None = None,
        rep_labels: Mapping[str, str] | None = None,
        normalise_names: bool = False,
        exit_kinds: Mapping[str, str] | None = None,
        timezone: str | None = None,
        no_day: Sequence[str | date] = (),
        encoding: str = "utf-8",
        check_duplicates: bool = True,
        horizons: Sequence[int] = (),
        assignment: str | None = None,
        rates: Mapping[str, float] | None = None,
    ) -> Judgments:
        """Read judgments from any frame, one row per judgment, and count them once.

        The count is made here, so that every problem is named here: read off the counts, in one error. Labels of
        reps, ranks and groupings become text (7 and 7.0 both "7"); days are calendar dates.

        Parameters
        ----------
        frame : frame or path
            pandas, polars (eager or lazy) or pyarrow frame, DuckDB relation, or the path of a CSV or Parquet file.
        scale : RankScale
            The scale the ranks are of.
        as_of : date, datetime, numpy.datetime64 or str
            Snapshot date, the last day on which an outcome would be in the data; events on that day count.
        columns : mapping of str to str
            Role to the frame's column. Needed: `prospect`, `rep`, `rank`, `judged_at`. Else: `event_at`, `exit_at`,
            `exit_kind`, `entered_at`, `censored_at`, `reranked_at` (the next rank was given: ends the judgment for lead
            times, not for its outcome), `won_at`, `lost_at`, `amount`, `currency` (of the opportunity that arose),
            `expected_at`, `touches`, `recorded_at` (when the row came into the table: before, nothing of it is known,
            which `at` minds), `stated_prob` (the probability of the event that the rep stated: numbers from 0 to 1, per
            cent, or text such as "70%"), `machine_prob` (likewise, of a machine's score known at the judgment),
            `version` (of several rows of a prospect, rep and day the last counts; may be the column of `recorded_at`);
            any other key is a grouping.
        problems : {"raise", "set_aside"}
            Whether bad rows are an error, or left out and reported in `set_aside` and in the log; of `won_at` and
            `expected_at`, which decide no outcome, the unreadable day alone is left out, and noted.
        rank_labels : mapping, optional
            Rank as it stands in the data to a rank of the scale.
        rep_labels : mapping, optional
            Name of a rep as it stands in the data to the name it is counted under.
        normalise_names : bool
            Whether names of reps are brought to one form first: NFKC, single blanks, no marks without a width.
        exit_kinds : mapping, optional
            Label of `exit_kind` as it stands in the data to "handed back", "disqualified", "lost to a rival" or
            "other". An event after a hand-back counts for the reading; after any other exit it does not.
        timezone : str, optional
            IANA zone in whose calendar zone-aware moments fall on a day. By default the one that the columns name
            (pandas, polars, pyarrow), else UTC, with a doubt where plain days stand beside.
        no_day : sequence of str or date
            Days that stand for none, such as ["1900-01-01"]: read as missing, in every column of days. Infinity, which
            databases know, is none in any case.
        encoding : str
            Encoding of a CSV file.
        check_duplicates : bool
            Whether to look for duplicates, a query of its own.
        horizons : sequence of int
            Horizons in days to count maturity for, beside those the scale promises.
        assignment : {"random"}, optional
            State "random" where prospects come to reps by lot: only then is a difference the reading and not the
            territory.
        rates : mapping of str to float, optional
            Where amounts come in several currencies: what one unit of each is worth in the one that is reported, such
            as {"USD": 150.0}. Rates are fixed: where they moved during the history, so do the amounts.

        Raises
        ------
        InputError
            Every problem found, with count, first three rows and how to mend it; no judgment at all.
        """
        check_kind(scale, "scale", RankScale)
        stated = check_assignment(assignment)
        check_timezone(timezone)
        labels, stop = check_rank_labels(rank_labels, scale), check_problems(problems)
        kinds, worth = check_exit_kinds(exit_kinds), check_rates(rates)
        names, none = read_rep_names(rep_labels, normalise_names), check_no_day(no_day)
        opened = open_frame(frame, columns=columns, timezone=timezone, encoding=encoding, no_day=none, reps=names)
        choices = Choices(scale, labels, stop, check_duplicates, opened.calendar.timezone, names)
        plan, faults = make_plan(opened, as_day(as_of, choices.timezone), kinds, loses_values=stop == "set_aside")
        plan = replace(plan, rates=read_currencies(opened, plan.present, worth))
        return cls._from_plan(plan, choices, all_horizons(scale.horizons, horizons), faults, assignment=stated)

    @classmethod
    def from_counts(
        cls, frame: Any, *, scale: RankScale, within_days: int | None = None, assignment: str | None = None
    ) -> Judgments:
        """Read ready-made counts: columns rep, rank, n (mature judgments) and events.

        Parameters
        ----------
        frame : frame
            Any frame; rows of the same rep and rank are added up.
        scale : RankScale
            The scale the ranks are of.
        within_days : int, optional
            Horizon the events were counted within; by default the scale's only one, if it has one.
        assignment : {"random"}, optional
            As in `from_frame`.

        Notes
        -----
        Such counts hold no dates: lead times and `summary()` need rows.
        """
        check_kind(scale, "scale", RankScale)
        if within_days is not None or len(scale.horizons) == 1:
            within_days = scale.resolve_horizon(within_days)
        cells = read_counts(frame, scale=scale, within_days=within_days)
        return cls._made(scale=scale, _cells=cells, assignment=check_assignment(assignment))

    @classmethod
    def from_outcomes(
        cls,
        frame: Any,
        *,
        scale: RankScale,
        columns: Mapping[str, str],
        within_days: int | None = None,
        problems: Problems = "raise",
        rank_labels: Mapping[str, str] | Mapping[int, str] | None = None,
        rep_labels: Mapping[str, str] | None = None,
        normalise_names: bool = False,
        encoding: str = "utf-8",
        assignment: str | None = None,
    ) -> Judgments:
        """Read judgments whose outcome is yes or no, without days: no lead times, no `summary()`, no score by age.

        Parameters
        ----------
        frame, scale, problems, rank_labels, rep_labels, normalise_names, encoding, assignment
            As in `from_frame`.
        columns : mapping of str to str
            Columns of `rep`, `rank` and `event` (1 or 0, yes or no, ○ or ×); no row may be still open.
        within_days : int, optional
            Within how many days the event was looked for; by default the scale's only horizon.

        Raises
        ------
        InputError
            Every problem found; no row at all.
        """
        check_kind(scale, "scale", RankScale)
        labels, stop = check_rank_labels(rank_labels, scale), check_problems(problems)
        names = read_rep_names(rep_labels, normalise_names)
        if within_days is not None or len(scale.horizons) == 1:
            within_days = scale.resolve_horizon(within_days)
        read = partial(read_yes_no, frame, scale=scale, columns=columns, within_days=within_days)
        cells, aside = read(rank_labels=labels, problems=stop, encoding=encoding, names=names)
        return cls._made(scale=scale, _cells=cells, set_aside=aside, assignment=check_assignment(assignment))

    @classmethod
    def from_cells(
        cls,
        frame: Any,
        *,
        scale: RankScale,
        as_of: str | date | datetime | np.datetime64,
        horizons: Sequence[int] | None = None,
        columns: Mapping[str, str] | None = None,
        assignment: str | None = None,
    ) -> Judgments:
        """Read a ready-made table of duration counts, such as three lines of SQL make in a warehouse.

        One row per rep, rank (and groupings), days followed, ending and maturity, with n; rows of the same cell are
        added up. What needs no rows then works; what does raises `InputError`. An open judgment is taken as open on
        `as_of`.

        Parameters
        ----------
        frame : frame
            Any frame that `from_frame` reads.
        scale : RankScale
            The scale the ranks are of.
        as_of : date, datetime, numpy.datetime64 or str
            Snapshot date the table was made for.
        horizons : sequence of int, optional
            Horizons in days that `maturity` counts; by default the scale's.
        columns : mapping of str to str, optional
            Role to the frame's column; by default columns are called by their roles. Needed: `rep`, `rank`, `n`, and
            `code` (packed: `4 · days + ending`) or both `days` and `ending` (1 or "event", 2 or "exit", 3 or "open").
            Else: `maturity` (how many of the horizons fit in `as_of − judged_at`, whatever came of the judgment;
            without it no horizon is known), `entry_days` (days from judgment to observation); any other key is a
            grouping.
        assignment : {"random"}, optional
            As in `from_frame`.

        Raises
        ------
        InputError
            Every problem found, with count and first three rows; no row at all.
        """
        check_kind(scale, "scale", RankScale)
        wanted = all_horizons((), scale.horizons if horizons is None else horizons)
        day = as_day(as_of, "UTC")
        ready = read_cells(frame, scale=scale, as_of_day=day, horizons=wanted, columns=columns)
        held = {"columns": dict(ready.columns), "groups": ready.groups, "_ready": ready, "_horizons": ready.horizons}
        held["assignment"] = check_assignment(assignment)
        return cls._made(scale=scale, as_of=date.fromordinal(day), _noted=(), **held)

    @classmethod
    def _from_plan(
        cls,
        plan: Plan,
        choices: Choices,
        horizons: tuple[int, ...],
        faults: Sequence[str] = (),
        *,
        assignment: str | None,
        before: FirstCount | None = None,
        contacts: ContactLog | None = None,
    ) -> Judgments:
        checked, counts = check_rows(plan, choices, horizons=horizons, column_faults=faults, before=before)
        roles, kept = plan.opened.roles, {((), horizons, (True, True)): counts}
        held = {"columns": dict(roles.columns), "groups": roles.groups, "set_aside": checked.set_aside}
        return cls._made(
            scale=choices.scale,
            as_of=counts.as_of,
            **held,
            _checked=checked,
            _counts=kept,
            _horizons=horizons,
            _contacts=contacts,
            assignment=assignment,
        )

    @classmethod
    def _made(cls, **held: Any) -> Judgments:
        """Judgments that hold this, and of everything else nothing."""
        empty = ("cells", "checked", "contacts", "doubts_of_rows", "endings", "exits", "noted", "ready")
        nothing: dict[str, Any] = {f"_{name}": None for name in empty} | {"_horizons": (), "_log_doubts": ()}
        nothing |= {"as_of": None, "assignment": None, "groups": (), "set_aside": SetAside(), "columns": {}}
        nothing |= {f"_{name}": {} for name in ("counts", "signals", "stated", "weeks")}
        self = object.__new__(cls)
        for name, value in {**nothing, **held}.items():
            setattr(self, name, value)
        return self

    def at(self, as_of: str | date | datetime | np.datetime64) -> Judgments:
        """What was known on an earlier day? The same history, with nothing dated later.

        A moment with a zone falls on its day in the `timezone` of `from_frame`. Touches bear no date, so that on an
        earlier day their number is not known and they are left out.

        Raises
        ------
        InputError
            A day after the snapshot date, of which the data know nothing; ready-made counts; a table that has changed
            since it was read.
        """
        checked = self._rows("at")
        day = as_day(as_of, checked.choices.timezone)
        if day > checked.plan.as_of_day:
            raise InputError(
                f"`as_of` must not be after the snapshot date {self.as_of}; got {date.fromordinal(day)}, of which the "
                "data know nothing. Read a newer frame."
            )
        plan = replace(checked.plan, as_of_day=day, with_touches=day == checked.plan.as_of_day)
        return self._from_plan(plan, checked.choices, self._horizons, **self._beside, before=checked.first)

    def since(self, judged_since: str | date | datetime | np.datetime64) -> Judgments:
        """The same history without the judgments made before a day, where the world has changed since.

        What came of the others is read as before, up to the same snapshot date.

        Raises
        ------
        InputError
            A day after the snapshot date, or one with no judgment since; ready-made counts; a table that has changed
            since it was read.
        """
        checked = self._rows("since")
        day = as_day(judged_since, checked.choices.timezone, "judged_since")
        if day > checked.plan.as_of_day:
            raise InputError(
                f"`judged_since` must not be after the snapshot date {self.as_of}; got {date.fromordinal(day)}, since "
                "which nothing was judged."
            )
        plan = replace(checked.plan, judged_since=max(day, checked.plan.judged_since or day))
        return self._from_plan(plan, checked.choices, self._horizons, **self._beside)

    def opportunities(self, *, within_days: int | None = None, horizons: Sequence[int] = ()) -> Judgments:
        """What came of the opportunities that arose? Judgments with another clock: from the opportunity to the win.

        Each judgment that became an opportunity is one, under its rep and rank; its event is the win (`won_at`), its
        exit the loss (`lost_at`), and without that role a lost one looks open. Two judgments of one prospect are two.

        Parameters
        ----------
        within_days : int, optional
            Take those alone that arose within so many days of the judgment.
        horizons : sequence of int
            Horizons in days from the opportunity, beside those known already.

        Raises
        ------
        InputError
            No column is mapped as `event_at` or `won_at`; ready-made counts.
        NotEnoughDataError
            No opportunity arose.
        """
        checked = self._rows("opportunities")
        check_arose(self.columns, self._count((), (), to_rerank=False, to_hand_back=False), within_days)
        choices = replace(checked.choices, problems="set_aside", check_duplicates=False)
        plan, wanted = opportunities_plan(checked, within_days), all_horizons(self._horizons, horizons)
        return Judgments._from_plan(plan, choices, wanted, assignment=self.assignment)
