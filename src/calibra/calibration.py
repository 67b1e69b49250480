"""Everything that was fitted to one set of judgments: read, drawn, saved and scored with in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calibra.errors import InputError, check_file, check_folder, check_path
from calibra.models.by_horizon import ByHorizon
from calibra.stats.intervals import INTERVAL_PROB

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes

    from calibra.data.doubts import Doubt
    from calibra.data.judgments import Judgments
    from calibra.decisions.granularity import Granularity
    from calibra.decisions.hand_backs import HandBacks
    from calibra.decisions.promises import RankReliability
    from calibra.decisions.style import RepStyles
    from calibra.decisions.thresholds import ThresholdAdvice
    from calibra.fit_settings import FitSettings
    from calibra.inference.posterior import Diagnostics
    from calibra.models.lead_time_fit import LeadTimeFit
    from calibra.models.rank_fit import RankFit
    from calibra.models.threshold_fit import ThresholdFit
    from calibra.scoring import CalibrationTable

type Days = int | None


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Everything that was fitted to one set of judgments, and what could not be calculated."""

    judgments: Judgments
    """What was judged."""
    rank_fits: Mapping[Days, RankFit]
    """Horizon in days to the rank model, shortest first; None for ready-made counts that state none."""
    lead_fit: LeadTimeFit | None
    """The lead-time model; where there is none, `notes` say why."""
    threshold_fits: Mapping[Days, ThresholdFit]
    """Horizon in days to the threshold model, shortest first."""
    advice: ThresholdAdvice | None
    """How far each rep should move each threshold: to what the scale promises, else to all reps' bars."""
    granularity: Mapping[Days, Granularity]
    """Horizon in days to how many ranks the data tell apart."""
    notes: tuple[str, ...]
    """What could not be calculated, and why; shown wherever results are."""
    failed: tuple[str, ...]
    """Those of the notes that tell of a fit that broke down."""
    findings: tuple[str, ...]
    """What was found, in sentences; the footing last."""
    seed: int
    """Seed of every fit."""
    settings: FitSettings
    """Engine, draws, parts and models, as they were asked for."""

    def __post_init__(self) -> None:
        """Let a horizon that is not there be answered by those that are."""
        for name in ("rank_fits", "threshold_fits", "granularity"):
            object.__setattr__(self, name, ByHorizon(getattr(self, name)))

    @property
    def ok(self) -> bool:
        """Nothing speaks against any fit."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """What speaks against each fit, in words; empty if nothing does."""
        doubted = [
            f"{name}: {', '.join(found.problems)}. {found.way_out}"
            for name, found in self.named_fits()
            if found.problems
        ]
        return (*doubted, *self.failed)

    @property
    def diagnostics(self) -> tuple[str, ...]:
        """One line a fit: how far to trust it."""
        return tuple(f"{name}: {found}" for name, found in self.named_fits())

    def named_fits(self) -> list[tuple[str, Diagnostics]]:
        """Every fit by name; the lead-time model is one fit an ending."""
        lead = self.lead_fit.diagnostics.by_cause if self.lead_fit else {}
        return [
            *((name_fit("Rank model", days), fit.diagnostics) for days, fit in self.rank_fits.items()),
            *((f"Lead-time model, {cause}", found) for cause, found in lead.items()),
            *((name_fit("Threshold model", days), fit.diagnostics) for days, fit in self.threshold_fits.items()),
        ]

    def doubts(self) -> tuple[Doubt, ...]:
        """What gives reason to doubt: columns, names, dates, the order of ranks, too few, a model that does not fit."""
        from calibra.data.doubts import (
            MISFIT_PROB,
            doubts_of_counts,
            doubts_of_scale,
            few_mature,
            lead_time_misfits,
            promises_met_by_all,
            reps_left_out,
            threshold_misfits,
        )
        from calibra.data.summary import summarise
        from calibra.decisions.row_doubts import doubts_of_rows
        from calibra.decisions.two_models import doubt_of_two_models

        told, first = self.judgments, next(iter(self.rank_fits.values()), None)
        found: list[Doubt] = reps_left_out(fit.cells for fit in self.rank_fits.values())
        found += doubts_of_rows(told, margin_odds=self.settings.margin_odds)
        if told.as_of is not None:
            found += summarise(
                told.duration_counts(), told.set_aside, {}, scale=told.scale, log_doubts=told.log_doubts
            ).doubts
        elif first is not None:
            found += doubts_of_counts(first.reps, first.n, first.events, has_events=bool(first.events.any()))
            found += doubts_of_scale(told.scale)
        found += [] if first is None else few_mature(first.n.sum(), first.within_days)
        if self.advice is not None:
            at = self.advice.columns
            found += promises_met_by_all(at["rank"], self.advice.promises, at["share_target"])
            found += threshold_misfits(at["within_days"], at["fit_p_value"])
        for days, fit in self.threshold_fits.items():
            if days in self.rank_fits:
                found += doubt_of_two_models(self.rank_fits[days], fit, margin_odds=self.settings.margin_odds)
        if self.lead_fit is not None:
            found += lead_time_misfits(self.lead_fit.calibration(interval_prob=MISFIT_PROB))
        return tuple(found)

    def promises(self) -> dict[Days, RankReliability]:
        """Horizon to what was promised of each rank and what came of it, where something is promised within it."""
        from calibra.decisions.promises import rank_reliability

        found: dict[Days, RankReliability] = ByHorizon()
        for days, fit in self.rank_fits.items():
            promised = [promise for promise in fit.scale.promise_by_rank if promise is not None]
            if any(days in (None, promise.within_days) for promise in promised):
                try:
                    found[days] = rank_reliability(
                        fit, thresholds=self.threshold_fits.get(days), margin_odds=self.settings.margin_odds
                    )
                except InputError:  # a bar alone, and no threshold model
                    continue
        return found

    def hand_backs(self) -> dict[Days, HandBacks]:
        """Horizon to what came of the prospects that were handed back, where `exit_kind` says so."""
        from calibra.decisions.hand_backs import what_came_of_hand_backs

        if "exit_kind" not in self.judgments.columns:
            return {}
        exits = self.judgments.exits()
        came = {days: what_came_of_hand_backs(exits, days) for days in exits.horizons}
        return ByHorizon({days: found for days, found in came.items() if found is not None})

    def styles(self) -> dict[Days, RepStyles]:
        """Horizon to who starts to use ranks at lower or higher probabilities than the others; of two reps or more."""
        from calibra.decisions.style import describe_styles

        stated, margin = self.judgments.assignment, self.settings.margin_odds
        return ByHorizon(
            (days, describe_styles(fit, self.rank_fits[days], assignment=stated, margin_odds=margin))
            for days, fit in self.threshold_fits.items()
            if days in self.rank_fits and len(fit.reps) > 1
        )

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name; the horizons one under the other, told apart by `within_days`."""
        tables = {} if self.judgments.as_of is None else {"judgments": self.judgments.summary().table}
        margin = {"profiles": {"margin_odds": self.settings.margin_odds}}
        for name in ("probabilities", "profiles", "order", "spread", "expected"):
            asked = margin.get(name, {})
            tables |= _stack(name, {days: getattr(fit, name)(**asked) for days, fit in self.rank_fits.items()})
        tables |= _stack("promises", {days: found.table for days, found in self.promises().items()})
        if self.lead_fit is not None:
            tables |= _lead_time_tables(self.lead_fit, self.judgments)
        tables |= _stack("bars", {days: fit.bars() for days, fit in self.threshold_fits.items()})
        tables |= _stack("detection", {days: fit.profiles() for days, fit in self.threshold_fits.items()})
        tables |= _stack("styles", {days: styles.table for days, styles in self.styles().items()})
        if self.advice is not None:
            tables["thresholds"] = self.advice.table
        tables |= _stack("granularity", {days: found.table for days, found in self.granularity.items()})
        back = self.hand_backs()
        tables |= _stack("handed_back", {days: found.table for days, found in back.items()})
        if back:
            from calibra.decisions.hand_backs import care_table

            tables |= _stack("in_our_care", {days: care_table(self.judgments, days) for days in self.rank_fits if days})
        return tables | _stack("merges", {days: found.merge_table for days, found in self.granularity.items()})

    def summary(self) -> str:
        """Everything at a glance: what was found, how far to trust it, what could not be calculated, what came in."""
        came_in = repr(self.judgments) if self.judgments.as_of is None else str(self.judgments.summary())
        said = [fit.summary(margin_odds=self.settings.margin_odds) for fit in self.rank_fits.values()]
        said += [self.lead_fit.summary()] if self.lead_fit else []
        said += [fit.summary() for fit in self.threshold_fits.values()]
        advised = self.advice.sentences() if self.advice else []
        in_doubt = [] if self.ok else ["- DO NOT RELY ON IT: a fit has problems, named below."]
        return "\n\n".join([
            "\n".join(["What was found", *in_doubt, *(f"- {sentence}" for sentence in self.findings)]),
            "\n".join(["How far to trust it", *self.diagnostics]),
            *(["\n".join(["What could not be calculated", *self.notes])] if self.notes else []),
            f"What came in\n{came_in}",
            *said,
            *(["\n".join([f"Thresholds, aim: {self.advice.target}", *advised])] if self.advice else []),
        ])  # fmt: skip

    def __repr__(self) -> str:
        fitted = ", ".join(name for name, _ in self.named_fits())
        return f"<Calibration: {fitted}; {'no problem seen' if self.ok else 'a fit has PROBLEMS'}; {self.judgments!r}>"

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
        from calibra.data.score_rows import Lookup, score_rows

        if not isinstance(columns, Mapping | None):
            raise InputError(f"`columns` must lead from roles to columns, such as {{'rep': 'owner'}}; got {columns!r}.")
        found = self._scores(within_days=within_days, interval_prob=interval_prob)
        read_with, rank_labels = self._read_with()
        lookup = Lookup(found.reps, found.ranks, rank_labels, found.n_weeks, found.columns)
        return score_rows(
            frame, lookup, columns=columns or {}, optional=read_with, as_of=as_of, timezone=timezone,
            encoding=encoding, prefix=prefix, no_day=no_day,
        )  # fmt: skip

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
        from calibra.data.score_rows import Lookup
        from calibra.data.score_sql import score_sql
        from calibra.scoring import UNSEEN_REP

        found = self._scores()
        read_with, rank_labels = self._read_with()
        lookup = Lookup(found.reps, found.ranks, rank_labels, found.n_weeks, found.columns)
        return score_sql(
            lookup, unseen=UNSEEN_REP, dialect=dialect, as_of=as_of, columns=columns or read_with,
            prospects=prospects, table=table, prefix=prefix,
        )  # fmt: skip

    def save(self, path: str | Path) -> Path:
        """Write everything to one `.calibra` file, for `calibra.load`; returns the path.

        The file is written aside and moved into place in one step: whatever interrupts it, `path` holds the old file or
        the new one, whole. It keeps draws, counts, choices and what was said; rows and names of prospects it does not.
        """
        from calibra.archive import write_archive
        from calibra.saving import pack_calibration

        check_path(path, "path")
        check_file(path, "team.calibra")
        manifest, members = pack_calibration(self, self._scores())
        return write_archive(path, manifest, members)

    def _scores(self, *, within_days: int | None = None, interval_prob: float = INTERVAL_PROB) -> CalibrationTable:
        from calibra.scoring import make_calibration_table

        return make_calibration_table(
            scale=self.judgments.scale, rank_fits=self.rank_fits, lead_fit=self.lead_fit, advice=self.advice,
            within_days=within_days, interval_prob=interval_prob,
        )  # fmt: skip

    def _read_with(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Columns and other spellings of ranks that the judgments were read with."""
        from calibra.data.saved_judgments import reading_of

        return self.judgments.columns, reading_of(self.judgments).rank_labels

    def report(
        self,
        path: str | Path,
        *,
        lang: str = "en",
        pseudonyms: str | None = None,
        standings: bool = False,
        event: str = "opportunity",
    ) -> Path:
        """What should the team read? One self-contained HTML file, in English or Japanese; returns its path.

        What came in, how far to trust it, all reps in one picture, promised against delivered, lead times, thresholds,
        how many ranks, and a card for each rep. It is for feedback, and not for pay or dismissal, and says so.

        Parameters
        ----------
        path : path
            The file to write; its folder exists.
        lang : {"en", "ja"}
            Language.
        pseudonyms : str, optional
            A secret key of 8 characters or more: reps then stand under pseudonyms, the same in every report with it.
        standings : bool
            Whether to add standings, with their intervals.
        event : {"opportunity", "win"}
            What the event is called: an opportunity that arose, or a deal that was won.
        """
        from calibra.views.report.build import write_report

        check_path(path, "path")
        check_file(path, "report.html")
        return write_report(self, path, lang=lang, pseudonyms=pseudonyms, standings=standings, event=event)

    def save_pictures(self, folder: str | Path, *, formats: tuple[str, ...] = ("png", "svg")) -> tuple[Path, ...]:
        """Draw every picture into a folder that exists, `probabilities-90.png` and so on; returns the paths.

        Of the thresholds the best rank's are drawn; `plot_bars` and `plot_share_moves` draw any other.
        """
        from calibra.views.style import check_formats, save_picture

        check_path(folder, "folder")
        check_folder(Path(folder))
        check_formats(formats)
        paths = []
        for name, draw in self._pictures().items():
            axes = draw()
            paths += [save_picture(axes, Path(folder) / f"{name}.{kind}") for kind in formats]
        return tuple(paths)

    def _pictures(self) -> dict[str, Callable[[], Axes]]:
        """Name of each picture to what draws it."""
        from calibra.views.plot_lead_time import plot_cumulative_incidence, plot_lead_times
        from calibra.views.plot_rank import plot_probabilities, plot_profiles
        from calibra.views.plot_thresholds import plot_bars, plot_granularity, plot_share_moves

        pictures: dict[str, Callable[[], Axes]] = {}
        for days, fit in self.rank_fits.items():
            pictures[_file_name("probabilities", days)] = partial(plot_probabilities, fit)
            if len(fit.reps) > 1:
                pictures[_file_name("profiles", days)] = partial(
                    plot_profiles, fit, margin_odds=self.settings.margin_odds
                )
        if self.lead_fit is not None:
            pictures["incidence"] = partial(plot_cumulative_incidence, self.lead_fit)
            pictures["lead-times"] = partial(plot_lead_times, self.lead_fit)
        if self.advice is not None:
            pictures["bars"] = partial(plot_bars, self.advice)
            pictures["thresholds"] = partial(plot_share_moves, self.advice)
        for days, found in self.granularity.items():
            pictures[_file_name("granularity", days)] = partial(plot_granularity, found)
        return pictures


def _lead_time_tables(fit: LeadTimeFit, judgments: Judgments) -> dict[str, pd.DataFrame]:
    """What the lead-time model says, the shares at every horizon that its edges reach."""
    tables = {"lead_times": fit.lead_times(), "tempo": fit.tempo(), "chasing": fit.chasing(), "never": fit.never()}
    days = [days for days in judgments.duration_counts().horizons if fit.reaches(days)]
    return {"incidence": fit.cumulative_incidence(days), **tables} if days else tables


def name_fit(what: str, within_days: Days) -> str:
    """A fit by model and horizon."""
    return what if within_days is None else f"{what}, {within_days} days"


def _file_name(what: str, within_days: Days) -> str:
    return what if within_days is None else f"{what}-{within_days}"


def _stack(name: str, tables: Mapping[Days, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of all horizons under one name; nothing where there is none."""
    import pandas as pd

    if not tables:
        return {}
    return {name: pd.concat([_with_horizon(table, days) for days, table in tables.items()])}


def _with_horizon(table: pd.DataFrame, within_days: Days) -> pd.DataFrame:
    return table.assign(within_days=within_days)[["within_days", *table.columns]]
