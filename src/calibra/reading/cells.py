"""From counts per rep, rank and group to the cells a model declares: only what is there, with what tells them apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError, NotEnoughDataError, what_came
from calibra.findings import Finding

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PackedCells:
    """Cells of each rep, the empty ones left out where groups make most of them empty."""

    rank: Ints
    """Rank index of each cell: (cell,), common to all reps, or (rep, cell)."""
    groups: Mapping[str, Ints]
    """Grouping → its label index of each cell, shaped as `rank`."""
    pick: Ints
    """Flat index into the axes after the rep of the arrays that were packed, shaped as `rank`."""

    def pack(self, values: NDArray[np.generic]) -> Floats:
        """An array (rep, rank, *group) as (rep, cell); unused places are 0."""
        flat = values.reshape(len(values), -1).astype(float)
        if self.pick.ndim == 1:
            return flat[:, self.pick]
        return np.where(self.pick >= 0, np.take_along_axis(flat, np.maximum(self.pick, 0), axis=1), 0.0)


def pack_cells(occupied: NDArray[np.bool_], group_names: tuple[str, ...]) -> PackedCells:
    """Lay out the cells of counts shaped (rep, rank, *group); without groups every rank of every rep is a cell."""
    shape = occupied.shape[1:]
    flat = occupied.reshape(len(occupied), -1)
    if not group_names:
        pick = np.arange(flat.shape[1])
    else:
        width = max(1, int(flat.sum(axis=1).max(initial=0)))
        first = np.argsort(~flat, axis=1, kind="stable")[:, :width]
        pick = np.where(np.take_along_axis(flat, first, axis=1), first, -1)
    codes = np.unravel_index(np.maximum(pick, 0), shape)
    return PackedCells(codes[0], dict(zip(group_names, codes[1:], strict=True)), pick)


def read_adjust_for(adjust_for: object) -> tuple[str, ...]:
    """The groupings of case mix that a model was given, as a tuple, or the error that says how they are written."""
    if isinstance(adjust_for, str):
        raise InputError(
            f"`adjust_for` must be a tuple of column roles; got the text {adjust_for!r}. Write ({adjust_for!r},)."
        )
    if not isinstance(adjust_for, Iterable):
        raise InputError(
            f"`adjust_for` must be a tuple of column roles, such as ('segment',); got {what_came(adjust_for)}. Leave "
            "it out for none."
        )
    return tuple(adjust_for)


def check_any(n: NDArray[np.integer]) -> None:
    """Refuse to fit a model to no judgment at all.

    Raises
    ------
    NotEnoughDataError
        Every count is 0.
    """
    if not n.any():
        raise NotEnoughDataError(Finding("data.nothing", role="note"))


def indicator(codes: Ints, n_labels: int, shares: Floats | None = None) -> Floats:
    """One column a label: 1 in its cells, else 0; with shares, centred so that the columns are 0 on average."""
    columns = (codes[..., None] == np.arange(n_labels)).astype(float)
    return np.asarray(columns if shares is None else columns - shares)


def residual_basis(scores: Floats) -> Floats:
    """Orthonormal basis, (rank, rank − 2), of what a level and a slope on the scores cannot say."""
    line = np.stack([np.ones_like(scores), scores], axis=1)
    full = np.linalg.qr(np.concatenate([line, np.eye(len(scores))], axis=1))[0]
    return np.asarray(full[:, 2 : len(scores)])
