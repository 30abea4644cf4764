"""A module called with other parameters than its own, and many modules' parameters as one. Knows no layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gradmagic.engine.modes import no_grad
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch.nn.module import Module


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What a module gives with these tensors in the places of its parameters and buffers.

    Parameters
    ----------
    module : Module
        It is as before afterwards.
    parameter_and_buffer_dicts : dict of Tensor, or sequence of dicts
        Tensors by the paths that ``named_parameters`` gives.
    args : object or tuple, optional
        The arguments; what is no tuple is the only one.
    kwargs : dict, optional
        Arguments by name.
    tie_weights : bool
        Whether a parameter that stands in several places is replaced in all of them.
    strict : bool
        Whether paths too many or too few are an error.

    Returns
    -------
    object
        What ``module(*args, **kwargs)`` gives.

    Examples
    --------
    >>> from gradmagic import torch
    >>> f = torch.nn.Linear(1, 1)
    >>> given = {"weight": torch.tensor([[2.0]]), "bias": torch.tensor([1.0])}
    >>> torch.func.functional_call(f, given, torch.tensor([3.0])).tolist()
    [7.0]
    """
    tensors = _merged(parameter_and_buffer_dicts)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, _tied(module, tensors) if tie_weights else tensors, strict):
        return module(*args, **(kwargs or {}))


def _merged(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, dict):
        return dicts
    if not isinstance(dicts, Sequence):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}"
        )
    if not all(isinstance(d, dict) for d in dicts):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    counted = Counter(key for d in dicts for key in d)
    repeated = [key for key, n in counted.items() if n > 1]
    if repeated:
        raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    return {key: value for d in dicts for key, value in d.items()}


def _places(module: Module) -> Iterator[tuple[str, Any, Any]]:
    """Every path of a parameter or buffer, with the dict that holds it and its name there."""
    for path, part in module.named_modules(remove_duplicate=False):
        for held in (part._parameters, part._buffers):
            for name in held:
                yield f"{path}.{name}" if path else name, held, name


def _tied(module: Module, tensors: dict[str, Any]) -> dict[str, Any]:
    """The same, with every other path of the same parameter."""
    same: dict[int, list[str]] = {}
    for path, held, name in _places(module):
        if held[name] is not None:
            same.setdefault(id(held[name]), []).append(path)
    out = dict(tensors)
    for paths in same.values():
        given = [path for path in paths if path in tensors]
        if len({id(tensors[path]) for path in given}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(paths)}, which are tied. Consider using "
                "tie_weights=False"
            )
        if given:
            out |= dict.fromkeys(paths, tensors[given[0]])
    return out


@contextmanager
def _replaced(module: Module, tensors: dict[str, Any], strict: bool) -> Iterator[None]:
    places = {path: (held, name) for path, held, name in _places(module)}
    if strict:
        _check(module, list(places), tensors)
    before = [(held, name, held[name]) for held, name in places.values()]
    try:
        for path, value in tensors.items():
            if path in places:
                held, name = places[path]
                held[name] = value
        yield
    finally:
        for held, name, value in before:
            held[name] = value


def _check(module: Module, paths: list[str], tensors: dict[str, Any]) -> None:
    wrong = []
    for words, keys in (
        ("Unexpected", [key for key in tensors if key not in paths]),
        ("Missing", [path for path in paths if path not in tensors]),
    ):
        if keys:
            told = ", ".join(map(repr, keys))
            wrong.append(f"{words} key(s): {told}.")
    if wrong:
        told = "\n\t".join(wrong)
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t{told}")


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters of many models of one kind, stacked, and their buffers: what `vmap` takes for an ensemble.

    Parameters
    ----------
    models : sequence of Module
        Of one class, in one mode.

    Returns
    -------
    params, buffers : dict of Tensor
        By path, with the models along dimension 0. The parameters are new leaves.

    Raises
    ------
    RuntimeError
        If there are none, or of different kinds.
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(m) for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    params = {
        name: _stacked(name, [dict(m.named_parameters()) for m in models]) for name, _ in models[0].named_parameters()
    }
    buffers = {name: _stacked(name, [dict(m.named_buffers()) for m in models]) for name, _ in models[0].named_buffers()}
    return params, buffers


def _stacked(name: str, states: list[dict[str, Any]]) -> Any:
    parts = [state[name] for state in states]
    wanted = {p.requires_grad for p in parts}
    if len(wanted) > 1:
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    with no_grad():
        together = F["stack"](parts)
    return together.requires_grad_(wanted.pop())


__all__ = ["functional_call", "stack_module_state"]
