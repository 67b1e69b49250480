"""Blocks of a page in a terminal: the same words and tables as in the report, without its pictures."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from calibra.views.blocks import Block, Bullets, Cell, Picture, Section, Table
from calibra.words import printable

if TYPE_CHECKING:
    from rich.table import Table as RichTable

SHOWN_ROWS = 41
"""Rows of a table that are printed; files hold all."""
HEAD_WIDTH = 14
"""Characters of a head that are never folded."""


def render(section: Section) -> Iterator[Any]:
    """A section as what rich prints: its title, then its blocks."""
    from rich.text import Text as RichText

    yield RichText(printable(section.title), style="bold")
    for block in section.blocks:
        yield from render_block(block)
    yield RichText("")


def render_block(block: Block) -> Iterator[Any]:
    """A block as what rich prints; nothing of a picture, whose numbers stand in the tables."""
    from rich.text import Text as RichText

    match block:
        case Table():
            yield from _table(block)
        case Bullets():
            yield RichText("\n".join(f"- {printable(item)}" for item in block.items))
        case Picture():
            return
        case _:
            yield RichText(printable(block.text))


def _table(block: Table) -> Iterator[Any]:
    from rich.text import Text as RichText

    if block.caption:
        yield RichText(printable(block.caption), style="bold")
    yield _rich_table(block)
    left = len(block.rows) - SHOWN_ROWS
    if left > 0:
        yield RichText(f"… and {left:,} more; the tables hold all.", style="dim")
    if block.note:
        yield RichText(printable(block.note), style="dim")


def _rich_table(block: Table) -> RichTable:
    """Labels on the left, numbers on the right; what stands below a number in the report stands below it here."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text as RichText

    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(block.columns):
        head = _folded(printable(column.text), [row.cells[place] for row in block.rows if place < len(row.cells)])
        table.add_column(
            RichText(head), justify="left" if column.kind in ("name", "words") else "right", overflow="fold"
        )
    for row in block.rows[:SHOWN_ROWS]:
        table.add_row(*(_cell(cell.text, cell.sub) for cell in row.cells), end_section=row.tone == "everyone")
    return table


def _folded(head: str, cells: Sequence[Cell]) -> str:
    """A head in lines hardly longer than what stands below it, so that it takes no room from other columns."""
    below = max((len(text) for cell in cells for text in (cell.text, cell.sub)), default=0)
    longest_word = max(map(len, head.split()), default=1)
    return textwrap.fill(head, max(below, longest_word, HEAD_WIDTH), break_long_words=False)


def _cell(text: str, sub: str) -> Any:
    from rich.text import Text as RichText

    cell = RichText(printable(text))
    return cell.append(f"\n{printable(sub)}", style="dim") if sub else cell


def shown(sections: Sequence[Section]) -> list[Any]:
    """Every section, one after the other."""
    return [part for section in sections for part in render(section)]
