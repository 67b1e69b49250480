"""Files made aside and moved in together: whatever kills a night, readers find whole files, and the next goes on."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from calibra.nightly import folder
from calibra.nightly.folder import RECORD, begin, keep, once_fitted, read_record, refuse, write_json, write_text

NAMES = ["calibration.calibra", "metrics.parquet", "report.html", RECORD]


class Killed(BaseException):
    """The process is gone."""


def night(out: Path, day: str, fitted: list[str]) -> None:
    """A night that writes four files, each holding its day."""

    def fit(path: Path) -> None:
        fitted.append(day)
        write_text(path, day)

    aside = begin(out)
    once_fitted(aside, day, NAMES[0], fit)
    for name in NAMES[1:3]:
        (aside / name).write_text(day[:4], encoding="utf-8")  # half of it, and then the rest
        (aside / name).write_text(day, encoding="utf-8")
    write_json(aside / RECORD, {"as_of": day})
    keep(out, NAMES)


def days_in(out: Path) -> set[str]:
    texts = {name: (out / name).read_text(encoding="utf-8") for name in NAMES}
    return {json.loads(text)["as_of"] if name == RECORD else text for name, text in texts.items()}


def dying(step: int, call: Callable[..., object], count: list[int]) -> Callable[..., object]:
    """The call, which kills the process in place of its n-th use."""

    def called(*args: object, **kwargs: object) -> object:
        count[0] += 1
        if count[0] == step:
            raise Killed
        return call(*args, **kwargs)

    return called


@pytest.mark.parametrize("step", range(1, 23))
def test_killed_at_any_step_readers_find_whole_files_and_the_next_start_finishes(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[str] = []
    night(tmp_path, "2026-09-29", fitted)
    count = [0]
    with monkeypatch.context() as patch:
        for owner, name in (
            (Path, "write_text"), (Path, "replace"), (Path, "unlink"), (Path, "mkdir"), (folder, "replace_whole"),
            (folder.shutil, "rmtree"),
        ):  # fmt: skip
            patch.setattr(owner, name, dying(step, getattr(owner, name), count))
        try:
            night(tmp_path, "2026-09-30", fitted)
            assert count[0] < 22, "the test tries every step"
        except Killed:
            pass
    assert days_in(tmp_path) <= {"2026-09-29", "2026-09-30"}  # whole, each of them
    fitted.clear()
    begin(tmp_path)  # what stood ready is moved; else all is as it was
    assert len(days_in(tmp_path)) == 1
    night(tmp_path, "2026-09-30", fitted)
    assert days_in(tmp_path) == {"2026-09-30"}
    assert {path.name for path in tmp_path.iterdir()} == set(NAMES)
    assert len(fitted) <= 1


def test_what_was_fitted_is_not_fitted_again_but_for_other_counts(tmp_path: Path) -> None:
    aside, fitted = begin(tmp_path), []

    def fit(path: Path) -> None:
        fitted.append(path)
        write_text(path, "draws")

    assert [once_fitted(aside, run_id, "c", fit) for run_id in ("one", "one", "two")] == [False, True, False]
    assert len(fitted) == 2


def test_a_fit_that_was_cut_short_counts_as_none(tmp_path: Path) -> None:
    aside = begin(tmp_path)
    write_text(aside / "c", "of another night")
    write_text(aside / "run_id", "other")

    def killed(path: Path) -> None:
        raise Killed

    with pytest.raises(Killed):
        once_fitted(aside, "tonight", "c", killed)
    assert not once_fitted(aside, "other", "c", lambda path: write_text(path, "fitted anew"))


def test_a_night_that_is_refused_leaves_the_results_and_says_why_beside_them(tmp_path: Path) -> None:
    night(tmp_path, "2026-09-29", [])
    refuse(tmp_path, {"line": "stopped"}, lambda refused: write_text(refused / "set_aside.csv", "reason,rep,n\n"))
    assert days_in(tmp_path) == {"2026-09-29"}
    assert json.loads((tmp_path / "refused" / RECORD).read_text(encoding="utf-8")) == {"line": "stopped"}
    night(tmp_path, "2026-09-30", [])
    assert not (tmp_path / "refused").exists()
    assert read_record(tmp_path) == {"as_of": "2026-09-30"}
