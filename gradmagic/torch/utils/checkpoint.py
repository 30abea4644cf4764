"""``torch.utils.checkpoint``: what a function saves for its derivative is computed again instead of kept. Knows hooks."""

from __future__ import annotations

import contextlib
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradmagic.engine.backward import backward
from gradmagic.engine.function import Function
from gradmagic.engine.modes import enable_grad, no_grad
from gradmagic.engine.saving import saved_tensors_hooks
from gradmagic.engine.tensor import Tensor
from gradmagic.engine.walk import running
from gradmagic.torch.nn.containers import Sequential
from gradmagic.torch.random import fork_rng, get_rng_state, set_rng_state

_EXPLICITLY = (
    "parameter should be passed explicitly. {0} use_reentrant=False is recommended, but if you need to preserve the current "
    "default behavior, you can pass use_reentrant=True. Refer to docs for more details on the differences between the two "
    "variants."
)
_ONE = "torch.utils.checkpoint: the use_reentrant " + _EXPLICITLY.format(
    "Starting in PyTorch 2.9, calling checkpoint without use_reentrant will raise an exception."
)
_MANY = "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant " + _EXPLICITLY.format(
    "In version 2.9 we will raise an exception if use_reentrant is not passed."
)
_TO_ALL_LEAVES = (
    "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` parameter to "
    ".backward(). To resolve this error, you can either set use_reentrant=False, or call .backward() without passing the "
    "`inputs` argument."
)


class CheckpointError(RuntimeError):
    """The function did not do the same thing again."""


