"""How the posterior of contacts is read: contacts behind an event and behind what never came; yields and bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibra.chapters.effort.cells import EffortCells
from calibra.chapters.effort.checked import checked_effort
from calibra.chapters.effort.followed import Followed, follow, make_steps
from calibra.errors import InputError, check_whole
from calibra.inference.declare.cells import CellModel
from calibra.inference.posterior import Diagnostics, Posterior
from calibra.reading.checked import Checked
from calibra.reading.flags import CANNOT_TELL, FEWEST_JUDGMENTS, FLAG_PROB
from calibra.reading.means import ALL_REPS, logistic, mean_of_others, rep_shares
from calibra.reading.rep_chunks import rep_chunks
from calibra.reading.rows import all_reps_first, flat_columns, resting_table
from calibra.stats.intervals import INTERVAL_PROB, equal_tailed
from calibra.stats.margin import MARGIN_RATIO, check_margin_ratio
from calibra.stats.stopping import stopping_index

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

MORE, FEWER, IN_LINE = "more contacts an event", "fewer contacts an event", "in line"
"""What is found of a rep's contacts beside those of the others."""
YIELDS_AT = (1, 3, 6, 10)
"""Contacts by which yields are told unless others are asked for."""


class ByNumber(NamedTuple):
    """Draws by number of contacts."""

    reps: Floats
    """(draw, 1 + rep, number), all reps first, at all reps' mix of ranks."""
    ranks: Floats
    """(draw, used rank, number), at one mix of reps."""


