"""Names on request: stable pseudonyms that only the holder of the key can assign."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Collection, Mapping
from itertools import pairwise

from calibra.errors import InputError

SHORTEST_KEY = 8
"""Characters of the shortest key; a shorter one is guessed."""
CODE_LENGTH = 4
"""Characters of a code; two reps of one report whose codes agree get longer ones."""


def rep_codes(reps: Collection[str], key: str) -> dict[str, str]:
    """Which code stands for each rep? The same rep and key give the same code in every report.

    The first characters of HMAC-SHA-256(key, name) in base 32 (RFC 2104, RFC 4648). Where two reps of a report agree
    in all of them, both get as many more as tell them apart; the other codes stay.
    """
    if not isinstance(key, str) or len(key) < SHORTEST_KEY:
        found = f"{len(key)} characters" if isinstance(key, str) else repr(type(key).__name__)
        raise InputError(
            f"`pseudonyms` must be a secret text of at least {SHORTEST_KEY} characters, the same in every report that "
            f"should use the same names; got {found}. Keep it where only those who may know the names can read it."
        )
    full = {rep: _digest(rep, key) for rep in reps}
    ordered = sorted(full.items(), key=lambda pair: pair[1])  # those that agree longest stand side by side
    shared = [0, *(_shared(one, other) for (_, one), (_, other) in pairwise(ordered)), 0]
    return {
        rep: digest[: max(CODE_LENGTH, 1 + before, 1 + after)]
        for (rep, digest), before, after in zip(ordered, shared[:-1], shared[1:], strict=True)
    }


def _shared(one: str, other: str) -> int:
    """How many characters two codes begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))


def _digest(rep: str, key: str) -> str:
    made = hmac.digest(key.encode("utf-8", "surrogatepass"), rep.encode("utf-8", "surrogatepass"), "sha256")
    return base64.b32encode(made).decode("ascii").rstrip("=")


def hide_names(text: str, shown: Mapping[str, str]) -> str:
    """The text with every name that stands in it replaced; for messages that were worded elsewhere."""
    names = sorted((name for name, label in shown.items() if name and name != label), key=len, reverse=True)
    if not names:
        return text
    pattern = "|".join(_bounded(name) for name in names)
    return re.sub(pattern, lambda found: shown[found[0]], text)


def _bounded(name: str) -> str:
    """A pattern for the name, not inside a longer word of Latin letters or digits."""
    before = r"(?<![A-Za-z0-9])" if name[0].isascii() and name[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if name[-1].isascii() and name[-1].isalnum() else ""
    return f"{before}{re.escape(name)}{after}"
