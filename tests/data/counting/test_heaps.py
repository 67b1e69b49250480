"""Heaps are bins of their own, and what lies between them is joined to parts; by hand."""

from calibra.data.counting.heaps import heaped_bins


def test_few_values_are_not_binned() -> None:
    assert heaped_bins([5, 1, 1], parts=3).tolist() == [0, 1, 2]


def test_a_heap_stands_alone_and_neighbours_are_joined_until_they_hold_a_part() -> None:
    # 20 in all, four parts of 5: the value of 8 is a heap; 1 + 2 + 2 hold a part, and so do 3 + 3; the last 1 is left.
    assert heaped_bins([1, 2, 2, 8, 3, 3, 1], parts=4).tolist() == [0, 0, 0, 1, 2, 2, 3]


def test_what_is_left_before_a_heap_is_not_joined_to_it() -> None:
    # Five parts of 4: the values of 9 and 8 are heaps; the 1 before, between and after stay apart from them.
    assert heaped_bins([1, 9, 1, 8, 1, 0], parts=5).tolist() == [0, 1, 2, 3, 4, 4]
