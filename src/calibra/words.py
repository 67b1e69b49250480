"""Numbers and names in words."""

import math
import re
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import SupportsFloat

ALL_REPS = "(all reps)"
"""Label of the row of all reps in every table."""
ALL_RANKS = "(all ranks)"
"""Label of the row of all ranks together."""
FEW_POINTS = 1.95
"""A difference of fewer percentage points has a decimal: at rates of 1 % a doubling is one point."""
MOST_PLANNED = 2000
"""Beyond so many judgments "about n more" is no plan."""
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_WIDE_BLANK = "\u3000"
_LINE_BREAKS = re.compile(r"[\r\n\t\v\f\u0085\u2028\u2029]+")


def counted(n: SupportsFloat, thing: str) -> str:
    """So many of a thing: `1 judgment`, `1,234 judgments`."""
    return f"1 {thing}" if float(n) == 1.0 else f"{float(n):,.0f} {thing}s"


_OF_ONE = {
    "changes": "change",
    "records": "record",
    "ranks": "rank",
    "versions": "version",
    "are": "is",
    "they end": "it ends",
    "give none": "gives none",
    "nobody chose them": "nobody chose it",
}


def of_one(n: int, words: str) -> str:
    """So many of what is written in the plural, of one in the singular: "1 change of other fields"."""
    if n != 1:
        return f"{n} {words}"
    for several, one in _OF_ONE.items():
        words = re.sub(rf"\b{several}\b", one, words, count=1)
    return f"1 {words}"


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names in a sentence: `A, B and C`."""
    *others, end = names
    return f"{', '.join(others)} {last} {end}" if others else end


def normal_spelling(name: str) -> str:
    """The name without what tells two spellings of it apart: case, width (NFKC), blanks, marks without a width."""
    folded = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    return "".join(mark for mark in folded if unicodedata.category(mark) != "Cf")


def chance(prob: float) -> str:
    """A probability from draws: never said to be certain."""
    return "over 99 %" if prob > 0.99 else "below 1 %" if prob < 0.01 else f"{100 * prob:.0f} %"


def percent(share: float) -> str:
    """A share as whole per cent; one decimal below 10 %."""
    return f"{100.0 * share:.1f} %" if abs(share) < 0.0995 else f"{100.0 * share:.0f} %"


def sureness(prob: float) -> str:
    """A probability from draws as whole per cent: never said to be certain."""
    return "over 99 %" if prob > 0.99 else f"{100.0 * prob:.0f} %"


def more_judgments(n: float) -> str:
    """About how many more judgments: upwards to two digits, for more is not known of a plan."""
    if n > MOST_PLANNED:
        return f"more than {MOST_PLANNED:,}"
    return f"about {round_up(n):,}"


def round_up(n: float) -> int:
    """The number rounded up to two significant digits."""
    unit = int(10 ** max(0, len(str(math.ceil(n))) - 2))
    return math.ceil(n / unit) * unit


def points(*values: float) -> list[str]:
    """Percentage points, an estimate and its ends: whole, and with one decimal where the estimate is below 2."""
    decimals = 1 if abs(values[0]) < FEW_POINTS else 0
    return [f"{round(value, decimals) + 0.0:.{decimals}f}" for value in values]


def quoted(value: object) -> str:
    """A user's name or label in quotes, as Python writes it, but for the wide blank (U+3000), which stands as it is.

    Whatever moves a cursor, hides itself, looks like another blank or like nothing at all is written as an escape, so
    that it is seen.
    """
    if not isinstance(value, str) or _WIDE_BLANK not in value or not value.strip():
        return repr(value)
    quote = repr(value)[0]
    other = "'" if quote == '"' else '"'  # set before each part, so that all are quoted alike
    return quote + _WIDE_BLANK.join(repr(other + part)[2:-1] for part in value.split(_WIDE_BLANK)) + quote


def printable(text: str) -> str:
    """The text without anything that moves a cursor, turns the direction of writing or hides itself.

    Line breaks and tabs become a blank; other control and format characters (escape sequences, bidirectional
    overrides, lone surrogates) become the replacement character �.
    """
    one_line = _LINE_BREAKS.sub(" ", text)
    return "".join("�" if unicodedata.category(char) in _UNPRINTABLE else char for char in one_line)


def short_label(label: object, *, width: int = 28) -> str:
    """A label of the user's on one line: printable, and at most so many characters, cut with an ellipsis."""
    text = printable(str(label)).strip() or "(blank)"
    return text if len(text) <= width else f"{text[: width - 1]}…"


def folded_label(label: object, *, width: int = 28, lines: int = 3) -> str:
    """A label of the user's for a picture: whole, in lines of so many characters; cut only beyond the last line."""
    text = printable(str(label)).strip() or "(blank)"
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder="…"))


def folded_labels(labels: Iterable[object], *, width: int = 28) -> list[str]:
    """`folded_label` of each."""
    return [folded_label(label, width=width) for label in labels]
