"""Where tensors live: on the CPU, and in torch's words for what is elsewhere. Knows no Tensor."""

from __future__ import annotations

from typing import Any, NoReturn

_TYPES = (
    "cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy", "vulkan",
    "mps", "meta", "hpu", "mtia", "privateuseone",
)  # fmt: skip


class device:
    """A place for tensors. Any may be named, as in torch; only the CPU holds tensors.

    Parameters
    ----------
    type : str or device
        ``"cpu"``, or a name with a number, as ``"cuda:0"``.
    index : int, optional
        The number, if the name has none.

    Examples
    --------
    >>> from gradmagic import torch
    >>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: Any, index: int | None = None) -> None:
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
            return
        if not isinstance(type, str):
            raise RuntimeError("Cannot access accelerator device when none is available.")
        if not type:
            raise RuntimeError("Device string must not be empty")
        name, _, number = type.partition(":")
        if name not in _TYPES:
            raise RuntimeError(f"Expected one of {', '.join(_TYPES)} device type at start of device string: {name}")
        self.type = name
        self.index = int(number) if number else index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)


CPU = device("cpu")


def get_default_device() -> device:
    """Where tensors are made: on the CPU."""
    return CPU


def set_default_device(wanted: Any) -> None:
    """Say where tensors are to be made: on the CPU, or it is refused at once (torch refuses the first tensor)."""
    check(wanted)


def check(wanted: Any) -> None:
    """Refuse any place but the CPU."""
    if wanted is not None and device(wanted).type != "cpu":
        refuse(device(wanted))


def refuse(wanted: device) -> NoReturn:
    """As torch does where it was built for the CPU alone."""
    if wanted.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    raise RuntimeError(f"there are only tensors on the CPU here, and none on {wanted}")
