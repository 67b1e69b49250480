"""Tables of a study as a page of the docs."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path("docs") / "studies"
"""Where the pages go, from the project's root."""
LIBRARY = Path(__file__).resolve().parents[1] / "src" / "calibra"
"""The library's own folder."""


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
    path.write_text("\n\n".join([f"# {title}", *parts]) + "\n" + last_line(), encoding="utf-8")
    return path


def last_line() -> str:
    """End a page with the commit of the library it was written with, after a blank line."""
    said = library_as_of(LIBRARY)
    return f"\n{said}\n" if said else ""


def library_as_of(library: Path) -> str:
    """Name the last commit that changed the library; empty where that is not known.

    A page whose commit is older than the models must be run again before its figures are relied on.
    """
    here = ["git", "-C", str(library)]
    try:
        last = _output([*here, "log", "-1", "--format=%h of %cs", "--", "."])
        changed = _output([*here, "status", "--porcelain", "--", "."])
    except (OSError, subprocess.CalledProcessError):
        return ""
    also = ", with changes that are not committed" if changed else ""
    return f"Written with the library as of commit {last}{also}." if last else ""


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout.strip()


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
