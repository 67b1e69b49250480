"""Saved and loaded: the same numbers, nothing silently wrong, nothing half written."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import calibra as cb
from calibra import archive
from calibra.calibration import Calibration, calibrate, load
from calibra.chapters.granularity.merges import Granularity, Merge
from calibra.chapters.ranks.model import RankModel, RankPriors
from calibra.codecs import from_plain, pack_table, to_plain, unpack_arrays, unpack_table, write_arrays
from calibra.data.counting.judgments import Judgments
from calibra.findings import Finding
from calibra.inference.declare.priors import LKJ, HalfNormal, Normal
from calibra.reading.by_horizon import ByHorizon
from calibra.replaying import beside
from calibra.saving import unsayable
from calibra.values import Listed, Phrase
from tests.calibrated import SCALE, calibrated, read, with_answer, with_notes, world
from tests.goldens.worlds import WORLDS


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    """Every part, granularity by hand, for its cross-validation takes its time."""
    text, number = np.array(["x", "x"], dtype=object), np.array([0.25, 0.75])
    columns = dict.fromkeys(("rep", "better", "worse"), text) | {
        "n_better": np.array([1, 2]),
        "n_worse": np.array([1, 2]),
    }
    columns |= dict.fromkeys(("estimate", "lower", "upper", "prob_apart"), number)
    merge = Merge(("A",), ("B", "C"), loss=-0.5, loss_se=float("inf"), prob_apart=0.2, done=True)
    found = Granularity(
        (("A",), ("B", "C")), (merge,), columns, ("x",), 1.25, {"n_folds": 5, "within_days": 60, "interval_prob": 0.9}
    )
    return with_answer(calibrated(), "granularity", ByHorizon({60: found}), **{"granularity, 60": found})


@pytest.fixture
def path(calibration: Calibration, tmp_path: Path) -> Path:
    return calibration.save(tmp_path / "team.calibra")


# the same again -------------------------------------------------------------------------------------------------------


def test_a_loaded_calibration_tells_the_same_to_the_last_digit(calibration: Calibration, path: Path) -> None:
    loaded = load(path)
    tables, again = calibration.tables(), loaded.tables()
    assert list(tables) == list(again)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, again[name])
        assert table.attrs == again[name].attrs
    assert loaded.summary() == calibration.summary()
    assert loaded.diagnostics == calibration.diagnostics
    assert loaded.findings == calibration.findings
    assert loaded.settings == calibration.settings
    assert calibration.thresholds.advice is not None
    assert loaded.thresholds.advice is not None
    assert loaded.thresholds.advice.sentences() == calibration.thresholds.advice.sentences()
    assert to_plain(loaded.granularity[60].merges) == to_plain(calibration.granularity[60].merges)
    pd.testing.assert_frame_equal(loaded.calibration_table(), calibration.calibration_table())
    assert loaded.ranks[60].posterior.coords == calibration.ranks[60].posterior.coords


def test_a_loaded_calibration_is_saved_again_byte_for_byte(path: Path, tmp_path: Path) -> None:
    again = load(path).save(tmp_path / "again.calibra")
    assert again.read_bytes() == path.read_bytes()


def test_the_judgments_of_a_file_are_counts_and_say_what_came_in(calibration: Calibration, path: Path) -> None:
    kept, judgments = load(path).judgments, calibration.judgments
    assert str(kept.summary()) == str(judgments.summary())
    assert (repr(kept), kept.columns) == (repr(judgments), judgments.columns)
    pd.testing.assert_frame_equal(kept.duration_counts().table, judgments.duration_counts().table)
    pd.testing.assert_frame_equal(kept.weekly_counts().table, judgments.weekly_counts().table)
    pd.testing.assert_frame_equal(kept.weekly_endings().table, judgments.weekly_endings().table)
    assert (
        kept.binomial_cells(within_days=60).events.tolist() == judgments.binomial_cells(within_days=60).events.tolist()
    )


def test_what_needs_rows_says_so_and_takes_judgments_read_anew(calibration: Calibration, path: Path) -> None:
    loaded = load(path)
    assert loaded.lead_times is not None
    for ask in (
        lambda: loaded.lead_times.chasing(loaded.judgments), lambda: loaded.judgments.at("2026-01-01"),
        lambda: loaded.judgments.binomial_cells(within_days=45), lambda: loaded.judgments.duration_counts(by=["team"]),
    ):  # fmt: skip
        with pytest.raises(cb.InputError, match=r"needs rows; a saved calibration keeps counts. Read the judgments"):
            ask()
    assert calibration.lead_times is not None
    named = loaded.lead_times.chasing(calibration.judgments)
    pd.testing.assert_frame_equal(named, calibration.lead_times.chasing(calibration.judgments))


def test_rows_set_aside_are_told_by_the_file(tmp_path: Path) -> None:
    scale = cb.RankScale(["A", "B"], {"A": cb.Promise(0.5, within_days=60), "B": cb.Promise(0.3, within_days=60)})
    partly = read(scale=scale, problems="set_aside")  # the Cs are of no rank of this scale
    kept = load(calibrate(partly, seed=1, engine="laplace", draws=200, parts=()).save(tmp_path / "x.calibra"))
    assert kept.judgments.set_aside.n_rows > 0
    assert str(kept.judgments.set_aside) == str(partly.set_aside)


def test_ready_made_counts_without_a_horizon_are_saved_like_any(tmp_path: Path) -> None:
    found = calibrate(two_reps(), seed=1, engine="laplace", draws=200, parts=("thresholds",))
    kept = load(found.save(tmp_path / "counts.calibra"))
    assert list(kept.ranks) == [None]
    assert kept.summary() == found.summary()
    pd.testing.assert_frame_equal(kept.tables()["probabilities"], found.tables()["probabilities"])


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "demo"])
def test_a_calibration_that_lacks_something_loads_without_it(tmp_path: Path, name: str) -> None:
    found = calibrate(WORLDS[name]()[0], seed=1, engine="laplace", draws=100, progress=False)
    kept = load(found.save(tmp_path / "team.calibra"))
    assert kept.answered == found.answered
    assert kept.summary() == found.summary()
    assert kept.notes == found.notes
    tables = kept.tables()
    for table, rows in found.tables().items():
        pd.testing.assert_frame_equal(tables[table], rows)


def test_the_manifest_says_where_the_numbers_are_from(calibration: Calibration, path: Path) -> None:
    told = load(path).manifest
    assert told["format_version"] == [2, 0]
    assert told["made_with"]["calibra"] == cb.__version__
    assert told["made_with"]["numpy"] == np.__version__
    assert told["about"] | {"counts_sha256": ""} == {
        "as_of": str(calibration.judgments.as_of), "engines": ["laplace"], "n_judgments": 300, "n_reps": 3,
        "counts_sha256": "",
    }  # fmt: skip
    assert told["seed"] == 1
    assert told["settings"]["margin_odds"] == calibration.settings.margin_odds
    assert told["judgments"]["scale"]["promises"] == [[0.5, 60, "average"], [0.3, 90, "average"], None]


def test_the_fingerprint_is_of_the_counts_and_of_nothing_else(calibration: Calibration, tmp_path: Path) -> None:
    def print_of(found: Calibration, name: str) -> str:
        told: str = load(found.save(tmp_path / name)).manifest["about"]["counts_sha256"]
        return told

    own = print_of(calibration, "one")
    fewer_draws = calibrate(read(), seed=2, engine="laplace", draws=100, parts=())
    assert print_of(fewer_draws, "two") == own
    earlier = calibrate(read().at("2026-08-31"), seed=2, engine="laplace", draws=100, parts=())
    assert print_of(earlier, "three") != own


def test_nothing_is_pickled_and_other_tools_read_the_members(path: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "out")
        names = file.namelist()
    assert {Path(name).suffix for name in names} == {".json", ".npz", ".parquet"}
    counts = pd.read_parquet(tmp_path / "out" / "counts.parquet")
    assert counts["n"].sum() == 300
    assert set(counts["rank"]) == {"A", "B", "C"}
    with np.load(tmp_path / "out" / "draws.npz", allow_pickle=False) as draws:
        told = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["draws"]
        assert draws[f"{told['ranks, 60, rank']['prefix']}.level"].shape == (200, 3)


def test_settings_and_priors_come_back_equal_endless_ones_too() -> None:
    kinds = {kind.__name__: kind for kind in (RankModel, RankPriors, Normal, HalfNormal, LKJ)}
    model = RankModel(within_days=90, priors=RankPriors(rank_mean=Normal(0.0, float("inf"))))
    assert from_plain(json.loads(json.dumps(to_plain(model), allow_nan=False)), kinds) == model
    with pytest.raises(TypeError, match="object has no place in a manifest"):
        to_plain(object())


def test_tables_come_back_as_they_were() -> None:
    columns = {
        "text": np.array(["=1+1", None, "営業"], dtype=object), "days": np.array([1, None, 3], dtype=object),
        "x": np.array([0.1, np.nan, np.inf]), "n": np.array([1, 2, 2**60]), "is": np.array([True, False, True]),
        "none": np.array([None] * 3, dtype=object),
    }  # fmt: skip
    back = unpack_table(pack_table(columns))
    assert list(back) == list(columns)
    for name, values in columns.items():
        np.testing.assert_array_equal(back[name], values)
        assert back[name].dtype == values.dtype
    empty = unpack_table(pack_table({"n": np.zeros(0, dtype=np.int64), "x": np.zeros(0)}))
    assert [values.dtype.kind for values in empty.values()] == ["i", "f"]


# altered, truncated, newer, older -------------------------------------------------------------------------------------


def test_a_hundred_truncations_and_flipped_bytes_are_refused_or_harmless(path: Path, tmp_path: Path) -> None:
    whole, target = path.read_bytes(), tmp_path / "hurt.calibra"
    loaded = load(path)
    held = {name: hashlib.sha256(data).digest() for name, data in loaded._archive.members.items()}
    rng = np.random.default_rng(11)
    refused = 0
    for trial in range(100):
        if trial < 40:
            hurt = whole[: int(rng.integers(0, len(whole)))]
        else:
            near_the_end = trial % 2  # headers and directory are small, and where a flip would be silent
            place = int(rng.integers(len(whole) - 3000 if near_the_end else 0, len(whole)))
            hurt = whole[:place] + bytes([whole[place] ^ int(rng.integers(1, 256))]) + whole[place + 1 :]
        target.write_bytes(hurt)
        words = outcome(target)
        if isinstance(words, str):
            assert "must be a whole and unaltered file" in words
            refused += 1
        else:  # a date in a header, which says nothing
            assert {name: hashlib.sha256(data).digest() for name, data in words._archive.members.items()} == held
            assert words.manifest == loaded.manifest
    assert refused > 60


def outcome(path: Path) -> Calibration | str:
    try:
        return load(path)
    except cb.InputError as error:
        return str(error)


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Path:
    """The file with its manifest and members changed, and every check sum right again."""
    told = archive.read_archive(path)
    manifest, members = json.loads(json.dumps(told.manifest)), dict(told.members)
    change(manifest, members)
    version = tuple(manifest["format_version"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "FORMAT_VERSION", version)
        archive.write_archive(path, manifest, members)
    return path


@pytest.mark.parametrize(("version", "way_out"), [([2, 1], "Upgrade calibra"), ([3, 0], "Upgrade calibra"),
                                                  ([1, 0], "Read it with that version")])  # fmt: skip
def test_a_file_of_another_format_is_refused_with_the_way_out(path: Path, version: list[int], way_out: str) -> None:
    rewrite(path, lambda manifest, _: manifest.update(format_version=version, made_with={"calibra": "9.9"}))
    told = (
        rf"of format 2\.0 or an older minor of it; it is of format {version[0]}\.{version[1]}, written by calibra 9\.9"
    )
    with pytest.raises(cb.InputError, match=f"{told}. {way_out}"):
        load(path)


def test_a_file_of_an_older_minor_format_loads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FORMAT_VERSION", (2, 7))
    assert load(path).ranks[60].diagnostics.n_draws == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m, _: m["settings"].pop("is"), "KeyError"),
        (lambda m, _: m["settings"].update({"is": "os.system"}), "cannot be put together"),
        (lambda m, _: m["settings"].update(later=1), "unexpected keyword argument 'later'"),
        (lambda m, b: b.update({"draws.npz": partial(write_arrays, {"draws-2.level": np.zeros(3)})}), "cannot be put"),
        (lambda m, b: b.pop("counts.parquet"), "counts.parquet"),
        (lambda m, _: m["draws"]["ranks, 60, rank"]["coords"]["pairs"].pop(0), "cannot be put together"),
    ],
)  # fmt: skip
def test_a_verified_file_that_makes_no_sense_is_refused_when_it_is_put_together(
    path: Path, change: Callable[[dict[str, Any], dict[str, Any]], None], words: str
) -> None:
    with pytest.raises(cb.InputError, match=words):
        load(rewrite(path, change)).summary()


def test_draws_of_another_layout_are_refused(path: Path) -> None:
    def rename(manifest: dict[str, Any], members: dict[str, Any]) -> None:
        arrays = unpack_arrays(members["draws.npz"])
        posterior = manifest["draws"]["ranks, 60, rank"]
        arrays[f"{posterior['prefix']}.tilt"] = arrays.pop(f"{posterior['prefix']}.slope")
        members["draws.npz"] = partial(write_arrays, arrays)
        for pair in posterior["dims"]["pairs"]:
            pair[0] = "tilt" if pair[0] == "slope" else pair[0]

    with pytest.raises(cb.InputError, match=r"must be of the terms .*slope.*; they are of .*tilt.*Fit anew"):
        load(rewrite(path, rename)).summary()


def test_draws_along_other_intervals_are_refused_and_the_intervals_of_then_are_kept(path: Path) -> None:
    kept = load(path).manifest["kept"]["lead times, edges in days"]
    assert kept == calibrated().lead_times.cells.exposure.edges_days.tolist()

    def widen(manifest: dict[str, Any], _: dict[str, Any]) -> None:
        manifest["kept"]["lead times, edges in days"] = [kept[0] + 1, *kept[1:]]

    with pytest.raises(cb.InputError, match=r"they are of .* along other .*interval.*Fit anew"):
        load(rewrite(path, widen)).summary()


def test_what_is_no_calibra_file_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(cb.InputError, match=r"there is no file at '.*absent.calibra'"):
        load(tmp_path / "absent.calibra")
    with pytest.raises(cb.InputError, match="there is no file"):
        load(tmp_path)
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("a.txt", "a")
    for name in ("text", "other.zip"):
        with pytest.raises(cb.InputError, match="must be a whole and unaltered file"):
            load(tmp_path / name)


def test_bombs_and_strangers_are_refused_before_they_are_read(path: Path, tmp_path: Path) -> None:
    told = archive.read_archive(path)
    bomb = tmp_path / "bomb.calibra"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("manifest.json", b"0" * 10_000_000)
    with pytest.raises(cb.InputError, match=r"manifest.json is compressed, which calibra never does"):
        load(bomb)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../../evil", "x")
    with pytest.raises(cb.InputError, match="it holds other members than its manifest lists"):
        load(path)
    packed = tmp_path / "packed.npz"
    np.savez_compressed(packed, x=np.zeros(10_000_000))
    with pytest.raises(cb.InputError, match="must be stored uncompressed"):
        unpack_arrays(packed.read_bytes())
    held = tmp_path / "objects.npz"
    np.savez(held, x=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        unpack_arrays(held.read_bytes())
    np.savez(held, x=np.array([1, 2]))
    with pytest.raises(cb.InputError, match="must be of float64; 'x' is of int64"):
        unpack_arrays(held.read_bytes())
    assert told.manifest["format"] == "calibra"


# interrupted ----------------------------------------------------------------------------------------------------------


def test_an_interrupted_save_leaves_the_old_file_and_no_other(
    calibration: Calibration, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()
    for call in ("fsync", "fdopen"):

        def stop(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(os, call, stop)
            with pytest.raises(KeyboardInterrupt):
                with_notes(calibration, Finding("lead_times.counts_alone", role="note")).save(path)
        assert path.read_bytes() == before
        assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_saved_file_keeps_the_rights_of_the_one_it_replaces_and_follows_links(
    calibration: Calibration, tmp_path: Path
) -> None:
    real, link = tmp_path / "real.calibra", tmp_path / "link.calibra"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    calibration.save(link)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert load(real).seed == 1


ENDLESS = """
import os, sys
from calibra.archive import read_archive, write_archive
path = sys.argv[1]
told = read_archive(path)
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        while True:
            write_archive(path, told.manifest, told.members)
    print(child, flush=True)
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_fifty_kills_during_save_leave_a_file_that_loads(path: Path) -> None:
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    rng = np.random.default_rng(5)
    command = [sys.executable, "-c", ENDLESS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as saver:
        assert saver.stdin is not None
        assert saver.stdout is not None
        caught_in_the_act = 0
        try:
            for _ in range(50):
                print("next", file=saver.stdin, flush=True)
                child = int(saver.stdout.readline())
                time.sleep(float(rng.uniform(0.001, 0.04)))
                os.kill(child, signal.SIGKILL)
                partial = list(path.parent.glob(".team.calibra.*.tmp"))
                caught_in_the_act += bool(partial)
                for found in partial:
                    found.unlink(missing_ok=True)
                assert load(path).seed == 1
                assert hashlib.sha256(path.read_bytes()).hexdigest() == before
        finally:
            saver.kill()
    assert caught_in_the_act > 5


@pytest.mark.current
def test_loading_and_scoring_in_a_fresh_process_loads_no_sampler_no_plots_and_no_pandas(path: Path) -> None:
    heavy = (
        "pymc",
        "pytensor",
        "arviz",
        "nutpie",
        "xarray",
        "matplotlib",
        "scipy.stats",
        "scipy.optimize",
        "pandas",
        "rich",
    )
    code = (
        "import sys, polars, calibra as cb\n"
        "frame = polars.DataFrame({'rep': ['Aoki', 'new'], 'rank': ['A', 'B'], 'judged_at': ['2026-09-01'] * 2})\n"
        "scored = cb.load(sys.argv[1]).score(frame, as_of='2026-09-30')\n"
        "print(scored['score_known_rep'].to_list(), scored['score_estimate'].null_count())\n"
        f"print('loaded:', *[m for m in {heavy!r} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[:2] == ["[True, False] 0", "loaded:"]


# replay ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rank models alone, quick to fit again."""
    found = calibrate(read(), seed=1, engine="laplace", draws=200, parts=())
    return found.save(tmp_path_factory.mktemp("light") / "light.calibra")


def test_replay_on_the_same_judgments_moves_nothing(light: Path) -> None:
    again = cb.replay(light, read(), progress=False)
    assert again.table["change_points"].abs().max() == 0.0
    assert again.n_outside == 0
    assert (
        "None of the 24 probabilities moved." in again.summary()
    )  # two horizons, three reps and all reps, three ranks
    assert (again.after.settings, again.after.seed) == (again.before.settings, 1)
    for days, fit in again.before.ranks.items():
        for name, draws in fit.posterior.draws.items():
            np.testing.assert_array_equal(again.after.ranks[days].posterior[name], draws)


def test_replay_on_other_judgments_says_what_moved(light: Path) -> None:
    frame = world().frame.assign(event_at=world().frame["judged_at"])  # everything becomes an event on the day
    other = Judgments.from_frame(frame, scale=SCALE, as_of=world().as_of, columns=world().columns)
    moved = cb.replay(light, other, progress=False)
    table = moved.table.query("rep == '(all reps)' and within_days == 60")
    assert (table["change_points"] > 20).all()
    assert table["outside"].all()
    assert not table["overlap"].any()
    assert (table["n_before"] == table["n_after"]).all()
    assert f"{moved.n_outside} of 24 probabilities lie outside the 90% interval" in moved.summary()


def test_a_replay_shows_itself_in_a_line_and_its_moves_with_both_intervals(light: Path) -> None:
    moved = cb.replay(light, read(as_of="2026-06-30"), progress=False)
    judged = moved.after.judgments.n_judgments
    assert repr(moved) == (
        f"<Replay: saved 300 judgments as of {world().as_of}, today {judged} judgments as of 2026-06-30; "
        f"{moved.n_outside} of 24 probabilities lie outside the 90% interval saved>"
    )
    row = moved.table.iloc[0]
    told = moved._sentence(0)
    assert f"→ {row['estimate_after']:.0%} ({row['lower_after']:.0%} to {row['upper_after']:.0%})" in told


def test_a_replay_of_ready_made_counts_tells_no_day(tmp_path: Path) -> None:
    path = calibrate(two_reps(), seed=1, engine="laplace", draws=200, parts=()).save(tmp_path / "counts.calibra")
    said = cb.replay(path, two_reps(), progress=False).summary()  # 60 + 80 + 50 + 70 judgments
    told = "260 judgments of ready-made counts"
    assert said.startswith(f"Saved: {told}; today: {told}; seed 1.")


def test_what_one_of_two_fits_lacks_is_told_and_not_passed_over(tmp_path: Path) -> None:
    """Two fits without a rep in common were said to have moved nothing."""
    made = calibrate(two_reps(), seed=1, engine="laplace", draws=200, parts=())
    names = [f"r{i}" for i in range(7)]
    frame = pd.DataFrame({"rep": np.repeat(["y", *names], 2), "rank": list("AB") * 8, "n": 50, "events": [30, 10] * 8})
    other = Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"]), within_days=90)
    found = beside(made, calibrate(other, seed=1, engine="laplace", draws=200, parts=()))
    lines = found.summary().splitlines()
    assert lines[1:] == [
        "No probability is of both.",
        "1 rep is in the saved fit alone: x.",
        "Without a known horizon: in the saved fit alone.",
        "7 reps are in today's fit alone: r0, r1, r2, r3, r4 and 2 more.",
        "Within 90 days: in today's fit alone.",
    ]
    assert len(beside(made, made).summary().splitlines()) == 2


def test_replay_refuses_judgments_of_other_ranks(light: Path) -> None:
    with pytest.raises(cb.InputError, match=r"must be of the ranks that were saved \(A, B, C\); got A, B\. Fit them"):
        cb.replay(light, two_reps())


def two_reps() -> Judgments:
    frame = pd.DataFrame({"rep": list("xxyy"), "rank": list("ABAB"), "n": [60, 80, 50, 70], "events": [30, 10, 25, 20]})
    return Judgments.from_counts(frame, scale=cb.RankScale(["A", "B"]))


def test_findings_of_another_version_that_lack_a_value_are_one_error_with_who_wrote_them(path: Path) -> None:
    """A sentence that names more than it did: told when the file is read, not as a KeyError when it is said."""
    lost: list[str] = []

    def lose(manifest: dict[str, Any], _: dict[str, Any]) -> None:
        finding = next(f for f in manifest["said"]["findings"] if f["key"] == "ranks.missed")
        lost.append(finding["values"]["pairs"].pop(0)[0])
        manifest["made_with"]["calibra"] = "0.0.7"

    with pytest.raises(cb.InputError, match=r"other words for \(ranks\.missed: no ") as told:
        load(rewrite(path, lose))
    assert lost[0] in str(told.value)
    assert f"written by calibra 0.0.7; this is {cb.__version__}. Fit and save anew with this version" in str(told.value)


def test_what_a_phrase_in_a_finding_lacks_is_seen_too() -> None:
    whole = {"n": 3, "n_all": 30}
    inner = Phrase("data.strangers", {"n": 3})
    assert unsayable(Finding("data.strangers", whole)) == ""
    assert unsayable(Finding("data.strangers", {"n": 3})) == "data.strangers: no n_all"
    assert unsayable(Finding("thresholds.of_another_version")) == "thresholds.of_another_version: no words"
    nested = Finding("nightly.stopped", {"as_of": "x", "reasons": Listed((inner,))})
    assert unsayable(nested) == "data.strangers: no n_all"
