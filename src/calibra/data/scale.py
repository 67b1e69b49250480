"""The scale: ordered ranks, best first, and what the organisation promises by each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from numbers import Integral, Real
from typing import TYPE_CHECKING, Literal, NoReturn, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibra.data.spans import Span, read_span
from calibra.errors import InputError, what_came
from calibra.words import quoted

PromiseKind = Literal["average", "bar"]
"""`average`: the prospects of a rank together deliver the promise; `bar`: each of them does."""


def _needs_prob() -> NoReturn:
    raise InputError(_BOTH_NEEDED.format("prob"))


_NOT_GIVEN: int = np.iinfo(np.int64).min
"""What `within_days` holds until it is given."""
_BOTH_NEEDED = (
    "A Promise needs both `prob` and `within_days`; `{}` was not given. Write Promise(0.6, within_days=90) for 60 % "
    "within 90 days."
)


@dataclass(frozen=True, slots=True)
class Promise:
    """What does a rank promise? An event within so many days with this probability.

    Parameters
    ----------
    prob : float
        Promised probability of an event, in [0, 1].
    within_days : int
        Horizon in days, at least 1.
    kind : {"average", "bar"}
        Whether the rank's prospects deliver `prob` together, or each of them at least that.
    within : str, optional
        The horizon as people say it, in place of `within_days`: "3 months", "1 quarter", "half a year", "6か月". A
        month is counted as 30 days, a year as 365; the report says it as it is written here.

    Examples
    --------
    >>> Promise(0.6, within_days=90)
    Promise(prob=0.6, within_days=90, kind='average')
    """

    if TYPE_CHECKING:
        prob: float
    else:  # it is required; who leaves it out is told how a promise is written
        prob: float = field(default_factory=_needs_prob)
        """Promised probability of an event within the horizon."""
    within_days: int = _NOT_GIVEN
    """Horizon in days."""
    kind: PromiseKind = "average"
    """`average` (the prospects together) or `bar` (each of them)."""
    within: str | None = field(default=None, repr=False, compare=False)
    """The horizon as it was written, where it was not in days."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a promise."""
        prob: object = self.prob
        if isinstance(prob, bool) or not isinstance(prob, Real) or not 0.0 <= float(prob) <= 1.0:
            raise InputError(f"`prob` must be a probability from 0 to 1; got {self.prob!r}. Write 60 % as 0.6.")
        object.__setattr__(self, "within_days", self._days())
        check_days(self.within_days, "within_days")
        if self.kind not in get_args(PromiseKind):
            raise InputError(f"`kind` must be 'average' or 'bar'; got {self.kind!r}.")
        object.__setattr__(self, "prob", float(self.prob))
        object.__setattr__(self, "within_days", int(self.within_days))

    def _days(self) -> int:
        """The horizon in days, of either way of writing it."""
        given = self.within_days is not _NOT_GIVEN
        if self.within is None:
            if not given:
                raise InputError(_BOTH_NEEDED.format("within_days"))
            return self.within_days
        span = read_span(self.within) if isinstance(self.within, str) else None
        if span is None:
            raise InputError(
                f"`within` must be a span such as '3 months', '1 quarter' or '6か月'; got {self.within!r}. Or write "
                "within_days=90."
            )
        if given and self.within_days != span.days:
            raise InputError(
                f"`within` and `within_days` must say the same; {self.within!r} is {span.days} days, not "
                f"{self.within_days!r}. "
                "Keep one."
            )
        return span.days


@dataclass(frozen=True, slots=True, eq=False)
class RankScores:
    """How far apart do the ranks stand? One number per rank, on which a rep's slope is read."""

    values: NDArray[np.float64]
    """Shape (K,), best rank first, higher is better; weighted mean 0 and weighted sd 1."""
    source: Literal["promises", "equal steps"]
    """Whether the scores are the promises' log-odds or equal steps."""
    reason: str
    """Why this source was taken, in a sentence."""


