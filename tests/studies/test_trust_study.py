"""The study of trust: its parts take turns, stop when time is over, and go on."""

import time
from pathlib import Path

from calibra.checks.recovery.rows import load_rows, save_rows
from studies.trust import Part, laplace_parts, nuts_parts, run_parts


def part(file: Path, ran: list[tuple[str, int]], *, aim: int) -> Part:
    """A part whose worlds are their own numbers."""

    def run(n_worlds: int) -> str:
        ran.append((file.stem, n_worlds))
        save_rows(file, [*load_rows(file), *({"world": float(i)} for i in range(len(load_rows(file)), n_worlds))])
        return f"{n_worlds} worlds"

    return Part(file.stem, aim, (file,), run, step=10)


def test_parts_take_turns_in_steps_and_what_is_kept_is_not_run_again(tmp_path: Path) -> None:
    ran: list[tuple[str, int]] = []
    told: list[str] = []
    parts = [part(tmp_path / f"{name}.npz", ran, aim=aim) for name, aim in (("long", 30), ("short", 4))]
    later = time.monotonic() + 60.0
    assert run_parts(parts, told.append, until=later, shares=(0.5, 1.0))
    assert ran == [("long", 10), ("long", 15), ("short", 2), ("long", 25), ("long", 30), ("short", 4)]
    assert told == ["long: 15 worlds", "short: 2 worlds", "long: 30 worlds", "short: 4 worlds"]
    assert run_parts(parts, told.append, until=later, shares=(1.0,))
    assert len(ran) == 6


def test_after_time_is_over_nothing_new_begins(tmp_path: Path) -> None:
    ran: list[tuple[str, int]] = []
    parts = [part(tmp_path / "long.npz", ran, aim=30)]
    assert not run_parts(parts, lambda _line: None, until=time.monotonic() - 1.0)
    assert ran == []


def test_every_part_has_a_name_and_files_of_its_own(tmp_path: Path) -> None:
    parts = [*laplace_parts(tmp_path), *nuts_parts(tmp_path)]
    files = [file for part in parts for file in part.files]
    assert len({part.name for part in parts}) == len(parts)
    assert len(set(files)) == len(files)
