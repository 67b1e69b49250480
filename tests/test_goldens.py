"""Goldens: what the product says of seven inputs is what it said; tables, JSON, summary, terminal, report, scores.

A change that is meant to move numbers or words writes them anew (`python -m tests.goldens.make`), and its commit shows
the difference. One that is meant to move none runs with `CALIBRA_EXACT=1`.
"""

import csv
import io
import json
import math
import os
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from tests.goldens.make import FOLDER, facts
from tests.goldens.worlds import WORLDS

EXACT = bool(os.environ.get("CALIBRA_EXACT"))
"""Whether all digits kept must agree: for a change that moves words or files and no number, on one machine."""
RELATIVE, ABSOLUTE = (1e-11, 0.0) if EXACT else (1e-6, 1e-8)
"""How far numbers may lie apart: another build of BLAS adds up in another order.

Measured: 0 on the same machine; up to 4e-8 relative and 6e-9 absolute, both in Pareto k, with two threads, with the
kernels of another processor, and with the lowest supported versions.
"""
MOST_SHOWN = 5
"""So many differences of a file are shown."""
ANEW = "If this is meant, write them anew, read `git diff tests/goldens` and commit it: python -m tests.goldens.make"


@pytest.mark.parametrize(
    "name", [pytest.param("demo", marks=pytest.mark.slow), *(name for name in WORLDS if name != "demo")]
)
def test_what_is_said_of_an_input_is_what_was_said(name: str) -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in sorted((FOLDER / name).iterdir())}
    found = differences(kept, facts(name))
    assert not found, "\n".join([f"{name} differs from tests/goldens/{name}:", *found, ANEW])


@pytest.mark.parametrize(
    ("file", "kept", "said", "shown"),
    [
        ("a.txt", "one\ntwo\n", "one\n2\n", "line 2"),
        ("a.txt", "one\n", "one\ntwo\n", "line 2"),
        ("a.csv", "rep,n,x\nA,1,0.5\n", "rep,n,x\nA,1,0.500001\n", "row 1, x"),
        ("a.csv", "rep,n\nA,1\n", "rep,n\nA,1\nB,2\n", "row 2"),
        ("a.csv", "rep,n\nA,1\n", "n,rep\n1,A\n", "columns"),
        ("a.csv", "rep,n\nA,\n", "rep,n\nA,0\n", "row 1, n"),
        ("a.json", '{"a": [1.0, 2]}', '{"a": [1.0, 2.1]}', "a, 1"),
        ("a.json", '{"a": 1}', '{"b": 1}', "names"),
        ("a.json", '{"a": null}', '{"a": 0.0}', "a"),
        ("a.json", '{"a": "5 %"}', '{"a": "6 %"}', "a"),
    ],
)
def test_a_difference_is_found_and_shown(file: str, kept: str, said: str, shown: str) -> None:
    (found,) = differences({file: kept}, {file: said})
    assert f"{file}: {shown}" in found
    assert differences({file: kept}, {file: kept}) == []


@pytest.mark.parametrize(
    ("file", "kept", "said"),
    [("a.csv", "x\n0.5\n", "x\n0.5000000001\n"), ("a.json", '{"a": 0.5}', '{"a": 0.5000000001}')],
)
@pytest.mark.skipif(EXACT, reason="every digit counts")
def test_numbers_may_differ_by_the_order_of_adding_up(file: str, kept: str, said: str) -> None:
    assert differences({file: kept}, {file: said}) == []


def test_every_folder_of_goldens_has_its_input() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/*.csv")} == set(WORLDS)


def test_a_file_that_came_or_went_is_a_difference() -> None:
    assert differences({"a.csv": "x\n"}, {"b.csv": "x\n"}) == ["- a.csv is gone", "+ b.csv is new"]


def differences(kept: dict[str, str], said: dict[str, str]) -> list[str]:
    """What differs between the files kept and those made, the first few of each file."""
    found = [f"- {file} is gone" for file in sorted(kept.keys() - said.keys())]
    found += [f"+ {file} is new" for file in sorted(said.keys() - kept.keys())]
    for file in sorted(kept.keys() & said.keys()):
        apart = HOW[Path(file).suffix](kept[file], said[file])
        found += [f"{file}: {where}\n  - {old}\n  + {new}" for where, old, new in apart[:MOST_SHOWN]]
        found += [f"{file}: … and {len(apart) - MOST_SHOWN} more"] if len(apart) > MOST_SHOWN else []
    return found


type Apart = list[tuple[str, object, object]]


def _lines_apart(kept: str, said: str) -> Apart:
    pairs = enumerate(zip_longest(kept.splitlines(), said.splitlines(), fillvalue="(nothing)"), start=1)
    return [(f"line {place}", old, new) for place, (old, new) in pairs if old != new]


def _cells_apart(kept: str, said: str) -> Apart:
    (names, *old_rows), (new_names, *new_rows) = (list(csv.reader(io.StringIO(text))) for text in (kept, said))
    if names != new_names:
        return [("columns", names, new_names)]
    found: Apart = []
    for place, (old, new) in enumerate(zip_longest(old_rows, new_rows), start=1):
        if old is None or new is None:
            found.append((f"row {place}", old or "(nothing)", new or "(nothing)"))
            continue
        cells = zip(names, old, new, strict=True)
        found += [
            (f"row {place}, {name}", a, b) for name, a, b in cells if a != b and not _close(_number(a), _number(b))
        ]
    return found


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _close(old: object, new: object) -> bool:
    both = (old, new)
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in both):
        return False
    return math.isclose(*both, rel_tol=RELATIVE, abs_tol=ABSOLUTE)  # type: ignore[arg-type]


def _values_apart(kept: str, said: str) -> Apart:
    return _apart(json.loads(kept), json.loads(said), ())


def _apart(old: Any, new: Any, at: tuple[object, ...]) -> Apart:
    where = ", ".join(map(str, at))
    if isinstance(old, dict) and isinstance(new, dict):
        if list(old) != list(new):
            return [(f"{where} names".strip(), list(old), list(new))]
        return [found for key in old for found in _apart(old[key], new[key], (*at, key))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [found for i, pair in enumerate(zip(old, new, strict=True)) for found in _apart(*pair, (*at, i))]
    same = old == new and isinstance(old, bool) is isinstance(new, bool)
    return [] if same or _close(old, new) else [(where, old, new)]


HOW = {".txt": _lines_apart, ".csv": _cells_apart, ".json": _values_apart}
"""How files of each kind are compared."""
