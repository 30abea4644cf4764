"""A state put into a module, with all that does not fit told at once. Knows no layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gradmagic.engine.modes import no_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.torch.nn.parameter import Parameter


class _IncompatibleKeys(NamedTuple):
    """Which paths were missing, and which nobody expected."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


Keys = _IncompatibleKeys  # torch's name is what is printed


def load(module: Any, state: Any, strict: bool, assign: bool) -> Keys:
    """Put the tensors of a state where they belong, or raise with everything that does not fit."""
    if not isinstance(state, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    places = {
        f"{path}.{name}" if path else name: (part, name, t)
        for path, part in module.named_modules(remove_duplicate=False)
        for name, t in part._state()
    }
    missing = [key for key in places if key not in state]
    unexpected = [key for key in state if key not in places]
    wrong: list[str] = []
    for key, (part, name, t) in places.items():
        if key in state:
            wrong += _put(part, name, key, t, state[key], assign)
    if strict and unexpected:
        wrong.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    if strict and missing:
        wrong.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if wrong:
        told = "\n\t".join(wrong)
        raise RuntimeError(f"Error(s) in loading state_dict for {module._get_name()}:\n\t{told}")
    return Keys(missing, unexpected)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _put(part: Any, name: str, key: str, t: Any, value: Any, assign: bool) -> list[str]:
    """Put one value in its place; what is wrong with it, if anything."""
    if not isinstance(value, Tensor):
        got = f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
        return [f"{got}but received {type(value)}"]
    if t.shape == () and value.shape == (1,):
        value = value[0]
    if value.shape != t.shape:
        got = f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
        return [f"{got}the shape in current model is {t.shape}."]
    with no_grad():
        if not assign:
            t.copy_(value)
        elif isinstance(t, Parameter) and not isinstance(value, Parameter):
            setattr(part, name, Parameter(value, t.requires_grad))
        else:
            setattr(part, name, value)
    return []
