"""Products over any axes: einsum, tensordot, kron, and the named matrix products. Knows ops by their torch names."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from gradmagic.engine.tensor import Tensor
from gradmagic.ops import folding, reducing
from gradmagic.ops import products as P
from gradmagic.ops import shape as S
from gradmagic.ops.arithmetic import mul
from gradmagic.ops.operands import as_tensor
from gradmagic.ops.shaping import diagonal, expand, permute, reshape, unsqueeze


def _letters(equation: str, operands: Sequence[Any]) -> tuple[list[str], str]:
    """The label of every axis of every operand, dots spelt out in capitals beyond Z, and of the result's."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation"
                           if len(terms) > len(operands) else
                           "einsum(): more operands were provided than specified in the equation")  # fmt: skip
    extra = [
        t.ndim - len(term.replace("...", "")) if "..." in term else 0 for term, t in zip(terms, operands, strict=True)
    ]
    most = max(extra, default=0)
    dots = [chr(0x100 + k) for k in range(most)]
    spelt = [term.replace("...", "".join(dots[most - n :])) for term, n in zip(terms, extra, strict=True)]
    for i, (term, t) in enumerate(zip(spelt, operands, strict=True)):
        if len(term) != t.ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(term)}) does not match the number of dimensions "
                f"({t.ndim}) for operand {i} and no ellipsis was given"
            )
    if arrow:
        return spelt, right.replace("...", "".join(dots))
    every = "".join(spelt)
    return spelt, "".join(dots) + "".join(c for c in sorted(set(every) - set(dots)) if every.count(c) == 1)


def _once(t: Any, labels: str) -> tuple[Any, str]:
    """Diagonals where a label comes twice."""
    for c in dict.fromkeys(labels):
        while labels.count(c) > 1:
            i, j = labels.index(c), labels.rindex(c)
            t = diagonal(t, 0, i, j)
            labels = "".join(x for k, x in enumerate(labels) if k not in (i, j)) + c
    return t, labels


def _without(t: Any, labels: str, kept: set[str]) -> tuple[Any, str]:
    """Sums over what nobody else needs."""
    gone = [k for k, c in enumerate(labels) if c not in kept]
    return (reducing.sum(t, gone), "".join(c for c in labels if c in kept)) if gone else (t, labels)


def _ordered(t: Any, labels: str, order: str) -> Any:
    dims = [labels.index(c) for c in order]
    return t if dims == list(range(len(dims))) else permute(t, *dims)


def _laid_out(t: Any, labels: str, order: str) -> Any:
    """The operand with its axes in this order, ones for those that it has not."""
    t = _ordered(t, labels, "".join(c for c in order if c in labels))
    for k, c in enumerate(order):
        t = t if c in labels else unsqueeze(t, k)
    return t


def _product(a: Any, la: str, b: Any, lb: str, result: str, kept: set[str]) -> tuple[Any, str]:
    """Two operands by one matrix product: labels of both that are kept are its batch, the others are contracted.

    Where there is nothing to contract, it is a product of elements, laid out as the result shows them.
    """
    shared = [c for c in la if c in lb]
    if any(a.shape[la.index(c)] != b.shape[lb.index(c)] for c in shared):  # a one stands for any length
        for c in shared:
            if a.shape[la.index(c)] == 1 != b.shape[lb.index(c)]:
                a, la = reducing.sum(a, la.index(c)), la.replace(c, "")
            elif b.shape[lb.index(c)] == 1 != a.shape[la.index(c)]:
                b, lb = reducing.sum(b, lb.index(c)), lb.replace(c, "")
            elif a.shape[la.index(c)] != b.shape[lb.index(c)]:
                raise RuntimeError(
                    f"einsum(): subscript {c} has size {b.shape[lb.index(c)]} for operand 1 which does not broadcast with "
                    f"previously seen size {a.shape[la.index(c)]}"
                )
        a, la = _without(a, la, kept | set(lb))
        b, lb = _without(b, lb, kept | set(la))
    batch = "".join(c for c in la if c in lb and c in kept)
    summed = "".join(c for c in la if c in lb and c not in kept)
    free_a, free_b = ("".join(c for c in own if c not in other) for own, other in ((la, lb), (lb, la)))
    if not summed:
        order = "".join(dict.fromkeys([c for c in result if c in la + lb] + list(la + lb)))
        return mul(_laid_out(a, la, order), _laid_out(b, lb, order)), order
    size = dict(zip(la + lb, (*a.shape, *b.shape), strict=True))

    def count(labels: str) -> int:
        return prod(size[c] for c in labels)

    left = reshape(_ordered(a, la, batch + free_a + summed), count(batch), count(free_a), count(summed))
    right = reshape(_ordered(b, lb, batch + summed + free_b), count(batch), count(summed), count(free_b))
    out = batch + free_a + free_b
    return reshape(P.bmm(left, right), *(size[c] for c in out)), out


