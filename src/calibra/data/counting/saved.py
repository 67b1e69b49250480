"""Judgments to be saved, and read back: their counts, and what was said of their rows. The rows stay where they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from calibra.data.counting.amounts import SUMS_OF_AMOUNTS
from calibra.data.counting.counts import BinomialCells, DurationCounts
from calibra.data.counting.exits import ExitCounts
from calibra.data.counting.judged_weeks import JudgedWeeks
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_counts import OpenCounts
from calibra.data.counting.set_aside import SetAside
from calibra.data.counting.signals import SignalCounts
from calibra.data.counting.stated import NOTHING_STATED, StatedCounts
from calibra.data.counting.stated_unit import refuse_prob_without_rows
from calibra.data.counting.summary import JudgmentsSummary, summarise
from calibra.data.counting.weekly import WeeklyCounts, WeeklyEndings
from calibra.data.frames.roles import PROBABILITIES, STATED_PROB
from calibra.data.scale import RankScale
from calibra.errors import InputError, NotEnoughDataError
from calibra.findings import Finding

_KEYS = ("entry_days", "days", "ending", "maturity", "n")
_SUMS = ("n_touches_known", "sum_touches", "n_won", *SUMS_OF_AMOUNTS)


@dataclass(frozen=True, slots=True)
class CountsLabels:
    """What the columns of saved duration counts do not say."""

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    horizons: tuple[int, ...]
    """Horizons in days that `maturity` speaks of."""
    as_of: date | None
    """Snapshot date."""
    first_judged_at: date | None
    """Date of the oldest judgment."""


@dataclass(frozen=True, slots=True)
class CellsLabels:
    """What the columns of saved cells do not say."""

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    within_days: int | None
    """Horizon in days."""
    as_of: date | None
    """Snapshot date."""


@dataclass(frozen=True, slots=True)
class WeeksLabels:
    """What the columns of saved weekly counts and weekly endings do not say."""

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    horizons: tuple[int, ...]
    """Horizons in days of the weekly counts."""
    as_of: date
    """Snapshot date."""


@dataclass(frozen=True, slots=True)
class ExitsLabels:
    """What the columns of saved exits do not say."""

    reps: tuple[str, ...]
    """Rep labels, sorted."""
    ranks: tuple[str, ...]
    """Rank labels, best first."""
    horizons: tuple[int, ...]
    """Horizons in days that `maturity` speaks of."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows were read."""

    rank_labels: Mapping[str, str]
    """Rank as it stands in the data to a rank of the scale."""
    problems: str
    """Whether bad rows were an error or set aside."""
    check_duplicates: bool
    """Whether duplicates were looked for."""
    rep_labels: Mapping[str, str] = field(default_factory=dict)
    """Name of a rep as it stands in the data to the name it is counted under."""
    normalise_names: bool = False
    """Whether names of reps were brought to one form."""
    prob_units: Mapping[str, float] = field(default_factory=dict)
    """Role of probabilities to what its column was divided by: 1, or 100 where it held per cent."""


