"""What `fit` and `demo` print: one screen, in the language of the settings."""

import pytest

import calibra as cb
from calibra.calibration import Calibration
from calibra.cli.brief import Line, brief, fitted
from calibra.cli.show import show_briefly
from calibra.cli.words import ShellWords

MOST_LINES = 25


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    world = cb.simulate_judgments(seed=4, n_reps=8, n_prospects=1600, extreme_reps=2)
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    return cb.calibrate(judgments, seed=1, engine="laplace", draws=200, progress=False)


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("width", [80, 110, 200])
def test_what_is_printed_fits_one_screen_of_any_width(
    calibration: Calibration, width: int, lang: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calibra.cli.show.PIPED_WIDTH", width)
    show_briefly(calibration, ShellWords(), lang=lang, event="opportunity", rest=["held", "the rest"], above=1)
    printed = capsys.readouterr().out.rstrip("\n").split("\n")
    assert len(printed) + 1 <= MOST_LINES
    assert printed[-1] == "the rest"
    assert sum(line.startswith("- ") for line in printed) >= 3
    assert sum("meant" in line or "目安" in line for line in printed if line[:2] in ("A ", "B ", "C ", "D ", "E ")) == 5


def test_what_is_left_out_is_counted_the_least_needed_first() -> None:
    lines = [Line("head"), Line("", 9), Line("one"), Line("two", 1), Line("three", 1), Line("tile", 3)]
    told = {room: fitted(lines, room, lambda text: 1, more=lambda n: f"{n} more") for room in (6, 5, 4, 3)}
    assert told == {
        6: ["head", "", "one", "two", "three", "tile"],
        5: ["head", "one", "two", "three", "1 more"],
        4: ["head", "one", "two", "2 more"],
        3: ["head", "one", "3 more"],
    }


def test_every_rank_has_meant_came_and_n(calibration: Calibration) -> None:
    table = calibration.ranks[90].probabilities().head(5).set_index("rank")
    lines = [line.text for line in brief(calibration, lang="en", event="opportunity") if ", came " in line.text]
    assert [line[0] for line in lines] == list("ABCDE")
    for line in lines:
        assert line.replace("\u00a0", " ").endswith(f"n {table.loc[line[0], 'n']:,}")
    assert lines[0].replace("\u00a0", " ").startswith("A  meant 60 %, came ")


def test_the_lines_for_monday_stand_there_with_how_sure_they_are(calibration: Calibration) -> None:
    lines = [line.text for line in brief(calibration, lang="en", event="opportunity") if line.text.startswith("- ")]
    assert 0 < len(lines) <= 5
    assert any(line.endswith(("[nearly certain]", "[very likely]", "[likely]")) for line in lines)
