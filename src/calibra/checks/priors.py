"""How far do the answers hang on the priors of the scales? Each is halved and doubled, and they are read again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from calibra.errors import FitError, check_kind
from calibra.findings import Finding
from calibra.inference.declare.priors import GammaPrecision, HalfNormal, ScalePrior
from calibra.inference.engines import Engine, sample_posterior
from calibra.inference.psis import PARETO_K_LIMIT, smooth_weights
from calibra.reading.checked import Checked, ModelFit, Quantity
from calibra.tables import brief, make_table
from calibra.values import Listed, Phrase, Value

if TYPE_CHECKING:
    import pandas as pd

type Floats = NDArray[np.float64]

FACTORS = (0.5, 2.0)
"""What each scale prior is stretched by."""
MATTERS_FROM = 0.5
"""Posterior standard deviations a number must move before it is told: a 90 % interval so displaced covers 86 %."""
FEWEST_EFFECTIVE = 200.0
"""Effective draws below which reweighting gives way to a refit."""


@dataclass(frozen=True, slots=True, eq=False)
class PriorSensitivity:
    """The largest move of each reported quantity under each change of a prior; arrays of one length."""

    __repr__ = brief

    prior: NDArray[np.object_]
    """Scale whose prior was stretched."""
    factor: Floats
    """By what."""
    quantity: NDArray[np.object_]
    """What is reported: probability, optimism, …"""
    moved: NDArray[np.object_]
    """The entry that moved most: its rep, rank, …"""
    move_sd: Floats
    """Its move, in its own posterior standard deviations; positive is up."""
    sd_ratio: Floats
    """Its posterior standard deviation under the changed prior over that under the stated one."""
    pareto_k: Floats
    """Pareto k̂ of the reweighting; above 0.7 the model was fitted again instead."""
    method: NDArray[np.object_]
    """`reweighted` or `refitted`."""

    @property
    def largest_move_sd(self) -> float:
        """The largest move of all, in posterior standard deviations."""
        return float(np.nanmax(np.abs(self.move_sd), initial=0.0))

    @property
    def matters(self) -> bool:
        """Whether a reported number hangs on a prior."""
        return self.largest_move_sd >= MATTERS_FROM

    @property
    def finding(self) -> Finding:
        """What halving and doubling the priors does."""
        if not self.prior.size:
            return Finding("checks.no_scale", {}, "note")
        if np.isnan(self.move_sd).all():
            return Finding("checks.not_known", {}, "note")
        worst = int(np.nanargmax(np.abs(self.move_sd)))
        entry: dict[str, Value] = {"quantity": str(self.quantity[worst]), "entry": str(self.moved[worst])}
        moved = Phrase("checks.moved", entry | {"sd": f"{abs(self.move_sd[worst]):.2f}"})
        if self.matters:
            change = Phrase("checks.halving" if self.factor[worst] < 1.0 else "checks.doubling")
            values: dict[str, Value] = {"change": change, "prior": str(self.prior[worst]), "moved": moved}
            return Finding("checks.priors_matter", values, "doubt")
        unknown = tuple(dict.fromkeys(self.prior[np.isnan(self.move_sd)]))
        held: dict[str, Value] = {"limit": MATTERS_FROM, "moved": moved}
        if unknown:
            return Finding("checks.priors_hold_in_part", held | {"unknown": Listed(unknown)}, "note")
        return Finding("checks.priors_hold", held, "note")

    @property
    def sentence(self) -> str:
        """What halving and doubling the priors does, in a sentence."""
        return str(self.finding)

    @property
    def table(self) -> "pd.DataFrame":
        """One row per prior, factor and quantity, with the entry that moves most."""
        return make_table({name: getattr(self, name) for name in self.__dataclass_fields__})

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def prior_sensitivity(fit: ModelFit, *, refit: bool = True) -> PriorSensitivity:
    """What do the reported numbers do when the prior of each scale is halved and doubled?

    The draws are reweighted by w = p(σ/f)/(f p(σ)), p the prior density of the scale σ and f the factor, smoothed by
    Pareto-smoothed importance sampling. Where k̂ > 0.7, or fewer than 200 effective draws are left, the model is
    fitted again with the changed prior, the same seed and the same engine. A number moves by the difference of its
    posterior means over its standard deviation under the stated prior.

    Parameters
    ----------
    fit : RankFit, LeadTimeFit or ThresholdFit
        The fit.
    refit : bool
        Whether to fit again where reweighting cannot be trusted; without it such rows are NaN.

    Returns
    -------
    PriorSensitivity
        Of the rank model: probabilities and optimism; of the lead-time model: the share with an event by each promised
        horizon (else by the last edge); of the threshold model: bars and AUC.

    References
    ----------
    Vehtari, A., Simpson, D., Gelman, A., Yao, Y. & Gabry, J. (2024). Pareto smoothed importance sampling. Journal of
    Machine Learning Research 25(72).

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1, n_reps=8, n_prospects=2000)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> found = prior_sensitivity(cb.RankModel().fit(judgments, seed=1))
    >>> sorted(set(found.prior))
    ['level_scale', 'residual_scale', 'slope_scale']
    """
    check_kind(fit, "fit", ModelFit)
    checked = fit.checked()
    stated = checked.quantities()
    rows: list[tuple[Any, ...]] = []
    for ending, name, prior in _priors(checked):
        for factor in FACTORS:
            weights, k = _reweight(prior, checked.posteriors[ending][name], factor)
            if k <= PARETO_K_LIMIT and 1.0 / float((weights**2).sum()) >= FEWEST_EFFECTIVE:
                moves, method = _moves(stated, stated, weights), "reweighted"
            elif refit:
                moves, method = _moves(stated, _refitted(checked, ending, name, prior, factor), None), "refitted"
            else:
                moves, method = dict.fromkeys(stated, ("", np.nan, np.nan)), "not known"
            label = f"{ending}: {name}" if ending == "exit" else name
            rows += [(label, factor, quantity, *move, k, method) for quantity, move in moves.items()]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 8
    text = {0, 2, 3, 7}
    return PriorSensitivity(*(np.array(list(c), dtype=object if i in text else float) for i, c in enumerate(columns)))


# priors ---------------------------------------------------------------------------------------------------------------


def _priors(checked: Checked) -> Iterator[tuple[str, str, ScalePrior]]:
    """Ending, name and prior of every learned scale."""
    for ending, declaration in checked.declarations.items():
        for name, prior in declaration.scale_priors.items():
            yield ending, name, prior


def _stretch(prior: ScalePrior, factor: float) -> ScalePrior:
    """The prior of factor × σ."""
    if isinstance(prior, HalfNormal):
        return HalfNormal(prior.sd * factor)
    return GammaPrecision(prior.shape, prior.rate * factor**2)


def _reweight(prior: ScalePrior, scale: Floats, factor: float) -> tuple[Floats, float]:
    """Smoothed weights of the draws under the stretched prior, summing to one, and k̂."""
    smoothed, k = smooth_weights(_stretch(prior, factor).log_density(scale) - prior.log_density(scale))
    return np.exp(smoothed), k


def _refitted(checked: Checked, ending: str, name: str, prior: ScalePrior, factor: float) -> Mapping[str, Quantity]:
    """The quantities of the same fit under the stretched prior, from the cells it holds."""
    changed = checked.declarations[ending].with_scale_prior(name, _stretch(prior, factor))
    found = checked.posteriors[ending].diagnostics
    posterior = sample_posterior(
        changed, seed=found.seed, engine=cast(Engine, found.engine), draws=found.n_draws, progress=False
    )
    return checked.with_posteriors({**checked.posteriors, ending: posterior}).checked().quantities()


# moves ----------------------------------------------------------------------------------------------------------------


def _moves(
    stated: Mapping[str, Quantity], changed: Mapping[str, Quantity], weights: Floats | None
) -> dict[str, tuple[str, float, float]]:
    """Quantity to the entry that moves most, its move in posterior sd, and the ratio of its sd."""
    read: Callable[[Floats], tuple[Floats, Floats]] = _plain if weights is None else _weighted(weights)
    moves = {}
    for name, quantity in stated.items():
        mean, sd = _plain(quantity.draws)
        new_mean, new_sd = read(changed[name].draws)
        if not np.all(sd > 0):
            raise FitError(f"the draws of {name} do not move at all; nothing can be said of its prior. Fit it again.")
        move = (new_mean - mean) / sd
        worst = int(np.argmax(np.abs(move)))
        moves[name] = (quantity.labels[worst], float(move[worst]), float(new_sd[worst] / sd[worst]))
    return moves


def _plain(draws: Floats) -> tuple[Floats, Floats]:
    return draws.mean(axis=0), draws.std(axis=0)


def _weighted(weights: Floats) -> Callable[[Floats], tuple[Floats, Floats]]:
    def read(draws: Floats) -> tuple[Floats, Floats]:
        mean = weights @ draws
        return mean, np.sqrt(weights @ (draws - mean) ** 2)

    return read
