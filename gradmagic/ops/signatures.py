"""What torch's functions may be given, and what it says where they are given something else. Runs no function.

Torch's argument parser reads these signatures too: `signatures.txt` beside this file, one a line, has them in its own
notation. Nothing is read before something does not fit.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from gradmagic.engine import devices, dtypes, random
from gradmagic.engine.dtypes import type_in_c
from gradmagic.engine.tensor import Tensor

# What torch calls a kind of argument in its messages.
SPOKEN = {
    "Tensor": "Tensor", "Scalar": "Number", "int64_t": "int", "SymInt": "int", "double": "float", "bool": "bool",
    "ScalarType": "torch.dtype", "Layout": "torch.layout", "Device": "torch.device", "MemoryFormat": "torch.memory_format",
    "Generator": "torch.Generator", "c10::string_view": "str", "IntArrayRef": "tuple of ints",
    "SymIntArrayRef": "tuple of ints", "TensorList": "tuple of Tensors", "ScalarList": "tuple of Scalars",
    "c10::List<::std::optional<Tensor>>": "tuple of Tensors", "ArrayRef<double>": "tuple of floats",
}  # fmt: skip
# torch takes NumPy's names of these arguments too
NUMPYS = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}
# They take numbers for tensors.
NUMBERS_TOO = {
    "add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide", "floor_divide",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a signature."""

    name: str
    kind: str
    length: int  # of a list for which one number will do, or 0
    may_be_none: bool
    default: str | None
    by_name_only: bool

    @property
    def spoken(self) -> str:
        return SPOKEN[self.kind]

    def __str__(self) -> str:
        return f"{self.spoken} {self.name}" + ("" if self.default is None else f" = {self.default}")

    def given(self, named: dict[str, Any]) -> Any:
        return next((v for name, v in named.items() if self.is_called(name)), MISSING)

    def is_called(self, name: str) -> bool:
        return name == self.name or NUMPYS.get(name) == self.name


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function."""

    function: str
    parameters: tuple[Parameter, ...]
    hidden: bool

    def __str__(self) -> str:
        words = [str(p) for p in self.parameters]
        star = next((i for i, p in enumerate(self.parameters) if p.by_name_only), None)
        return f"({', '.join(words if star is None else [*words[:star], '*', *words[star:]])})"

    @property
    def most(self) -> int:
        """How many arguments may go without a name."""
        return sum(not p.by_name_only for p in self.parameters)

    @property
    def least(self) -> int:
        return sum(p.default is None for p in self.parameters)

    def objection(self, args: tuple[Any, ...], named: dict[str, Any]) -> str | None:
        """What torch says where the arguments do not fit, in the order in which it looks; None where they do."""
        loose = self.most == 1 and self.parameters[0].spoken == "tuple of ints"  # sizes may stand one by one
        if len(args) > self.most and not (loose and _are_whole(args)):
            return self._too_many(len(args))
        left, place = len(named), 0
        for i, p in enumerate(self.parameters):
            by_place = place < len(args)
            if by_place and p.by_name_only:
                return self._too_many(len(args))
            value = args[place] if by_place else p.given(named)
            if not (value is MISSING and p.default is not None) and not (value is None and p.may_be_none):
                if value is MISSING:
                    return self._missing(i)
                if not self._fits(p, value):
                    if not (loose and by_place and place == 0 and _are_whole(args)):
                        return self._unfit(p, value, place if by_place else None)
                    place = len(args)
                    continue
            place += by_place
            left -= not by_place and value is not MISSING
        return self._unknown(named, len(args)) if left > 0 else None

    def _fits(self, p: Parameter, value: Any) -> bool:
        if p.kind == "Tensor" and self.function.rstrip("_") in NUMBERS_TOO and isinstance(value, _NUMBERS):
            return True
        if p.length and _is_whole(value):
            return True
        return FITS[p.kind](value)

    def _too_many(self, n: int) -> str:
        most = self.most
        asked = str(most) if self.least == most else f"from {self.least} to {most}"
        plural = "s" if asked != "1" else ""
        verb = "was" if n == 1 and self.least == most else "were"
        return f"{self.function}() takes {asked} positional argument{plural} but {n} {verb} given"

    def _missing(self, first: int) -> str:
        names = [f'"{p.name}"' for p in self.parameters[first:] if p.default is None]
        plural = "s" if len(names) == 1 else ""  # as torch has it
        return f"{self.function}() missing {len(names)} required positional argument{plural}: {', '.join(names)}"

    def _unfit(self, p: Parameter, value: Any, place: int | None) -> str:
        where = "" if place is None else f" (position {place + 1})"
        text = f"{self.function}(): argument '{p.name}'{where} must be {p.spoken}, "
        if isinstance(value, (tuple, list)) and p.spoken.startswith("tuple of "):
            one = FITS_ONE[p.spoken]
            at = next((i for i, v in enumerate(value) if not one(v)), None)
            if at is not None and p.spoken == "tuple of Tensors":
                return f"expected Tensor as element {at} in argument {place or 0}, but got {type_in_c(value[at])}"
            if at is not None:
                return f"{text}but found element of type {type_in_c(value[at])} at pos {at}"
        return f"{text}not {type_in_c(value)}"

    def _unknown(self, named: dict[str, Any], n: int) -> str:
        for name in named:
            at = next((i for i, p in enumerate(self.parameters) if p.is_called(name)), None)
            if at is None:
                return f"{self.function}() got an unexpected keyword argument '{name}'"
            if at < n:
                return f"{self.function}() got multiple values for argument '{name}'"
        return "invalid keyword arguments"


def check(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Raise torch's TypeError where no signature of the function takes these arguments."""
    said = objection(name, args, named)
    if said is not None:
        raise TypeError(said)


