"""How far each rep's ranks of prospects agree with what comes of them, and what to do about it.

The public names live in the modules below and are loaded on first use, so that `import calibra` stays quick (PEP 562).
To publish a name, add it twice: to the imports that type checkers read, and to `_HOME`. A test holds the two together.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from calibra.version import __version__ as __version__

if TYPE_CHECKING:
    from calibra.calibration import Calibration as Calibration, calibrate as calibrate, load as load
    from calibra.chapters.exits.pictures import plot_hand_backs as plot_hand_backs
    from calibra.data.history import RankHistory as RankHistory
    from calibra.data.history_readers import (
        read_hubspot_history as read_hubspot_history,
        read_salesforce_history as read_salesforce_history,
    )
    from calibra.data.judgments import Judgments as Judgments
    from calibra.data.scale import Promise as Promise, RankScale as RankScale
    from calibra.data.score_rows import count_notes as count_notes
    from calibra.data.simulate import SimulatedWorld as SimulatedWorld, simulate_judgments as simulate_judgments
    from calibra.data.urls import read_url as read_url
    from calibra.decisions.comparison import compare as compare
    from calibra.decisions.granularity import (
        merged_probabilities as merged_probabilities,
        recommend_granularity as recommend_granularity,
    )
    from calibra.decisions.promises import rank_reliability as rank_reliability
    from calibra.decisions.standings import rep_standings as rep_standings
    from calibra.decisions.style import describe_styles as describe_styles
    from calibra.decisions.thresholds import (
        AdviceRules as AdviceRules,
        Payoff as Payoff,
        recommend_thresholds as recommend_thresholds,
    )
    from calibra.errors import (
        CalibraError as CalibraError,
        CalibraWarning as CalibraWarning,
        EngineError as EngineError,
        FitError as FitError,
        InputError as InputError,
        NotEnoughDataError as NotEnoughDataError,
    )
    from calibra.models.lead_time import LeadTimeModel as LeadTimeModel, LeadTimePriors as LeadTimePriors
    from calibra.models.lead_time_fit import LeadTimeFit as LeadTimeFit
    from calibra.models.predictive_checks import (
        PredictiveCheck as PredictiveCheck,
        predictive_check as predictive_check,
    )
    from calibra.models.rank import RankModel as RankModel, RankPriors as RankPriors
    from calibra.models.rank_fit import RankFit as RankFit
    from calibra.models.threshold import ThresholdModel as ThresholdModel, ThresholdPriors as ThresholdPriors
    from calibra.models.threshold_fit import ThresholdFit as ThresholdFit
    from calibra.replaying import replay as replay
    from calibra.stats.calibration_error import (
        calibration_distance as calibration_distance,
        squared_calibration_error as squared_calibration_error,
    )
    from calibra.stats.calibration_tests import (
        calibration_in_the_large as calibration_in_the_large,
        calibration_line as calibration_line,
        spiegelhalter_test as spiegelhalter_test,
    )
    from calibra.stats.decomposition import decompose as decompose
    from calibra.stats.funnel import funnel as funnel
    from calibra.stats.lifetable import aalen_johansen as aalen_johansen, kaplan_meier as kaplan_meier
    from calibra.stats.reliability import (
        reliability_curve as reliability_curve,
        reliability_curve_from_counts as reliability_curve_from_counts,
    )
    from calibra.stats.scores import (
        ranked_probability_score as ranked_probability_score,
        score_forecasts as score_forecasts,
    )
    from calibra.stats.survival_calibration import (
        calibration_at_horizon as calibration_at_horizon,
        censored_brier as censored_brier,
    )
    from calibra.studies.backtest import backtest as backtest
    from calibra.studies.sensitivity import (
        PriorSensitivity as PriorSensitivity,
        prior_sensitivity as prior_sensitivity,
    )
    from calibra.views.plot_decisions import (
        plot_comparison as plot_comparison,
        plot_rank_reliability as plot_rank_reliability,
        plot_standings as plot_standings,
    )
    from calibra.views.plot_decomposition import plot_decomposition as plot_decomposition
    from calibra.views.plot_funnel import plot_funnel as plot_funnel
    from calibra.views.plot_lead_time import (
        plot_cumulative_incidence as plot_cumulative_incidence,
        plot_incidence_by_rep as plot_incidence_by_rep,
        plot_lead_times as plot_lead_times,
    )
    from calibra.views.plot_rank import plot_probabilities as plot_probabilities, plot_profiles as plot_profiles
    from calibra.views.plot_reliability import plot_reliability as plot_reliability
    from calibra.views.plot_thresholds import (
        plot_bars as plot_bars,
        plot_granularity as plot_granularity,
        plot_share_moves as plot_share_moves,
    )


_HOME = {
    "AdviceRules": "calibra.decisions.thresholds",
    "CalibraError": "calibra.errors",
    "CalibraWarning": "calibra.errors",
    "Calibration": "calibra.calibration",
    "EngineError": "calibra.errors",
    "FitError": "calibra.errors",
    "InputError": "calibra.errors",
    "Judgments": "calibra.data.judgments",
    "LeadTimeFit": "calibra.models.lead_time_fit",
    "LeadTimeModel": "calibra.models.lead_time",
    "LeadTimePriors": "calibra.models.lead_time",
    "NotEnoughDataError": "calibra.errors",
    "Payoff": "calibra.decisions.thresholds",
    "PredictiveCheck": "calibra.models.predictive_checks",
    "PriorSensitivity": "calibra.studies.sensitivity",
    "Promise": "calibra.data.scale",
    "RankFit": "calibra.models.rank_fit",
    "RankHistory": "calibra.data.history",
    "RankModel": "calibra.models.rank",
    "RankPriors": "calibra.models.rank",
    "RankScale": "calibra.data.scale",
    "SimulatedWorld": "calibra.data.simulate",
    "ThresholdFit": "calibra.models.threshold_fit",
    "ThresholdModel": "calibra.models.threshold",
    "ThresholdPriors": "calibra.models.threshold",
    "aalen_johansen": "calibra.stats.lifetable",
    "backtest": "calibra.studies.backtest",
    "calibrate": "calibra.calibration",
    "calibration_at_horizon": "calibra.stats.survival_calibration",
    "calibration_distance": "calibra.stats.calibration_error",
    "calibration_in_the_large": "calibra.stats.calibration_tests",
    "calibration_line": "calibra.stats.calibration_tests",
    "censored_brier": "calibra.stats.survival_calibration",
    "compare": "calibra.decisions.comparison",
    "count_notes": "calibra.data.score_rows",
    "decompose": "calibra.stats.decomposition",
    "describe_styles": "calibra.decisions.style",
    "funnel": "calibra.stats.funnel",
    "kaplan_meier": "calibra.stats.lifetable",
    "load": "calibra.calibration",
    "merged_probabilities": "calibra.decisions.granularity",
    "plot_bars": "calibra.views.plot_thresholds",
    "plot_comparison": "calibra.views.plot_decisions",
    "plot_cumulative_incidence": "calibra.views.plot_lead_time",
    "plot_decomposition": "calibra.views.plot_decomposition",
    "plot_funnel": "calibra.views.plot_funnel",
    "plot_granularity": "calibra.views.plot_thresholds",
    "plot_hand_backs": "calibra.chapters.exits.pictures",
    "plot_incidence_by_rep": "calibra.views.plot_lead_time",
    "plot_lead_times": "calibra.views.plot_lead_time",
    "plot_probabilities": "calibra.views.plot_rank",
    "plot_profiles": "calibra.views.plot_rank",
    "plot_rank_reliability": "calibra.views.plot_decisions",
    "plot_reliability": "calibra.views.plot_reliability",
    "plot_share_moves": "calibra.views.plot_thresholds",
    "plot_standings": "calibra.views.plot_decisions",
    "predictive_check": "calibra.models.predictive_checks",
    "prior_sensitivity": "calibra.studies.sensitivity",
    "rank_reliability": "calibra.decisions.promises",
    "ranked_probability_score": "calibra.stats.scores",
    "read_hubspot_history": "calibra.data.history_readers",
    "read_salesforce_history": "calibra.data.history_readers",
    "read_url": "calibra.data.urls",
    "recommend_granularity": "calibra.decisions.granularity",
    "recommend_thresholds": "calibra.decisions.thresholds",
    "reliability_curve": "calibra.stats.reliability",
    "reliability_curve_from_counts": "calibra.stats.reliability",
    "rep_standings": "calibra.decisions.standings",
    "replay": "calibra.replaying",
    "score_forecasts": "calibra.stats.scores",
    "simulate_judgments": "calibra.data.simulate",
    "spiegelhalter_test": "calibra.stats.calibration_tests",
    "squared_calibration_error": "calibra.stats.calibration_error",
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
