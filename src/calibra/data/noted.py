"""What is no problem of the rows and yet should be known: a note of each kind, with how many there are."""

from collections.abc import Iterable

from calibra.findings import Finding
from calibra.values import Value


def note(kind: str, n: int, **values: Value) -> Finding:
    """A note; its words stand in `data/en.toml` and `data/ja.toml` under `noted_` and the kind."""
    return Finding(f"data.noted_{kind}", {"n": n, **values}, "note")


def counted_notes(kinds: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of which there is any."""
    return tuple(found for found in kinds if found.values["n"])
