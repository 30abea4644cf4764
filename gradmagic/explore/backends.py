"""The engine that a cell runs on: gradmagic's own, or PyTorch through the same calls. Knows no cell."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from gradmagic.explore.elementary import known
from gradmagic.explore.request import GradUsageError, LeafWrites
from gradmagic.explore.trace import Array

__all__ = ["Backend", "Census", "RandomState", "backend_of"]


class Census(Protocol):
    """What `gradmagic.engine.graph.census` counts."""

    @property
    def nodes(self) -> int: ...
    @property
    def freed(self) -> int: ...
    @property
    def saved_bytes(self) -> int: ...


OPTIONS = ("retain_graph", "create_graph", "allow_unused", "is_grads_batched", "materialize_grads")

Watcher = Callable[[Any, Callable[..., Any]], Any]


@dataclass(frozen=True, eq=False, slots=True)
class RandomState:
    """Where the generators stand that a cell may draw from."""

    engine: Any
    numpy: Any

    def is_that_of(self, other: RandomState) -> bool:
        """Whether nothing was drawn between the two."""
        pairs = zip((self.engine, *self.numpy), (other.engine, *other.numpy), strict=True)
        return all(np.array_equal(a, b) for a, b in pairs)


class Backend:
    """gradmagic's own engine."""

    name = "gradmagic"

    def __init__(self) -> None:
        from gradmagic import torch

        self.torch: Any = torch
        self.known: Mapping[str, Any] = known(torch, torch.autograd.grad)

    def grad(self, *args: Any, **kwargs: Any) -> Any:
        """`autograd.grad`, looked up at each call: with PyTorch it is another while a watcher is entered."""
        return self.torch.autograd.grad(*args, **kwargs)

    def taylor(self, y: Any, x: Any, order: int) -> tuple[Array, int] | None:
        """The derivatives of orders 0 to `order`, and the last that may not be zero; None where there is no series."""
        from gradmagic.ops.expansion import derivatives

        try:
            found = derivatives(y, x, order)
        except RuntimeError:  # an op without a series, or a graph that was freed: the calls of grad say what it is
            return None
        return found.values, found.top

    def variable(self, values: Array) -> Any:
        """A leaf that requires grad, in the precision of the values."""
        return self.torch.tensor(values, requires_grad=True)

    def constant(self, values: Array, like: Any) -> Any:
        """A tensor in the type of another."""
        return self.torch.tensor(values, dtype=like.dtype)

    def watch(self, watcher: Watcher) -> Any:
        """While it is entered, every grad call of this thread goes through the watcher."""
        from gradmagic.engine.watch import watch

        return watch(watcher)

    def leaf_writes(self, mode: LeafWrites) -> Any:
        """While it is entered, writes into leaves that require grad are refused or allowed."""
        from gradmagic.engine.inplace import leaf_writes

        return leaf_writes(mode)

    def census(self, tensors: Iterable[Any]) -> Census:
        """What the graphs of these tensors hold."""
        from gradmagic.engine.graph import census

        return census(tensors)

    def node_names(self, tensors: Iterable[Any]) -> set[str]:
        """What the nodes of these tensors' graphs are called."""
        from gradmagic.engine.graph import walk

        return {node.name() for node in walk(tensors)}

    def leaves(self, tensors: Iterable[Any]) -> list[Any]:
        """The leaves that a backward pass from these tensors comes to."""
        from gradmagic.engine.graph import walk

        found = [t for node in walk(tensors) for t in node.edges if self.torch.is_tensor(t)]
        return list({id(t): t for t in found}.values())

    def remembered(self, tensors: Iterable[Any]) -> Mapping[Any, Any]:
        """What the graphs of these tensors hold, by node: a call that frees them drops it."""
        from gradmagic.engine.graph import walk

        return {node: (holder_of(node), holder_of(node).saved) for node in walk(tensors) if not node.freed}

    @contextmanager
    def revived(self, memory: Mapping[Any, Any]) -> Iterator[None]:
        """While it is entered, what was freed since it was remembered is there again; afterwards it is freed again."""
        freed = [node for node in memory if node.freed]
        for node in freed:
            holder, holder.saved = memory[node]
        try:
            yield
        finally:
            for node in freed:
                node.free()

    def random_state(self) -> RandomState:
        """Where the engine's generator and numpy's global one stand."""
        return RandomState(self.generator_state(), np.random.get_state())  # noqa: NPY002  cells may draw from it

    def random_restore(self, state: RandomState) -> None:
        """Let the same random numbers come again."""
        self.generator_restore(state.engine)
        np.random.set_state(state.numpy)  # noqa: NPY002  cells may draw from it

    def generator_state(self) -> Any:
        from gradmagic.engine.random import default_generator

        return default_generator.get_state()

    def generator_restore(self, state: Any) -> None:
        from gradmagic.engine.random import default_generator

        default_generator.set_state(state)

    def own(self, value: Any) -> Any:
        """The user's value as this engine's: a name that holds PyTorch, or a tensor of it, means ours in the cell."""
        kind = type(value).__module__ or ""
        if isinstance(value, ModuleType):
            return translated_module(value, "torch", self.torch)
        if "torch" not in sys.modules or not (kind == "torch" or kind.startswith("torch.") or callable(value)):
            return value
        return from_torch(value, self.torch)