class SavedJudgments(Judgments):
    """The judgments of a saved calibration: counts to read, no rows to ask."""

    __slots__ = (
        "_saved_care",
        "_saved_cells",
        "_saved_counts",
        "_saved_signals",
        "_saved_stated",
        "_saved_weeks",
        "opened",
        "reading",
    )

    reading: Reading
    opened: OpenCounts | None
    _saved_counts: DurationCounts | None
    _saved_cells: tuple[BinomialCells, ...]
    _saved_weeks: tuple[WeeklyCounts, WeeklyEndings] | None
    _saved_care: tuple[BinomialCells, ...]
    _saved_stated: StatedCounts | None
    _saved_signals: SignalCounts | None

    @classmethod
    def restore(
        cls,
        *,
        scale: RankScale,
        columns: Mapping[str, str],
        reading: Reading,
        set_aside: SetAside,
        noted: tuple[Finding, ...],
        counts: DurationCounts | None,
        cells: tuple[BinomialCells, ...],
        weeks: tuple[WeeklyCounts, WeeklyEndings] | None = None,
        assignment: str | None = None,
        exits: ExitCounts | None = None,
        care: tuple[BinomialCells, ...] = (),
        log_doubts: tuple[Finding, ...] = (),
        opened: OpenCounts | None = None,
        stated: StatedCounts | None = None,
        signals: SignalCounts | None = None,
    ) -> SavedJudgments:
        """Put together what was saved; `counts` are None for ready-made counts, `weeks` where no days were known."""
        self = object.__new__(cls)
        self.scale, self.columns, self.groups, self.set_aside = scale, dict(columns), (), set_aside
        self.as_of, self.reading = None if counts is None else counts.as_of, reading
        self._saved_counts, self._saved_cells, self._noted = counts, cells, noted
        self._saved_weeks, self.assignment = weeks, assignment
        self._log_doubts, self._doubts_of_rows = log_doubts, ()
        self._exits, self._saved_care, self.opened, self._saved_stated = exits, care, opened, stated
        self._saved_signals = signals
        return self

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels, sorted."""
        return self._saved_cells[0].reps if self._saved_counts is None else self._saved_counts.reps

    @property
    def n_judgments(self) -> int:
        """Judgments in the counts."""
        return int(self._saved_cells[0].n.sum() if self._saved_counts is None else self._saved_counts.n.sum())

    def at(self, as_of: object) -> NoReturn:
        """Refuse: an earlier day needs rows."""
        self._rows(f"at({as_of!r})")

    def duration_counts(self, *, by: Sequence[str] = (), horizons: Sequence[int] = ()) -> DurationCounts:
        """The counts that were saved; of no grouping and no other horizon."""
        if self._saved_counts is None or by or not set(horizons) <= set(self._saved_counts.horizons):
            self._rows("duration_counts of another grouping or horizon")
        return self._saved_counts

    def binomial_cells(
        self, *, within_days: int | None = None, by: Sequence[str] = (), in_our_care: bool = False
    ) -> BinomialCells:
        """The cells of a horizon that was fitted."""
        if within_days is None and len(self._saved_cells) == 1:
            within_days = self._saved_cells[0].within_days
        kept = self._saved_care if in_our_care and "exit_kind" in self.columns else self._saved_cells
        found = [cells for cells in kept if cells.within_days == within_days]
        if not (by or found or self._saved_counts is None) and within_days in self._saved_counts.horizons:
            raise NotEnoughDataError(f"Within {within_days} days nothing could be counted when the file was written.")
        if by or not found:
            self._rows("binomial_cells of another grouping or horizon")
        return found[0]

    def weekly_counts(self, *, by: Sequence[str] = (), horizons: Sequence[int] = ()) -> WeeklyCounts:
        """The weekly counts that were saved; of no grouping and no other horizon."""
        if self._saved_weeks is None or by or not set(horizons) <= set(self._saved_weeks[0].horizons):
            self._rows("weekly_counts of another grouping or horizon")
        return self._saved_weeks[0]

    def weekly_endings(self) -> WeeklyEndings:
        """The weekly endings that were saved."""
        if self._saved_weeks is None:
            self._rows("weekly_endings")
        return self._saved_weeks[1]

    def exits(self) -> ExitCounts:
        """The exits that were saved."""
        if self._exits is None:
            self._rows("exits")
        return self._exits

    def stated_counts(self, *, horizons: Sequence[int] = ()) -> StatedCounts:
        """The counts by stated probability that were saved; of no other horizon."""
        if self._saved_stated is None and STATED_PROB in self.columns:
            raise NotEnoughDataError(NOTHING_STATED)
        if self._saved_stated is None:
            raise refuse_prob_without_rows(STATED_PROB)
        if not set(horizons) <= set(self._saved_stated.horizons):
            self._rows("stated_counts of another horizon")
        return self._saved_stated

    def signal_counts(self, *, horizons: Sequence[int] = ()) -> SignalCounts:
        """The counts by rank, machine's score and stated probability that were saved; of no other horizon."""
        if self._saved_signals is None:
            raise refuse_prob_without_rows(*PROBABILITIES)
        if not set(horizons) <= set(self._saved_signals.horizons):
            self._rows("signal_counts of another horizon")
        return self._saved_signals

    def summary(self) -> JudgmentsSummary:
        """What came in, how old it is, what was set aside?"""
        if self._saved_counts is None:
            self._rows("summary")
        return summarise(
            self.duration_counts(), self.set_aside, self._noted or (), scale=self.scale, log_doubts=self.log_doubts
        )

    def _rows(self, asked: str) -> NoReturn:
        raise InputError(
            f"`{asked}` needs rows; a saved calibration keeps counts. Read the judgments anew with "
            "Judgments.from_frame, and pass those."
        )


