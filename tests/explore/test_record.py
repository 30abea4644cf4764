"""Records are what frozen dataclasses with slots are."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, replace
from typing import Any

import pytest

from gradmagic.explore.record import record


class Told:
    """Fields of each kind, and a method."""

    name: str
    size: float = 1.0
    notes: list[str] = field(default_factory=list)
    secret: int = field(default=0, repr=False)

    @property
    def double(self) -> float:
        return 2 * self.size


def named(cls: Any) -> Any:
    """The class under the name that it has here, so that it can be pickled."""
    cls.__qualname__ = cls.__name__ = f"{cls.__name__}{len(KINDS)}"
    KINDS.append(cls)
    globals()[cls.__name__] = cls
    return cls


KINDS: list[Any] = []
Record = named(record(type("Told", (), dict(Told.__dict__, __dict__=None, __weakref__=None))))
Dataclass = named(
    dataclass(frozen=True, slots=True)(type("Told", (), dict(Told.__dict__, __dict__=None, __weakref__=None)))
)
USES: dict[str, Callable[[Any], Any]] = {
    "made by place": lambda kind: asdict(kind("a", 2.0, ["b"], 3)),
    "made by name": lambda kind: asdict(kind(size=2.0, name="a")),
    "too little": lambda kind: kind(),
    "too much": lambda kind: kind("a", 1.0, [], 0, 5),
    "unknown": lambda kind: kind("a", colour="red"),
    "shown": lambda kind: repr(kind("a", notes=["b"], secret=4))[len(kind.__name__) :],
    "equal": lambda kind: (kind("a") == kind("a"), kind("a") == kind("b"), kind("a") == "a"),
    "not to be hashed": lambda kind: hash(kind("a")),
    "hashed": lambda kind: hash(kind("a", notes=())) == hash(kind("a", notes=())),
    "of its own each": lambda kind: kind("a").notes is kind("a").notes,
    "another": lambda kind: asdict(replace(kind("a"), size=3.0)),
    "written": lambda kind: setattr(kind("a"), "name", "b"),
    "deleted": lambda kind: delattr(kind("a"), "name"),
    "sent": lambda kind: pickle.loads(pickle.dumps(kind("a", 2.0))) == kind("a", 2.0),
    "copied": lambda kind: copy.deepcopy(kind("a", notes=["b"])) == kind("a", notes=["b"]),
    "a property": lambda kind: kind("a", 4.0).double,
    "matched": lambda kind: kind.__match_args__,
    "without a dict": lambda kind: hasattr(kind("a"), "__dict__"),
}


def outcome(use: Callable[[Any], Any], kind: Any) -> Any:
    try:
        return use(kind)
    except (TypeError, FrozenInstanceError) as error:
        return type(error), str(error).replace(kind.__name__, "Told")


@pytest.mark.parametrize("use", USES)
def test_a_record_does_what_a_dataclass_does(use: str) -> None:
    assert outcome(USES[use], Record) == outcome(USES[use], Dataclass)


def test_what_a_record_has_not_is_refused() -> None:
    for one in (field(compare=False), field(init=False, default=0), field(kw_only=True)):
        with pytest.raises(TypeError, match="make it a dataclass"):
            record(type("Asked", (), {"__annotations__": {"a": int}, "a": one}))
    with pytest.raises(TypeError, match="make it a dataclass"):
        record(type("Empty", (), {}))


def test_one_field_is_compared_as_several_are() -> None:
    @record
    class One:
        put: float

    nan = float("nan")
    assert One(nan) == One(nan)
    assert hash(One(2.0)) == hash((2.0,))
