"""What working a prospect costs, and what it is worth: whoever advises by money takes this."""

from dataclasses import dataclass

from calibra.errors import check_number
from calibra.stats.detection.advice import payoff_bar


@dataclass(frozen=True, slots=True)
class Payoff:
    """What is it worth to work a prospect? Working pays from probability cost / value on.

    Parameters
    ----------
    cost : float
        Cost per prospect worked, 0 or more.
    value : float
        Value of an event, in the same currency, above 0.
    """

    cost: float
    """Cost per prospect worked."""
    value: float
    """Value of an event, in the same currency."""

    def __post_init__(self) -> None:
        check_number(self.cost, "cost")
        check_number(self.value, "value")
        payoff_bar(cost=self.cost, value=self.value)

    @property
    def bar(self) -> float:
        """Probability from which on working pays."""
        return float(payoff_bar(cost=self.cost, value=self.value))
