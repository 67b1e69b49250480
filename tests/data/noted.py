"""What a summary notes, by kind."""

from calibra.data.counting.summary import JudgmentsSummary
from calibra.data.history.checks import HistorySummary


def noted_by_kind(summary: JudgmentsSummary | HistorySummary) -> dict[str, int]:
    """Kind of each note to its number."""
    return {found.key.removeprefix("data.noted_"): int(found.values["n"]) for found in summary.noted}
