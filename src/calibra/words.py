"""Numbers and names in words."""

import unicodedata
from collections.abc import Iterable
from typing import SupportsFloat


def counted(n: SupportsFloat, thing: str) -> str:
    """So many of a thing: `1 judgment`, `1,234 judgments`."""
    return f"1 {thing}" if float(n) == 1.0 else f"{float(n):,.0f} {thing}s"


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names in a sentence: `A, B and C`."""
    *others, end = names
    return f"{', '.join(others)} {last} {end}" if others else end


def normal_spelling(name: str) -> str:
    """The name without what tells two spellings of it apart: case, width (NFKC), and blanks around it or in a row."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
