"""What a declaration refuses: counts that are none, and one name for two things."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError
from calibra.words import counted

type Floats = NDArray[np.float64]

_SHOWN = 3


def check_whole(name: str, values: Floats, reps: tuple[str, ...]) -> None:
    """Refuse counts (rep, cell) that are no whole numbers of 0 or more.

    Raises
    ------
    InputError
        Names the first three, with rep and cell.
    """
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(values) & (values >= 0) & (values == np.floor(values)))
    _refuse(name, "counts, whole numbers of 0 or more", wrong, values, reps)


def check_amounts(name: str, values: Floats, reps: tuple[str, ...]) -> None:
    """Refuse amounts (rep, cell), such as days, that are no finite numbers of 0 or more.

    Raises
    ------
    InputError
        Names the first three, with rep and cell.
    """
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(values) & (values >= 0))
    _refuse(name, "finite numbers of 0 or more", wrong, values, reps)


def check_numbers(name: str, values: Floats, reps: tuple[str, ...]) -> None:
    """Refuse values (rep, cell) that are no finite numbers.

    Raises
    ------
    InputError
        Names the first three, with rep and cell.
    """
    _refuse(name, "finite numbers", ~np.isfinite(values), values, reps)


def _refuse(name: str, expected: str, wrong: NDArray[np.bool_], values: Floats, reps: tuple[str, ...]) -> None:
    if not wrong.any():
        return
    places = np.argwhere(wrong)
    first = ", ".join(f"rep {reps[rep]!r} cell {cell}: {values[rep, cell]:g}" for rep, cell in places[:_SHOWN])
    raise InputError(
        f"`{name}` must hold {expected}; {counted(len(places), 'cell')} of {values.size} held something else "
        f"({first}). Mend or leave out these counts."
    )


def check_names(named: Iterable[tuple[str, str]]) -> None:
    """Refuse a name that stands for two things: (name, what it is).

    Raises
    ------
    InputError
        Names each, and both of what it stands for.
    """
    by_name: dict[str, list[str]] = {}
    for name, what in named:
        by_name.setdefault(name, []).append(what)
    twice = [f"{name!r} is {' and '.join(what)}" for name, what in by_name.items() if len(what) > 1]
    if twice:
        raise InputError(
            f"Terms, their scales and axes must have names of their own; {'; '.join(twice)}. Rename a term or an axis."
        )
