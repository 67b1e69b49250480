"""How many opportunities are won, and for how much: two models, and the three of value per prospect together.

    won_rk ~ Binomial(n_rk, P_rk),   logit P_rk = μ_k + x'δ + o_r + d_r s_k + e_rk
    Σa_rk ~ Gamma(shape α n_rk, mean n_rk m_rk),   log(m_rk / c) = β_k + x'δ + o_r + d_r s_k
    Σ log a_rk ~ Normal(n_rk η_rk, n_rk s²),   η_rk − log c of the same form

μ_k is rank k of a typical rep, o_r rep r's level, d_r the slope on the rank scores s; c is the unit. 1/α is Pearson's
dispersion, so that the mean is right whatever the shape of the amounts; a mean e^(η + s²/2) is not, and is not made.
The value of a prospect is P(opportunity) × P(won) × mean amount, draw by draw: the likelihood factorises, so that with
independent priors the three posteriors are independent. Where reps who win more also win larger deals, intervals of
value are too short.

References
----------
Wedderburn, R. W. M. (1974). Quasi-likelihood functions, generalized linear models, and the Gauss–Newton method.
Biometrika 61, 439–447. doi:10.1093/biomet/61.3.439
Manning, W. G. & Mullahy, J. (2001). Estimating log models: to transform or not to transform? Journal of Health
Economics 20, 461–494. doi:10.1016/S0167-6296(01)00086-8
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from calibra.chapters.ranks.model import RankModel
from calibra.chapters.value.amount_fit import AmountFit
from calibra.chapters.value.fit import ValueFit
from calibra.chapters.value.money import Money, check_amounts_known, measure
from calibra.chapters.value.terms import Floats, Terms, terms_of
from calibra.chapters.value.win_fit import WinFit
from calibra.data.counting.counts import check_groups
from calibra.data.counting.deals import DealCells, count_deals
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import RankScale, check_days
from calibra.errors import InputError, check_kind
from calibra.inference.declare.cells import CellModel
from calibra.inference.declare.families import Binomial, Gamma, Gaussian
from calibra.inference.declare.priors import HalfNormal, Normal, ScalePrior
from calibra.inference.posterior import Posterior
from calibra.reading.cells import check_any, read_adjust_for
from calibra.reading.laid_out import Fits, LaidOut

if TYPE_CHECKING:
    import pymc as pm

WON_WITHIN_DAYS = 180
"""Days from the opportunity within which a win counts, unless others are asked for."""


@dataclass(frozen=True, slots=True)
class WinPriors:
    """What is believed of winning before the counts are seen; log-odds throughout."""

    rank_mean: Normal = Normal(-0.5, 1.2)
    """A rank of a typical rep: from 8 % to 81 % with 90 % probability."""
    level: ScalePrior = HalfNormal(0.5)
    """Standard deviation of the reps' levels."""
    slope: ScalePrior = HalfNormal(0.3)
    """Standard deviation of the reps' slopes: ranks were given for another event, and may say nothing of winning."""
    residual: ScalePrior = HalfNormal(0.2)
    """Standard deviation of what is left per rep and rank."""
    adjustment: Normal = Normal(0.0, 1.0)
    """Effect of a label of an `adjust_for` column."""


@dataclass(frozen=True, slots=True)
class AmountPriors:
    """What is believed of amounts before they are seen; logs of amounts in units of the cells' typical mean."""

    rank_mean: Normal = Normal(0.0, 1.0)
    """Log mean of a rank: from a fifth to five times the unit with 90 % probability."""
    typical: Normal = Normal(0.0, 1.5)
    """Log of the typical deal of a rank, which lies below the mean."""
    level: ScalePrior = HalfNormal(0.4)
    """Standard deviation of the reps' levels."""
    slope: ScalePrior = HalfNormal(0.2)
    """Standard deviation of the reps' slopes."""
    adjustment: Normal = Normal(0.0, 1.0)
    """Effect of a label of an `adjust_for` column."""


def _check(model: "WinModel | AmountModel", priors: type) -> None:
    check_days(model.within_days, "within_days")
    if model.arose_within_days is not None:
        check_days(model.arose_within_days, "arose_within_days")
    check_kind(model.priors, "priors", priors, more=f"Leave it out for the defaults, or write {priors.__name__}().")
    object.__setattr__(model, "adjust_for", read_adjust_for(model.adjust_for))


def _count(model: "WinModel | AmountModel", judgments: Judgments, *, with_amounts: bool = False) -> DealCells:
    check_kind(judgments, "judgments", Judgments)
    check_groups(model.adjust_for, judgments.groups, name="adjust_for")
    if with_amounts and "won_at" in judgments.columns and "amount" not in judgments.columns:
        raise InputError('Amounts need the role `amount`; it is not mapped. Map it, e.g. `"amount": "close_value"`.')
    arose = model.arose_within_days
    return count_deals(judgments, won_within_days=model.within_days, within_days=arose, by=model.adjust_for)


