"""Scores: what the answers say of each prospect, joined to a frame, as a table, or as a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from calibra.answers import Answers
from calibra.errors import InputError
from calibra.saving import read_scores
from calibra.scoring import CalibrationTable, make_calibration_table
from calibra.stats.intervals import INTERVAL_PROB

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from calibra.data.frames.rep_names import RepNames

type Days = int | None


class Scored(Answers):
    """Answers that score prospects."""

    @property
    def fitted_horizons(self) -> tuple[Days, ...]:
        """Horizons that prospects can be scored for, shortest first."""
        return ()

    def calibration_table(
        self, *, within_days: int | None = None, interval_prob: float = INTERVAL_PROB
    ) -> pd.DataFrame:
        """What does a prospect's rep, rank and age mean? The numbers that `score` joins, for those who join in SQL.

        Parameters
        ----------
        within_days : int, optional
            A horizon that was fitted; by default what each rank promises, else the shortest.
        interval_prob : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            `rep`, "(a rep never seen)" first; `rank`; `age_week`: 0 on the day of the judgment, w for days 7 w − 6 to
            7 w, the last for all later; `age_days`, the age read at; `within_days` from now; `estimate`, `lower`,
            `upper`: the probability of an event within them, by the rank model on the day of the judgment and by
            the lead-time model after; `lead_days` with `_lower`, `_upper`: days from now by which half of those still
            to become events by the last edge have done so, and the interval such a prospect's falls in; `verdict` on
            the rep's threshold of the rank; `known_rep`; `note`; `n` judgments of the rep and rank.
        """
        return self._scores(within_days=within_days, interval_prob=interval_prob).table

    def score(
        self,
        frame: Any,
        *,
        as_of: str | date | datetime | np.datetime64,
        columns: Mapping[str, str] | None = None,
        within_days: int | None = None,
        interval_prob: float = INTERVAL_PROB,
        timezone: str | None = None,
        no_day: Sequence[str | date] = (),
        encoding: str = "utf-8",
        prefix: str = "score_",
    ) -> Any:
        """How probable is an event now, prospect by prospect, and when would it come?

        The calibration table joined to the frame in the frame's own engine; no row and no column of it is lost.

        Parameters
        ----------
        frame : frame or path
            Prospects, one row each: anything `Judgments.from_frame` reads.
        as_of : date, datetime, numpy.datetime64 or str
            Today: the day the ages are counted to. Nothing reads the clock.
        columns : mapping of str to str, optional
            Columns of the roles `rep`, `rank`, `judged_at`, and `event_at`, `exit_at` where there are any. By default
            those of the judgments that were fitted, as far as the frame has them.
        within_days, interval_prob
            As in `calibration_table`.
        timezone, no_day, encoding
            As in `Judgments.from_frame`.
        prefix : str
            Set before the name of every column added.

        Returns
        -------
        frame
            Of the type that was given (a DuckDB relation for a path), with `age_days` and the columns of
            `calibration_table` from `within_days` to `note`. Rows that cannot be scored (no rank of the scale, no date,
            ended already) have empty numbers and say why in `note`; `count_notes` counts them. A rep the fit does not
            know gets the predictive of a rep never seen, and `known_rep` is false.

        Raises
        ------
        InputError
            Columns that are not there, or are named as the new ones would be; no frame.
        """
        from calibra.data.scoring.score_rows import Lookup, score_rows

        if not isinstance(columns, Mapping | None):
            raise InputError(f"`columns` must lead from roles to columns, such as {{'rep': 'owner'}}; got {columns!r}.")
        found = self._scores(within_days=within_days, interval_prob=interval_prob)
        read_with, rank_labels, names = self._read_with()
        lookup = Lookup(found.reps, found.ranks, rank_labels, found.n_weeks, found.columns, names)
        return score_rows(
            frame,
            lookup,
            columns=columns or {},
            optional=read_with,
            as_of=as_of,
            timezone=timezone,
            encoding=encoding,
            prefix=prefix,
            no_day=no_day,
        )

    def score_sql(
        self,
        *,
        dialect: str,
        as_of: str | date | datetime | np.datetime64,
        prospects: str = "prospects",
        table: str = "calibration_table",
        columns: Mapping[str, str] | None = None,
        prefix: str = "score_",
    ) -> str:
        """Which query scores prospects in SQL? For who has `calibration_table` as a table of the database, or a view.

        Its rows are those of `score`; it needs the right to read the two tables and no other.

        Parameters
        ----------
        dialect : {"duckdb", "postgres"}
            Whose SQL.
        as_of : date, datetime, numpy.datetime64 or str
            Today, as in `score`.
        prospects, table : str
            The prospects and the calibration table, as they stand after FROM: `crm.leads`, `"Open Leads"`.
        columns : mapping of str to str, optional
            As in `score`; by default those of the judgments that were fitted, `event_at` and `exit_at` included. Days
            must be dates, or moments without a zone.
        prefix : str
            As in `score`.

        Raises
        ------
        InputError
            Another dialect; a role without column.
        """
        from calibra.data.scoring.score_rows import Lookup
        from calibra.data.scoring.score_sql import score_sql
        from calibra.scoring import UNSEEN_REP

        found = self._scores()
        read_with, rank_labels, names = self._read_with()
        lookup = Lookup(found.reps, found.ranks, rank_labels, found.n_weeks, found.columns, names)
        return score_sql(
            lookup,
            unseen=UNSEEN_REP,
            dialect=dialect,
            as_of=as_of,
            columns=columns or read_with,
            prospects=prospects,
            table=table,
            prefix=prefix,
        )

    def _scores(self, *, within_days: int | None = None, interval_prob: float = INTERVAL_PROB) -> CalibrationTable:
        if self._archive is not None and within_days is None:
            saved = read_scores(self._archive)
            if interval_prob == saved.interval_prob:
                return saved
        judgments = self.judgments
        return make_calibration_table(
            self.answers(),
            judgments.scale,
            judgments.reps,
            fitted=self.fitted_horizons,
            counted=() if judgments.as_of is None else judgments.duration_counts().horizons,
            within_days=within_days,
            seed=self.seed,
            interval_prob=interval_prob,
        )

    def _read_with(self) -> tuple[Mapping[str, str], Mapping[str, str], RepNames]:
        """Columns, other spellings of ranks, and how names of reps are read, as the judgments were."""
        from calibra.data.counting.saved import reading_of
        from calibra.data.frames.rep_names import RepNames

        reading = reading_of(self.judgments)
        return self.judgments.columns, reading.rank_labels, RepNames(reading.rep_labels, reading.normalise_names)