def objection(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> str | None:
    """What torch says to these arguments of a function; None where a signature takes them."""
    ways = signatures().get(name)
    if not ways or any(way.objection(args, named) is None for way in ways):
        return None
    n = len(args) + len(named)
    if len(ways) == 1 and not ways[0].parameters:
        given = "keyword arguments" if named else f"arguments ({n} given)"
        return f"TensorBase.{ways[0].function}() takes no {given}"
    if len(ways) > 1:
        shown = [way for way in ways if not way.hidden]
        plausible = [way for way in shown if way.least <= n <= len(way.parameters)]
        if len(plausible) != 1:
            return _no_way(name, shown, args, named)
        ways = plausible
    return ways[0].objection(args, named)


# -- messages -----------------------------------------------------------------------------------------------------


def _no_way(name: str, ways: list[Signature], args: tuple[Any, ...], named: dict[str, Any]) -> str:
    """No signature fits: torch compares with each, and takes the star, and a default's value, for part of it."""
    text = f"{ways[0].function}() received an invalid combination of arguments - "
    got = _described(args, named)
    if len(ways) == 1:
        way = ways[0]
        strange = _strange(way, args, named)
        if strange:
            return f"{text}got unrecognized keyword arguments: {', '.join(strange)}"
        return f"{text}got {_compared(way, args, named) or got}, but expected {way}"
    lines = [f"{text}got {got}, but expected one of:"]
    for way in ways:
        lines.append(f" * {way}")
        compared = _compared(way, args, named)
        strange = _strange(way, args, named)
        if compared and strange:
            lines.append(f"      didn't match because some of the keywords were incorrect: {', '.join(strange)}")
        elif compared:
            lines.append(f"      didn't match because some of the arguments have invalid types: {compared}")
    return "\n".join(lines) + "\n"


def _strange(way: Signature, args: tuple[Any, ...], named: dict[str, Any]) -> list[str]:
    """The keywords that no argument without a default is called, of those that are not there yet."""
    open_ = [p.name for p in way.parameters[len(args) :] if p.default is None]
    return [name for name in named if name not in open_]


def _compared(way: Signature, args: tuple[Any, ...], named: dict[str, Any]) -> str | None:
    """The kinds of the arguments, those that do not fit between exclamation marks; None if there are not as many."""
    places: list[Parameter | None] = list(way.parameters)
    star = next((i for i, p in enumerate(way.parameters) if p.by_name_only), None)
    if star is not None:
        places.insert(star, None)
    places = places or [None]  # nothing, too, counts as one
    if len(places) != len(args) + len(named):
        return None
    told: list[str] = []
    for place, value in zip(places, [*args, *named.values()], strict=True):
        fits = place and place.default is None and place.kind != "Scalar" and FITS[place.kind](value)
        word = _in_full(value) if len(told) < len(args) else f"{list(named)[len(told) - len(args)]}={_in_full(value)}"
        told.append(word if fits else f"!{word}!")
    return f"({', '.join(told)})"


def _described(args: tuple[Any, ...], named: dict[str, Any]) -> str:
    return f"({', '.join([*map(type_in_c, args), *(f'{k}={type_in_c(v)}' for k, v in named.items())])})"


def _in_full(value: Any) -> str:
    if not isinstance(value, (tuple, list)):
        return type_in_c(value)
    inside = ", ".join(type_in_c(v) for v in value)
    if isinstance(value, list):
        return f"list of [{inside}]"
    return f"tuple of ({inside}{',' if len(value) == 1 else ''})"


# -- what fits ----------------------------------------------------------------------------------------------------


class _Missing:
    """No value was given."""


MISSING = _Missing()


def given(*args: Any) -> tuple[Any, ...]:
    """The arguments that have a value."""
    return tuple(a for a in args if a is not MISSING)


_NUMBERS = (int, float, complex, np.number, np.bool_)


def _point(value: Any, kinds: str) -> bool:
    """A tensor of one number, which torch takes for it."""
    return isinstance(value, Tensor) and not value.ndim and not value.requires_grad and value._array.dtype.kind in kinds


def _is_whole(value: Any) -> bool:
    return (isinstance(value, (int, np.integer)) and not isinstance(value, bool)) or _point(value, "ui")


def _is_real(value: Any) -> bool:
    return isinstance(value, (int, float, np.number, np.bool_)) or _point(value, "buif")


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) or _point(value, "buifc")


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _listed(one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, (tuple, list)) and all(map(one, value))


