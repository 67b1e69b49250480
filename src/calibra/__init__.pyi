# The public names, each beside the module it lives in: the one list, read by `__init__.py` and by type checkers.

from .calibration import Calibration as Calibration, calibrate as calibrate, load as load
from .chapters.added.fit import AddedFit as AddedFit
from .chapters.added.model import AddedModel as AddedModel, AddedPriors as AddedPriors
from .chapters.added.pictures import plot_added as plot_added
from .chapters.deals.answer import DealAnswer as DealAnswer, ask_about as ask_about
from .chapters.deals.backtest import DealBacktest as DealBacktest, backtest_totals as backtest_totals
from .chapters.deals.fit import DealFit as DealFit
from .chapters.deals.model import DealModel as DealModel, DealPriors as DealPriors
from .chapters.deals.pictures import plot_forecasts as plot_forecasts, plot_total as plot_total
from .chapters.deals.ratios import compare_ratios as compare_ratios, forecast_ratios as forecast_ratios
from .chapters.deals.total import PeriodTotal as PeriodTotal, period_total as period_total
from .chapters.drift.comparison import compare as compare
from .chapters.drift.pictures import plot_comparison as plot_comparison
from .chapters.effort.advice import HandBackAdvice as HandBackAdvice, recommend_hand_back as recommend_hand_back
from .chapters.effort.answer import Effort as Effort
from .chapters.effort.caps import contact_caps as contact_caps
from .chapters.effort.fit import EffortFit as EffortFit
from .chapters.effort.model import EffortModel as EffortModel, EffortPriors as EffortPriors
from .chapters.effort.pictures import plot_yield as plot_yield
from .chapters.effort.work import work_between_ranks as work_between_ranks, work_by_rank as work_by_rank
from .chapters.exits.pictures import plot_hand_backs as plot_hand_backs
from .chapters.granularity.merges import recommend_granularity as recommend_granularity
from .chapters.granularity.pictures import plot_granularity as plot_granularity
from .chapters.granularity.what_if import merged_probabilities as merged_probabilities
from .chapters.joint_ratings.fit import JointRatingFit as JointRatingFit
from .chapters.joint_ratings.model import (
    JointRatingModel as JointRatingModel,
    JointRatingPriors as JointRatingPriors,
)
from .chapters.joint_ratings.pictures import plot_joint_ratings as plot_joint_ratings
from .chapters.joint_ratings.plan import plan_joint_rating as plan_joint_rating
from .chapters.joint_ratings.sheet import save_joint_rating_sheet as save_joint_rating_sheet
from .chapters.lead_times.fit import LeadTimeFit as LeadTimeFit
from .chapters.lead_times.model import LeadTimeModel as LeadTimeModel, LeadTimePriors as LeadTimePriors
from .chapters.lead_times.pictures import (
    plot_cumulative_incidence as plot_cumulative_incidence,
    plot_incidence_by_rep as plot_incidence_by_rep,
    plot_lead_times as plot_lead_times,
)
from .chapters.outlook.back_test import OutlookBackTest as OutlookBackTest
from .chapters.outlook.contact import prospects_to_contact as prospects_to_contact
from .chapters.outlook.door import backtest_outlook as backtest_outlook, outlook as outlook
from .chapters.outlook.pictures import plot_outlook as plot_outlook
from .chapters.outlook.result import Outlook as Outlook
from .chapters.promises.pictures import plot_rank_reliability as plot_rank_reliability
from .chapters.promises.reliability import rank_reliability as rank_reliability
from .chapters.ranks.fit import RankFit as RankFit
from .chapters.ranks.model import RankModel as RankModel, RankPriors as RankPriors
from .chapters.ranks.pictures import plot_probabilities as plot_probabilities, plot_profiles as plot_profiles
from .chapters.standings.pictures import plot_standings as plot_standings
from .chapters.standings.places import rep_standings as rep_standings
from .chapters.stated.fit import StatedFit as StatedFit
from .chapters.stated.model import StatedModel as StatedModel, StatedPriors as StatedPriors
from .chapters.stated.pictures import plot_stated_curve as plot_stated_curve, plot_stated_reps as plot_stated_reps
from .chapters.thresholds.advice import (
    AdviceRules as AdviceRules,
    recommend_thresholds as recommend_thresholds,
)
from .chapters.thresholds.fit import ThresholdFit as ThresholdFit
from .chapters.thresholds.model import ThresholdModel as ThresholdModel, ThresholdPriors as ThresholdPriors
from .chapters.thresholds.pictures import plot_bars as plot_bars, plot_share_moves as plot_share_moves
from .chapters.thresholds.style import describe_styles as describe_styles
from .chapters.timing.fit import StatedTimingFit as StatedTimingFit
from .chapters.timing.model import (
    StatedTimingModel as StatedTimingModel,
    StatedTimingPriors as StatedTimingPriors,
)
from .chapters.timing.pictures import plot_stated_timing as plot_stated_timing
from .chapters.value.amount_fit import AmountFit as AmountFit
from .chapters.value.fit import ValueFit as ValueFit
from .chapters.value.model import (
    AmountModel as AmountModel,
    AmountPriors as AmountPriors,
    ValueModel as ValueModel,
    WinModel as WinModel,
    WinPriors as WinPriors,
)
from .chapters.value.pictures import plot_amounts as plot_amounts, plot_rank_worth as plot_rank_worth
from .chapters.value.win_fit import WinFit as WinFit
from .chapters.viewpoints.gaps import Viewpoints as Viewpoints, viewpoints as viewpoints
from .chapters.viewpoints.pictures import plot_viewpoints as plot_viewpoints
from .checks.backtest import backtest as backtest
from .checks.priors import PriorSensitivity as PriorSensitivity, prior_sensitivity as prior_sensitivity
from .cli.config import Settings as Settings, read_settings as read_settings
from .data.counting.judgments import Judgments as Judgments
from .data.frames.urls import read_url as read_url
from .data.history.contact_log import Contacts as Contacts
from .data.history.deals import Deals as Deals
from .data.history.history import RankHistory as RankHistory
from .data.history.joint_ratings import JointRatings as JointRatings
from .data.history.readers import (
    read_hubspot_history as read_hubspot_history,
    read_salesforce_history as read_salesforce_history,
)
from .data.scale import Promise as Promise, RankScale as RankScale
from .data.scoring.score_rows import count_notes as count_notes
from .data.simulation.deals import SimulatedDeals as SimulatedDeals, simulate_deals as simulate_deals
from .data.simulation.joint_ratings import (
    SimulatedJointRatings as SimulatedJointRatings,
    simulate_joint_ratings as simulate_joint_ratings,
)
from .data.simulation.simulate import SimulatedWorld as SimulatedWorld, simulate_judgments as simulate_judgments
from .errors import (
    CalibraError as CalibraError,
    CalibraWarning as CalibraWarning,
    EngineError as EngineError,
    FitError as FitError,
    InputError as InputError,
    NotEnoughDataError as NotEnoughDataError,
)
from .reading.payoff import Payoff as Payoff
from .reading.predictive import PredictiveCheck as PredictiveCheck, predictive_check as predictive_check
from .replaying import replay as replay
from .stats.agreement import Agreement as Agreement, measure_agreement as measure_agreement
from .stats.forecasts.calibration_error import (
    calibration_distance as calibration_distance,
    squared_calibration_error as squared_calibration_error,
)
from .stats.forecasts.calibration_tests import (
    calibration_in_the_large as calibration_in_the_large,
    calibration_line as calibration_line,
    spiegelhalter_test as spiegelhalter_test,
)
from .stats.forecasts.decomposition import decompose as decompose
from .stats.forecasts.pooled import PooledCalibration as PooledCalibration, pooled_calibration as pooled_calibration
from .stats.forecasts.reliability import (
    reliability_curve as reliability_curve,
    reliability_curve_from_counts as reliability_curve_from_counts,
)
from .stats.forecasts.scores import (
    ranked_probability_score as ranked_probability_score,
    score_forecasts as score_forecasts,
)
from .stats.forecasts.totals import crps_draws as crps_draws, pit_draws as pit_draws
from .stats.funnel import funnel as funnel
from .stats.net_benefit import (
    DecisionCurve as DecisionCurve,
    decision_curve as decision_curve,
    net_benefit as net_benefit,
)
from .stats.stopping import pilot_size as pilot_size, stopping_index as stopping_index
from .stats.survival.calibration import (
    calibration_at_horizon as calibration_at_horizon,
    censored_brier as censored_brier,
)
from .stats.survival.lifetable import aalen_johansen as aalen_johansen, kaplan_meier as kaplan_meier
from .views.plot_decomposition import plot_decomposition as plot_decomposition
from .views.plot_funnel import plot_funnel as plot_funnel
from .views.plot_reliability import plot_reliability as plot_reliability

__version__: str
