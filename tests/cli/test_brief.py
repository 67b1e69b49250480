"""What `fit` and `demo` print: one screen, in the language of the settings."""

import pytest

import calibra as cb
from calibra.calibration import Calibration
from calibra.cli.brief import brief
from calibra.cli.show import show_briefly
from calibra.cli.words import ShellWords

MOST_LINES = 25


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    world = cb.simulate_judgments(seed=4, n_reps=8, n_prospects=1600, extreme_reps=2)
    judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
    return cb.calibrate(judgments, seed=1, engine="laplace", draws=200, progress=False)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_what_is_printed_fits_one_screen(calibration: Calibration, lang: str, capsys: pytest.CaptureFixture) -> None:
    show_briefly(calibration, ShellWords(), lang=lang, event="opportunity", rest=["held", "the rest"])
    printed = capsys.readouterr().out
    assert len(printed.rstrip("\n").split("\n")) <= MOST_LINES
    assert "the rest" in printed


def test_every_rank_has_meant_came_and_n(calibration: Calibration) -> None:
    table = calibration.ranks[90].probabilities().head(5).set_index("rank")
    lines = [line for line in brief(calibration, lang="en", event="opportunity") if ", came " in line]
    assert [line[0] for line in lines] == list("ABCDE")
    for line in lines:
        assert line.replace("\u00a0", " ").endswith(f"n {table.loc[line[0], 'n']:,}")
    assert lines[0].replace("\u00a0", " ").startswith("A  meant 60 %, came ")


def test_the_lines_for_monday_stand_there_with_how_sure_they_are(calibration: Calibration) -> None:
    lines = [line for line in brief(calibration, lang="en", event="opportunity") if line.startswith("- ")]
    assert 0 < len(lines) <= 5
    assert any(line.endswith(("[nearly certain]", "[very likely]", "[likely]")) for line in lines)