def _are_whole(values: Iterable[Any]) -> bool:
    return all(map(_is_whole, values))


def _is_dtype(value: Any) -> bool:
    return isinstance(value, dtypes.dtype) or any(value is kind for kind in (float, int, bool))


FITS_ONE: dict[str, Callable[[Any], bool]] = {
    "tuple of ints": _is_whole,
    "tuple of Tensors": _is_tensor,
    "tuple of floats": _is_number,
    "tuple of Scalars": _is_number,
}
FITS: dict[str, Callable[[Any], bool]] = {
    "Tensor": _is_tensor,
    "Scalar": _is_number,
    "double": _is_real,
    "int64_t": _is_whole,
    "SymInt": _is_whole,
    "bool": lambda value: isinstance(value, (bool, np.bool_)),
    "ScalarType": _is_dtype,
    "Layout": lambda value: True,
    "MemoryFormat": lambda value: True,
    "Device": lambda value: isinstance(value, (str, int, devices.device)),
    "Generator": lambda value: isinstance(value, random.Generator),
    "c10::string_view": lambda value: isinstance(value, str),
    **{kind: _listed(FITS_ONE[word]) for kind, word in SPOKEN.items() if word.startswith("tuple of ")},
}


# -- reading ------------------------------------------------------------------------------------------------------


@functools.cache
def signatures() -> dict[str, list[Signature]]:
    """Every function's signatures, those that are out of date last."""
    table: dict[str, list[Signature]] = {}
    for line in _text().splitlines():
        name, _, rest = line.partition("(")
        table.setdefault(name, []).append(_read(name.rpartition(".")[2], rest))
    return {name: sorted(ways, key=lambda way: way.hidden) for name, ways in table.items()}


@functools.cache
def tensors_first() -> dict[str, int]:
    """How many of each function's first arguments must be Tensors, whichever signature is meant; -1 where none may be."""
    counts: dict[str, int] = {}
    for line in _text().splitlines():
        if line[:7] != "Tensor." and line[-1] == ")":
            name, _, rest = line.partition("(")
            leading = _LEADING.match(rest)
            count = leading[0].count(",") + leading[0].count(")") if leading else 0
            counts[name] = min(count, counts.get(name, 9)) or (0 if "Tensor" in rest.partition("*")[0] else -1)
    return counts


_LEADING = re.compile(r"(?:Tensor \w+(?:, |\)))+")


def _text() -> str:
    return resources.files("gradmagic.ops").joinpath("signatures.txt").read_text("utf-8")


def _read(name: str, text: str) -> Signature:
    inside, _, mark = text.rpartition(")")
    found, by_name_only = [], False
    for word in inside.split(", ") if inside else ():
        if word == "*":
            by_name_only = True
            continue
        start, _, default = word.partition("=")
        kind, own = start.rsplit(" ", 1)
        kind, _, rest = kind.partition("[") if "<" not in kind else (kind, "", "")
        found.append(
            Parameter(
                own,
                kind.rstrip("?"),
                int(rest.strip("]?")) if rest else 0,
                kind.endswith("?") or rest.endswith("?") or default == "None",
                default or None,
                by_name_only,
            )
        )
    return Signature(name, tuple(found), "deprecated" in mark)
