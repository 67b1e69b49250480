"""Names and numbers in words."""

import ast

import pytest
from hypothesis import given, strategies as st

from calibra.words import chance, folded_label, normal_spelling, points, quoted


def test_a_wide_blank_stands_as_it_is_and_what_hides_is_seen() -> None:
    assert quoted("Ｓｕｚｕｋｉ\u3000Ｋｅｎ") == "'Ｓｕｚｕｋｉ\u3000Ｋｅｎ'"
    assert quoted("a\u3000b\n\x1b[31m\u202e\u00a0") == "'a\u3000b\\n\\x1b[31m\\u202e\\xa0'"
    assert quoted("\u3000") == "'\\u3000'"  # nothing but blanks would look like nothing
    assert quoted(7) == "7"


@given(st.text(alphabet="a'\"\\\u3000\n\x1b "))
def test_what_is_quoted_is_what_python_writes_but_for_the_wide_blank(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text
    assert quoted(text).replace("\u3000", "\\u3000") == repr(text)


@pytest.mark.parametrize(("prob", "said"), [(1.0, "over 99 %"), (0.0, "below 1 %"), (0.784, "78 %")])
def test_a_probability_from_draws_is_never_said_to_be_certain(prob: float, said: str) -> None:
    assert chance(prob) == said


def test_marks_that_show_nothing_tell_no_names_apart() -> None:
    assert normal_spelling("rep0\u200b") == normal_spelling("rep0") == normal_spelling("r\u00adep0")


def test_a_gap_of_few_points_has_a_decimal() -> None:
    assert points(1.42, 0.04, 3.0) == ["1.4", "0.0", "3.0"]
    assert points(-1.42, -3.0, -0.04) == ["-1.4", "-3.0", "0.0"]
    assert points(3.6, 1.42, 6.0) == ["4", "1", "6"]


def test_a_label_of_a_picture_is_whole_in_lines() -> None:
    name = "A(3ヶ月以内に商談化が見込める先), Christopher Montgomery-Fitzgerald, north"
    told = folded_label(name)
    assert max(map(len, told.splitlines())) <= 28
    assert "".join(told.split()) == "".join(name.split())
    assert folded_label("x" * 100).endswith("…")
    assert folded_label(" ") == "(blank)"
