"""Posteriors to be saved: draws as arrays, everything else as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calibra.codecs import from_plain, to_plain
from calibra.errors import InputError
from calibra.inference.posterior import Diagnostics, Floats, Posterior

KINDS = {"Diagnostics": Diagnostics}


def pack_posterior(posterior: Posterior, prefix: str, arrays: dict[str, Floats]) -> dict[str, Any]:
    """Add the draws to the arrays under the prefix; returns the rest, for the manifest."""
    arrays |= {f"{prefix}.{name}": values for name, values in posterior.draws.items()}
    names = ("dims", "coords", "diagnostics")
    return {"prefix": prefix} | {name: to_plain(getattr(posterior, name)) for name in names}


def unpack_posterior(told: Mapping[str, Any], arrays: Mapping[str, Floats]) -> Posterior:
    """The posterior, its draws checked against its axes."""
    dims, coords, diagnostics = (from_plain(told[name], KINDS) for name in ("dims", "coords", "diagnostics"))
    draws = {name: arrays[f"{told['prefix']}.{name}"] for name in dims}
    for name, values in draws.items():
        expected = (diagnostics.n_draws, *(len(coords[dim]) for dim in dims[name]))
        if values.shape != expected:
            raise InputError(f"The draws of {name!r} must be of shape {expected}; they are of {values.shape}.")
    return Posterior(draws, dims, coords, diagnostics)
