"""The test of uniformity: what it says of even, of shifted and of hardly any values, whatever the release of ArviZ."""

import numpy as np
import pytest

from calibra.inference.uniformity import uniformity_p_value


def test_even_values_pass_and_shifted_ones_do_not():
    even = (np.arange(200) + 0.5) / 200
    assert uniformity_p_value(even) > 0.2
    assert uniformity_p_value(even**2) < 0.001


def test_nothing_speaks_against_two_values_in_their_places():
    assert uniformity_p_value(np.array([0.35, 0.66])) == pytest.approx(0.5)
