"""What may be asked of incidences: of which ending, and told apart by what."""

from collections.abc import Sequence
from typing import Literal

from calibra.errors import InputError

CAUSES = ("event", "exit")
"""The endings, each with a posterior of its own."""

type Cause = Literal["event", "exit"]


def check_by(by: Sequence[str]) -> tuple[str, ...]:
    """Refuse what no table can be told apart by."""
    if isinstance(by, str) or not isinstance(by, Sequence) or not set(by) <= {"rep", "rank"} or len(set(by)) < len(by):
        raise InputError(
            f"`by` must hold 'rep', 'rank', both or none, each once; got {by!r}. Write by=('rep', 'rank')."
        )
    return tuple(by)


def check_cause(cause: Cause) -> Cause:
    """Refuse what is no ending."""
    if cause not in CAUSES:
        raise InputError(f"`cause` must be one of {', '.join(CAUSES)}; got {cause!r}.")
    return cause
