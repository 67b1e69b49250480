"""How often does a funnel flag where nobody is odd? Simulated worlds, counted.

`python -m studies.funnel` writes the table of docs/studies/funnel.md (some minutes on one processor).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibra.stats.funnel import LIMIT_PROBS, funnel

UNITS = (5, 10, 30)
SPREADS = (0.0, 0.05, 0.1)
"""Standard deviation of the true shares on the arcsine scale; near 30 % they spread by 0, 4.6 and 9.2 points."""
TRUE_SHARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class FlagRate:
    """Share of units flagged where none is odd."""

    n_units: int
    """Units of a funnel."""
    spread: float
    """Standard deviation of the true shares on the arcsine scale."""
    counts: str
    """Judgments per unit."""
    left_out: bool
    """Whether each unit was left out of its own over-dispersion."""
    n_worlds: int
    """Simulated funnels."""
    beyond: tuple[float, ...]
    """Share of units beyond each of `LIMIT_PROBS`."""


def study_funnel(*, n_worlds: int, seed: int) -> list[FlagRate]:
    """Count flags in worlds without an odd unit: all alike, or spread by a normal law on the arcsine scale."""
    rows = []
    for place, (size, spread, counts) in enumerate(_designs()):
        rng = np.random.default_rng([seed, place])
        flags: dict[bool, list[list[float]]] = {True: [], False: []}
        for _ in range(n_worlds):
            n = np.full(size, 100) if counts == "100" else rng.integers(30, 400, size)
            angle = np.clip(np.arcsin(np.sqrt(TRUE_SHARE)) + spread * rng.standard_normal(size), 0.0, np.pi / 2)
            events = rng.binomial(n, np.sin(angle) ** 2)
            for left_out, found in flags.items():
                result = funnel(n, events, leave_out=left_out)
                found.append([float(result.beyond(level).mean()) for level in LIMIT_PROBS])
        rows += [
            FlagRate(size, spread, counts, left_out, n_worlds, tuple(np.mean(found, axis=0).tolist()))
            for left_out, found in flags.items()
        ]
    return rows


def _designs() -> list[tuple[int, float, str]]:
    equal = [(size, spread, "100") for size in UNITS for spread in SPREADS]
    return equal + [(10, spread, "30 to 399") for spread in SPREADS]


def render(rows: list[FlagRate]) -> str:
    """The rows as a table in Markdown."""
    lines = [
        "| units | judgments each | true spread | own τ left out | worlds | beyond 95 % | beyond 99.8 % |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.n_units} | {row.counts} | {row.spread:g} | {'yes' if row.left_out else 'no'} | {row.n_worlds:,} "
        f"| {row.beyond[0]:.1%} | {row.beyond[1]:.2%} |"
        for row in rows
    ]
    return "\n".join(lines)


def write(path: Path, *, n_worlds: int = 10_000, seed: int = 20261130) -> None:
    """Run the study and replace the table between the marks of the page."""
    page = path.read_text(encoding="utf-8")
    start, end = "<!-- funnel: begin -->", "<!-- funnel: end -->"
    before, _, rest = page.partition(start)
    table = render(study_funnel(n_worlds=n_worlds, seed=seed))
    path.write_text(f"{before}{start}\n{table}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs/studies/funnel.md"))
