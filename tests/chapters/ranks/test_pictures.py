"""The pictures of the rank model, read back from their artists."""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from calibra.chapters.ranks.fit import RankFit
from calibra.chapters.ranks.pictures import plot_probabilities, plot_profiles
from calibra.views.style import FINDING_LOOKS, folded_labels, save_picture
from calibra.words import short_label


def legend(axes: Axes) -> list[str]:
    """Texts of the legend."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def line(axes: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of the line of this label."""
    found = next(line for line in axes.lines if line.get_label() == label)
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def segments(axes: Axes, label: str) -> np.ndarray:
    """Ends of the lines of this label, (line, 2) along x."""
    found = next(c for c in axes.collections if isinstance(c, LineCollection) and c.get_label() == label)
    return np.array([segment[:, 0] for segment in found.get_segments()])


def test_estimates_intervals_and_raw_rates_of_the_first_rank_stand_where_the_axis_says(hostile_fit: RankFit) -> None:
    axes = plot_probabilities(hostile_fit)
    ticks = dict(zip([text.get_text() for text in axes.get_xticklabels()][:3], axes.get_xticks()[:3], strict=True))
    assert list(ticks) == ["0", "50", "100 %"]
    of_axis = ticks["100 %"] - ticks["0"]
    first = hostile_fit.probabilities().query("rank == 'A'").iloc[1:]
    np.testing.assert_allclose(line(axes, "estimate")[0] / of_axis, first["estimate"])
    ends = segments(axes, "90% interval")
    np.testing.assert_allclose(ends / of_axis, first[["lower", "upper"]])
    np.testing.assert_allclose(line(axes, "raw rate")[0][1:] / of_axis, first["raw_rate"])


def test_rows_are_named_in_the_order_of_the_table_with_all_reps_on_top(hostile_fit: RankFit) -> None:
    axes = plot_probabilities(hostile_fit)
    rows = dict(zip([text.get_text() for text in axes.get_yticklabels()], axes.get_yticks(), strict=True))
    assert list(rows) == ["all reps", *folded_labels(hostile_fit.reps)]
    np.testing.assert_array_equal(line(axes, "estimate")[1], list(rows.values())[1:])
    assert axes.yaxis_inverted()


def test_every_n_is_written(hostile_fit: RankFit) -> None:
    axes = plot_probabilities(hostile_fit)
    written = sorted(text.get_text() for text in axes.texts if text.get_text().replace(",", "").isdigit())
    assert written == sorted(f"{n:,}" for n in hostile_fit.probabilities()["n"])


def test_the_interval_drawn_is_the_level_asked_for(hostile_fit: RankFit) -> None:
    axes = plot_probabilities(hostile_fit, interval_prob=0.5)
    assert "50% interval" in legend(axes)
    table = hostile_fit.probabilities(interval_prob=0.5).query("rank == 'A'").iloc[1:]
    ends, wide = segments(axes, "50% interval"), segments(plot_probabilities(hostile_fit), "90% interval")
    np.testing.assert_allclose(np.diff(ends)[:, 0] / np.diff(wide)[:, 0],
                               (table["upper"] - table["lower"]).to_numpy() / _widths(hostile_fit))  # fmt: skip


def _widths(fit: RankFit) -> np.ndarray:
    table = fit.probabilities().query("rank == 'A'").iloc[1:]
    return (table["upper"] - table["lower"]).to_numpy()


def test_many_reps_become_lines_without_names_in_the_order_of_their_estimates(wide_fit: RankFit) -> None:
    axes = plot_probabilities(wide_fit)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["all reps"]
    assert "70 reps" in axes.get_ylabel()
    y = line(axes, "estimate")[1]
    mean = wide_fit.probabilities().iloc[3:].groupby("rep")["estimate"].mean().to_numpy()
    np.testing.assert_array_equal(np.argsort(y), np.argsort(mean, kind="stable"))
    assert axes.figure.get_size_inches()[1] <= 8


