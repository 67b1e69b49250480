"""Scores: what the answers say of each prospect, joined to a frame, as a table, or as a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from calibra.answers import Answers
from calibra.data.counting.saved import reading_of
from calibra.data.frames.roles import STATED_PROB
from calibra.errors import InputError, NotAnsweredError
from calibra.saving import read_scores, read_stated_scores
from calibra.scoring import (
    CalibrationTable,
    StatedTable,
    horizons_of_ranks,
    make_calibration_table,
    make_stated_table,
)
from calibra.stats.intervals import INTERVAL_PROB

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from calibra.data.frames.rep_names import RepNames
    from calibra.data.scoring.stated_rows import StatedLookup

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

    def stated_table(self, *, within_days: int | None = None, interval_prob: float = INTERVAL_PROB) -> pd.DataFrame:
        """What does a percentage mean that a rep states? The numbers that `score` joins, for those who join in SQL.

        Parameters
        ----------
        within_days, interval_prob
            As in `calibration_table`.

        Returns
        -------
        pandas.DataFrame
            `rep`, "(a rep never seen)" first; `within_days`, each horizon that some rank is read at; `stated`, every
            whole per cent from .01 to .99; `estimate`, `lower`, `upper`: the probability of an event within these days
            from the day of the judgment, as `StatedFit.predict` gives it; `known_rep`; `n` judgments of the rep with a
            stated percentage. Between two rows the numbers run straight in log-odds.

        Raises
        ------
        NotAnsweredError
            No answer says what percentages mean.
        """
        found = self._stated_scores(within_days=within_days, interval_prob=interval_prob)
        if found is None:
            raise NotAnsweredError(
                "There is no table of stated percentages: no answer says what they mean. Map `stated_prob`, and "
                "calibrate with the part 'stated'."
            )
        return found.table

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
            Columns of the roles `rep`, `rank`, `judged_at`, and `event_at`, `exit_at`, `stated_prob` where there are
            any. By default those of the judgments that were fitted, as far as the frame has them.
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
            know gets the predictive of a rep never seen, and `known_rep` is false. Where percentages were fitted and
            the frame has their column, `stated_estimate`, `stated_lower`, `stated_upper`: what the percentage means
            when this rep states it, within `stated_within_days` from the day of the judgment.

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
        stated = self._stated_lookup(within_days=within_days, interval_prob=interval_prob)
        lookup = Lookup(found.reps, found.ranks, rank_labels, found.n_weeks, found.columns, names, stated)
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
        stated_table: str = "stated_table",
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
        prospects, table, stated_table : str
            The prospects, the calibration table and, where percentages are read, the table of stated percentages, as
            they stand after FROM: `crm.leads`, `"Open Leads"`.
        columns : mapping of str to str, optional
            As in `score`; by default those of the judgments that were fitted, `event_at`, `exit_at` and `stated_prob`
            included. Days must be dates, or moments without a zone; percentages numbers, written as in the judgments
            that were fitted, or text such as "70%".
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
        stated = self._stated_lookup()
        lookup = Lookup(found.reps, found.ranks, rank_labels, found.n_weeks, found.columns, names, stated)
        return score_sql(
            lookup,
            unseen=UNSEEN_REP,
            dialect=dialect,
            as_of=as_of,
            columns=columns or read_with,
            prospects=prospects,
            table=table,
            stated_table=stated_table,
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
            counted=self._counted(),
            within_days=within_days,
            seed=self.seed,
            interval_prob=interval_prob,
        )

    def _stated_scores(
        self, *, within_days: int | None = None, interval_prob: float = INTERVAL_PROB
    ) -> StatedTable | None:
        if self._archive is not None and within_days is None:
            saved = read_stated_scores(self._archive)
            if saved is None or interval_prob == saved.interval_prob:
                return saved
        judgments = self.judgments
        if STATED_PROB not in judgments.columns:
            return None
        return make_stated_table(
            self.answers(),
            horizons_of_ranks(
                judgments.scale, fitted=self.fitted_horizons, counted=self._counted(), within_days=within_days
            ),
            judgments.reps,
            unit=reading_of(judgments).prob_units.get(STATED_PROB, 1.0),
            seed=self.seed,
            interval_prob=interval_prob,
        )

    def _stated_lookup(
        self, *, within_days: int | None = None, interval_prob: float = INTERVAL_PROB
    ) -> StatedLookup | None:
        from calibra.data.scoring.stated_rows import StatedLookup

        found = self._stated_scores(within_days=within_days, interval_prob=interval_prob)
        return None if found is None else StatedLookup(found.of_ranks, found.horizons, found.unit, found.columns)

    def _counted(self) -> tuple[int, ...]:
        return () if self.judgments.as_of is None else self.judgments.duration_counts().horizons

    def _read_with(self) -> tuple[Mapping[str, str], Mapping[str, str], RepNames]:
        """Columns, other spellings of ranks, and how names of reps are read, as the judgments were."""
        from calibra.data.frames.rep_names import RepNames

        reading = reading_of(self.judgments)
        return self.judgments.columns, reading.rank_labels, RepNames(reading.rep_labels, reading.normalise_names)
