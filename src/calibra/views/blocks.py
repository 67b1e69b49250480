"""What a report is made of: sections of texts, lists, tables and pictures, dressed by the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

NO_PICTURE = Markup("")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: a number with what it rests on, a picture, or a label."""

    text: str = ""
    """What stands first."""
    sub: str = ""
    """What stands below it, smaller: interval, n."""
    picture: Markup = NO_PICTURE
    """An inline SVG above the text."""
    tone: str = ""
    """Class that says a finding by colour; the text says it too."""
    href: str = ""
    """Anchor in the report."""
    hover: str = ""
    """What is read when a pointer rests on it: an interval."""


@dataclass(frozen=True, slots=True)
class Column:
    """Head of a column."""

    text: str
    """Its label."""
    kind: str = "number"
    """`name`, `number`, `strip` (a picture with its number) or `words`."""
    axis: Markup = NO_PICTURE
    """Scale of the strips below."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row; `name` is what the search looks for, empty where it does not look."""

    cells: Sequence[Cell]
    """One per column."""
    name: str = ""
    """What the search looks for."""
    tone: str = ""
    """Class of the whole row."""
    is_quiet: bool = False
    """Whether nothing stands out or can be told of it yet: on paper several such rows are one sentence."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; it scrolls inside its own container."""

    kind: ClassVar[str] = "table"
    columns: Sequence[Column]
    """Heads."""
    rows: Sequence[Row]
    """Rows."""
    caption: str = ""
    """What it shows."""
    note: str = ""
    """Interval, n and engine of its numbers."""
    css: str = ""
    """Class of the table."""
    legend: Markup = NO_PICTURE
    """What its marks mean, each drawn before its words."""
    quiet: str = ""
    """The sentence that stands for the quiet rows on paper; empty where they are printed."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str
    """Its words."""
    tone: str = ""
    """Class."""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    kind: ClassVar[str] = "bullets"
    items: Sequence[str]
    """One sentence each."""
    tone: str = ""
    """Class."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure of its own."""

    kind: ClassVar[str] = "picture"
    svg: Markup
    """The inline SVG."""
    caption: str
    """What it shows."""
    note: str = ""
    """Interval, n and engine."""


type Block = Table | Text | Bullets | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its anchor."""

    anchor: str
    """Name of the anchor."""
    title: str
    """Heading."""
    blocks: Sequence[Block]
    """What it holds, from the top."""
    on_paper: str = ""
    """What is printed in place of the blocks; empty where they are printed."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing said of a rep, and its probability."""

    text: str
    """The sentence."""
    chance: str
    """Its probability in words, such as "97 %"; empty where the sentence is no flag."""
    tone: str = ""
    """Class that says the finding by colour."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is said to one rep."""

    anchor: str
    """Name of the anchor."""
    name: str
    """Full name as shown."""
    label: str
    """Name on one short line."""
    blocks: Sequence[Block]
    """What the rep's ranks meant."""
    differs: Sequence[Flag]
    """Where the rep differs from the others, and how sure that is."""
    attempt: Sequence[Flag]
    """One thing to try."""
    unknown: Sequence[str]
    """What cannot be told yet."""
