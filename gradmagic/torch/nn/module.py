"""A part of a model: parameters, buffers and further parts, by the names of its attributes. Knows no layer."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Self

from gradmagic.engine import devices, dtypes
from gradmagic.engine.handle import RemovableHandle
from gradmagic.engine.modes import no_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.torch.nn.loading import Keys, load
from gradmagic.torch.nn.parameter import Parameter, forget, typename
from gradmagic.torch.nn.text import in_lines, indented

_ROOMS = ("_parameters", "_buffers", "_modules")


class Module:
    """A part of a model. A subclass sets its parts as attributes in ``__init__``, and says in ``forward`` what it does.

    Examples
    --------
    >>> from gradmagic import torch
    >>> class Line(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = torch.nn.Parameter(torch.tensor(2.0))
    ...
    ...     def forward(self, x):
    ...         return self.slope * x
    >>> line = Line()
    >>> line(torch.tensor(3.0)), [name for name, _ in line.named_parameters()]
    (tensor(6., grad_fn=<MulBackward0>), ['slope'])
    """

    training: bool
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _temporary: set[str]  # buffers that are no part of the state

    def __init__(self) -> None:
        for name in (*_ROOMS, "_forward_hooks", "_forward_pre_hooks"):
            super().__setattr__(name, {})
        super().__setattr__("_temporary", set())
        super().__setattr__("training", True)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module does: a subclass says it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for hook in tuple(self.__dict__["_forward_pre_hooks"].values()):
            found = hook(self, args)
            if found is not None:
                args = found if isinstance(found, tuple) else (found,)
        result = self.forward(*args, **kwargs)
        for hook in tuple(self.__dict__["_forward_hooks"].values()):
            found = hook(self, args, result)
            result = result if found is None else found
        return result

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, args)`` before ``forward``; what it returns replaces the arguments."""
        return RemovableHandle(self.__dict__["_forward_pre_hooks"], hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; what it returns replaces the output."""
        return RemovableHandle(self.__dict__["_forward_hooks"], hook)

    # -- attributes ---------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        for room in _ROOMS:
            held = self.__dict__.get(room)
            if held is not None and name in held:
                return held[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        rooms = [self.__dict__.get(room) for room in _ROOMS]
        parameters, buffers, modules = rooms
        if isinstance(value, (Parameter, Module)):
            kind = "parameters" if isinstance(value, Parameter) else "module"
            if parameters is None or modules is None:
                raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
            self._leave(name)
            (parameters if kind == "parameters" else modules)[name] = value
        elif parameters is not None and name in parameters:
            self._expect(value is None, value, f"as parameter '{name}' (torch.nn.Parameter or None expected)")
            parameters[name] = None
        elif modules is not None and name in modules:
            self._expect(value is None, value, f"as child module '{name}' (torch.nn.Module or None expected)")
            modules[name] = None
        elif buffers is not None and name in buffers:
            fits = value is None or isinstance(value, Tensor)
            self._expect(fits, value, f"as buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)")
            buffers[name] = value
        else:
            super().__setattr__(name, value)

    def _leave(self, name: str) -> None:
        for held in (self.__dict__, *(self.__dict__[room] for room in _ROOMS)):
            held.pop(name, None)
        self._temporary.discard(name)

    @staticmethod
    def _expect(fits: bool, value: Any, where: str) -> None:
        if not fits:
            raise TypeError(f"cannot assign '{typename(value)}' {where}")

    def __delattr__(self, name: str) -> None:
        for room in _ROOMS:
            if name in self.__dict__[room]:
                del self.__dict__[room][name]
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *(name for room in _ROOMS for name in self.__dict__.get(room, ()))}
        return sorted(name for name in names if not name[0].isdigit())

    def _check_name(self, kind: str, name: Any, room: str) -> None:
        if room not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
        if not name:
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[room]:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Any) -> None:
        """Add a parameter, or None where there may be one."""
        self._check_name("parameter", name, "_parameters")
        fits = param is None or isinstance(param, Parameter)
        self._expect(fits, param, f"object to parameter '{name}' (torch.nn.Parameter or None required)")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Add a tensor that is not learned; it is a part of the state if persistent."""
        self._check_name("buffer", name, "_buffers")
        fits = tensor is None or isinstance(tensor, Tensor)
        self._expect(fits, tensor, f"object to buffer '{name}' (torch Tensor or None required)")
        self._buffers[name] = tensor
        (self._temporary.discard if persistent else self._temporary.add)(name)

    def add_module(self, name: str, module: Any) -> None:
        """Add a part."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name("module", name, "_modules")
        self._modules[name] = module

    register_module = add_module

    # -- what it consists of ------------------------------------------------------------------------------------

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, with their paths."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def _named(self, room: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen: set[Any] = set()
        found = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in found:
            for name, t in module.__dict__[room].items():
                if t is None or t in seen:
                    continue
                if remove_duplicate:
                    seen.add(t)
                yield f"{path}.{name}" if path else name, t

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """The parameters with their paths."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """The buffers with their paths."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The parts, each once, with their names."""
        seen: set[Any] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """The parameters, each once: what an optimizer is given."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """The buffers, each once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def children(self) -> Iterator[Module]:
        """The parts, each once."""
        return (module for _, module in self.named_children())

    def get_submodule(self, target: str) -> Module:
        """The module at a path."""
        module = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    # -- state --------------------------------------------------------------------------------------------------

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Parameters and persistent buffers by their paths: their values, without history, in the same memory."""
        destination = OrderedDict() if destination is None else destination
        for name, t in self._state():
            destination[prefix + name] = t if keep_vars else t.detach()
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return destination

    def _state(self) -> list[tuple[str, Any]]:
        kept = [(name, t) for name, t in self._buffers.items() if name not in self._temporary]
        return [(name, t) for name, t in (*self._parameters.items(), *kept) if t is not None]

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Keys:
        """Copy the values of a `state_dict` into this module.

        Parameters
        ----------
        state_dict : dict
            Tensors by their paths.
        strict : bool
            Whether a path too many or too few is an error.
        assign : bool
            Whether the tensors themselves take the places, rather than their values.

        Returns
        -------
        Keys
            ``missing_keys`` and ``unexpected_keys``.

        Raises
        ------
        RuntimeError
            If paths or shapes do not fit.
        """
        return load(self, state_dict, strict, assign)

    # -- changes ------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Say that this module and those below it are being trained."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Say that this module and those below it are being used."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Whether the parameters are to be learned."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the parameters' gradients, or set them to zero."""
        for p in self.parameters():
            forget(p, set_to_none)

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn`` with every module below this one, then with this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Any], Any]) -> Self:
        """Replace the values of every parameter, its gradient, and every buffer."""
        with no_grad():
            for module in self.modules():
                for p in module._parameters.values():
                    for t in (p, None if p is None else p._grad):
                        if t is not None:
                            t.data = fn(t.data)
                module._buffers.update({name: fn(b) for name, b in module._buffers.items() if b is not None})
        return self

    def to(self, *args: Any, device: Any = None, dtype: Any = None, non_blocking: bool = False) -> Self:
        """The module with its floating-point parameters and buffers in another dtype, in place."""
        for a in args:
            if isinstance(a, dtypes.dtype):
                dtype = a
            elif isinstance(a, Tensor):
                dtype = a.dtype
            elif not isinstance(a, bool):
                device = a
        devices.check(device)
        if dtype is None:
            return self
        if not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        if dtype.is_complex:
            warnings.warn(
                "Complex modules are a new feature under active development whose design may change, and some modules "
                "might not work as expected when using complex tensors as parameters or buffers. Please file an issue at "
                "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml if a complex module does not work "
                "as expected.",
                stacklevel=2,
            )
        return self._apply(lambda t: t.to(dtype) if t._array.dtype.kind in "fc" else t)

    def float(self) -> Self:
        """`to` float32."""
        return self._cast(dtypes.float32)

    def double(self) -> Self:
        """`to` float64."""
        return self._cast(dtypes.float64)

    def half(self) -> Self:
        """`to` float16."""
        return self._cast(dtypes.float16)

    def _cast(self, dtype: dtypes.dtype) -> Self:
        return self._apply(lambda t: t.to(dtype) if t._array.dtype.kind == "f" else t)

    def cpu(self) -> Self:
        """The module: it is there already."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Refused as torch refuses it where there is no GPU."""
        devices.refuse(devices.device("cuda"))

    # -- printing -----------------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What a module tells of itself when printed: a subclass may say."""
        return ""

    def __repr__(self) -> str:
        own = self.extra_repr().split("\n") if self.extra_repr() else []
        parts = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        if len(own) == 1 and not parts:
            return f"{self._get_name()}({own[0]})"
        return in_lines(self._get_name(), [*own, *parts])


__all__ = ["Module"]
