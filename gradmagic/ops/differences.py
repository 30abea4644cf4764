"""Differences of neighbours, and sums of what lies under a line through them, in torch's names. Knows ops by their names."""

from __future__ import annotations

from typing import Any

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import elementwise as E
from gradmagic.ops import reducing
from gradmagic.ops.operands import clone, floating, length, one_axis
from gradmagic.ops.reductions import divided
from gradmagic.ops.shaping import cat, narrow, reshape, select


def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    d = one_axis(dim, input.ndim)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return clone(input)
    out: Any = input
    if prepend is not None or append is not None:
        out = cat([v for v in (prepend, input, append) if v is not None], d)
    for _ in range(n):
        rest = max(out.shape[d] - 1, 0)
        later, earlier = narrow(out, d, min(1, out.shape[d]), rest), narrow(out, d, 0, rest)
        out = Tensor._of(later._array ^ earlier._array) if out._array.dtype.kind == "b" else later - earlier
    return out


def _in_pairs(y: Tensor, x: Any, d: int) -> Any:
    """The sums of neighbours, times the steps between their places."""
    n = y.shape[d] - 1
    both = narrow(y, d, 0, n) + narrow(y, d, 1, n)
    if x is None:
        return both
    if x.ndim == 1:  # the places along the one dimension
        x = reshape(x, *(-1 if k == d else 1 for k in range(y.ndim)))
    return both * diff(x, dim=d if x.ndim > y.ndim else d - y.ndim)  # of a longer x torch takes the same d


def trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    d = one_axis(dim, y.ndim)
    if x is not None:
        return divided(floating(reducing.sum(_in_pairs(y, x, d), d)), n=2.0)
    if not y.shape[d]:
        return reducing.sum(y, d)
    y = floating(y)
    ends = select(y, d, 0) + select(y, d, -1)
    return E.times(reducing.sum(y, d) - E.times(ends, n=0.5), n=1.0 if dx is None else dx)


def cumulative_trapezoid(y: Tensor, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    d = one_axis(dim, y.ndim)
    parts = floating(_in_pairs(y, x, d))
    if x is None:
        return reducing.cumsum(E.times(parts, n=0.5 if dx is None else dx / 2.0), d)
    return divided(reducing.cumsum(parts, d), n=2.0)


# -- slopes -----------------------------------------------------------------------------------------------------------


def _spacings(input: Tensor, spacing: Any, dims: list[int], given: bool) -> list[Any]:
    if not isinstance(spacing, (tuple, list)):
        return [1 if spacing is None else spacing] * len(dims)
    if len(spacing) != len(dims):
        why = "as given by dim" if given else f"'self.dim() = {input.ndim}', since dim argument was not given"
        raise RuntimeError(f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to {why}, but got a list of length {len(spacing)}")  # fmt: skip
    return list(spacing)


def gradient(input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> Any:
    """Central differences inside, one-sided ones at the edges, along each dimension."""
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    chosen = range(input.ndim) if dim is None else dim if isinstance(dim, (tuple, list)) else (dim,)
    dims = [one_axis(d, input.ndim) for d in chosen]
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    if any(length(input, d) < edge_order + 1 for d in dims):
        raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    spacings = _spacings(input, spacing, dims, dim is not None)
    return tuple(_slope(input, h, d, edge_order) for h, d in zip(spacings, dims, strict=True))


def _slope(x: Tensor, spacing: Any, d: int, edge_order: int) -> Any:
    if isinstance(spacing, Tensor) and spacing.ndim:  # the places themselves
        return cat(_slopes_at(x, spacing, d, edge_order), d)
    first, last = (_edge(x, spacing, d, edge_order, end) for end in (1, -1))
    return cat([first, divided(_even(_later(x, 2, d) - _earlier(x, 2, d), spacing), n=2), last], d)


def _even(difference: Any, spacing: Any) -> Any:
    return difference / spacing if isinstance(spacing, Tensor) else divided(floating(difference), n=spacing)


def _later(t: Tensor, k: int, d: int) -> Any:
    return narrow(t, d, k, t.shape[d] - k)


def _earlier(t: Tensor, k: int, d: int) -> Any:
    return narrow(t, d, 0, t.shape[d] - k)


def _outermost(t: Tensor, d: int, end: int, count: int) -> list[Any]:
    """The first elements, or with ``end`` -1 the last, the outermost first."""
    n = t.shape[d]
    return [narrow(t, d, k if end > 0 else n - 1 - k, 1) for k in range(count)]


def _edge(x: Tensor, spacing: Any, d: int, edge_order: int, end: int) -> Any:
    """The slope at an end: of the outermost two points, or of the parabola through three."""
    points = _outermost(floating(x), d, end, edge_order + 1)
    if edge_order == 1:
        return _even(points[1] - points[0] if end > 0 else points[0] - points[1], spacing)
    a, b, c = (E.times(p, n=f * end) for p, f in zip(points, (-1.5, 2, -0.5), strict=True))
    return _even(a + b + c, spacing)


def _slopes_at(x: Tensor, places: Tensor, d: int, edge_order: int) -> list[Any]:
    """The slopes at uneven places: first, inside, last."""
    steps = _later(places, 1, 0) - _earlier(places, 1, 0)
    h, k = (
        reshape(s, *(-1 if i == d else 1 for i in range(x.ndim))) for s in (_earlier(steps, 1, 0), _later(steps, 1, 0))
    )
    a, b, c = -k / (h * (h + k)), (k - h) / (h * k), h / (k * (h + k))
    inside = a * _earlier(x, 2, d) + b * narrow(x, d, 1, x.shape[d] - 2) + c * _later(x, 2, d)
    ends = []
    for end in (1, -1):
        points = _outermost(x, d, end, edge_order + 1)
        near, *far = _outermost(steps, 0, end, edge_order)
        if edge_order == 1:
            ends.append((points[1] - points[0] if end > 0 else points[0] - points[1]) / near)
            continue
        weights = (
            -(2.0 * near + far[0]) / (near * (near + far[0])),
            (near + far[0]) / (near * far[0]),
            -near / (far[0] * (near + far[0])),
        )
        u, v, w = (end * f * p for f, p in zip(weights, points, strict=True))
        ends.append(u + v + w)
    return [ends[0], inside, ends[1]]


NAMES = ["cumulative_trapezoid", "diff"]
FREE_NAMES = ["gradient", "trapezoid"]  # functions that are no methods
