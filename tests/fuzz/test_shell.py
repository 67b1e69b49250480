"""calibra.toml and the command line: read, or refused in a readable block; never a traceback."""

from __future__ import annotations

import contextlib
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, strategies as st

from calibra.cli.config import read_settings
from calibra.cli.init import TEMPLATE
from calibra.cli.main import main
from calibra.errors import CalibraError
from tests.fuzz.cases import cases
from tests.fuzz.frames import ODD_LABELS

CSV = """lead,owner,label,judged,opened
p1,Abe,A,2026-01-10,2026-02-01
p2,Ito,B,2026-01-11,
p3,木村,C,2026-01-12,
"""
SOUND: dict[str, Any] = {
    "as_of": date(2026, 9, 30),
    "columns": {"prospect": "lead", "rep": "owner", "rank": "label", "judged_at": "judged", "event_at": "opened"},
    "scale": {"ranks": ["A", "B", "C"]},
    "promises": {"A": {"prob": 0.6, "within_days": 90}},
    "fit": {"seed": 1},
}
VALUES = st.one_of(
    st.integers(-3, 400), st.floats(), st.booleans(), st.sampled_from(ODD_LABELS[:20]), st.dates(), st.just([]),
    st.lists(st.one_of(st.integers(-1, 10**12), st.text(max_size=3)), max_size=3),
    st.sampled_from(["A", "lead", "owner", "raise", "set_aside", "bar", "average", "UTC", "Asia/Tokyo", "cp932"]),
)  # fmt: skip
NAMES = st.sampled_from([
    "as_of", "columns", "scale", "promises", "fit", "ranks", "A", "B", "prob", "within_days", "kind", "seed", "engine",
    "draws", "timezone", "encoding", "horizons", "problems", "rank_labels", "check_duplicates", "prospect", "rep",
    "segment", "amount", "touches", "exit_at", "colums", "",
])  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with judgments.csv."""
    (tmp_path / "judgments.csv").write_text(CSV, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def as_toml(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_toml(str(key))} = {as_toml(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
        return f'"{escaped}"'
    return str(value)


@st.composite
def configs(draw: st.DrawFn) -> str:
    """A sound calibra.toml with up to three places changed, or text that was cut or scrambled."""
    settings = {name: dict(held) if isinstance(held, dict) else held for name, held in SOUND.items()}
    for _ in range(draw(st.integers(0, 3))):
        name, value = draw(NAMES), draw(VALUES)
        where = draw(st.sampled_from([None, "columns", "scale", "promises", "fit", "rank_labels"]))
        table = settings.setdefault(where, {}) if where else settings
        if isinstance(table, dict):
            table[name] = value
    text = "\n".join(f"{as_toml(name)} = {as_toml(value)}" for name, value in settings.items())
    if draw(st.integers(0, 4)) == 0:
        text = draw(st.sampled_from([text, TEMPLATE]))
        cut = draw(st.integers(0, len(text)))
        text = text[:cut] + draw(st.text(max_size=4)) + text[cut + draw(st.integers(0, 5)) :]
    return text


@cases(30)
@given(text=configs(), strange=st.booleans())
def test_a_toml_is_read_or_refused_in_words(text: str, strange: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "toml"
    folder.mkdir(exist_ok=True)
    config, file = folder / "calibra.toml", folder / "judgments.csv"
    data = text.encode("utf-8", errors="surrogatepass")
    config.write_bytes(data.replace(b"a", b"\xff", 1) if strange and len(data) % 7 == 0 else data)
    file.write_text(CSV, encoding="utf-8")
    try:
        judgments = read_settings(config).judgments(str(file))
    except CalibraError as error:
        assert "`" in str(error) or str(config) in str(error)  # noqa: PT017
        return
    event("read")
    assert judgments.n_judgments == 3


ARGUMENTS = st.lists(
    st.one_of(
        st.sampled_from(["check", "init", "fit", "--json", "--quiet", "--config", "--as-of", "--out", "--seed"]),
        st.sampled_from(["judgments.csv", "absent.csv", "calibra.toml", "2026-09-30", "now", ".", "", "-1", "x.toml"]),
        st.sampled_from(ODD_LABELS[:24]),
        st.text(max_size=5),
    ),
    max_size=6,
)  # fmt: skip


@cases(30)
@given(arguments=ARGUMENTS, config=st.one_of(st.none(), configs()), command=st.sampled_from(["check", "init", ""]))
def test_any_command_line_ends_with_a_status_and_no_traceback(
    arguments: list[str], config: str | None, command: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "shell"
    folder.mkdir(exist_ok=True)
    (folder / "judgments.csv").write_text(CSV, encoding="utf-8")
    for leftover in (*folder.glob("*.toml"), *folder.glob(".*.toml")):
        leftover.unlink()
    if config is not None:
        (folder / "calibra.toml").write_bytes(config.encode("utf-8", errors="surrogatepass"))
    said = [command, "judgments.csv", *arguments] if command else arguments
    if "fit" in said[:1] or "demo" in said[:1]:
        said = said[1:]  # minutes of fitting are no matter of words
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(said)
        except SystemExit as asked:
            status = int(asked.code or 0)
    assert status in (0, 2)
    assert "Traceback" not in err.getvalue()
    if status == 2:
        assert err.getvalue().strip()
