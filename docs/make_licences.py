"""Writes docs/licences.md: what the core and the optional back ends need, and under which licence. Reads metadata."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
OURS = "calibra-sales"
"""Distribution name; `calibra` on PyPI is another project."""
EXTRAS = ("polars", "spark", "ibis", "postgres", "xlsx")
"""Extras that users install; those of the developers are never shipped with anything."""
ALLOWED = (
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSD", "CC0-1.0", "ISC",
    "MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
)  # fmt: skip
"""Licences that ask for no more than that their notices be kept (MPL-2.0: of the files themselves)."""
EXCEPTIONS = {
    "psycopg": "LGPL-3.0-only. Only in the extra `postgres`, because ibis needs it for PostgreSQL. It is imported, not "
    "copied or changed, and its users can exchange it; who may not have LGPL code leaves that extra out.",
}
"""Packages under any other licence, and why they are here."""
_SPELLINGS = {
    "Apache Software License": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0", "MIT License": "MIT",
    "BSD License": "BSD", "Python Software Foundation License": "PSF-2.0", "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}  # fmt: skip
"""Other spellings to SPDX; `BSD` where the number of clauses is not said."""


def requirements(*, extras: Iterable[str] = ()) -> list[Requirement]:
    """Requirements of the core, or of some extras alone."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [line for extra in extras for line in project["optional-dependencies"][extra]]
    return [Requirement(line) for line in (listed if extras else project["dependencies"])]


def needed(wanted: Iterable[Requirement]) -> dict[str, Distribution]:
    """Every installed package these requirements lead to, by name."""
    found: dict[str, Distribution] = {}
    done: set[tuple[str, str]] = set()
    todo = [(one, extra) for one in wanted for extra in ("", *sorted(one.extras))]
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if name == OURS or (name, extra) in done:
            continue
        done.add((name, extra))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        todo += list(_requires(found[name], extra))
    return dict(sorted(found.items()))


def _requires(package: Distribution, extra: str) -> Iterator[tuple[Requirement, str]]:
    for line in package.requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield from ((requirement, more) for more in ("", *sorted(requirement.extras)))


def licence_of(package: Distribution) -> str:
    """Its licence as it states it: expression, classifier or text, in SPDX where the spelling is known."""
    told = package.metadata
    classifiers = [line.split(" :: ")[-1] for line in told.get_all("Classifier") or [] if line.startswith("License")]
    text = (told.get("License") or "").strip()
    if told.get("License-Expression"):
        return str(told["License-Expression"])
    if text and "\n" not in text and len(text) < 40:
        return _SPELLINGS.get(text, text)
    return " AND ".join(_SPELLINGS.get(line, line) for line in classifiers) or "not stated"


def is_allowed(licence: str) -> bool:
    """Whether every part joined by AND offers, among those joined by OR, a licence of the list."""
    parts = re.split(r"\s+AND\s+", licence.replace("(", "").replace(")", ""))
    return all(any(choice in ALLOWED for choice in re.split(r"\s+OR\s+", part)) for part in parts)


def page() -> str:
    """The page."""
    core = needed(requirements())
    more = {name: found for name, found in needed(requirements(extras=EXTRAS)).items() if name not in core}
    return "\n".join([
        "# Licences of what calibra needs", "",
        "calibra is under the Apache License 2.0. Made by `python docs/make_licences.py` from the metadata of what is",
        "installed; `tests/test_supply.py` holds the list and refuses a licence that is not allowed.", "",
        f"Allowed: {', '.join(ALLOWED)}.", "",
        "## The core", "", *_table(core), "", "## Optional back ends", "",
        f"Extras {', '.join(f'`{extra}`' for extra in EXTRAS)}.", "", *_table(more), "", "## Exceptions", "",
        *(f"- `{name}`: {why}" for name, why in EXCEPTIONS.items()), "",
    ])  # fmt: skip


def _table(found: dict[str, Distribution]) -> list[str]:
    rows = [f"| {name} | {licence_of(package)} |" for name, package in found.items()]
    return ["| package | licence |", "|---|---|", *rows]


if __name__ == "__main__":
    (PROJECT / "docs" / "licences.md").write_text(page(), encoding="utf-8")