def holder_of(node: Any) -> Any:
    """The node that holds the saved values: a write into a view is recorded around the operation that wrote."""
    return getattr(node, "inner", node)


def translated_module(module: ModuleType, root: str, target: Any) -> Any:
    """`torch.nn.functional` of one engine as that of the other; a module of neither stays what it is."""
    if module.__name__ != root and not module.__name__.startswith(root + "."):
        return module
    for part in module.__name__[len(root) :].split(".")[1:]:
        target = getattr(target, part)
    return target


def from_torch(value: Any, ours: Any) -> Any:
    """PyTorch's tensors, dtypes and functions as ours; everything else as it is."""
    theirs = sys.modules["torch"]
    if isinstance(value, theirs.Tensor):
        return ours.tensor(value.detach().numpy(), requires_grad=value.requires_grad)
    if isinstance(value, theirs.dtype):
        return getattr(ours, str(value).removeprefix("torch."))
    name = getattr(value, "__name__", "")
    for place in ("", "autograd", "nn.functional"):
        home, mirror = theirs, ours
        for part in filter(None, place.split(".")):
            home, mirror = getattr(home, part), getattr(mirror, part, None)
        if name and getattr(home, name, None) is value and hasattr(mirror, name):
            return getattr(mirror, name)
    return value


@dataclass(frozen=True)
class Counted:
    """A census of PyTorch's graph."""

    nodes: int
    freed: int
    saved_bytes: int


@dataclass(frozen=True)
class Called:
    """A call of PyTorch's, in the form in which the engine's watcher reports its own."""

    function: str
    outputs: tuple[Any, ...]
    inputs: tuple[Any, ...] | None
    options: dict[str, Any]


