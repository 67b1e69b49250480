"""The folder of results: tonight's files are made aside, whole, and moved in together; a move cut short is finished.

Whatever kills a night, the results are those of the last night, or, once `ready` stands in the folder aside, tonight's:
the next start moves what is left. No file is ever half-written where readers look.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from calibra.archive import replace_whole

ASIDE, REFUSED = ".tonight", "refused"
"""Where tonight's files are made; what is known of a night that was stopped."""
READY, RUN_ID = "ready", "run_id"
"""List of the whole files, written last; what the calibration aside was fitted to, written once it is saved."""
RECORD = "run.json"
"""What a night has to tell, moved last."""


def begin(out: Path) -> Path:
    """The folder aside, once the move of an earlier night that was cut short is finished."""
    aside = out / ASIDE
    if (aside / READY).is_file():
        _move(aside, out)
    aside.mkdir(parents=True, exist_ok=True)
    return aside


def once_fitted(aside: Path, run_id: str, saved: str, fit: Callable[[Path], object]) -> bool:
    """Have the file `saved` made in the folder aside, unless a night of the same id made it; whether it was there."""
    if (aside / saved).is_file() and _text(aside / RUN_ID) == run_id:
        return True
    (aside / RUN_ID).unlink(missing_ok=True)
    fit(aside / saved)
    write_text(aside / RUN_ID, run_id)
    return False


def keep(out: Path, names: list[str]) -> list[Path]:
    """Make these files aside the results, in one step as far as the next start can tell; returns their paths."""
    aside = out / ASIDE
    write_text(aside / READY, json.dumps(names))
    _move(aside, out)
    return [out / name for name in names]


def _move(aside: Path, out: Path) -> None:
    for name in json.loads(_text(aside / READY)):
        if (aside / name).is_file():  # else it is moved already
            (aside / name).replace(out / name)
    shutil.rmtree(out / REFUSED, ignore_errors=True)
    (aside / READY).unlink()
    shutil.rmtree(aside, ignore_errors=True)


def refuse(out: Path, record: dict[str, Any], write_more: Callable[[Path], object]) -> None:
    """Leave the results as they are, and beside them what is known of the night that was stopped."""
    folder = out / REFUSED
    folder.mkdir(parents=True, exist_ok=True)
    write_more(folder)
    write_json(folder / RECORD, record)


def read_record(out: Path) -> dict[str, Any] | None:
    """What the last good night had to tell; None on the first."""
    text = _text(out / RECORD)
    return None if text is None else json.loads(text)


def write_json(path: Path, record: dict[str, Any]) -> Path:
    """Write a record in one step."""
    return write_text(path, json.dumps(record, ensure_ascii=False, allow_nan=False, indent=2) + "\n")


def write_text(path: Path, text: str) -> Path:
    """Write a text file in one step."""
    return replace_whole(path, text.encode("utf-8"))


def _text(path: Path) -> Any:
    return path.read_text(encoding="utf-8") if path.is_file() else None