def reading_of(judgments: Judgments) -> Reading:
    """How the rows of these judgments were read."""
    if isinstance(judgments, SavedJudgments):
        return judgments.reading
    if judgments._checked is None:
        return Reading({}, "raise", check_duplicates=False)
    choices, units = judgments._checked.choices, dict(judgments._checked.plan.prob_units)
    names = (dict(choices.rep_names.labels), choices.rep_names.normalise)
    return Reading(dict(choices.rank_labels), choices.problems, choices.check_duplicates, *names, units)


def noted_of(judgments: Judgments) -> tuple[Finding, ...]:
    """What was counted and is no problem, but should be known; nothing for ready-made counts."""
    return () if judgments.as_of is None else judgments.summary().noted


def counts_columns(counts: DurationCounts) -> tuple[CountsLabels, dict[str, NDArray[Any]]]:
    """Duration counts as equally long columns, and what these do not say. Groupings are not kept."""
    columns: dict[str, NDArray[Any]] = {
        "rep": np.array([*counts.reps, None], dtype=object)[:-1][counts.rep],
        "rank": np.array([*counts.ranks, None], dtype=object)[:-1][counts.rank],
    }
    columns |= {name: getattr(counts, name) for name in (*_KEYS, *_SUMS) if getattr(counts, name) is not None}
    labels = CountsLabels(counts.reps, counts.ranks, counts.horizons, counts.as_of, counts.first_judged_at)
    return labels, columns


def counts_from_columns(labels: CountsLabels, columns: Mapping[str, NDArray[Any]]) -> DurationCounts:
    """The duration counts that `counts_columns` was given."""
    return DurationCounts(
        labels.reps,
        labels.ranks,
        {},
        labels.horizons,
        labels.as_of,
        labels.first_judged_at,
        rep=_codes(columns["rep"], labels.reps),
        rank=_codes(columns["rank"], labels.ranks),
        group_codes={},
        **{name: columns[name] for name in (*_KEYS, *_SUMS) if name in columns},
    )


def has_rows(judgments: Judgments) -> bool:
    """Whether days of the calendar can be asked for: of rows, and of saved judgments that were counted by week."""
    if isinstance(judgments, SavedJudgments):
        return judgments._saved_weeks is not None
    return judgments._checked is not None


_MATURE, _YOUNG = ("n_mature", "events"), ("n_young", "events_young")


def weeks_columns(judgments: Judgments) -> tuple[WeeksLabels, tuple[dict[str, NDArray[Any]], ...]]:
    """Weekly counts, those by calendar week and weekly endings as columns, and what these do not say; no groupings."""
    weeks, endings = judgments.weekly_counts(), judgments.weekly_endings()
    counted = {name: getattr(weeks, name) for name in ("rep", "rank", "weeks_ago", "maturity", "n")}
    judged = {name: getattr(weeks.judged, name) for name in ("rep", "rank", "week")}
    for i, days in enumerate(weeks.horizons):
        counted |= {f"{name}_{days}": getattr(weeks, name)[i] for name in (*_MATURE, *_YOUNG)}
        judged |= {f"{name}_{days}": getattr(weeks.judged, name)[i] for name in _MATURE}
    ended = {name: getattr(endings, name) for name in ("rep", "rank", "weeks_ago", "events", "exits")}
    return WeeksLabels(weeks.reps, weeks.ranks, weeks.horizons, weeks.as_of), (counted, judged, ended)


