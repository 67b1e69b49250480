"""How many cases each fuzz test draws: a few in `make test`, many in `make fuzz` (CALIBRA_FUZZ=<times as many>)."""

import os
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings

TIMES = int(os.environ.get("CALIBRA_FUZZ", "1"))


def cases(n: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many cases in `make test`, TIMES as many in `make fuzz`; the same every time in the former."""
    quick = TIMES == 1
    return settings(
        max_examples=n * TIMES,
        derandomize=quick,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink) if quick else tuple(Phase),
        suppress_health_check=list(HealthCheck),
    )
