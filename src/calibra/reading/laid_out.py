"""A model laid out on its data: what is to be sampled, and the fit that its draws make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from calibra.data.counting.judgments import Judgments
from calibra.errors import InputError
from calibra.inference.engines import Declaration, Engine, axes_of, sample_posterior
from calibra.inference.pairing import spawn_seed
from calibra.inference.posterior import Posterior


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut[Fit]:
    """A model on its data. Draws may be sampled, or read from a file: the fit is put together the same way."""

    declarations: Mapping[str, Declaration]
    """Name of each part to what is to be sampled; parts share no parameter."""
    read: Callable[[Mapping[str, Posterior]], Fit]
    """The fit that the draws of every part make."""

    def fit(self, *, seed: int, engine: Engine, draws: int, progress: bool) -> Fit:
        """Sample every part, each from a stream of its own, and put the fit together."""
        return self.read(
            {
                name: sample_posterior(
                    declaration, seed=self.seed_of(name, seed), engine=engine, draws=draws, progress=progress
                )
                for name, declaration in self.declarations.items()
            }
        )

    def seed_of(self, name: str, seed: int) -> int:
        """Seed of a part: the first has the seed itself."""
        place = list(self.declarations).index(name)
        return seed if place == 0 else spawn_seed(seed, place)


class Fits[Fit]:
    """A model that is laid out on judgments, and fitted."""

    __slots__ = ()

    def lay_out(self, judgments: Judgments) -> LaidOut[Fit]:
        """The declarations on these judgments, and the fit that their draws make."""
        raise NotImplementedError

    def fit(
        self, judgments: Judgments, *, seed: int, engine: Engine = "auto", draws: int = 1000, progress: bool = True
    ) -> Fit:
        """Fit the model: each part of it from a stream of draws of its own.

        Parameters
        ----------
        judgments : Judgments
            Judgments, with the columns that the model reads.
        seed : int
            Same seed, same numbers.
        engine : {"auto", "laplace", "nuts"}
            `auto` takes laplace, and nuts where laplace says it cannot be trusted; the diagnostics say why.
        draws : int
            Posterior draws to keep.
        progress : bool
            Show progress on a terminal for work above a second.

        Raises
        ------
        InputError, NotEnoughDataError
            As `lay_out`, where judgments lack what the model reads, or hold too little of it yet.
        """
        return self.lay_out(judgments).fit(seed=seed, engine=engine, draws=draws, progress=progress)


def check_terms(posterior: Posterior, declaration: Declaration) -> None:
    """Refuse draws of other terms, or along other axes, than the model has in this version."""
    dims, coords = axes_of(declaration)
    other = {axis for axis, labels in coords.items() if tuple(posterior.coords.get(axis, ())) != tuple(labels)}
    if set(posterior.dims) == set(dims) and not other:
        return
    made_with = dict(posterior.diagnostics.versions).get("calibra", "unknown")
    along = f" along other {', '.join(sorted(other))}" if other else ""
    raise InputError(
        f"The saved draws must be of the terms {', '.join(sorted(dims))}; they are of "
        f"{', '.join(sorted(posterior.dims))}{along}, made by calibra {made_with}, whose model is another. Fit anew."
    )
