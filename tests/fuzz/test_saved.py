"""A saved calibration that was cut, altered or mixed up is refused in words, or gives the numbers it was saved with."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, strategies as st

import calibra as cb
from tests.fuzz.cases import cases


class Saved:
    """A calibration in a file; its repr is short, because Hypothesis shows what it gives to a test."""

    def __init__(self, folder: Path, data: bytes, probabilities: Any) -> None:
        self.folder, self.data, self.probabilities = folder, data, probabilities

    def __repr__(self) -> str:
        return "<Saved>"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """One calibration of three reps and two ranks."""
    folder = tmp_path_factory.mktemp("saved")
    world = cb.simulate_judgments(seed=5, n_reps=3, n_prospects=240, scale=cb.RankScale(["A", "B"]))
    judgments = cb.Judgments.from_frame(
        world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns, horizons=[90]
    )
    calibration = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, parts=[])
    calibration.save(folder / "team.calibra")
    return Saved(folder, (folder / "team.calibra").read_bytes(), calibration.ranks[90].probabilities())


def check(saved: Saved, data: bytes) -> None:
    """Refused in words that name the file, or read as it was saved."""
    path = saved.folder / "case.calibra"
    path.write_bytes(data)
    try:
        found = cb.load(path).ranks[90].probabilities()
    except cb.CalibraError as error:
        event("refused")
        assert "case.calibra" in str(error)  # noqa: PT017
        return
    event("read")
    assert found.equals(saved.probabilities)


@cases(25)
@given(data=st.data())
def test_altered_bytes_are_refused_or_change_nothing(saved: Saved, data: st.DataObject) -> None:
    whole = bytearray(saved.data)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] ^= data.draw(st.integers(1, 255))
    begin, end = sorted(data.draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
    check(saved, data.draw(st.sampled_from([bytes(whole), bytes(whole[begin:end]), bytes(whole) + b"more", b"PK"])))


ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.just([]), st.just({}), st.just([[1]]))


def _places(held: Any, *above: Any) -> Iterator[tuple[Any, ...]]:
    """Every place of a manifest: what holds it, its key, the keys above."""
    for key, value in held.items() if isinstance(held, dict) else enumerate(held):
        yield held, key, *above
        if isinstance(value, dict | list):
            yield from _places(value, key, *above)


@cases(25)
@given(number=st.integers(0, 10**6), value=ODD)
def test_a_manifest_altered_and_signed_anew_is_refused_in_words_or_put_together(
    number: int, value: Any, saved: Saved
) -> None:
    with zipfile.ZipFile(io.BytesIO(saved.data)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    places = sorted(_places(manifest), key=lambda place: str(place[1:]))
    place, key, *_ = places[number % len(places)]
    if value is None and isinstance(place, dict):
        del place[key]
    else:
        place[key] = value
    told = json.dumps(manifest).encode("ascii")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, content in {"manifest.json": told, **members}.items():
            file.writestr(zipfile.ZipInfo(name), content)
        file.comment = b"calibra manifest sha256 " + hashlib.sha256(told).hexdigest().encode()
    path = saved.folder / "case.calibra"
    path.write_bytes(held.getvalue())
    try:
        assert len(cb.load(path).ranks) <= 1
    except cb.CalibraError as error:  # a manifest that names no ranks is that of a calibration without them
        assert "case.calibra" in str(error) or "`ranks` was left out" in str(error)  # noqa: PT017