def einsum(equation: str, *operands: Any) -> Any:
    """The sum of products over the labels that the result does not show."""
    ts = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else list(operands)
    terms, result = _letters(equation, ts)
    pairs = [_once(as_tensor(t), term) for t, term in zip(ts, terms, strict=True)]
    out, labels = _without(*pairs[0], set(result).union(*(p[1] for p in pairs[1:])))
    for k, (t, own) in enumerate(pairs[1:], 1):
        later = set(result).union(*(p[1] for p in pairs[k + 1 :]))
        b, own = _without(t, own, later | set(labels))  # noqa: PLW2901
        out, labels = _product(*_without(out, labels, later | set(own)), b, own, result, later)
    out, labels = _without(out, labels, set(result))
    if len(ts) == 1 and labels == result and not set(terms[0]) - set(result):
        return permute(out, *range(out.ndim))  # torch turns the one operand even where that changes nothing
    return _ordered(out, labels, result)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Any:
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        dims = (range(-dims, 0), range(dims))
    given = [[ds] if isinstance(ds, int) else list(ds) for ds in dims]
    da, db = (
        [d % t.ndim for d in (ds if not isinstance(ds, int) else [ds])] for ds, t in zip(dims, (a, b), strict=True)
    )
    for i, j in zip(da, db, strict=True):  # torch lets a size of one meet any other: that is summed over
        if a.shape[i] == 1 != b.shape[j]:
            b = reducing.sum(b, j, keepdim=True)
        elif b.shape[j] == 1 != a.shape[i]:
            a = reducing.sum(a, i, keepdim=True)
    for i, j, ga, gb in zip(da, db, *given, strict=True):
        if a.shape[i] != b.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {ga} and second has size "
                f"{b.shape[j]} in dim {gb}"
            )
    free_a, free_b = ([d for d in range(t.ndim) if d not in ds] for t, ds in ((a, da), (b, db)))
    inner = prod(a.shape[d] for d in da)
    left = reshape(permute(a, *free_a, *da), -1, inner) if inner else reshape(a, prod(a.shape[d] for d in free_a), 0)
    right = reshape(permute(b, *db, *free_b), inner, prod(b.shape[d] for d in free_b))
    return reshape(P.mm(left, right), *(a.shape[d] for d in free_a), *(b.shape[d] for d in free_b))


def kron(input: Tensor, other: Tensor) -> Any:
    n = max(input.ndim, other.ndim)
    a, b = (reshape(t, *(1,) * (n - t.ndim), *t.shape) for t in (input, other))
    wide_a, wide_b = a, b
    for d in range(n):
        wide_a, wide_b = unsqueeze(wide_a, 2 * d + 1), unsqueeze(wide_b, 2 * d)
    return S.reshape_copy(mul(wide_a, wide_b), size=tuple(i * j for i, j in zip(a.shape, b.shape, strict=True)))


def inner(input: Tensor, other: Tensor) -> Any:
    if not (input.ndim and other.ndim):
        return mul(input, other)
    return tensordot(input, other, ([-1], [-1]))


def _matrices(name: str, a: Tensor, b: Tensor, *ndim: int) -> None:
    for position, (t, n) in enumerate(zip((a, b), ndim, strict=True)):
        if t.ndim != n:
            which = ("self", "mat2")[position]
            raise RuntimeError(f"{which} must be a matrix" if n == 2 else f"batch{position + 1} must be a 3D tensor")


def mm(input: Tensor, mat2: Tensor) -> Any:
    _matrices("mm", input, mat2, 2, 2)
    return reducing.matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Any:
    _matrices("bmm", input, mat2, 3, 3)
    reducing.check_dtypes(input, mat2)
    return folding.bmm(input, mat2)


def mv(input: Tensor, vec: Tensor) -> Any:
    if input.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {input.ndim}, {vec.ndim}")
    return reducing.matmul(input, vec)


def dot(input: Tensor, tensor: Tensor) -> Any:
    if input.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input.ndim}D and {tensor.ndim}D tensors")
    return reducing.matmul(input, tensor)


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    if beta != 1 or alpha != 1:
        _matrices("mm", mat1, mat2, 2, 2)
    (n, inner), (outer, m) = mat1.shape, mat2.shape
    if inner != outer:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({n}x{inner} and {outer}x{m})")
    if mat1.dtype is not mat2.dtype:
        raise RuntimeError(
            f"mat1 and mat2 must have the same dtype, but got {mat1.dtype.legacy} and {mat2.dtype.legacy}"
        )
    if beta != 1 or alpha != 1:
        return P.addmm_scaled(_widened(input, (n, m)), mat1, mat2, beta=beta, alpha=alpha)
    return P.addmm(input if input.shape in {(n, m), (m,)} else expand(input, n, m), mat1, mat2)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    if mat.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {input.ndim}, {mat.ndim}, {vec.ndim}")
    if mat.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({mat.shape[0]}), mat ({mat.shape[0]}x{mat.shape[1]}), vec ({vec.shape[0]})"
        )
    return P.addmv(_widened(input, (mat.shape[0],)), mat, vec, beta=beta, alpha=alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    for position, v in enumerate((vec1, vec2), 1):
        if v.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument vec{position}, but got {v.ndim}-D")
    full = (vec1.shape[0], vec2.shape[0])
    return P.addr(_widened(input, full), vec1, vec2, beta=beta, alpha=alpha)


def _widened(input: Tensor, full: tuple[int, ...]) -> Any:
    return input if input.shape == full else expand(input, *full)


def _batches(a: Tensor, b: Tensor) -> None:
    _matrices("bmm", a, b, 3, 3)
    if a.shape[0] != b.shape[0]:
        raise RuntimeError(f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}")
    if a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and {b.shape[1]}x{b.shape[2]})"
        )


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    _batches(batch1, batch2)
    full = (*batch1.shape[:2], batch2.shape[2])
    return P.baddbmm(_widened(input, full), batch1, batch2, beta=beta, alpha=alpha)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    _batches(batch1, batch2)
    full = (batch1.shape[1], batch2.shape[2])
    return P.addbmm(_widened(input, full), batch1, batch2, beta=beta, alpha=alpha)


NAMES = ["addbmm", "addr", "baddbmm", "addmm", "addmv", "bmm", "dot", "inner", "kron", "mm", "mv"]
FREE_NAMES = ["einsum", "tensordot"]
