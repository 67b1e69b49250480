"""How the posterior of stated dates is read: shares early, on time and late; days taken beside the days stated."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.lead_times.curves import Curves, fine_times, incidence, time_of_share
from calibra.chapters.timing.cells import TimingCells
from calibra.chapters.timing.checked import checked_timing
from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.checked import Checked
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS, FLAG_PROB
from calibra.reading.means import ALL_REPS, mean_of_others, rep_shares
from calibra.reading.rep_chunks import rep_chunks
from calibra.reading.rows import all_reps_first, flat_columns, resting_table
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_ODDS, MARGIN_RATIO, check_margin_odds, check_margin_ratio, log_odds_gap

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

LONGER, SHORTER, IN_LINE = "takes longer than stated", "comes sooner than stated", "in line"
WHETHER_NOT_WHEN = "right about whether, not when"
"""What is found of a rep's dates beside those of the others."""
PARTS = ("early", "on_time", "late", "exit", "open")
"""What became of the judgments by the last position; the shares sum to one."""


@dataclass(frozen=True, slots=True, eq=False)
class StatedTimingFit:
    """The fitted model of stated dates: cells, draws, and the tables read off them."""

    cells: TimingCells
    """Stated lengths under observation, events and exits."""
    tolerance_share: float
    """Share of the stated length within which an event is on time."""
    declarations: Mapping[str, CellModel]
    """Ending to the model as the engines saw it."""
    posteriors: Mapping[str, Posterior]
    """Ending to the draws."""
    _kept: dict[str, dict[str, Floats]] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"<StatedTimingFit: {int(self.n.sum()):,} stated dates of {len(self.reps)} reps; {self.diagnostics}>"

    @property
    def diagnostics(self) -> Diagnostics:
        """How far to trust the fit of the events."""
        return self.posteriors["event"].diagnostics

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return self.cells.counted.reps

    @property
    def n(self) -> Floats:
        """Judgments with a stated date, (rep,)."""
        return self.cells.n.sum(axis=1)

    @property
    def events(self) -> NDArray[np.int64]:
        """Events by the last position, (rep,)."""
        return np.asarray(self.cells.counted.events.sum(axis=(1, 2, 3)))

    # draws ------------------------------------------------------------------------------------------------------------

    def log_hazards(self, cause: str, reps: slice = slice(None)) -> Floats:
        """Draws of the log hazard per stated length, (draw, rep, kind, interval)."""
        posterior, declared = self.posteriors[cause], self.declarations[cause]
        shape = (len(self.cells.rank), len(self.cells.intervals))
        common = sum(
            np.asarray(posterior[term.name]).reshape(posterior.n_draws, -1) @ term.design.T
            for term in declared.population
        )
        own = sum(
            np.asarray(posterior[term.name])[:, reps].reshape(posterior.n_draws, -1, 1) * term.design[:, 0]
            for term in declared.rep_terms
        )
        return np.asarray(common[:, None] + own).reshape(posterior.n_draws, -1, *shape)  # type: ignore[index]

    def curves(self, positions: Floats, reps: slice = slice(None)) -> Curves:
        """Draws of the cumulative incidence at these positions, at all reps' mix, (draw, rep, position)."""
        weights = self.cells.n.sum(axis=0) / self.cells.n.sum()
        hazard = {cause: np.exp(self.log_hazards(cause, reps)) for cause in self.posteriors}
        found = incidence(hazard["event"], hazard.get("exit"), self.cells.bounds, positions)
        return Curves(*(np.einsum("srkt,k->srt", part, weights) for part in found))

    def all_reps_curves(self, positions: Floats) -> Curves:
        """The same of all reps, each weighing by the dates they stated, (draw, position)."""
        shares, total = rep_shares(self.n), np.zeros((2, self.posteriors["event"].n_draws, positions.size))
        for reps, curves in self._in_chunks(positions):
            total += [np.einsum("srt,r->st", part, shares[reps]) for part in curves]
        return Curves(*total)

    def _in_chunks(self, positions: Floats) -> Iterator[tuple[slice, Curves]]:
        """Curves of a few reps at a time, and which reps they are."""
        each = self.posteriors["event"].n_draws * len(self.cells.rank) * max(positions.size, len(self.cells.intervals))
        for reps in rep_chunks(len(self.reps), each):
            yield reps, self.curves(positions, reps)

    def readings(self) -> dict[str, Floats]:
        """Draws of what the tables hold, (draw, 1 + rep), all reps first, every rep at all reps' mix.

        `early`, `on_time`, `late`, `exit`, `open`, which sum to one; `event`, the share with an event by the last
        position; `factor`, the median position of these events; `quarter` and `three_quarters` of them.
        """
        if not self._kept:
            on_time = (1.0 - self.tolerance_share, 1.0 + self.tolerance_share)
            times = np.union1d(fine_times(self.cells.bounds, n_times=24), on_time)
            place = np.searchsorted(times, on_time)
            parts = [_read(curves, times, place) for _, curves in self._in_chunks(times)]
            everyone = _read(Curves(*(part[:, None] for part in self.all_reps_curves(times))), times, place)
            self._kept["all"] = {
                name: np.concatenate([everyone[name], *(part[name] for part in parts)], axis=1) for name in everyone
            }
        return self._kept["all"]

    # tables -----------------------------------------------------------------------------------------------------------

    def shares(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """What became of the judgments beside the stated date: earlier, on time, later, ended otherwise, still open?

        Returns
        -------
        pandas.DataFrame
            All reps first, everyone at all reps' mix of ranks and stated lengths. `early`, `on_time`, `late`, `exit`,
            `open`, each with `_lower`, `_upper`: shares by `last_position` stated lengths, which sum to one; on time
            is within the tolerance of the stated length. `n` judgments, `events` by then, `engine`.
        """
        readings = self.readings()
        columns: dict[str, Any] = {"rep": self._labels()}
        for name in PARTS:
            columns |= flat_columns(name, equal_tailed(readings[name], interval_prob=interval_prob))
        columns["last_position"] = np.full(len(columns["rep"]), self.cells.last)
        return self._table(columns, interval_prob)

    def bias(
        self,
        *,
        margin_ratio: float = MARGIN_RATIO,
        margin_odds: float = MARGIN_ODDS,
        interval_prob: float = INTERVAL_PROB,
    ) -> "pd.DataFrame":
        """How long does what comes take beside the statement, and is a rep right about whether, if not about when?

        Parameters
        ----------
        margin_ratio : float
            Factor on the days below which two are alike.
        margin_odds : float
            Factor on the odds within which the shares of two with an event are alike.

        Returns
        -------
        pandas.DataFrame
            All reps first, everyone at all reps' mix. `factor`: days that half of the events take, over those stated;
            `spread`: the position by which three quarters have come over that of one quarter; `event_share` by the last
            position; `right_when`: of the events, those on time; each with `_lower`, `_upper`. `others`: mean factor of
            the other reps with 30 judgments; `prob_longer`, `prob_shorter`: the rep's lies beyond theirs by more than
            the margin; `prob_within`: neither; `prob_as_many`: the share with an event lies not below that of the
            others by more than the margin; `prob_longer_but_as_many`, `prob_shorter_but_as_many`: both at once.
            `prob_past`, `prob_before`: that the factor lies outside the tolerance.
            `finding`; `n`, `events`, `engine`.
        """
        check_margin_ratio(margin_ratio)
        check_margin_odds(margin_odds)
        readings = self.readings()
        ratio = {
            "factor": readings["factor"],
            "spread": readings["three_quarters"] / readings["quarter"],
            "event_share": readings["event"],
            "right_when": readings["on_time"] / readings["event"],
        }
        columns: dict[str, Any] = {"rep": self._labels()}
        for name, draws in ratio.items():
            columns |= flat_columns(name, equal_tailed(draws, interval_prob=interval_prob))
        columns |= self._beside_others(readings, margin_ratio, margin_odds)
        tolerance = self.tolerance_share
        columns["prob_past"] = (readings["factor"] > 1.0 + tolerance).mean(axis=0)
        columns["prob_before"] = (readings["factor"] < 1.0 - tolerance).mean(axis=0)
        columns["finding"] = _findings(columns)
        return self._table(columns, interval_prob, margin_ratio=margin_ratio, margin_odds=margin_odds)

    def _beside_others(self, readings: Mapping[str, Floats], margin_ratio: float, margin_odds: float) -> dict[str, Any]:
        """How sure it is that a rep differs from the other reps; NaN for all reps, and with fewer than two others."""
        factor, event = np.log(readings["factor"][:, 1:]), readings["event"][:, 1:]
        usual = mean_of_others(factor, self.n, least=FEWEST_JUDGMENTS)
        known = np.isfinite(usual[0])
        gap = np.where(known, factor - usual, 0.0)
        share = np.where(known, mean_of_others(event, self.n, least=FEWEST_JUDGMENTS), event)
        margin = np.log(margin_ratio)
        longer, shorter = gap > margin, gap < -margin
        as_many = log_odds_gap(event, share) >= -np.log(margin_odds)
        held = {
            "longer": longer,
            "shorter": shorter,
            "within": ~(longer | shorter),
            "as_many": as_many,
            "longer_but_as_many": longer & as_many,
            "shorter_but_as_many": shorter & as_many,
        }
        found = {f"prob_{name}": draws.mean(axis=0) for name, draws in held.items()}
        found |= {"others": np.exp(usual).mean(axis=0)}
        return {name: np.concatenate([[np.nan], np.where(known, values, np.nan)]) for name, values in found.items()}

    def checked(self) -> Checked:
        """What the checks read of it."""
        return checked_timing(self)

    def _labels(self) -> NDArray[np.object_]:
        return np.array([ALL_REPS, *self.reps], dtype=object)

    def _table(self, columns: Mapping[str, Any], interval_prob: float, **settings: Any) -> "pd.DataFrame":
        """A table that says what it rests on."""
        counts = {"n": all_reps_first(self.n).astype(int), "events": all_reps_first(self.events)}
        of: dict[str, Any] = {"tolerance_share": self.tolerance_share, "last_position": self.cells.last}
        of["as_of"] = str(self.cells.counted.as_of)
        return resting_table({**columns, **counts}, self.diagnostics, interval_prob=interval_prob, **of, **settings)


def _read(found: Curves, times: Floats, place: NDArray[np.intp]) -> dict[str, Floats]:
    """What is read of curves (draw, rep, position)."""
    event, exit_ = found
    quarter, median, three_quarters = (time_of_share(event, times, share) for share in (0.25, 0.5, 0.75))
    return {
        "early": event[..., place[0]],
        "on_time": event[..., place[1]] - event[..., place[0]],
        "late": event[..., -1] - event[..., place[1]],
        "exit": exit_[..., -1],
        "open": found.open[..., -1],
        "event": event[..., -1],
        "factor": median,
        "quarter": quarter,
        "three_quarters": three_quarters,
    }


def _findings(columns: Mapping[str, Floats]) -> NDArray[np.object_]:
    """What is said of each rep; "cannot tell yet" of all reps, who have no others."""
    longer, shorter = columns["prob_longer"] >= FLAG_PROB, columns["prob_shorter"] >= FLAG_PROB
    told = np.select([longer, shorter, columns["prob_within"] >= FLAG_PROB], [LONGER, SHORTER, IN_LINE], CANNOT_TELL)
    right = np.maximum(columns["prob_longer_but_as_many"], columns["prob_shorter_but_as_many"]) >= FLAG_PROB
    return np.where(right, WHETHER_NOT_WHEN, told).astype(object)
