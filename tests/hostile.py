"""One small fit, with labels nobody should have to fear."""

import pytest

from calibra.calibration import Calibration, calibrate
from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.model import RankModel
from calibra.data.counting.judgments import Judgments
from calibra.data.scale import Promise, RankScale
from calibra.tables import make_table

HOSTILE = ["$x^2$", "[red]boo[/red]", "=HYPERLINK(1)", "new\nline \x1b[31m", "abc\u202exyz", "<script>" + "w" * 200]
RANKS = ["A", "B", "$C_"]


def counts_of(reps: list[str], *, n: int = 60, spread: float = 0.12) -> Judgments:
    """Counts whose reps stand in a line from outcomes above to outcomes below all reps."""
    rows = []
    for i, rep in enumerate(reps):
        lift = spread * (1 - 2 * i / max(1, len(reps) - 1))
        rows += [
            (rep, rank, n + i, round((n + i) * (p + lift))) for rank, p in zip(RANKS, (0.6, 0.4, 0.2), strict=True)
        ]
    names = ("rep", "rank", "n", "events")
    columns = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    scale = RankScale(RANKS, {rank: Promise(p, within_days=90) for rank, p in zip(RANKS, (0.6, 0.4, 0.2), strict=True)})
    return Judgments.from_counts(make_table(columns), scale=scale)


def counts_fit(reps: list[str], *, n: int = 60, spread: float = 0.12) -> RankFit:
    """The rank model of such counts."""
    return RankModel().fit(counts_of(reps, n=n, spread=spread), seed=1, engine="laplace", draws=400)


@pytest.fixture(scope="session")
def hostile_fit() -> RankFit:
    return counts_fit(HOSTILE)


@pytest.fixture(scope="session")
def hostile() -> Calibration:
    """The same counts, calibrated."""
    return calibrate(counts_of(HOSTILE), seed=1, engine="laplace", draws=400, parts=())


@pytest.fixture(scope="session")
def wide_fit() -> RankFit:
    """More reps than get a row with a name."""
    return counts_fit([f"rep {i:03d}" for i in range(70)], n=40)