@dataclass(frozen=True, slots=True, init=False)
class RankScale:
    """Which ranks are there, best first, and what is promised by each?

    Labels are text. Whole numbers are accepted and turned into text (1 becomes "1"), here and in the judgments.

    Parameters
    ----------
    ranks : sequence of str or int
        Labels, best first, each once.
    promises : mapping of rank to Promise, optional
        What a rank promises; ranks may be left out.

    Examples
    --------
    >>> scale = RankScale(["A", "B"], {"A": Promise(0.6, within_days=90), "B": Promise(0.2, within_days=90)})
    >>> scale.horizons
    (90,)
    >>> scale.scores([1, 1]).values
    array([ 1., -1.])
    """

    ranks: tuple[str, ...]
    """Labels as text, best first."""
    promise_by_rank: tuple[Promise | None, ...]
    """One entry per rank, best first; None where nothing is promised."""

    def __init__(
        self, ranks: Sequence[str | int], promises: Mapping[str, Promise] | Mapping[int, Promise] | None = None
    ) -> None:
        """Check the labels and lay the promises beside them."""
        if isinstance(ranks, str):
            raise InputError(
                f"`ranks` must be a list of labels, best first; got the text {ranks!r}. Write {list(ranks)!r}."
            )
        if isinstance(ranks, set | frozenset | Mapping):
            raise InputError(
                f"`ranks` must be a list of labels, best first; got {what_came(ranks)}. Only a list tells the "
                "order: write RankScale(['A', 'B', 'C']), and what they promise as `promises`."
            )
        if not isinstance(ranks, Iterable):
            raise InputError(f"`ranks` must be a list of labels, best first; got {ranks!r}.")
        labels = tuple(_rank_label(rank) for rank in ranks)
        if not labels:
            raise InputError("`ranks` must hold at least one label, best first; got none.")
        repeated = sorted({label for label in labels if labels.count(label) > 1})
        if repeated:
            raise InputError(
                f"`ranks` must hold each label once; {', '.join(map(quoted, repeated))} came more than once."
            )
        if not isinstance(promises, Mapping | None):
            raise InputError(
                "`promises` must lead from ranks to promises, such as {'A': Promise(0.6, within_days=90)}; got "
                f"{promises!r}."
            )
        promised = {_rank_label(rank): promise for rank, promise in (promises or {}).items()}
        unknown = [label for label in promised if label not in labels]
        if unknown:
            raise InputError(
                f"`promises` must name ranks of the scale ({', '.join(labels)}); found {len(unknown)} unknown: "
                f"{', '.join(map(quoted, unknown[:3]))}."
            )
        for label, promise in promised.items():
            if not isinstance(promise, Promise):
                raise InputError(
                    f"`promises[{quoted(label)}]` must be a Promise; got {promise!r}. "
                    "Write Promise(0.6, within_days=90)."
                )
        object.__setattr__(self, "ranks", labels)
        object.__setattr__(self, "promise_by_rank", tuple(promised.get(label) for label in labels))

    @property
    def promises(self) -> dict[str, Promise]:
        """Rank to promise, best first, of the ranks that promise anything."""
        pairs = zip(self.ranks, self.promise_by_rank, strict=True)
        return {rank: promise for rank, promise in pairs if promise is not None}

    @property
    def horizons(self) -> tuple[int, ...]:
        """Distinct promised horizons in days, shortest first."""
        return tuple(sorted({promise.within_days for promise in self.promises.values()}))

    @property
    def spans(self) -> dict[int, Span]:
        """Horizon in days to the span it was written as, where all promises of it were written in one way."""
        written: dict[int, set[Span | None]] = {}
        for promise in self.promises.values():
            written.setdefault(promise.within_days, set()).add(read_span(promise.within or ""))
        return {days: span for days, spans in written.items() if len(spans) == 1 and (span := next(iter(spans)))}

    @property
    def rising(self) -> tuple[tuple[str, str], ...]:
        """Pairs (better rank, worse rank) of which the worse promises more, of one kind and within no more days."""
        return tuple(
            (better, worse)
            for (better, high), (worse, low) in combinations(self.promises.items(), 2)
            if low.prob > high.prob and low.within_days <= high.within_days and low.kind == high.kind
        )

    def resolve_horizon(self, within_days: int | None = None) -> int:
        """Which horizon is meant? The one given, else the scale's only one.

        Raises
        ------
        InputError
            None was given and the scale promises none, or several.
        """
        if within_days is not None:
            check_days(within_days, "within_days")
            return int(within_days)
        if len(self.horizons) == 1:
            return self.horizons[0]
        if not self.horizons:
            raise InputError(
                "`within_days` is needed: the scale promises nothing. Pass a horizon, e.g. within_days=90."
            )
        listed = ", ".join(str(days) for days in self.horizons)
        raise InputError(
            f"`within_days` is needed: the scale promises several horizons ({listed} days). Pass one of them."
        )

    def scores(self, weights: ArrayLike | None = None) -> RankScores:
        """How far apart do the ranks stand, when each counts by its weight?

        The log-odds of the promises where every rank has one and all share one horizon and kind, lie strictly
        inside (0, 1) and fall from rank to rank; else equal steps, and `reason` says why. Then
        `s_k = (x_k − m) / √(Σ w (x − m)² / Σ w)` with `m` the weighted mean. One rank has the score 0.

        Parameters
        ----------
        weights : array-like of float, shape (K,), optional
            Weight of each rank, best first, such as its number of judgments; not negative. Ranks count equally
            where None is given, or where fewer than two ranks have any weight.
        """
        fault = self._promises_fault()
        if fault is None:
            source: Literal["promises", "equal steps"] = "promises"
            raw = np.array([math.log(p.prob / (1.0 - p.prob)) for p in self.promises.values()])
            reason = "The promises share one horizon and kind and are in order: their log-odds are the scores."
        else:
            source, reason = "equal steps", f"Equal steps between ranks: {fault}."
            raw = -np.arange(len(self.ranks), dtype=float)
        return RankScores(_standardise(raw, self._check_weights(weights)), source, reason)

    def _promises_fault(self) -> str | None:
        """Why the promises cannot be scores; None where they can."""
        promises = tuple(self.promises.values())
        if len(promises) < len(self.ranks):
            return "not every rank has a promise" if promises else "nothing is promised"
        if len({promise.within_days for promise in promises}) > 1:
            return "the promises have different horizons"
        if len({promise.kind for promise in promises}) > 1:
            return "the promises are of different kinds"
        probs = [promise.prob for promise in promises]
        if not all(0.0 < prob < 1.0 for prob in probs):
            return "a promise of 0 or 1 has no log-odds"
        if not all(better > worse for better, worse in pairwise(probs)):
            return "the promises do not fall from rank to rank"
        return None

    def _check_weights(self, weights: ArrayLike | None) -> NDArray[np.float64]:
        n_ranks = len(self.ranks)
        if weights is None:
            return np.ones(n_ranks)
        values = np.asarray(weights, dtype=float)
        if values.shape != (n_ranks,) or not np.all(np.isfinite(values)) or np.any(values < 0.0):
            raise InputError(f"`weights` must be {n_ranks} numbers, none negative, one per rank; got {weights!r}.")
        return values if np.count_nonzero(values) > 1 else np.ones(n_ranks)