def weeks_from_columns(
    labels: WeeksLabels,
    counted: Mapping[str, NDArray[Any]],
    judged: Mapping[str, NDArray[Any]],
    ended: Mapping[str, NDArray[Any]],
) -> tuple[WeeklyCounts, WeeklyEndings]:
    """The weekly counts and endings that `weeks_columns` was given."""
    own = {name: counted[name] for name in ("rep", "rank", "weeks_ago", "maturity", "n")}
    by_calendar = {name: judged[name] for name in ("rep", "rank", "week")}
    weeks = WeeklyCounts(
        labels.reps,
        labels.ranks,
        {},
        labels.horizons,
        labels.as_of,
        group_codes={},
        **own,
        **_by_horizon(counted, labels.horizons, (*_MATURE, *_YOUNG)),
        judged=JudgedWeeks(labels.horizons, **by_calendar, **_by_horizon(judged, labels.horizons, _MATURE)),
    )
    return weeks, WeeklyEndings(labels.reps, labels.ranks, labels.as_of, **ended)


def _by_horizon(
    columns: Mapping[str, NDArray[Any]], horizons: Sequence[int], names: Sequence[str]
) -> dict[str, NDArray[np.int64]]:
    """Counts of each horizon, (horizon, row)."""
    shape = (len(horizons), columns["rep"].size)
    return {
        name: np.array([columns[f"{name}_{days}"] for days in horizons], dtype=np.int64).reshape(shape)
        for name in names
    }


_EXITS = ("rep", "rank", "kind", "maturity", "days_after", "n")


def exits_columns(exits: ExitCounts) -> tuple[ExitsLabels, dict[str, NDArray[Any]]]:
    """Exits as columns, and what these do not say."""
    return ExitsLabels(exits.reps, exits.ranks, exits.horizons), {name: getattr(exits, name) for name in _EXITS}


def exits_from_columns(labels: ExitsLabels, columns: Mapping[str, NDArray[Any]]) -> ExitCounts:
    """The exits that `exits_columns` was given."""
    return ExitCounts(labels.reps, labels.ranks, labels.horizons, **{name: columns[name] for name in _EXITS})


def cells_columns(cells: BinomialCells) -> tuple[CellsLabels, dict[str, NDArray[Any]]]:
    """Cells of rep and rank as columns, and what these do not say."""
    rep, rank = np.indices(cells.n.shape).reshape(2, -1)
    columns = {
        "rep": np.array([*cells.reps, None], dtype=object)[:-1][rep],
        "rank": np.array([*cells.ranks, None], dtype=object)[:-1][rank],
        "n": cells.n.ravel(),
        "events": cells.events.ravel(),
        "n_immature": cells.n_immature.ravel(),
    }
    if cells.left_out is not None and cells.n_left_out:
        columns["left_out"] = cells.left_out.ravel()
    return CellsLabels(cells.reps, cells.ranks, cells.within_days, cells.as_of), columns


def cells_from_columns(labels: CellsLabels, columns: Mapping[str, NDArray[Any]]) -> BinomialCells:
    """The cells that `cells_columns` was given."""
    shape = (len(labels.reps), len(labels.ranks))
    n, events, n_immature = (columns[name].reshape(shape) for name in ("n", "events", "n_immature"))
    left_out = columns["left_out"].reshape(shape) if "left_out" in columns else None
    at = (labels.within_days, labels.as_of)
    return BinomialCells(labels.reps, labels.ranks, {}, n, events, n_immature, *at, left_out)


def fingerprint(tables: Sequence[Mapping[str, NDArray[Any]]]) -> str:
    """One SHA-256 of saved columns, in their own order: equal counts give equal fingerprints."""
    digest = hashlib.sha256()
    for columns in tables:
        for name, values in columns.items():
            told = "\x1f".join(map(str, values.tolist())) if values.dtype.kind == "O" else ""
            digest.update(f"{name}\x1e{told}".encode("utf-8", "surrogatepass"))
            digest.update(b"" if told else np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _codes(values: NDArray[Any], labels: tuple[str, ...]) -> NDArray[np.int64]:
    place = {label: i for i, label in enumerate(labels)}
    return np.array([place[value] for value in values.tolist()], dtype=np.int64)
