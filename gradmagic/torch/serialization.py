"""Tensors and states in files: pickled, and read back by a reader that makes nothing else. Knows no module."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from gradmagic.engine import dtypes

# What a file may name: tensors, their dtypes and shapes, arrays, and the dicts of a state.
_KNOWN = {
    ("gradmagic.engine.tensor", "_rebuild"), ("gradmagic.engine.tensor", "Tensor"), ("gradmagic.torch.nn.parameter", "Parameter"),
    ("gradmagic.engine.dtypes", "Size"), ("gradmagic.engine.devices", "device"), ("collections", "OrderedDict"),
    ("collections", "defaultdict"), ("builtins", "dict"), ("builtins", "complex"), ("builtins", "set"),
    ("numpy", "ndarray"), ("numpy", "dtype"), ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"), *(("gradmagic.engine.dtypes", d.name) for d in dtypes.ALL),
}  # fmt: skip


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _KNOWN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(
            f"torch.load: the file holds a {module}.{name}, and only tensors, numbers, strings and containers of them are "
            "read. Save a state_dict() instead of the object."
        )


def save(obj: Any, f: Any) -> None:
    """Write tensors, or a state, to a file that `load` reads; real torch does not.

    Parameters
    ----------
    obj : object
        Tensors, numbers, strings, and containers of them, as a ``state_dict()`` is.
    f : path or binary file
        Where.

    Examples
    --------
    >>> import io
    >>> from gradmagic import torch
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> torch.load(file)
    {'weight': tensor([1., 1.])}
    """
    data = pickle.dumps(obj)
    _Reader(io.BytesIO(data)).load()  # what could not be read is not written
    if hasattr(f, "write"):
        f.write(data)
    else:
        Path(f).write_bytes(data)


def load(f: Any, map_location: Any = None, *, weights_only: bool = True) -> Any:
    """Read what `save` wrote.

    Parameters
    ----------
    f : path or binary file
        Where from.
    map_location : object
        Of no effect: there is only the CPU.
    weights_only : bool
        Always as if True: no file makes anything but tensors, numbers, strings and containers of them.

    Returns
    -------
    object
        What was saved.

    Raises
    ------
    pickle.UnpicklingError
        If the file is real torch's, or holds anything else.
    """
    data = f.read() if hasattr(f, "read") else Path(f).read_bytes()
    if data[:2] == b"PK":
        raise pickle.UnpicklingError("torch.load: this file was written by real torch; its archives are not read here.")
    return _Reader(io.BytesIO(data)).load()


__all__ = ["load", "save"]
