"""One call to everything: judgments in, every model that has enough data fitted, results read in one place."""

from __future__ import annotations

from collections.abc import Collection

from calibra.calibration import Calibration as Calibration
from calibra.data.judgments import Judgments
from calibra.errors import InputError, check_kind
from calibra.fit_settings import PARTS, FitSettings
from calibra.fitting import fit_everything
from calibra.inference.engines import Engine
from calibra.stats.margin import MARGIN_ODDS, check_margin_odds


def calibrate(
    judgments: Judgments,
    *,
    seed: int,
    engine: Engine = "auto",
    draws: int = 1000,
    parts: Collection[str] = PARTS,
    margin_odds: float = MARGIN_ODDS,
    progress: bool = True,
) -> Calibration:
    """What do the judgments of each rep mean, how long do they take, and what should move? Fits every model.

    One lead-time model; a rank and a threshold model per horizon, advice on thresholds, and how many ranks the data
    tell apart. The horizons are those the scale promises and those the judgments were read with (`horizons=`). What
    cannot be had yet, or not from such data, becomes a note and does not lose the rest.

    Parameters
    ----------
    judgments : Judgments
        Judgments, or ready-made counts, which hold no lead times.
    seed : int
        Same seed, same numbers.
    engine : {"auto", "laplace", "nuts"}
        As in `RankModel.fit`.
    draws : int
        Posterior draws to keep.
    parts : collection of str
        What to do beside the rank model: "lead times", "thresholds", "granularity". Default: all of it.
    margin_odds : float
        Factor on the odds below which a difference of probabilities is not worth talking about; everything that is
        found or advised goes by it. 1.25 is 5.6 points at 50 %, 4.4 at 25 %, 1.2 at 5 %.
    progress : bool
        Show progress on a terminal for work above a second.

    Raises
    ------
    NotEnoughDataError
        No model could be fitted; names each with its reason.
    FitError
        No model could be fitted, and one of them broke down.
    InputError
        No horizon is known, or an engine, number of draws or part that is none.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1, n_reps=5, n_prospects=400)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> calibration = cb.calibrate(judgments, seed=1, parts=["thresholds"])
    >>> list(calibration.rank_fits), list(calibration.threshold_fits), calibration.notes
    ([90], [90], ())
    """
    check_kind(judgments, "judgments", Judgments)
    if isinstance(parts, str) or not isinstance(parts, Collection) or any(part not in PARTS for part in parts):
        raise InputError(f"`parts` must be some of {', '.join(map(repr, PARTS))}; got {parts!r}.")
    check_margin_odds(margin_odds)
    settings = FitSettings(engine, draws, tuple(part for part in PARTS if part in parts), margin_odds=margin_odds)
    return fit_everything(judgments, seed=seed, settings=settings, progress=progress)
