"""In a kernel, as a notebook runs it: results show themselves as HTML and pictures, without magic."""

from typing import Any

import pytest

pytestmark = pytest.mark.engines

CELLS = [
    """import calibra as cb
world = cb.simulate_judgments(seed=1, n_reps=4, n_prospects=400)
judgments = cb.Judgments.from_frame(world.frame, scale=world.scale, as_of=world.as_of, columns=world.columns)
calibration = cb.calibrate(judgments, seed=1, engine="laplace", draws=200, progress=False)""",
    "calibration",
    "calibration.ranks[90]",
    "calibration.thresholds.advice",
    "calibration.ranks[90].plot()",
    "cb.plot_probabilities(calibration.ranks[90]).figure",
]


@pytest.fixture(scope="module")
def shown() -> list[dict[str, Any]]:
    """What each cell of a notebook shows, by mime type."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    nbformat = pytest.importorskip("nbformat")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(book, timeout=300, kernel_name="python3").execute()
    found = []
    for cell in book.cells:
        assert not [out for out in cell.outputs if out.output_type == "error"]
        data = [out.data for out in cell.outputs if out.output_type in ("execute_result", "display_data")]
        found.append(data[-1] if data else {})
    return found


def test_a_calibration_shows_its_first_page_and_fits_their_tables(shown: list[dict[str, Any]]) -> None:
    assert "What our ranks turned out to mean" in shown[1]["text/html"]
    for data, words in ((shown[2], "RankFit.probabilities()"), (shown[3], "ThresholdAdvice.table")):
        assert words in data["text/html"]
        assert data["text/html"].count("<th>") <= 8
        assert "Bauer" in data["text/html"]


def test_pictures_are_shown_once(shown: list[dict[str, Any]]) -> None:
    for data in shown[4:]:
        assert "image/png" in data