@dataclass(frozen=True, slots=True, eq=False)
class EffortFit:
    """The fitted model of contacts: cells, draws, and the tables read off them."""

    cells: EffortCells
    """Contacts at risk, events and stops."""
    declarations: Mapping[str, CellModel]
    """`event`, and `stop` where anybody was stopped, to the model as the engines saw it."""
    posteriors: Mapping[str, Posterior]
    """The same to the draws."""
    _kept: dict[str, dict[str, Floats]] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        made = int(self.cells.counted.at_risk.sum())
        return f"<EffortFit: {made:,} contacts of {len(self.reps)} reps; {self.diagnostics}>"

    @property
    def diagnostics(self) -> Diagnostics:
        """How far to trust the fit of the events."""
        return self.posteriors["event"].diagnostics

    @property
    def reps(self) -> tuple[str, ...]:
        """Rep labels."""
        return self.cells.counts.reps

    @property
    def n(self) -> Floats:
        """Judgments with a contact, (rep,)."""
        return self.cells.n.sum(axis=1)

    @property
    def n_draws(self) -> int:
        """Draws of the posterior."""
        return self.posteriors["event"].n_draws

    @property
    def is_closed(self) -> bool:
        """Whether anybody was stopped: else contacts are followed to the last class, as nobody knows where they end."""
        return "stop" in self.posteriors

    # draws ------------------------------------------------------------------------------------------------------------

    def log_odds(self, cause: str, reps: slice = slice(None)) -> Floats:
        """Draws of the log-odds at each class of contacts, (draw, rep, used rank, class)."""
        posterior, declared = self.posteriors[cause], self.declarations[cause]
        common = sum(
            np.asarray(posterior[term.name]).reshape(posterior.n_draws, -1) @ term.design.T
            for term in declared.population
        )
        own = sum(
            np.asarray(posterior[term.name])[:, reps].reshape(posterior.n_draws, -1, 1) * term.design[:, 0]
            for term in declared.rep_terms
        )
        shape = (posterior.n_draws, -1, len(self.cells.used), len(self.cells.classes))
        return np.asarray(common[:, None] + own).reshape(shape)  # type: ignore[index]

    def hazards(self, cause: str, reps: slice = slice(None)) -> Floats:
        """Draws of the chance of an event, or of a stop, at each class of contacts, (draw, rep, used rank, class)."""
        return logistic(self.log_odds(cause, reps))

    def followed(self, reps: slice = slice(None), *, contacts: Sequence[int] = ()) -> Followed:
        """What follows from them per prospect with a contact, (draw, rep, used rank); steps end at `contacts`."""
        stop = self.hazards("stop", reps) if self.is_closed else None
        steps = make_steps(self.cells.counted.starts.tolist(), contacts, closed=self.is_closed)
        return follow(self.hazards("event", reps), stop, steps)

    def readings(self) -> dict[str, Floats]:
        """Draws of what the tables hold, (draw, 1 + rep), all reps first, every rep at all reps' mix of ranks.

        `contacts` and `events` per prospect with a contact, `contacts_per_event`, and `spent`: of all contacts the
        share made with prospects that never come.
        """
        if not self._kept:
            self._follow_all()
        return self._kept["reps"]

    def of_ranks(self) -> dict[str, Floats]:
        """Draws of `contacts`, `events` and `contacts_per_event` by rank, (draw, used rank), at one mix of reps."""
        if not self._kept:
            self._follow_all()
        return self._kept["ranks"]

    def _follow_all(self) -> None:
        """One pass over the reps, a few at a time."""
        mix, shares = self.cells.n.sum(axis=0) / self.cells.n.sum(), rep_shares(self.n)
        names, n_reps = ("contacts", "events", "on_events"), len(self.reps)
        of_reps = {name: np.empty((self.n_draws, n_reps)) for name in names}
        of_ranks = {name: np.zeros((self.n_draws, len(mix))) for name in names}
        for reps in self._chunks():
            found = self.followed(reps)
            for name in names:
                draws = getattr(found, name)
                of_reps[name][:, reps] = draws @ mix
                of_ranks[name] += np.einsum("srk,r->sk", draws, shares[reps])
        everyone = {name: np.column_stack([of_reps[name] @ shares, of_reps[name]]) for name in names}
        self._kept["reps"], self._kept["ranks"] = _ratios(everyone), _ratios(of_ranks)

    def _chunks(self) -> "list[slice]":
        """A few reps at a time, so that no array of draws grows large."""
        each = self.n_draws * len(self.cells.used) * len(self.cells.classes)
        return list(rep_chunks(len(self.reps), each))

    # tables -----------------------------------------------------------------------------------------------------------

    def activity(self, *, margin_ratio: float = MARGIN_RATIO, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How many contacts does an event take, beside the others, and how many went to what never came?

        Parameters
        ----------
        margin_ratio : float
            Factor on the contacts per event below which two are alike.

        Returns
        -------
        pandas.DataFrame
            All reps first, everyone at all reps' mix of ranks. `contacts_per_event`, `contacts_per_prospect` and
            `spent` (share of the contacts made with prospects that never come), each with `_lower`, `_upper`; `others`:
            mean (of logs) contacts per event of the other reps with 30 judgments; `prob_more`, `prob_fewer`: the rep's
            lie beyond theirs by more than the margin; `prob_within`: neither; `finding`; `n` judgments with a contact,
            `contacts` and `events` as counted, `engine`. An open prospect is followed on as the others were.
        """
        check_margin_ratio(margin_ratio)
        readings = self.readings()
        columns: dict[str, Any] = {"rep": self._labels()}
        for name, of in (("contacts_per_event",) * 2, ("contacts_per_prospect", "contacts"), ("spent",) * 2):
            columns |= flat_columns(name, equal_tailed(readings[of], interval_prob=interval_prob))
        columns |= self._beside_others(margin_ratio)
        columns["finding"] = _findings(columns)
        counted = self.cells.counted
        columns["n"] = all_reps_first(self.n).astype(int)
        columns["contacts"] = all_reps_first(counted.at_risk.sum(axis=(1, 2)))
        columns["events"] = all_reps_first(counted.events.sum(axis=(1, 2)))
        return self._table(columns, interval_prob, margin_ratio=margin_ratio)

    def yields(self, contacts: Sequence[int] = YIELDS_AT, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """What share has come by a number of contacts: as prospects are worked, and if all had been worked?

        What everybody with so many contacts would bring lies between the two, if who was stopped was no better than who
        was not. Beyond the last class of contacts nothing is told.

        Parameters
        ----------
        contacts : sequence of int
            Numbers of contacts, from 1 to the last that enough prospects had; larger ones are left out.

        Returns
        -------
        pandas.DataFrame
            Per rep, all reps first, and number of `contacts`: `as_worked` and `if_all_worked` (an upper bound), each
            with `_lower`, `_upper`, at all reps' mix of ranks; `n` judgments with a contact, `engine`.
        """
        wanted = self._told_contacts(contacts)
        draws = self.yield_draws(wanted)
        columns: dict[str, Any] = {"rep": np.repeat(self._labels(), len(wanted))}
        columns["contacts"] = np.tile(np.array(wanted), 1 + len(self.reps))
        for name, found in draws.items():
            columns |= flat_columns(name, equal_tailed(found, interval_prob=interval_prob))
        columns["n"] = np.repeat(all_reps_first(self.n).astype(int), len(wanted))
        return self._table(columns, interval_prob)

    def yield_draws(self, contacts: Sequence[int]) -> dict[str, Floats]:
        """Draws of `as_worked` and `if_all_worked`, (draw, 1 + rep, contacts), all reps first."""
        return {name: self.worked(contacts, name).reps for name in ("as_worked", "if_all_worked")}

    def worked(self, contacts: Sequence[int], name: str = "as_worked") -> ByNumber:
        """Draws of the share with an event by each number of contacts; `name` is a field of `Followed`."""
        mix, shares = self.cells.n.sum(axis=0) / self.cells.n.sum(), rep_shares(self.n)
        steps = make_steps(self.cells.counted.starts.tolist(), contacts, closed=self.is_closed)
        at = [next(i for i, step in enumerate(steps) if step.first + (step.width or 1) - 1 == m) for m in contacts]
        of_reps = np.empty((self.n_draws, 1 + len(self.reps), len(at)))
        of_ranks = np.zeros((self.n_draws, len(mix), len(at)))
        for reps in self._chunks():
            draws = getattr(self.followed(reps, contacts=contacts), name)[..., at]
            of_reps[:, 1:][:, reps] = np.einsum("srkm,k->srm", draws, mix)
            of_ranks += np.einsum("srkm,r->skm", draws, shares[reps])
        of_reps[:, 0] = np.einsum("srm,r->sm", of_reps[:, 1:], shares)
        return ByNumber(of_reps, of_ranks)

    def _told_contacts(self, contacts: Sequence[int]) -> list[int]:
        for number in contacts:
            check_whole(number, "contacts", 1, mend="Contacts are counted from 1 on.")
        told = [int(number) for number in sorted(set(contacts)) if number <= self.cells.last]
        if not told:
            raise InputError(f"`contacts` must hold a number up to {self.cells.last}, the last that enough had.")
        return told

    def index(self, *, interval_prob: float = INTERVAL_PROB) -> "pd.DataFrame":
        """How many events per contact can be had at best, from each contact on? For researchers.

        Hazards are those of all reps; the last class is taken as going on. Where reps stop on signals that the data do
        not hold, hazards at late contacts are of the better half, and the index is an upper bound.

        Returns
        -------
        pandas.DataFrame
            Per `rank` and first `contact` of a class: `estimate`, `lower`, `upper`, `engine`.
        """
        starts, ranks = self.cells.counted.starts, self.cells.ranks
        found = self.index_draws()[:, 1:, starts - 1]
        columns: dict[str, Any] = {"rank": np.repeat(np.array(ranks, dtype=object), len(starts))}
        columns["contact"] = np.tile(starts, len(ranks))
        columns |= flat_columns("", equal_tailed(found, interval_prob=interval_prob))
        return self._table(columns, interval_prob)

    def index_draws(self) -> Floats:
        """Draws of the index from each contact on, (draw, 1 + used rank, contact), all ranks together first."""
        starts, mix = self.cells.counted.starts, self.cells.n.sum(axis=0) / self.cells.n.sum()
        of_ranks = self._hazards_of_ranks()
        every = np.concatenate([np.einsum("skj,k->sj", of_ranks, mix)[:, None], of_ranks], axis=1)
        place = np.searchsorted(starts, np.arange(1, starts[-1] + 1), side="right") - 1
        return stopping_index(every[..., place], goes_on=True)

    def mean_hazards(self) -> Floats:
        """Draws of the chance of an event at each class of contacts, all reps and ranks together, (draw, class)."""
        return np.asarray(
            np.einsum("skj,k->sj", self._hazards_of_ranks(), self.cells.n.sum(axis=0) / self.cells.n.sum())
        )

    def _hazards_of_ranks(self) -> Floats:
        """Draws of the chance of an event at one mix of reps, (draw, used rank, class)."""
        shares = rep_shares(self.n)
        parts = (np.einsum("srkj,r->skj", self.hazards("event", reps), shares[reps]) for reps in self._chunks())
        return np.asarray(sum(parts))

    def _beside_others(self, margin_ratio: float) -> dict[str, Any]:
        """How sure it is that a rep differs from the other reps; NaN for all reps, and with fewer than two others."""
        own = np.log(self.readings()["contacts_per_event"][:, 1:])
        usual = mean_of_others(own, self.n, least=FEWEST_JUDGMENTS)
        known, margin = np.isfinite(usual[0]), np.log(margin_ratio)
        gap = np.where(known, own - usual, 0.0)
        held = {"more": gap > margin, "fewer": gap < -margin, "within": np.abs(gap) <= margin}
        found = {f"prob_{name}": draws.mean(axis=0) for name, draws in held.items()}
        found |= {"others": np.exp(usual).mean(axis=0)}
        return {name: np.concatenate([[np.nan], np.where(known, values, np.nan)]) for name, values in found.items()}

    def checked(self) -> Checked:
        """What the checks read of it."""
        return checked_effort(self)

    def _labels(self) -> NDArray[np.object_]:
        return np.array([ALL_REPS, *self.reps], dtype=object)

    def _table(self, columns: Mapping[str, Any], interval_prob: float, **settings: Any) -> "pd.DataFrame":
        """A table that says what it rests on."""
        of: dict[str, Any] = {"last_class": self.cells.last, "as_of": str(self.cells.counts.as_of)}
        return resting_table(columns, self.diagnostics, interval_prob=interval_prob, **of, **settings)


def _ratios(sums: Mapping[str, Floats]) -> dict[str, Floats]:
    """Draws per prospect, and their ratios."""
    contacts, events = sums["contacts"], sums["events"]
    found = {"contacts": contacts, "events": events, "contacts_per_event": contacts / events}
    return found | {"spent": 1.0 - sums["on_events"] / contacts}


def _findings(columns: Mapping[str, Floats]) -> NDArray[np.object_]:
    """What is said of each rep; "cannot tell yet" of all reps, who have no others."""
    more, fewer = columns["prob_more"] >= FLAG_PROB, columns["prob_fewer"] >= FLAG_PROB
    told = np.select([more, fewer, columns["prob_within"] >= FLAG_PROB], [MORE, FEWER, IN_LINE], CANNOT_TELL)
    return told.astype(object)
