"""Arrays to tables: pandas, made on use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import pandas as pd


def make_table(columns: Mapping[str, ArrayLike], index: ArrayLike | None = None) -> pd.DataFrame:
    """What do these columns look like side by side? A pandas frame of equally long columns.

    pandas is imported here and not before: results hold arrays, and their `.table` calls this on use.

    Parameters
    ----------
    columns : mapping of str to array-like
        Column name to values; all of one length. The order is kept.
    index : array-like, optional
        Row labels; default 0, 1, 2, …

    Returns
    -------
    pandas.DataFrame
    """
    import pandas as pd

    return pd.DataFrame(dict(columns), index=None if index is None else np.asarray(index))
