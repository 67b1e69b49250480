"""What is fitted, and how: the settings a calibration is made with and saved under."""

from __future__ import annotations

from dataclasses import dataclass, field

from calibra.inference.engines import Engine
from calibra.models.lead_time import LeadTimeModel
from calibra.models.rank import RankModel
from calibra.models.threshold import ThresholdModel
from calibra.stats.margin import MARGIN_ODDS

PARTS = ("lead times", "thresholds", "granularity")
"""What `calibrate` does beside the rank model."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Engine, draws, parts and models of a calibration."""

    engine: Engine = "auto"
    """The engine asked for."""
    draws: int = 1000
    """Posterior draws of every fit."""
    parts: tuple[str, ...] = PARTS
    """What is done beside the rank model."""
    rank: RankModel = field(default_factory=RankModel)
    """The rank model of every horizon, its own left open."""
    lead_time: LeadTimeModel = field(default_factory=LeadTimeModel)
    """The lead-time model."""
    threshold: ThresholdModel = field(default_factory=ThresholdModel)
    """The threshold model of every horizon, its own left open."""
    margin_odds: float = MARGIN_ODDS
    """Factor on the odds below which a difference of probabilities is not worth talking about."""
