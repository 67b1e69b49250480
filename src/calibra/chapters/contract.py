"""What a chapter is: one question about the judgments, how it is answered, and all that is said of the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from calibra.chapters.fitting import Fitting
from calibra.findings import Finding
from calibra.inference.posterior import Diagnostics
from calibra.reading.scores import Asked, AskedOfStated, Columns
from calibra.values import Phrase
from calibra.views.blocks import Block, Section
from calibra.views.page import Page

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

type Tables = Mapping[str, pd.DataFrame]
type Pictures = Mapping[str, Callable[[], Axes]]


def _no_names(_: Any) -> Mapping[Any, Any]:
    return {}


def _no_scores(_: Any, __: Any) -> Mapping[Any, Any]:
    return {}


def _no_part(_: Any, __: Any) -> Sequence[Any]:
    return ()


def _no_card(_: Any, __: Any, ___: Any) -> Sequence[Any]:
    return ()


def _nothing(_: Any) -> Sequence[Any]:
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Chapter[Result]:
    """One question about the judgments. Outside its folder it is one line of `Calibration`."""

    name: str
    """As in `parts=` and in a saved file: "lead times". Its words have the prefix `lead_times`."""
    fit: Callable[[Fitting], Result | None]
    """Answer it. `NotEnoughDataError` and `FitError` become notes; None says that nothing was asked."""
    reads: tuple[Chapter[Any], ...] = ()
    """Earlier chapters whose answers this one reads; a lint holds its imports to them."""
    asks: tuple[str, ...] = ()
    """Roles whose columns it is about: named where it has no answer and one of them is not mapped."""
    tables: Callable[[Result], Tables] = _no_names
    """Name to table, as in the files that `calibra fit` writes."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a table to columns that tell its rows apart, beside rep, rank and horizon: `of` in `metrics()`."""
    findings: Callable[[Result], Sequence[Finding]] = _nothing
    """What was found, what to try, what is not known, what is doubtful; of all reps or of one."""
    section: Callable[[Result, Page], Sequence[Section]] = _no_part
    """Its part of the report; the terminal prints the same blocks."""
    front: Callable[[Result, Page, Sequence[str]], Sequence[Block]] = _no_card
    """What stands of it on the first page, beside the findings; the reps whom the findings there name come first."""
    moved: Callable[[Result, Result], Sequence[Finding]] = _no_part
    """What moved since an earlier answer, which comes first."""
    card: Callable[[Result, str, Page], Sequence[Block]] = _no_card
    """What stands on a rep's card beside the findings of the rep."""
    pictures: Callable[[Result], Pictures] = _no_names
    """Name of each picture to what draws it."""
    scores: Callable[[Result, Asked], Columns] = _no_scores
    """Columns (rep, rank, week of age) of the calibration table; what is NaN or None leaves what was said before."""
    scores_of_stated: Callable[[Result, AskedOfStated], Mapping[int, Columns]] = _no_scores
    """Horizon to columns (rep, per cent) of the table of stated percentages."""
    reps: Callable[[Result], Sequence[str]] = _nothing
    """Reps it names who may be none of the judgments', so that a page knows what to call them."""
    fits: Callable[[Result], Sequence[tuple[Phrase, Diagnostics]]] = _nothing
    """Name of each fit, and how far it may be trusted."""
    failed: Callable[[Phrase], Finding] | None = None
    """Its note, from the reason of an error that does not say what could not be calculated."""
    summary: Callable[[Result], Sequence[str]] = _nothing
    """Paragraphs of the summary."""
    records: tuple[type, ...] = ()
    """Kinds of records that a saved file may hold of it."""
    when: Literal["always", "by default", "asked for"] = "by default"
    """Whether `parts=` may leave it out, or has to name it."""
    place: int = 100
    """Where it stands on the page: the lowest first."""

    @property
    def key(self) -> str:
        """Prefix of the keys of its words, and name of its folder."""
        return self.name.replace(" ", "_")