def test_profiles_stand_by_size_of_gap_and_wear_the_colour_of_their_finding(hostile_fit: RankFit) -> None:
    axes = plot_profiles(hostile_fit)
    table = hostile_fit.profiles().sort_values(["gap_points", "rep"])
    assert [text.get_text() for text in axes.get_yticklabels()] == folded_labels(table["rep"])
    counted = table["finding"].value_counts()
    assert len(counted) > 1
    for finding, n in counted.items():
        x, rows = line(axes, f"{finding}: {n}")
        np.testing.assert_allclose(x, table["gap_points"].to_numpy()[rows.astype(int)])
        assert set(table["finding"].to_numpy()[rows.astype(int)]) == {finding}
        drawn = next(one for one in axes.lines if one.get_label() == f"{finding}: {n}")
        assert drawn.get_color() == FINDING_LOOKS[finding].colour


def test_profiles_say_level_margin_and_n(hostile_fit: RankFit) -> None:
    axes = plot_profiles(hostile_fit, margin_odds=1.5, interval_prob=0.8)
    assert "80% interval" in axes.get_legend().get_title().get_text()
    assert "margin: 1.5 times the odds" in legend(axes)
    notes = [text.get_text() for text in axes.texts]
    table = hostile_fit.profiles(margin_odds=1.5, interval_prob=0.8).sort_values(["gap_points", "rep"])
    assert [note.split(",")[0] for note in notes] == [f"n {n:,}" for n in table["n"]]
    assert ["more needed" in note for note in notes] == (table["finding"] == "cannot tell yet").tolist()
    band = axes.patches[0]
    share = float(hostile_fit.all_reps_draws().mean(axis=0) @ hostile_fit.rank_mix)
    for end, odds in (
        (band.get_x(), share / (1 - share) / 1.5),
        (band.get_x() + band.get_width(), share / (1 - share) * 1.5),
    ):
        assert end == pytest.approx(100 * (odds / (1 + odds) - share))


def test_every_finding_has_a_look_of_its_own_in_colour_and_without() -> None:
    looks = list(FINDING_LOOKS.values())
    assert len({look.colour for look in looks}) == len(looks)
    assert len({(look.marker, look.face == "white") for look in looks}) == len(looks)


@pytest.mark.parametrize("plot", [plot_probabilities, plot_profiles])
def test_given_axes_are_used_and_global_settings_left_alone(plot, hostile_fit: RankFit) -> None:
    from matplotlib.figure import Figure

    before = mpl.rcParams.copy()
    axes = Figure().add_subplot()
    assert plot(hostile_fit, ax=axes) is axes
    assert mpl.rcParams == before


@pytest.mark.parametrize("plot", [plot_probabilities, plot_profiles])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_hostile_labels_are_drawn_as_they_are(plot, kind: str, hostile_fit: RankFit, tmp_path: Path) -> None:
    axes = plot(hostile_fit)
    assert not any(text.get_parse_math() for text in axes.get_yticklabels())
    path = save_picture(axes, tmp_path / f"picture.{kind}")
    assert path.stat().st_size > 5000
    if kind == "svg":
        written = path.read_text(encoding="utf-8")
        assert "$x^2$" in written
        assert "&lt;script&gt;" in written
        assert "<script" not in written
        assert "\x1b" not in written


def test_the_same_fit_gives_the_same_file(hostile_fit: RankFit, tmp_path: Path) -> None:
    one, two = (save_picture(plot_profiles(hostile_fit), tmp_path / f"{name}.svg") for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_labels_are_cut_and_turned_into_one_printable_line() -> None:
    assert short_label("a\r\nb\tc") == "a b c"
    assert short_label("\x1b[31mred") == "�[31mred"
    assert short_label("abc\u202exyz") == "abc�xyz"
    assert short_label("w" * 50, width=10) == "w" * 9 + "…"
    assert short_label(" \n ") == "(blank)"
    assert short_label("営業 一郎") == "営業 一郎"


def test_pictures_do_not_load_pyplot(project: Path) -> None:
    import subprocess

    code = "import sys; from calibra.views.style import make_axes; make_axes(width=2, height=2)"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}; print('matplotlib.pyplot' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.split() == ["False"]
