"""One call to everything: judgments in, every model that has enough data fitted, results read in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from calibra.data.judgments import Judgments
from calibra.errors import NotEnoughDataError
from calibra.inference.engines import Engine
from calibra.models.rank import RankModel
from calibra.models.rank_fit import RankFit
from calibra.views.sentences import FOOTING, describe_rank_fit

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Everything that was fitted to one set of judgments, and what could not be."""

    judgments: Judgments
    """What was judged."""
    rank_fits: Mapping[int | None, RankFit]
    """Horizon in days to the rank model, shortest first; None for ready-made counts that state none."""
    notes: tuple[str, ...]
    """What could not be fitted, and why; shown wherever results are."""
    seed: int
    """Seed of every fit."""

    @property
    def ok(self) -> bool:
        """Nothing speaks against any fit."""
        return all(fit.diagnostics.ok for fit in self.rank_fits.values())

    @property
    def diagnostics(self) -> tuple[str, ...]:
        """One line a fit: how far to trust it."""
        return tuple(f"{_name(days)}: {fit.diagnostics}" for days, fit in self.rank_fits.items())

    @property
    def findings(self) -> tuple[str, ...]:
        """What was found, in sentences; the footing last."""
        scale = self.judgments.scale
        said = [sentence for fit in self.rank_fits.values() for sentence in describe_rank_fit(fit, scale)]
        return (*said, FOOTING)

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by name; the horizons one under the other, told apart by `within_days`."""
        import pandas as pd

        names = ("probabilities", "profiles", "order", "spread", "expected")
        tables = {
            name: pd.concat([_with_horizon(getattr(fit, name)(), days) for days, fit in self.rank_fits.items()])
            for name in names
        }
        return tables if self.judgments.as_of is None else {"judgments": self.judgments.summary().table} | tables

    def summary(self) -> str:
        """Everything at a glance: diagnostics first, then what could not be fitted, what came in, what was found."""
        came_in = repr(self.judgments) if self.judgments.as_of is None else str(self.judgments.summary())
        return "\n\n".join([
            "\n".join(["How far to trust it", *self.diagnostics]),
            *(["\n".join(["What could not be fitted", *self.notes])] if self.notes else []),
            f"What came in\n{came_in}",
            "\n".join(["What was found", *(f"- {sentence}" for sentence in self.findings)]),
            *(fit.summary() for fit in self.rank_fits.values()),
        ])  # fmt: skip

    def __repr__(self) -> str:
        fitted = ", ".join(_name(days) for days in self.rank_fits)
        return f"<Calibration: {fitted}; {'no problem seen' if self.ok else 'a fit has PROBLEMS'}; {self.judgments!r}>"

    def save_pictures(self, folder: str | Path, *, formats: tuple[str, ...] = ("png", "svg")) -> tuple[Path, ...]:
        """Draw every picture into a folder that exists, `probabilities-90.png` and so on; returns the paths."""
        from calibra.views.plot_rank import plot_probabilities, plot_profiles
        from calibra.views.style import save_picture

        paths = []
        for days, fit in self.rank_fits.items():
            ending = "" if days is None else f"-{days}"
            for name, plot in (("probabilities", plot_probabilities), ("profiles", plot_profiles)):
                axes = plot(fit)
                paths += [save_picture(axes, Path(folder) / f"{name}{ending}.{kind}") for kind in formats]
        return tuple(paths)


def calibrate(
    judgments: Judgments, *, seed: int, engine: Engine = "auto", draws: int = 1000, progress: bool = True
) -> Calibration:
    """What do the judgments of each rep mean? Fits every model, one rank model per horizon.

    The horizons are those the scale promises and those the judgments were read with (`horizons=`). One that nobody is
    old enough for yet becomes a note and does not lose the others.

    Parameters
    ----------
    judgments : Judgments
        Judgments, or ready-made counts.
    seed : int
        Same seed, same numbers.
    engine : {"auto", "laplace", "nuts"}
        As in `RankModel.fit`.
    draws : int
        Posterior draws to keep.
    progress : bool
        Show progress on a terminal for work above a second.

    Raises
    ------
    NotEnoughDataError
        Nobody is old enough for any horizon.
    InputError
        No horizon is known, or what `RankModel.fit` refuses.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1, n_reps=3, n_prospects=400)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> calibration = cb.calibrate(judgments, seed=1)
    >>> list(calibration.rank_fits), calibration.notes
    ([90], ())
    """
    rank_fits: dict[int | None, RankFit] = {}
    notes = []
    for within_days in _horizons(judgments):
        model = RankModel(within_days=within_days)
        try:
            fit = model.fit(judgments, seed=seed, engine=engine, draws=draws, progress=progress)
        except NotEnoughDataError as error:
            notes.append(f"{_name(within_days)}: {error}")
        else:
            rank_fits[fit.within_days] = fit
    if not rank_fits:
        raise NotEnoughDataError("\n".join(["No model could be fitted:", *(f"- {note}" for note in notes)]))
    return Calibration(judgments, rank_fits, tuple(notes), seed)


def _horizons(judgments: Judgments) -> tuple[int | None, ...]:
    """The horizons to fit; None leaves the choice, or its refusal, to the model."""
    if judgments.as_of is None:
        return (None,)
    return judgments.duration_counts().horizons or (None,)


def _name(within_days: int | None) -> str:
    return "Rank model" if within_days is None else f"Rank model, {within_days} days"


def _with_horizon(table: pd.DataFrame, within_days: int | None) -> pd.DataFrame:
    return table.assign(within_days=within_days)[["within_days", *table.columns]]
