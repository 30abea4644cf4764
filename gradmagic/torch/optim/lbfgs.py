"""Descent by a quasi-Newton method with limited memory. Knows all parameters as one vector.

After J. Nocedal and S. Wright, "Numerical Optimization" (2006): algorithm 7.4 for the direction, 3.5 and 3.6 for a step
that fulfils the strong Wolfe conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gradmagic.engine.modes import enable_grad, no_grad
from gradmagic.engine.tensor import Tensor
from gradmagic.ops.names import FUNCTIONS as F
from gradmagic.torch.optim.optimizer import Optimizer, check_lr

_KEPT = ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")
_ARMIJO, _WOLFE = 1e-4, 0.9
_NARROWEST = 1e-9  # a bracket is not made smaller


class LBFGS(Optimizer):
    """Descent by L-BFGS: the inverse of the Hessian is guessed from the last steps and changes of the gradient.

    Parameters
    ----------
    params : iterable of Tensor
        What to optimize: one group.
    lr : float or Tensor
        How far to go along the direction, or to try first.
    max_iter : int
        The most directions that one step goes.
    max_eval : int, optional
        The most times that one step calls the closure: a quarter more than ``max_iter`` unless given.
    tolerance_grad, tolerance_change : float
        A step ends where no element of the gradient is larger, or nothing changes by more.
    history_size : int
        How many of the last steps are remembered.
    line_search_fn : {"strong_wolfe"}, optional
        Whether the length of each step is searched for.

    Raises
    ------
    ValueError
        If there are several groups, or the rate is negative.

    Examples
    --------
    >>> from gradmagic import torch
    >>> x = torch.tensor([0.0, 0.0], requires_grad=True)
    >>> descent = torch.optim.LBFGS([x], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     descent.zero_grad()
    ...     loss = ((x - torch.tensor([3.0, 4.0])) ** 4).sum()
    ...     loss.backward()
    ...     return loss
    >>> first = descent.step(closure)
    >>> bool(closure() < 1e-6 < first)
    True
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        names = ["lr", "max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size", "line_search_fn"]
        given = locals()
        super().__init__(params, {name: given[name] for name in names})
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params = self.param_groups[0]["params"]

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]  # torch's is asked for one, too
        """Go several directions, one after the other.

        Parameters
        ----------
        closure : callable
            Computes the gradients anew, and returns the loss.

        Returns
        -------
        object
            What ``closure`` gave first.
        """
        evaluate = enable_grad()(closure)
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        with no_grad():
            first = evaluate()
            state["func_evals"] += 1
            grad = self._gradient()
            if not self._flat(grad):
                self._descend(evaluate, state, _number(first), grad)
        return first

    def _descend(self, evaluate: Callable[[], Any], state: dict[str, Any], loss: float, grad: Any) -> None:
        group = self.param_groups[0]
        memory: dict[str, Any] = {name: state.get(name) for name in _KEPT}
        done = calls = 0
        while done < group["max_iter"]:
            done += 1
            state["n_iter"] += 1
            self._turn(memory, state, grad)
            memory["prev_loss"] = loss
            lr = group["lr"]
            memory["t"] = min(1.0, 1.0 / grad.abs().sum()) * lr if state["n_iter"] == 1 else lr
            slope = grad.dot(memory["d"])
            if slope > -group["tolerance_change"]:
                break
            start = _Point(0, loss, grad, slope)
            found, made, flat = self._walk(evaluate, memory, start, done, group["max_eval"] - calls - 1)
            loss, grad = found.value, found.grad
            calls += made
            state["func_evals"] += made
            if done == group["max_iter"] or calls + 1 >= group["max_eval"] or flat:
                break
            if memory["d"].mul(memory["t"]).abs().max() <= group["tolerance_change"]:
                break
            if abs(loss - memory["prev_loss"]) < group["tolerance_change"]:
                break
        state |= memory

    def _turn(self, memory: dict[str, Any], state: dict[str, Any], grad: Any) -> None:
        """Find the next direction, and remember the gradient here."""
        before = memory["prev_flat_grad"]
        if state["n_iter"] == 1:
            memory |= {"d": grad.neg(), "old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1}
        else:
            self._learn(memory, grad.sub(before))
            state.setdefault("al", [None] * self.param_groups[0]["history_size"])
            memory["d"] = _direction(memory, state["al"], grad)
        if before is None:
            memory["prev_flat_grad"] = grad.clone()
        else:
            before.copy_(grad)

    def _learn(self, memory: dict[str, Any], change: Any) -> None:
        """Remember the last step, and how it changed the gradient, if that curves upwards."""
        step = memory["d"].mul(memory["t"])
        along = change.dot(step)
        if along <= 1e-10:
            return
        remembered = (memory["old_dirs"], memory["old_stps"], memory["ro"])
        if len(memory["old_dirs"]) == self.param_groups[0]["history_size"]:
            for values in remembered:
                values.pop(0)
        for values, value in zip(remembered, (change, step, 1.0 / along), strict=True):
            values.append(value)
        memory["H_diag"] = along / change.dot(change)

    def _walk(
        self, evaluate: Callable[[], Any], memory: dict[str, Any], start: _Point, done: int, most: int
    ) -> tuple[_Point, int, bool]:
        """Go along the direction: where to, how often the closure was called, and whether it is flat there."""
        group, d = self.param_groups[0], memory["d"]
        if group["line_search_fn"] is None:
            self._go(memory["t"], d)
            if done == group["max_iter"]:
                return start, 0, False
            found = _Point(memory["t"], _number(evaluate()), self._gradient(), None)
            return found, 1, self._flat(found.grad)
        if group["line_search_fn"] != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        here = [p.clone() for p in self._params]

        def at(t: Any) -> _Point:
            self._go(t, d)
            value, g = _number(evaluate()), self._gradient()
            for p, old in zip(self._params, here, strict=True):
                p.copy_(old)
            return _Point(t, value, g, g.dot(d))

        found, made = _search(at, memory["t"], start, d.abs().max(), most)
        memory["t"] = found.t
        self._go(found.t, d)
        return found, made, self._flat(found.grad)

    # -- all parameters as one vector ---------------------------------------------------------------------------

    def _gradient(self) -> Any:
        flat = [
            (p.new_zeros(p.numel()) if p.grad is None else p.grad.reshape(-1)) for p in map(_real_view, self._params)
        ]
        return F["cat"](flat, 0)

    def _go(self, t: Any, d: Any) -> None:
        offset = 0
        for p in self._params:
            real = _real_view(p)
            n = real.numel()
            real.add_(d[offset : offset + n].view(real.shape), alpha=float(t))
            offset += n

    def _flat(self, grad: Any) -> bool:
        return bool(grad.abs().max() <= self.param_groups[0]["tolerance_grad"])


def _number(loss: Any) -> float:
    return float(loss.detach() if isinstance(loss, Tensor) else loss)


def _real_view(p: Any) -> Any:
    if not p.is_complex():
        return p
    real = F["view_as_real"](p)
    if p.grad is not None:
        real.grad = F["view_as_real"](p.grad)
    return real


def _direction(memory: dict[str, Any], al: list[Any], grad: Any) -> Any:
    """The inverse of the Hessian, as far as it is known, times the gradient, downwards: two loops over what is remembered."""
    changes, steps, ro = memory["old_dirs"], memory["old_stps"], memory["ro"]
    q = grad.neg()
    for i in reversed(range(len(steps))):
        al[i] = steps[i].dot(q) * ro[i]
        q.add_(changes[i], alpha=-float(al[i]))
    d = q.mul(memory["H_diag"])
    for i in range(len(steps)):
        d.add_(steps[i], alpha=float(al[i] - changes[i].dot(d) * ro[i]))
    return d


# -- how far along a direction ------------------------------------------------------------------------------------
# What compares is written so that NaN goes torch's way, too.


class _Point(NamedTuple):
    """A place on the line: how far along, the value and the gradient there, and its slope along the line."""

    t: Any
    value: float
    grad: Any
    slope: Any


def _search(at: Callable[[Any], _Point], t: Any, start: _Point, size: Any, most: int) -> tuple[_Point, int]:
    """A point that fulfils the strong Wolfe conditions, as far as so many tries find one; and how many there were."""
    before, point, tries = start, at(t), 0
    bracket = [start, point]
    while tries < most:
        if not _too_high(point, start) and not (tries > 1 and point.value >= before.value):
            if _is_level(point, start):
                return point, tries + 1
            if not point.slope >= 0:
                farther = (point.t + 0.01 * (point.t - before.t), point.t * 10)
                t = _lowest(before, point, farther)
                before, point = point, at(t)
                bracket = [start, point]
                tries += 1
                continue
        bracket = [before, point]
        break
    return _narrowed(at, bracket, start, size, most, tries)


def _narrowed(
    at: Callable[[Any], _Point], bracket: list[_Point], start: _Point, size: Any, most: int, tries: int
) -> tuple[_Point, int]:
    """The same between two points: the bracket becomes smaller."""
    stuck = False
    low = 0 if bracket[0].value <= bracket[1].value else 1
    while tries < most:
        if abs(bracket[1].t - bracket[0].t) * size < _NARROWEST:
            break
        t, stuck = _off_the_ends(_lowest(bracket[0], bracket[1]), [p.t for p in bracket], stuck)
        point = at(t)
        tries += 1
        if _too_high(point, start) or point.value >= bracket[low].value:
            bracket[1 - low] = point
            low = 0 if bracket[0].value <= bracket[1].value else 1
            continue
        if _is_level(point, start):
            return point, tries + 1
        if point.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = point
    return bracket[low], tries + 1


def _too_high(point: _Point, start: _Point) -> bool:
    return bool(point.value > start.value + _ARMIJO * point.t * start.slope)


def _is_level(point: _Point, start: _Point) -> bool:
    return bool(abs(point.slope) <= -_WOLFE * start.slope)


def _off_the_ends(t: Any, ends: Sequence[Any], stuck: bool) -> tuple[Any, bool]:
    """Keep away from the ends of the bracket, if it comes near them twice; and whether it did."""
    lo, hi = min(ends), max(ends)
    margin = 0.1 * (hi - lo)
    if not min(hi - t, t - lo) < margin:
        return t, False
    if not (stuck or t >= hi or t <= lo):
        return t, True
    return (hi - margin if abs(t - hi) < abs(t - lo) else lo + margin), False


def _lowest(a: _Point, b: _Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic through two points with these slopes has its minimum, within bounds: (3.59) of the book."""
    lo, hi = bounds if bounds is not None else (a.t, b.t) if a.t <= b.t else (b.t, a.t)
    d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t)
    inside = d1**2 - a.slope * b.slope
    if not inside >= 0:
        return (lo + hi) / 2.0
    d2 = inside.sqrt() if isinstance(inside, Tensor) else inside**0.5
    left, right = (a, b) if a.t <= b.t else (b, a)
    t = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2))
    return min(max(t, lo), hi)


__all__ = ["LBFGS"]
