"""Whether the promised days of a rank can be judged, as data; the column of the table says the same."""

from datetime import date

import numpy as np
import pytest

from calibra.chapters.lead_times.model import LeadTimeModel
from calibra.chapters.lead_times.promises import PromiseAnswer, promise_answers
from calibra.data.scale import Promise, RankScale
from calibra.errors import NotEnoughDataError
from tests.chapters.lead_times.worlds import OPEN, competing, judgments_of

RANKS = ("A", "B", "C", "D")


def test_each_state_is_told_apart_and_the_table_says_the_same() -> None:
    promises = {rank: Promise(0.3, within_days=days) for rank, days in (("A", 30), ("B", 60), ("C", 120))}
    days, ending = competing(800, seed=9, follow_days=80)
    rank = np.array(RANKS)[np.arange(800) % 4]
    judgments = judgments_of(days, ending, rank=rank, scale=RankScale(RANKS, promises))
    fit = LeadTimeModel(interval_edges_days=(30, 50)).fit(judgments, seed=1, engine="laplace", draws=100)
    found = promise_answers(fit)
    longest_open = int(days[ending == OPEN].max())
    first = date.fromordinal(date(2026, 9, 30).toordinal() + 120 - longest_open)
    assert found == {
        "A": PromiseAnswer("known", 30, 50),
        "B": PromiseAnswer("past the last edge", 60, 50),
        "C": PromiseAnswer("not yet", 120, 50, first),
        "D": PromiseAnswer("nothing promised"),
    }
    told = ["known", "not in this fit: its last edge is 50 days", f"not yet: {first} at the earliest"]
    assert fit.lead_times().promise_answer.tolist() == [*told, "nothing promised"] * 2
    assert list(map(str, found.values())) == [*told, "nothing promised"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            "Lead times: `interval_edges_days` up to 300 days is not known yet: the longest follow-up is {longest}",
        ),
        ("ja", "リードタイム：`interval_edges_days`の最後の300日目までは、まだ追跡できていません"),
    ],
)
def test_edges_past_the_follow_up_are_refused_in_every_language(lang: str, said: str) -> None:
    days, ending = competing(400, seed=9, follow_days=80)
    with pytest.raises(NotEnoughDataError) as error:
        LeadTimeModel(interval_edges_days=(30, 300)).lay_out(judgments_of(days, ending))
    assert error.value.finding.key == "lead_times.edges_not_followed"
    assert said.format(longest=days.max()) in error.value.finding.say(lang)
    assert str(error.value) == error.value.finding.say("en")