class TorchBackend(Backend):
    """PyTorch, if it is installed."""

    name = "torch"

    def __init__(self) -> None:
        try:
            import torch
        except ImportError:
            raise GradUsageError(
                "--backend torch: PyTorch is not installed; leave it out, or pip install torch"
            ) from None
        self.torch = torch
        self.plain_grad, self.plain_backward = torch.autograd.grad, torch.autograd.backward
        self.known = known(torch, self.grad)
        self.watchers = threading.local()

    def taylor(self, y: Any, x: Any, order: int) -> tuple[Array, int] | None:  # noqa: ARG002
        return None  # PyTorch has none

    def leaf_writes(self, mode: LeafWrites) -> Any:
        if mode == "allow":
            raise GradUsageError("--leaf-writes=allow is gradmagic's own: PyTorch refuses it since 1.8; drop --backend")
        return nothing()

    @contextmanager
    def watch(self, watcher: Watcher) -> Iterator[None]:
        # PyTorch has no such door, so its two functions are replaced for as long as it lasts; other threads pass
        # through to the plain ones.
        autograd = self.torch.autograd
        self.watchers.current = watcher
        autograd.grad, autograd.backward = self.watched_grad, self.watched_backward
        try:
            yield
        finally:
            self.watchers.current = None
            autograd.grad, autograd.backward = self.plain_grad, self.plain_backward

    def watched_grad(self, *args: Any, **kwargs: Any) -> Any:
        return self.watched("grad", self.plain_grad, args, kwargs)

    def watched_backward(self, *args: Any, **kwargs: Any) -> Any:
        return self.watched("backward", self.plain_backward, args, kwargs)

    def watched(self, name: str, plain: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Hand a call of PyTorch's to the watcher, if this thread has one."""
        watcher = getattr(self.watchers, "current", None)
        if watcher is None:
            return plain(*args, **kwargs)
        given = inspect.signature(plain).bind(*args, **kwargs)
        given.apply_defaults()
        outputs, inputs = (
            given.arguments.get(a, given.arguments.get(b)) for a, b in (("outputs", "tensors"), ("inputs", "inputs"))
        )
        options = {name: given.arguments[name] for name in OPTIONS if name in given.arguments}
        call = Called(name, sequence(outputs), sequence(inputs), options)

        def run(**overrides: Any) -> Any:
            # PyTorch may come back by the door that was replaced, as it does where a default device is set
            self.watchers.current = None
            try:
                return plain(**{**given.arguments, **overrides})
            finally:
                self.watchers.current = watcher

        return watcher(call, run)

    def census(self, tensors: Iterable[Any]) -> Census:
        waiting = [t.grad_fn for t in tensors if self.torch.is_tensor(t) and t.grad_fn is not None]
        seen: set[Any] = set()
        freed = 0
        sizes: dict[int, int] = {}
        while waiting:
            node = waiting.pop()
            if node in seen or node.name().endswith("AccumulateGrad"):
                continue
            seen.add(node)
            waiting += [inner for inner, _ in node.next_functions if inner is not None]
            try:
                saved = [getattr(node, name) for name in dir(node) if name.startswith("_saved_")]
                sizes |= {t.data_ptr(): t.nbytes for t in saved if self.torch.is_tensor(t)}
            except RuntimeError:
                freed += 1
        return Counted(len(seen), freed, sum(sizes.values()))

    def nodes(self, tensors: Iterable[Any]) -> set[Any]:
        """All nodes of these tensors' graphs."""
        waiting = [t.grad_fn for t in tensors if self.torch.is_tensor(t) and t.grad_fn is not None]
        seen: set[Any] = set()
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting += [inner for inner, _ in node.next_functions if inner is not None]
        return seen

    def node_names(self, tensors: Iterable[Any]) -> set[str]:
        return {node.name() for node in self.nodes(tensors)}

    def leaves(self, tensors: Iterable[Any]) -> list[Any]:
        return [node.variable for node in self.nodes(tensors) if hasattr(node, "variable")]

    def remembered(self, tensors: Iterable[Any]) -> Mapping[Any, Any]:  # noqa: ARG002
        return {}  # PyTorch lets nobody put back what it has freed

    def generator_state(self) -> Any:
        return self.torch.get_rng_state()

    def generator_restore(self, state: Any) -> None:
        self.torch.set_rng_state(state)

    def own(self, value: Any) -> Any:
        if isinstance(value, ModuleType):
            return translated_module(value, "gradmagic.torch", self.torch)
        if type(value).__module__.startswith("gradmagic.") and hasattr(value, "detach"):
            return self.torch.tensor(value.detach().numpy(), requires_grad=value.requires_grad)
        return value


@contextmanager
def nothing() -> Iterator[None]:
    yield


def sequence(tensors: Any) -> tuple[Any, ...]:
    """One or several, as a tuple."""
    if tensors is None:
        return ()
    return tuple(tensors) if isinstance(tensors, list | tuple) else (tensors,)


@cache
def backend_of(name: str) -> Backend:
    """The engine of this name; each is made once."""
    return TorchBackend() if name == "torch" else Backend()
