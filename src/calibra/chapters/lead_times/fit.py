"""How the posterior of the lead-time model is read: incidences by a day, lead times, tempo, who is chased too long."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.chapters.lead_times.asked import Cause, check_by, check_cause
from calibra.chapters.lead_times.cells import FollowUp, LeadTimeCells
from calibra.chapters.lead_times.curves import Curves, Floats
from calibra.chapters.lead_times.diagnostics import LeadTimeDiagnostics
from calibra.chapters.lead_times.draws import LeadTimeDraws, RankMix
from calibra.data.counting.counts import EVENT, EXIT, DurationCounts
from calibra.data.counting.judgments import Judgments
from calibra.data.counting.open_rows import OpenCounts
from calibra.data.scale import RankScale, check_days
from calibra.errors import InputError, NotEnoughDataError
from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Posterior
from calibra.plotted import Plotted
from calibra.reading.checked import Checked
from calibra.reading.means import ALL_REPS
from calibra.reading.rows import all_reps_first, flat_columns
from calibra.stats.intervals import INTERVAL_PROB
from calibra.stats.margin import MARGIN_RATIO
from calibra.tables import make_table
from calibra.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from calibra.chapters.lead_times.check import LeadTimeCalibration


@dataclass(frozen=True, slots=True, eq=False)
class LeadTimeFit(Plotted):
    """The fitted lead-time model: cells, draws, and the tables read off them."""

    picture: ClassVar[str] = "plot_cumulative_incidence"
    shown: ClassVar[str] = "lead_times"

    adjust_for: tuple[str, ...]
    """Case-mix columns adjusted for."""
    scale: RankScale
    """The scale, with its promises."""
    counts: DurationCounts
    """The duration counts behind the cells."""
    cells: LeadTimeCells
    """Person-days and endings per rep, rank (and group) and interval."""
    open_counts: OpenCounts
    """Judgments still open at the snapshot date, by rep, rank and age."""
    declarations: Mapping[str, CellModel]
    """Ending to the model as the engines saw it."""
    posteriors: Mapping[str, Posterior]
    """Ending to its draws; the endings share no parameter, and their draws are paired as they come."""
    _read: dict[tuple[object, ...], "pd.DataFrame"] = field(default_factory=dict, init=False, repr=False)
    """Tables read so far: findings, report and files all ask for the same."""

    def __repr__(self) -> str:
        told = str(self.diagnostics).replace("\n", "; ")
        n = int(self.cells.n.sum())
        return (
            f"<LeadTimeFit: {n:,} judgments of {counted(len(self.reps), 'rep')}, ranks {' '.join(self.ranks)}, to day "
            f"{self.last_edge_days}; {told}>"
        )

    @property
    def diagnostics(self) -> LeadTimeDiagnostics:
        """How far to trust the fit."""
        return LeadTimeDiagnostics({cause: posterior.diagnostics for cause, posterior in self.posteriors.items()})

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return self.cells.exposure.reps

    @property
    def ranks(self) -> tuple[str, ...]:
        """Rank labels, best first."""
        return self.cells.exposure.ranks

    @property
    def n(self) -> Floats:
        """Judgments per rep and rank, (rep, rank)."""
        return self.cells.n_by_rank

    @property
    def last_edge_days(self) -> int:
        """Last whole day of which anything is said."""
        return self.cells.last_edge_days

    @property
    def follow_up(self) -> FollowUp:
        """How far the follow-up reaches."""
        return self.cells.follow_up

    def reaches(self, days: int) -> bool:
        """Whether the incidence by this day is known: it lies within the edges, or all had ended by the last one."""
        return days <= self.last_edge_days or bool(self.closed(days))

    def closed(self, days: ArrayLike) -> NDArray[np.bool_]:
        """On which of these days nobody is open any more, all having ended."""
        ended = self.follow_up.all_ended_days
        return np.asarray(days) >= (np.inf if ended is None or ended > self.last_edge_days else ended)

    @property
    def draws(self) -> LeadTimeDraws:
        """Draws of incidences, computed on demand."""
        return LeadTimeDraws(self.cells, self.adjust_for, self.posteriors)

    def incidence_draws(self, days: Sequence[int], *, cause: Cause = "event") -> Floats:
        """Draws of the share ended this way by the end of each day, (draw, rep, rank, day), exits competing."""
        return self._ended(self.draws.curves(self.times(days)), check_cause(cause), days)

    def times(self, days: Sequence[int]) -> Floats:
        """Ends of these whole days on the model's clock (day d ends at d + ½), or the error that refuses them.

        Days after everybody has ended are the day of the last ending: nothing can come after it.
        """
        wanted = np.atleast_1d(np.asarray(days))
        if wanted.ndim != 1 or wanted.size == 0 or wanted.dtype.kind not in "iu" or (wanted < 0).any():
            raise InputError(f"`days` must be whole days of 0 or more, such as [30, 90]; got {days!r}.")
        latest = int(wanted.max())
        if self.reaches(latest):
            return np.minimum(wanted, self.last_edge_days) + 0.5
        if latest > self.follow_up.longest_days:
            raise self.follow_up.refuse(latest, "lead_times.share_not_followed")
        raise NotEnoughDataError(
            f"The share within {latest} days is past the last edge of this fit, {self.last_edge_days} days, after "
            f"which too few are followed; nothing is extrapolated. Ask for an earlier day, or fit with "
            f"LeadTimeModel(interval_edges_days=[..., {latest}])."
        )

    # tables -----------------------------------------------------------------------------------------------------------

    def cumulative_incidence(
        self,
        days: Sequence[int],
        *,
        by: Sequence[str] = ("rep", "rank"),
        cause: Cause = "event",
        interval_prob: float = INTERVAL_PROB,
    ) -> "pd.DataFrame":
        """What share has become an event (or an exit) by these days, the other ending competing?

        Parameters
        ----------
        days : sequence of int
            Whole days since the judgment, none past the last edge.
        by : ("rep", "rank"), ("rep",), ("rank",) or ()
            What to tell apart; what is left out is averaged over by the numbers of judgments. All reps come first.
        cause : {"event", "exit"}
            Which ending.

        Returns
        -------
        pandas.DataFrame
            `rep`, `rank` (as asked), `days`, `estimate`, `lower`, `upper`, `n` (judgments), `endings` (seen by then),
            `n_followed` (still followed on that day), `engine`.

        Raises
        ------
        NotEnoughDataError
            A day past the last edge: nothing is extrapolated; the message says when it can be known.
        """
        groups, code = check_by(by), {"event": EVENT, "exit": EXIT}[check_cause(cause)]
        ranks: RankMix = "by rank" if "rank" in groups else "own"
        found = self.draws.read(
            self.times(days),
            lambda curves: {"share": self._ended(curves, cause, days)},
            ranks=ranks,
            interval_prob=interval_prob,
        )["share"]
        wanted = np.atleast_1d(np.asarray(days)).tolist()
        endings = [self._count((self.counts.ending == code) & (self.counts.days <= day)) for day in wanted]
        followed = [self._count((self.counts.days >= day) & (self.counts.entry_days <= day)) for day in wanted]
        counted = {"n": [self.n] * len(wanted), "endings": endings, "n_followed": followed}
        n_reps = 1 + len(self.reps) if "rep" in groups else 1
        labels = self._labels(ranks, n_reps=n_reps, repeat=len(wanted))
        columns: dict[str, Any] = {name: values for name, values in labels.items() if name in groups}
        columns |= {"days": np.tile(wanted, n_reps * found.estimate.shape[1])}
        columns |= {name: values[:n_reps].ravel() for name, values in zip(found._fields, found, strict=True)}
        for name, values in counted.items():
            columns[name] = np.stack([_with_all(part, ranks) for part in values], axis=-1)[:n_reps].ravel()
        return self.table(columns, interval_prob, cause=cause)

    def probability_within(self, days: int, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How likely is an event within so many days, per rep and rank, exits competing and nobody's future guessed?

        Returns
        -------
        pandas.DataFrame
            `rep`, `rank`, `estimate`, `lower`, `upper`, `n`, `events`, `n_followed`, `engine`; all reps first.
        """
        check_days(days, "days")
        table = self.cumulative_incidence([int(days)], interval_prob=interval_prob)
        return table.drop(columns="days").rename(columns={"endings": "events"})

    def update(self, age_days: int, within_days: int, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How likely is an event in the next days, for a prospect still open after so many?

        (F₁(a + w) − F₁(a))/S(a): of those open at the end of day a, the share with an event on the w days after it.

        Parameters
        ----------
        age_days : int
            Whole days since the judgment, 0 or more.
        within_days : int
            Days from now; age and these days together not past the last edge.

        Returns
        -------
        pandas.DataFrame
            `rep`, `rank`, `estimate`, `lower`, `upper`, `n` (judgments), `n_followed` (followed past that age),
            `engine`.
        """
        check_days(within_days, "within_days")
        if isinstance(age_days, bool) or not isinstance(age_days, int | np.integer) or age_days < 0:
            raise InputError(f"`age_days` must be a whole number of days, 0 or more; got {age_days!r}.")
        times = self.times([int(age_days), int(age_days + within_days)])
        if self.closed(age_days):
            raise self.follow_up.refuse_age(int(age_days))

        def coming(curves: Curves) -> dict[str, Floats]:
            later = curves.event[..., 1] - curves.event[..., 0]
            return {"prob": later / np.maximum(curves.open[..., 0], 1e-300)}

        found = self.draws.read(times, coming, interval_prob=interval_prob)["prob"]
        followed = self._count((self.counts.days > age_days) & (self.counts.entry_days <= age_days))
        columns = self._labels("by rank") | flat_columns("", found)
        columns |= {"n": _with_all(self.n).ravel(), "n_followed": _with_all(followed).ravel()}
        return self.table(columns, interval_prob, age_days=age_days, within_days=within_days)

    def lead_times(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How long does it take, among those that become events by the last edge? Per rep and rank, all reps first.

        Each with `_lower`, `_upper`: `quarter_days`, `median_days`, `three_quarters_days`,
        `nearly_all_days` (F₁(t) = q F₁(L), q = 0.95 for the last),
        `restricted_mean_days` (days open up to the last edge L), `share_inside_promise` (F₁(H)/F₁(L)),
        `open_past_promise` (S(H)); `promise_days`, `promise_answer`, `n`, `engine`.
        """
        from calibra.chapters.lead_times.tables import lead_times

        return self._once(("lead_times", interval_prob), lambda: lead_times(self, interval_prob=interval_prob))

    def tempo(self, *, margin_ratio: float = MARGIN_RATIO, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """Which reps are slower or faster than all reps, by the event hazards alone and by the events as seen?

        `median_days` and its `ratio` to all reps' from the hazards, `ratio_as_seen` with exits competing, each with
        `_lower`, `_upper`; `prob_slower`, `prob_faster`: both by more than the factor `margin_ratio`; `prob_within`:
        neither; `finding`; beside it `monthly_exits` (share of the open) and
        `exit_ratio` with `_lower`, `_upper`; `n`, `events`, `exits`, `engine`.
        """
        from calibra.chapters.lead_times.tables import tempo

        return self._once(
            ("tempo", margin_ratio, interval_prob),
            lambda: tempo(self, margin_ratio=margin_ratio, interval_prob=interval_prob),
        )

    def chasing(
        self,
        judgments: Judgments | None = None,
        *,
        within_days: int | None = None,
        worth_prob: float = 0.1,
        unknown: bool = False,
        interval_prob: float = INTERVAL_PROB,
    ) -> "pd.DataFrame":
        """Who chases too long? Counts per rep and rank; given judgments, the prospects to look through, by name.

        Listed is an open prospect whose chance of an event in the next days is, with probability 0.9, below half of a
        fresh one's of that rep and rank and below `worth_prob`, and whose chance of an event by the last edge lies
        below `worth_prob` with probability 0.9 too; only where a plateau is in sight, and follow-up reaches those days.

        Parameters
        ----------
        judgments : Judgments, optional
            With rows: those of the fit, or a newer snapshot. A rep the fit does not know is read as all reps.
        within_days : int, optional
            Days to look ahead; by default those the rank promises, else the longest promised, else 90.
        worth_prob : float
            Chance from which a prospect is worth it.
        unknown : bool
            By name: whether those of whom nothing is known, because follow-up ends before, stand apart at the end.

        Returns
        -------
        pandas.DataFrame
            Counts: `within_days`, `followed_days`, `plateau` of the rank; `n_open`, `n_chased`, `n_unknown`;
            `expected_events` of those chased within these days, with `_lower`, `_upper`, NaN where nobody is chased.
            Names, oldest first: `prospect`, `rep`, `rank`, `judged_at`, `age_days`, `within_days`;
            `chance_within_90_days`, `fresh_chance_within_90_days` (each number of days there is), `chance_to_come` by
            the last edge, with `_lower`, `_upper`; `note`.
        """
        from calibra.chapters.lead_times.chasing import count_chased, name_chased

        if judgments is None:
            return self._once(
                ("chasing", within_days, worth_prob, interval_prob),
                lambda: count_chased(self, within_days=within_days, worth_prob=worth_prob, interval_prob=interval_prob),
            )
        return name_chased(
            self,
            judgments,
            within_days=within_days,
            worth_prob=worth_prob,
            unknown=unknown,
            interval_prob=interval_prob,
        )

    def never(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """What share is no event by the last day followed, per rank and over all, where hardly any can come later?

        `estimate`, `lower`, `upper`, NaN where no plateau is in sight; `by_days`, `tail_share_upper`, `n_late`,
        `verdict`, `n`, `engine`.
        """
        from calibra.chapters.lead_times.never import never

        return self._once(("never", interval_prob), lambda: never(self, interval_prob=interval_prob))

    def check(self, *, interval_prob: float = INTERVAL_PROB) -> "LeadTimeCalibration":
        """Does the model give back what was seen? Observed against expected events, by cell and at each promise."""
        from calibra.chapters.lead_times.check import check_calibration

        return check_calibration(self, interval_prob=interval_prob)

    def summary(self) -> str:
        """Everything at a glance, diagnostics first."""
        from calibra.chapters.lead_times.tables import summarise_fit

        return summarise_fit(self)

    def checked(self) -> Checked:
        """What the checks read of it."""
        from calibra.chapters.lead_times.checked import checked_lead_times

        return checked_lead_times(self)

    # parts of tables --------------------------------------------------------------------------------------------------

    def _once(self, key: tuple[object, ...], read: Callable[[], "pd.DataFrame"]) -> "pd.DataFrame":
        """A table read from the draws the first time it is asked for; the caller's own copy."""
        if key not in self._read:
            self._read[key] = read()
        return self._read[key].copy()

    def table(self, columns: Mapping[str, Any], interval_prob: float, **settings: Any) -> "pd.DataFrame":
        """A table that says what it rests on."""
        n_rows = len(next(iter(columns.values())))
        table = make_table(dict(columns) | {"engine": np.full(n_rows, self.diagnostics.engine, dtype=object)})
        table.attrs.update(
            interval_prob=interval_prob,
            last_edge_days=self.last_edge_days,
            as_of=str(self.counts.as_of),
            seed=self.diagnostics.seed,
            engine=self.diagnostics.engine,
            **settings,
        )
        return table

    def rows(self, *, ranks: RankMix = "by rank") -> dict[str, Any]:
        """Label columns and n of a table with all reps first."""
        return self._labels(ranks) | {"n": _with_all(self.n, ranks).ravel()}

    def _labels(self, ranks: RankMix, *, n_reps: int | None = None, repeat: int = 1) -> dict[str, Any]:
        """Label columns, all reps first; each label repeated so often in a row."""
        labels = np.array((ALL_REPS, *self.reps)[:n_reps], dtype=object)
        named = np.array(self.ranks, dtype=object) if ranks == "by rank" else None
        n_ranks = 1 if named is None else len(named)
        columns: dict[str, Any] = {"rep": np.repeat(labels, n_ranks * repeat)}
        return columns if named is None else columns | {"rank": np.tile(np.repeat(named, repeat), len(labels))}

    def _ended(self, curves: Curves, cause: Cause, days: Sequence[int]) -> Floats:
        """Share ended this way by these days; who was no event by the day when all have ended is an exit."""
        if cause == "event":
            return curves.event
        return np.where(self.closed(days), 1.0 - curves.event, curves.exit)

    def _count(self, rows: NDArray[np.bool_]) -> Floats:
        """Judgments of these rows of the counts, (rep, rank)."""
        cell = self.counts.rep[rows] * len(self.ranks) + self.counts.rank[rows]
        return np.bincount(cell, self.counts.n[rows], self.n.size).reshape(self.n.shape)


def _with_all(values: Floats, ranks: RankMix = "by rank") -> NDArray[np.int64]:
    """(rep, rank) counts with all reps first; ranks added up where they are mixed."""
    return all_reps_first(values if ranks == "by rank" else values.sum(axis=1, keepdims=True)).astype(np.int64)
