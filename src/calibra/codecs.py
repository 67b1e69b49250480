"""Arrays to npz, tables to Parquet, records to plain JSON values, and back: fixed types, no pickle."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from types import MappingProxyType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from calibra.errors import InputError

MOST_ROWS = 50_000_000
"""A table of more rows is not read: it would not be one of ours."""


def write_arrays(arrays: Mapping[str, NDArray[Any]], held: IO[bytes]) -> None:
    """Write arrays of float64 as an uncompressed npz, one at a time: nothing is held in memory twice."""
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as file:
        for name, values in arrays.items():
            with file.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(values, dtype="<f8"), allow_pickle=False)


def unpack_arrays(data: bytes) -> dict[str, NDArray[np.float64]]:
    """The arrays of an npz, each of float64 and no larger than its bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        if any(found.compress_type != zipfile.ZIP_STORED for found in file.infolist()):
            raise InputError("The draws must be stored uncompressed, as calibra writes them; they are not.")
    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    wrong = [name for name, values in arrays.items() if values.dtype != np.float64]
    if wrong:
        raise InputError(f"The draws must be of float64; {wrong[0]!r} is of {arrays[wrong[0]].dtype}.")
    return arrays


def pack_table(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Equally long columns as Parquet: text, whole numbers, floats, yes or no; None is null."""
    import pyarrow as pa
    from pyarrow import parquet

    arrays = {name: to_arrow(values) for name, values in columns.items()}
    held = io.BytesIO()
    parquet.write_table(pa.table(arrays), held, compression="zstd")
    return held.getvalue()


def unpack_table(data: bytes) -> dict[str, NDArray[Any]]:
    """The columns of a Parquet table; text, and whole numbers with gaps, as objects with None."""
    from pyarrow import parquet

    file = parquet.ParquetFile(io.BytesIO(data))
    if file.metadata.num_rows > MOST_ROWS:
        raise InputError(f"A table of at most {MOST_ROWS:,} rows was expected; it has {file.metadata.num_rows:,}.")
    table = file.read()
    return {name: _from_arrow(table.column(name)) for name in table.column_names}


def to_arrow(values: NDArray[Any]) -> Any:
    """An array as Arrow: float64, int64, bool or text; of objects None is null.

    By its bytes: `pa.array` would load pandas, and a cast pyarrow's compute functions, half a second each.
    """
    import pyarrow as pa

    if values.dtype.kind == "b":
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bitmap(values)])
    if values.dtype.kind in "iuf":
        plain = np.ascontiguousarray(values, dtype=np.float64 if values.dtype.kind == "f" else np.int64)
        return pa.Array.from_buffers(pa.from_numpy_dtype(plain.dtype), len(plain), [None, pa.py_buffer(plain)])
    listed = values.tolist()
    known = _bitmap(np.array([value is not None for value in listed], dtype=bool))
    kinds = {type(value) for value in listed if value is not None}
    if kinds and kinds <= {int, float}:
        numbers = np.array([value or 0 for value in listed], dtype=np.int64 if kinds == {int} else np.float64)
        return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [known, pa.py_buffer(numbers)])
    texts = [b"" if value is None else str(value).encode() for value in listed]
    ends = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    small = ends[-1] < 2**31
    buffers = [known, pa.py_buffer(ends.astype(np.int32 if small else np.int64)), pa.py_buffer(b"".join(texts))]
    return pa.Array.from_buffers(pa.string() if small else pa.large_string(), len(texts), buffers)


def _bitmap(values: NDArray[np.bool_]) -> Any:
    import pyarrow as pa

    return pa.py_buffer(np.packbits(values, bitorder="little"))


def _from_arrow(column: Any) -> NDArray[Any]:
    """A column as an array, by its bytes as well."""
    import pyarrow as pa

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or column.null_count:
        return np.array([*column.to_pylist(), None], dtype=object)[:-1]
    empty = np.zeros(0, dtype=column.type.to_pandas_dtype())
    if pa.types.is_boolean(column.type):
        return np.concatenate([empty, *(_bits(chunk) for chunk in column.chunks)])
    return np.concatenate([empty, *(np.from_dlpack(chunk) for chunk in column.chunks)])


def _bits(chunk: Any) -> NDArray[np.bool_]:
    packed = np.frombuffer(chunk.buffers()[1], dtype=np.uint8)
    return np.unpackbits(packed, bitorder="little")[chunk.offset : chunk.offset + len(chunk)].astype(bool)


# records --------------------------------------------------------------------------------------------------------------


def to_plain(value: Any, arrays: dict[str, NDArray[Any]] | None = None) -> Any:
    """A record, or anything made of records, as values JSON knows; arrays of numbers go under a name into `arrays`."""
    if is_dataclass(value) and not isinstance(value, type):
        plain = {f.name: to_plain(getattr(value, f.name), arrays) for f in fields(value)}
        return {"is": type(value).__name__} | plain
    if isinstance(value, Mapping):
        return {"pairs": [[to_plain(key), to_plain(item, arrays)] for key, item in value.items()]}
    if isinstance(value, tuple | list):
        return [to_plain(item, arrays) for item in value]
    if isinstance(value, np.ndarray):
        return _plain_array(value, arrays)
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


def _plain_array(value: NDArray[Any], arrays: dict[str, NDArray[Any]] | None) -> Any:
    if value.dtype.kind in "OU" or arrays is None:
        return {"objects": [to_plain(item) for item in value.ravel().tolist()], "shape": list(value.shape)}
    name = f"kept-{len(arrays)}"
    arrays[name] = value.astype(float)
    return {"array": name, "dtype": value.dtype.kind}


def _array_of(value: Mapping[str, Any], kinds: Mapping[str, type], arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    if "array" in value:
        return arrays[value["array"]].astype({"b": np.bool_, "i": np.int64, "u": np.int64}.get(value["dtype"], float))
    found = np.empty(len(value["objects"]), dtype=object)
    found[:] = [from_plain(item, kinds) for item in value["objects"]]
    return found.reshape(value["shape"])


def from_plain(value: Any, kinds: Mapping[str, type], arrays: Mapping[str, NDArray[Any]] = MappingProxyType({})) -> Any:
    """The value that `to_plain` was given; lists become tuples, records only of these kinds.

    Fields that an older version did not write take their defaults.
    """
    if isinstance(value, list):
        return tuple(from_plain(item, kinds, arrays) for item in value)
    if not isinstance(value, dict):
        return value
    if "pairs" in value:
        return {from_plain(key, kinds): from_plain(item, kinds, arrays) for key, item in value["pairs"]}
    if "array" in value or "objects" in value:
        return _array_of(value, kinds, arrays)
    if "float" in value:
        return float(value["float"])
    if "date" in value:
        return date.fromisoformat(value["date"])
    kind = kinds[value["is"]]
    return kind(**{name: from_plain(item, kinds, arrays) for name, item in value.items() if name != "is"})
