"""How far each rep's ranks of prospects agree with what comes of them, and what to do about it.

The public names live in the modules below and are loaded on first use, so that `import calibra` stays quick (PEP 562).
To publish a name, add it twice: to the imports that type checkers read, and to `_HOME`. A test holds the two together.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from calibra.version import __version__ as __version__

if TYPE_CHECKING:
    from calibra.calibration import Calibration as Calibration, calibrate as calibrate, load as load
    from calibra.chapters.drift.comparison import compare as compare
    from calibra.chapters.drift.pictures import plot_comparison as plot_comparison
    from calibra.chapters.exits.pictures import plot_hand_backs as plot_hand_backs
    from calibra.chapters.granularity.merges import (
        merged_probabilities as merged_probabilities,
        recommend_granularity as recommend_granularity,
    )
    from calibra.chapters.granularity.pictures import plot_granularity as plot_granularity
    from calibra.chapters.lead_times.fit import LeadTimeFit as LeadTimeFit
    from calibra.chapters.lead_times.model import LeadTimeModel as LeadTimeModel, LeadTimePriors as LeadTimePriors
    from calibra.chapters.lead_times.pictures import (
        plot_cumulative_incidence as plot_cumulative_incidence,
        plot_incidence_by_rep as plot_incidence_by_rep,
        plot_lead_times as plot_lead_times,
    )
    from calibra.chapters.promises.pictures import plot_rank_reliability as plot_rank_reliability
    from calibra.chapters.promises.reliability import rank_reliability as rank_reliability
    from calibra.chapters.ranks.fit import RankFit as RankFit
    from calibra.chapters.ranks.model import RankModel as RankModel, RankPriors as RankPriors
    from calibra.chapters.ranks.pictures import plot_probabilities as plot_probabilities, plot_profiles as plot_profiles
    from calibra.chapters.standings.pictures import plot_standings as plot_standings
    from calibra.chapters.standings.places import rep_standings as rep_standings
    from calibra.chapters.thresholds.advice import (
        AdviceRules as AdviceRules,
        Payoff as Payoff,
        recommend_thresholds as recommend_thresholds,
    )
    from calibra.chapters.thresholds.fit import ThresholdFit as ThresholdFit
    from calibra.chapters.thresholds.model import ThresholdModel as ThresholdModel, ThresholdPriors as ThresholdPriors
    from calibra.chapters.thresholds.pictures import plot_bars as plot_bars, plot_share_moves as plot_share_moves
    from calibra.chapters.thresholds.style import describe_styles as describe_styles
    from calibra.checks.backtest import backtest as backtest
    from calibra.checks.priors import (
        PriorSensitivity as PriorSensitivity,
        prior_sensitivity as prior_sensitivity,
    )
    from calibra.data.counting.judgments import Judgments as Judgments
    from calibra.data.frames.urls import read_url as read_url
    from calibra.data.history.history import RankHistory as RankHistory
    from calibra.data.history.readers import (
        read_hubspot_history as read_hubspot_history,
        read_salesforce_history as read_salesforce_history,
    )
    from calibra.data.scale import Promise as Promise, RankScale as RankScale
    from calibra.data.scoring.score_rows import count_notes as count_notes
    from calibra.data.simulation.simulate import (
        SimulatedWorld as SimulatedWorld,
        simulate_judgments as simulate_judgments,
    )
    from calibra.errors import (
        CalibraError as CalibraError,
        CalibraWarning as CalibraWarning,
        EngineError as EngineError,
        FitError as FitError,
        InputError as InputError,
        NotEnoughDataError as NotEnoughDataError,
    )
    from calibra.reading.predictive import (
        PredictiveCheck as PredictiveCheck,
        predictive_check as predictive_check,
    )
    from calibra.replaying import replay as replay
    from calibra.stats.forecasts.calibration_error import (
        calibration_distance as calibration_distance,
        squared_calibration_error as squared_calibration_error,
    )
    from calibra.stats.forecasts.calibration_tests import (
        calibration_in_the_large as calibration_in_the_large,
        calibration_line as calibration_line,
        spiegelhalter_test as spiegelhalter_test,
    )
    from calibra.stats.forecasts.decomposition import decompose as decompose
    from calibra.stats.forecasts.reliability import (
        reliability_curve as reliability_curve,
        reliability_curve_from_counts as reliability_curve_from_counts,
    )
    from calibra.stats.forecasts.scores import (
        ranked_probability_score as ranked_probability_score,
        score_forecasts as score_forecasts,
    )
    from calibra.stats.funnel import funnel as funnel
    from calibra.stats.survival.calibration import (
        calibration_at_horizon as calibration_at_horizon,
        censored_brier as censored_brier,
    )
    from calibra.stats.survival.lifetable import aalen_johansen as aalen_johansen, kaplan_meier as kaplan_meier
    from calibra.views.plot_decomposition import plot_decomposition as plot_decomposition
    from calibra.views.plot_funnel import plot_funnel as plot_funnel
    from calibra.views.plot_reliability import plot_reliability as plot_reliability


_HOME = {
    "AdviceRules": "calibra.chapters.thresholds.advice",
    "CalibraError": "calibra.errors",
    "CalibraWarning": "calibra.errors",
    "Calibration": "calibra.calibration",
    "EngineError": "calibra.errors",
    "FitError": "calibra.errors",
    "InputError": "calibra.errors",
    "Judgments": "calibra.data.counting.judgments",
    "LeadTimeFit": "calibra.chapters.lead_times.fit",
    "LeadTimeModel": "calibra.chapters.lead_times.model",
    "LeadTimePriors": "calibra.chapters.lead_times.model",
    "NotEnoughDataError": "calibra.errors",
    "Payoff": "calibra.chapters.thresholds.advice",
    "PredictiveCheck": "calibra.reading.predictive",
    "PriorSensitivity": "calibra.checks.priors",
    "Promise": "calibra.data.scale",
    "RankFit": "calibra.chapters.ranks.fit",
    "RankHistory": "calibra.data.history.history",
    "RankModel": "calibra.chapters.ranks.model",
    "RankPriors": "calibra.chapters.ranks.model",
    "RankScale": "calibra.data.scale",
    "SimulatedWorld": "calibra.data.simulation.simulate",
    "ThresholdFit": "calibra.chapters.thresholds.fit",
    "ThresholdModel": "calibra.chapters.thresholds.model",
    "ThresholdPriors": "calibra.chapters.thresholds.model",
    "aalen_johansen": "calibra.stats.survival.lifetable",
    "backtest": "calibra.checks.backtest",
    "calibrate": "calibra.calibration",
    "calibration_at_horizon": "calibra.stats.survival.calibration",
    "calibration_distance": "calibra.stats.forecasts.calibration_error",
    "calibration_in_the_large": "calibra.stats.forecasts.calibration_tests",
    "calibration_line": "calibra.stats.forecasts.calibration_tests",
    "censored_brier": "calibra.stats.survival.calibration",
    "compare": "calibra.chapters.drift.comparison",
    "count_notes": "calibra.data.scoring.score_rows",
    "decompose": "calibra.stats.forecasts.decomposition",
    "describe_styles": "calibra.chapters.thresholds.style",
    "funnel": "calibra.stats.funnel",
    "kaplan_meier": "calibra.stats.survival.lifetable",
    "load": "calibra.calibration",
    "merged_probabilities": "calibra.chapters.granularity.merges",
    "plot_bars": "calibra.chapters.thresholds.pictures",
    "plot_comparison": "calibra.chapters.drift.pictures",
    "plot_cumulative_incidence": "calibra.chapters.lead_times.pictures",
    "plot_decomposition": "calibra.views.plot_decomposition",
    "plot_funnel": "calibra.views.plot_funnel",
    "plot_granularity": "calibra.chapters.granularity.pictures",
    "plot_hand_backs": "calibra.chapters.exits.pictures",
    "plot_incidence_by_rep": "calibra.chapters.lead_times.pictures",
    "plot_lead_times": "calibra.chapters.lead_times.pictures",
    "plot_probabilities": "calibra.chapters.ranks.pictures",
    "plot_profiles": "calibra.chapters.ranks.pictures",
    "plot_rank_reliability": "calibra.chapters.promises.pictures",
    "plot_reliability": "calibra.views.plot_reliability",
    "plot_share_moves": "calibra.chapters.thresholds.pictures",
    "plot_standings": "calibra.chapters.standings.pictures",
    "predictive_check": "calibra.reading.predictive",
    "prior_sensitivity": "calibra.checks.priors",
    "rank_reliability": "calibra.chapters.promises.reliability",
    "ranked_probability_score": "calibra.stats.forecasts.scores",
    "read_hubspot_history": "calibra.data.history.readers",
    "read_salesforce_history": "calibra.data.history.readers",
    "read_url": "calibra.data.frames.urls",
    "recommend_granularity": "calibra.chapters.granularity.merges",
    "recommend_thresholds": "calibra.chapters.thresholds.advice",
    "reliability_curve": "calibra.stats.forecasts.reliability",
    "reliability_curve_from_counts": "calibra.stats.forecasts.reliability",
    "rep_standings": "calibra.chapters.standings.places",
    "replay": "calibra.replaying",
    "score_forecasts": "calibra.stats.forecasts.scores",
    "simulate_judgments": "calibra.data.simulation.simulate",
    "spiegelhalter_test": "calibra.stats.forecasts.calibration_tests",
    "squared_calibration_error": "calibra.stats.forecasts.calibration_error",
}

__all__ = ["__version__", *_HOME]


if not TYPE_CHECKING:  # type checkers know the names from the imports above, and may call any other a mistake

    def __getattr__(name: str) -> Any:
        """Load a public name from its home the first time it is asked for."""
        if name not in _HOME:
            raise AttributeError(
                f"module 'calibra' has no attribute {name!r}; public names: {', '.join(sorted(_HOME))}"
            )
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Every public name, loaded or not."""
    return sorted(__all__)