class CheckpointFunction(Function):
    """The function without a graph; in the backward pass it is run again, with one (``use_reentrant=True``)."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        if not any(a.requires_grad for a in args if isinstance(a, Tensor)):
            warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)
        ctx.run_function, ctx.preserve = run_function, preserve_rng_state
        ctx.state = get_rng_state()
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        if running.walk is None or running.walk.captures is not None:
            raise RuntimeError(_TO_ALL_LEAVES)
        inputs = list(ctx.inputs)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = t.detach().requires_grad_(t.requires_grad)
        with _state(ctx.state if ctx.preserve else None), enable_grad():
            outputs = ctx.run_function(*inputs)
        outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
        told = [(out, g) for out, g in zip(outputs, args, strict=True) if isinstance(out, Tensor) and out.requires_grad]
        if not told:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([out for out, _ in told], [g for _, g in told])
        return (None, None, *(a.grad if isinstance(a, Tensor) else None for a in inputs))


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """What a function gives, without keeping what it saves for its derivative: that is computed again when it is read.

    Parameters
    ----------
    function : callable
        Called once now, and once in each backward pass.
    *args, **kwargs
        Its arguments; ``preserve_rng_state=False`` lets it draw other random numbers the second time.
    use_reentrant : bool
        Whether the function is run without a graph now, and a backward pass of its own is made later.
    context_fn : callable, optional
        Gives two context managers, for the two runs.
    determinism_check : {"default", "none"}
        Whether the second run must save tensors of the same shapes and dtypes.
    debug : bool
        Of no effect here: the errors say what differs.
    early_stop : bool
        Whether the second run ends as soon as all is there that was saved.

    Raises
    ------
    CheckpointError
        If the second run saves other tensors than the first.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> y = torch.utils.checkpoint.checkpoint(lambda x: torch.exp(x) * x, x, use_reentrant=False)
    >>> torch.autograd.grad(y, x)
    (tensor(22.1672),)
    """
    if use_reentrant is None:
        warnings.warn(_ONE, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        if determinism_check not in ("default", "none"):
            raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {determinism_check}")
        first, second = context_fn()
        again = _Again(function, args, kwargs, preserve, second, determinism_check == "default", early_stop)
        with again.keeping(), first:
            return function(*args, **kwargs)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn or debug:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    return CheckpointFunction.apply(function, preserve, *args)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Functions one after the other in so many segments, each but the last a `checkpoint`.

    Parameters
    ----------
    functions : Sequential or sequence of callable
    segments : int
    input : Tensor
    use_reentrant : bool
        As of `checkpoint`.
    """
    if use_reentrant is None:
        warnings.warn(_MANY, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = list(functions.children() if isinstance(functions, Sequential) else functions)
    size = len(steps) // segments
    last = size * (segments - 1)
    for start in range(0, last, size):
        run = _in_turn(steps[start : start + size])
        input = checkpoint(run, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _in_turn(steps[last:])(input)


def _in_turn(steps: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def forward(input: Any) -> Any:
        for step in steps:
            input = step(input)
        return input

    return forward


@contextlib.contextmanager
def _state(state: Any) -> Iterator[None]:
    """While it is entered, random numbers go on from that state; None leaves them alone."""
    with fork_rng(enabled=state is not None):
        if state is not None:
            set_rng_state(state)
        yield


class _Place:
    """What a node keeps instead of a tensor: the place in the order in which they were saved."""

    def __init__(self, again: _Again, number: int, kind: Any) -> None:
        self.again, self.number, self.kind = again, number, kind


class _Enough(Exception):  # noqa: N818 - no error
    """All that was saved is there again."""


class _Again:
    """A call that can be made again, and what it then saves."""

    def __init__(
        self, function: Any, args: Any, kwargs: Any, preserve: bool, context: Any, checked: bool, early_stop: bool
    ) -> None:
        self.call, self.context, self.checked, self.early_stop = (function, args, kwargs), context, checked, early_stop
        self.state = get_rng_state() if preserve else None
        self.places: list[weakref.ref[_Place]] = []
        self.values: list[Any] = []

    def keeping(self) -> saved_tensors_hooks:
        return saved_tensors_hooks(self._keep, self._value)

    def _keep(self, t: Any) -> _Place:
        place = _Place(self, len(self.places), (t.shape, t.dtype))
        self.places.append(weakref.ref(place))
        return place

    def _value(self, place: _Place) -> Any:
        if not self.values or self.values[place.number] is None:
            self._run()
        found, self.values[place.number] = self.values[place.number], None
        return found

    def _run(self) -> None:
        function, args, kwargs = self.call
        self.values = []
        hooks = saved_tensors_hooks(self._found, lambda t: t)
        with contextlib.suppress(_Enough), _state(self.state), enable_grad(), self.context, hooks:
            function(*map(_detached, args), **{name: _detached(a) for name, a in kwargs.items()})
        if len(self.values) != len(self.places):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {len(self.places)}\nNumber of tensors saved during "
                f"recomputation: {len(self.values)}.\n"
            )
        self._compare()

    def _found(self, t: Any) -> Any:
        if len(self.values) == len(self.places):
            raise CheckpointError(
                "torch.utils.checkpoint: trying to save more tensors during recomputation than during the original forward "
                "pass.\n"
            )
        t = t.detach()
        self.values.append(t)
        if self.early_stop and len(self.values) == len(self.places):
            raise _Enough
        return t

    def _compare(self) -> None:
        """Refuse other shapes and dtypes, and forget what nobody will ask for."""
        told = ""
        for i, (ref, t) in enumerate(zip(self.places, self.values, strict=True)):
            place = ref()
            if place is None:
                self.values[i] = None
            elif self.checked and place.kind != (t.shape, t.dtype):
                told += f"tensor at position {i}:\nsaved metadata: {_told(*place.kind)}\n"
                told += f"recomputed metadata: {_told(t.shape, t.dtype)}\n"
        if told:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the "
                f"forward pass.\n{told}.\n"
            )


def _detached(value: Any) -> Any:
    return value.detach().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value


def _told(shape: Any, dtype: Any) -> dict[str, Any]:
    return {"shape": shape, "dtype": dtype, "device": "cpu"}


__all__ = ["CheckpointError", "CheckpointFunction", "checkpoint", "checkpoint_sequential", "noop_context_fn"]