@dataclass(frozen=True, slots=True)
class WinModel(Fits[WinFit]):
    """How many opportunities of each rep and rank are won, within so many days of the opportunity?

    The rank is that of the judgment, which was given for another event: it may well say nothing of winning. Without
    `lost_at` an open opportunity and a lost one are the same here.

    Parameters
    ----------
    within_days : int
        Days from the opportunity within which a win counts; younger opportunities are left out.
    arose_within_days : int, optional
        Opportunities alone that arose within so many days of the judgment.
    adjust_for : tuple of str
        Grouping columns whose mix differs between reps.
    priors : WinPriors
        Priors.
    """

    within_days: int = WON_WITHIN_DAYS
    """Days from the opportunity."""
    arose_within_days: int | None = None
    """Days from the judgment to the opportunity."""
    adjust_for: tuple[str, ...] = ()
    """Grouping columns of case mix."""
    priors: WinPriors = WinPriors()
    """Priors."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        _check(self, WinPriors)

    def lay_out(self, judgments: Judgments, cells: DealCells | None = None) -> LaidOut[WinFit]:
        """The declaration on these judgments, and the fit that its draws make; `cells` where they are counted.

        Raises
        ------
        InputError
            A role or grouping that is not there; ready-made counts.
        NotEnoughDataError
            No opportunity is old enough; the message says when the first will be.
        """
        counted = _count(self, judgments) if cells is None else cells
        terms = self.terms(judgments.scale, counted)
        declaration = self.declare(terms, counted)

        def read(posteriors: Mapping[str, Posterior]) -> WinFit:
            return WinFit(counted, terms, declaration, posteriors["won"])

        return LaidOut({"won": declaration}, read)

    def terms(self, scale: RankScale, cells: DealCells) -> Terms:
        """Where the opportunities stand."""
        check_any(cells.n)
        return terms_of(scale, cells.reps, cells.groups, cells.n, rank_counts=_by_rank(cells.n))

    def declare(self, terms: Terms, cells: DealCells) -> CellModel:
        """Winning as a multilevel cell model."""
        own = self.priors
        effects = {"level": own.level, "slope": own.slope, "residual": own.residual}
        means = {"rank_mean": own.rank_mean, "adjustment": own.adjustment}
        return terms.declare(Binomial(), cells.won, cells.n, **means, **effects)  # type: ignore[arg-type]

    def build(self, judgments: Judgments) -> "pm.Model":
        """The model written out in PyMC, for reading and doubting."""
        from calibra.inference.nuts.build_cells import build_pymc

        return build_pymc(self.lay_out(judgments).declarations["won"])  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class AmountModel(Fits[AmountFit]):
    """How much does a win of each rep and rank bring: its mean, and the typical deal?

    Parameters
    ----------
    within_days, arose_within_days, adjust_for
        As in `WinModel`: amounts are those of the same wins.
    priors : AmountPriors
        Priors.

    Notes
    -----
    Amounts of 0 count as not recorded; how many there are stands in `trust()`.
    """

    within_days: int = WON_WITHIN_DAYS
    """Days from the opportunity."""
    arose_within_days: int | None = None
    """Days from the judgment to the opportunity."""
    adjust_for: tuple[str, ...] = ()
    """Grouping columns of case mix."""
    priors: AmountPriors = AmountPriors()
    """Priors."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        _check(self, AmountPriors)

    def lay_out(self, judgments: Judgments, cells: DealCells | None = None) -> LaidOut[AmountFit]:
        """The declarations on these judgments, and the fit that their draws make; `cells` where they are counted.

        Raises
        ------
        InputError
            A role or grouping that is not there; ready-made counts.
        NotEnoughDataError
            No opportunity is old enough (the message says when the first will be); too few known amounts; amounts
            that are all equal.
        """
        counted = _count(self, judgments, with_amounts=True) if cells is None else cells
        return self.lay_out_cells(judgments.scale, counted)

    def lay_out_cells(self, scale: RankScale, cells: DealCells) -> LaidOut[AmountFit]:
        """The same on counts."""
        check_amounts_known(cells)
        counts = _by_rank(cells.n_amounts)
        terms = terms_of(scale, cells.reps, cells.groups, cells.n_amounts, rank_counts=counts)
        money = measure(cells, terms, lambda found: self.declare(terms, cells, found))
        declarations = self.declare(terms, cells, money)

        def read(posteriors: Mapping[str, Posterior]) -> AmountFit:
            return AmountFit(self, scale, cells, terms, money, declarations, posteriors)

        return LaidOut(declarations, read)

    def declare(self, terms: Terms, cells: DealCells, money: Money) -> dict[str, CellModel]:
        """The mean and the typical deal as multilevel cell models."""
        own = self.priors
        common = {"adjustment": own.adjustment, "level": own.level, "slope": own.slope}
        return {
            "mean": terms.declare(Gamma(), *money.mean_counts(cells), rank_mean=own.rank_mean, **common),  # type: ignore[arg-type]
            "typical": terms.declare(Gaussian(), *money.typical_counts(cells), rank_mean=own.typical, **common),  # type: ignore[arg-type]
        }

    def build(self, judgments: Judgments, *, part: str = "mean") -> "pm.Model":
        """The model of the mean, or of the typical deal, written out in PyMC."""
        from calibra.inference.nuts.build_cells import build_pymc

        return build_pymc(self.lay_out(judgments).declarations[part])  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class ValueModel(Fits[ValueFit]):
    """What is a prospect of each rep and rank worth: P(opportunity) × P(won) × mean amount?

    It describes outcomes under the present effort: where reps work their A prospects harder, that is in the numbers.

    Parameters
    ----------
    within_days : int, optional
        Days from the judgment to the opportunity; None means the scale's only horizon.
    won_within_days : int
        Days from the opportunity to the win.
    adjust_for : tuple of str
        Grouping columns whose mix differs between reps, in all three.
    ranks, wins, amounts : RankModel, WinModel, AmountModel
        The models; days and case mix are those above.

    Examples
    --------
    >>> import calibra as cb
    >>> world = cb.simulate_judgments(seed=1)
    >>> judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    >>> fit = cb.ValueModel(within_days=90, won_within_days=180).fit(judgments, seed=1)
    >>> list(fit.rank_worth()["rank"])
    ['A', 'B', 'C', 'D', 'E']
    """

    within_days: int | None = None
    """Days from the judgment to the opportunity."""
    won_within_days: int = WON_WITHIN_DAYS
    """Days from the opportunity to the win."""
    adjust_for: tuple[str, ...] = ()
    """Grouping columns of case mix."""
    ranks: RankModel = field(default_factory=RankModel)
    """How many become opportunities."""
    wins: WinModel = WinModel()
    """How many of these are won."""
    amounts: AmountModel = AmountModel()
    """How much a win brings."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_days(self.won_within_days, "won_within_days")
        object.__setattr__(self, "adjust_for", read_adjust_for(self.adjust_for))
        for name, kind in {"ranks": RankModel, "wins": WinModel, "amounts": AmountModel}.items():
            check_kind(getattr(self, name), name, kind)

    def lay_out(self, judgments: Judgments) -> LaidOut[ValueFit]:
        """The declarations on these judgments, and the fit that their draws make.

        Raises
        ------
        InputError, NotEnoughDataError
            As its two parts, `WinModel` and `AmountModel`.
        """
        check_kind(judgments, "judgments", Judgments)
        ranks = replace(self.ranks, within_days=self.within_days, adjust_for=self.adjust_for).lay_out(judgments)
        days = judgments.scale.resolve_horizon(self.within_days)
        cells = self.count(judgments, days)
        deals = self.lay_out_deals(judgments, days, cells)

        def read(posteriors: Mapping[str, Posterior]) -> ValueFit:
            return ValueFit(ranks.read({"rank": posteriors["rank"]}), *deals.read(posteriors))

        return LaidOut({**ranks.declarations, **deals.declarations}, read)

    def count(self, judgments: Judgments, days: int) -> DealCells:
        """Opportunities that arose within these days of the judgment, and what came of them."""
        model = replace(self.amounts, within_days=self.won_within_days, arose_within_days=days)
        return _count(replace(model, adjust_for=self.adjust_for), judgments, with_amounts=True)

    def lay_out_deals(self, judgments: Judgments, days: int, cells: DealCells) -> LaidOut[tuple[WinFit, AmountFit]]:
        """Winning and amounts together, each with a seed of its own, laid out on what was counted."""
        common: Any = {"within_days": self.won_within_days, "arose_within_days": days, "adjust_for": self.adjust_for}
        won = replace(self.wins, **common).lay_out(judgments, cells)
        paid = replace(self.amounts, **common).lay_out(judgments, cells)

        def read(posteriors: Mapping[str, Posterior]) -> tuple[WinFit, AmountFit]:
            return won.read(posteriors), paid.read(posteriors)

        return LaidOut({**won.declarations, **paid.declarations}, read)


def _by_rank(n: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    """Counts per rank, (rank,)."""
    return np.asarray(n.sum(axis=(0, *range(2, n.ndim))), dtype=float)
