"""Tables of a study as a page of the docs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path("docs") / "studies"
"""Where the pages go, from the project's root."""


def markdown_table(columns: Mapping[str, Sequence[object]]) -> str:
    """A table in Markdown; floats with up to four significant digits."""
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def write_page(name: str, title: str, *parts: str) -> Path:
    """Write `docs/studies/<name>.md` and say where it is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.md"
    path.write_text("\n\n".join([f"# {title}", *parts]) + "\n", encoding="utf-8")
    return path


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
