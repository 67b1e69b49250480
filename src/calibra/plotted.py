"""Results that draw themselves: `result.plot()` is the obvious picture, drawn by the public function for it."""

from __future__ import annotations

from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from calibra.tables import narrow_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST_ROWS = 30
"""Rows that a notebook shows of a result; its tables hold all."""


class Plotted:
    """A result with an obvious picture."""

    __slots__ = ()

    picture: ClassVar[str]
    """Public name of the function that draws it."""
    shown: ClassVar[str] = "table"
    """Property or method that gives the table a notebook shows."""

    def plot(self, **settings: Any) -> Axes:
        """Draw the obvious picture of this result; `settings` are those of the function named in `picture`.

        Returns
        -------
        Axes
            What was drawn; a notebook shows it.
        """
        draw = getattr(import_module("calibra"), self.picture)  # by its public name: pictures lie on a higher floor
        axes: Axes = draw(self, **settings)
        return axes

    def _repr_html_(self) -> str:
        """The result for a notebook: its main table, narrow, each estimate with its interval in one cell."""
        found = getattr(self, self.shown)
        table: pd.DataFrame = found() if callable(found) else found
        narrow, same = narrow_table(table)
        more = [f"{len(table) - MOST_ROWS:,} more rows"] if len(table) > MOST_ROWS else []
        name = f"{type(self).__name__}.{self.shown}{'()' if callable(found) else ''}"
        caption = escape(", ".join([name, *same, *more]))
        body = narrow.head(MOST_ROWS).to_html(index=False, border=0, escape=True, na_rep="")
        return f"<div><p><small>{caption}</small></p>{body}</div>"
