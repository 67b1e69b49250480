"""Results that draw themselves: `result.plot()` is the obvious picture, drawn by the public function for it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Plotted:
    """A result with an obvious picture."""

    __slots__ = ()

    picture: ClassVar[str]
    """Public name of the function that draws it."""

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