def check_days(value: object, name: str) -> None:
    """Refuse what is not a whole number of days, at least one."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise InputError(f"`{name}` must be a whole number of days, at least 1; got {value!r}.")


def find_rank(rank: object, ranks: Sequence[str], name: str, *, which: str = "one of {}") -> str:
    """The label of a rank that was asked for: whole numbers stand for their text here as in the scale.

    Raises
    ------
    InputError
        It is not among `ranks`; the message names them.
    """
    label = as_label(rank)
    if label not in ranks:
        raise InputError(f"`{name}` must be {which.format(', '.join(ranks))}; got {quoted(rank)}.")
    return label


def as_label(rank: object) -> str:
    """A rank as the scale would write it; what cannot be a rank becomes the empty text, which none is called."""
    if isinstance(rank, Integral) and not isinstance(rank, bool):
        return str(int(rank))
    return rank if isinstance(rank, str) else ""


def _rank_label(rank: object) -> str:
    if label := as_label(rank):
        return label
    raise InputError(f"A rank must be a text label or a whole number; got {quoted(rank)}.")


def _standardise(raw: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean 0, weighted sd 1; zeros where there is one value."""
    if raw.size == 1:
        return np.zeros(1)
    share = weights / weights.sum()
    centred = raw - share @ raw
    return np.asarray(centred / math.sqrt(share @ centred**2))
