"""Modules made of modules in a row, and lists of modules and parameters. Knows no layer."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Self

from gradmagic.engine.tensor import Tensor
from gradmagic.torch.nn.module import Module
from gradmagic.torch.nn.parameter import Parameter, typename
from gradmagic.torch.nn.text import in_lines, indented


class _Row(Module):
    """Parts whose names are numbers."""

    _room = "_modules"

    def _held(self) -> dict[str, Any]:
        held: dict[str, Any] = self.__dict__[self._room]
        return held

    def _key(self, index: Any) -> str:
        i = operator.index(index)
        if not -len(self) <= i < len(self):
            raise IndexError(f"index {i} is out of range")
        return list(self._held())[i]

    def __len__(self) -> int:
        return len(self._held())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._held().values())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._held().values())[index])  # type: ignore[call-arg]
        return self._held()[self._key(index)]

    def __setitem__(self, index: int, part: Any) -> None:
        setattr(self, self._key(index), part)

    def __delitem__(self, index: Any) -> None:
        for key in list(self._held())[index] if isinstance(index, slice) else [self._key(index)]:
            del self._held()[key]
        self._renumber(list(self))

    def _renumber(self, parts: list[Any]) -> None:
        self._held().clear()
        self._held().update({str(i): part for i, part in enumerate(parts)})

    def append(self, part: Any) -> Self:
        """Add a part at the end."""
        setattr(self, str(len(self)), part)
        return self

    def extend(self, parts: Iterable[Any]) -> Self:
        """Add parts at the end."""
        for part in list(parts):
            self.append(part)
        return self


class _ModuleRow(_Row):
    """Modules whose names are numbers."""

    def append(self, module: Any) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index: int, module: Any) -> Self:
        """Add a module in front of another."""
        parts = list(self)
        parts.insert(index, module)
        self._renumber(parts)
        return self

    def pop(self, key: Any) -> Any:
        """Take a module away, and return it."""
        part = self[key]
        del self[key]
        return part


class Sequential(_ModuleRow):
    """Modules one after another, each given what the one before it gives.

    Parameters
    ----------
    *args : Module
        The modules; or one ``OrderedDict`` of them, for names other than numbers.

    Examples
    --------
    >>> from gradmagic.torch import nn
    >>> nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
      (2): Linear(in_features=3, out_features=1, bias=True)
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            self.extend(args)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return super().__getitem__(index)

    def __add__(self, other: Any) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input


class ModuleList(_ModuleRow):
    """A list of modules that the module around it knows of.

    Parameters
    ----------
    modules : iterable of Module, optional
        What is in it.
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """Equal modules in succession are told once."""
        lines, at = [], 0
        for text, group in groupby(map(repr, self)):
            n = len(list(group))
            where = f"({at})" if n == 1 else f"({at}-{at + n - 1})"
            lines.append(indented(f"{where}: {text}" if n == 1 else f"{where}: {n} x {text}"))
            at += n
        return in_lines(self._get_name(), lines)


class ModuleDict(Module):
    """A dict of modules that the module around it knows of.

    Parameters
    ----------
    modules : dict of Module, optional
        What is in it.
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        for name, module in dict(modules or {}).items():
            self.add_module(name, module)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def items(self) -> Any:
        """Names and modules."""
        return self._modules.items()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()


class ParameterList(_Row):
    """A list of parameters that the module around it knows of; tensors become parameters.

    Parameters
    ----------
    values : iterable of Tensor, optional
        What is in it.
    """

    _room = "_parameters"

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def append(self, value: Any) -> Self:
        """Add a parameter at the end."""
        if not isinstance(value, Tensor):
            raise TypeError(f"ParameterList holds Tensors only here; got {typename(value)}")
        setattr(self, str(len(self)), value if isinstance(value, Parameter) else Parameter(value))
        return self

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def __repr__(self) -> str:
        lines = []
        for i, p in enumerate(self):
            lines.append(f"({i}): Parameter containing: [torch.{p.dtype.name} of size {'x'.join(map(str, p.shape))}]")
        return in_lines(self._get_name(), [f"  {line}" for line in lines]) if lines else f"{self._get_name()}()"


__all__ = ["ModuleDict", "ModuleList", "ParameterList", "Sequential"]
