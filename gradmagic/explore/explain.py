"""Torch's refusals in plain words, with what would cure them. Knows the ledger, not the engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gradmagic.explore.trace import Call, Cure

__all__ = ["explained", "ordinal_label"]

FREED = "backward through the graph a second time"
NO_GRAPH = "does not require grad and does not have a grad_fn"
UNUSED = "to not have been used in the graph"
SCALAR = "can be implicitly created only for scalar outputs"
MISMATCH = "Mismatch in shape: grad_output"
NO_TENSOR = "gradients can be either Tensors or None"
NOT_SEVERAL = "object is not iterable"  # one number in place of a tensor
LEAF = "leaf Variable that requires grad is being used in an in-place operation"
LEAF_VIEW = "view of a leaf Variable that requires grad"
NUMPY = "Can't call numpy() on Tensor that requires grad"
INPLACE = "modified by an inplace operation"
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

# What is told alike whatever the call was: why, and a cure that no switch can apply. The words of a view hold those of
# a leaf, so that they come first.
TOLD: Mapping[str, tuple[str, Cure]] = {
    LEAF_VIEW: (
        "what is written to is a leaf that requires grad, which torch since 1.8 does not allow",
        Cure("write into x = x.clone(), or fill x before requires_grad_(), or use --leaf-writes=allow"),
    ),
    LEAF: (
        "what is written to is a leaf that requires grad: it would be computed from a value that is gone",
        Cure("bind a new tensor, or write into x = x.clone(), or write under torch.no_grad()"),
    ),
    INPLACE: (
        "a value that the backward pass needs was overwritten after it had been saved",
        Cure("write into a clone(), or bind a new tensor instead of writing"),
    ),
    NUMPY: (
        "an array has no graph: what is computed from it is not differentiated",
        Cure("give the tensor itself to numpy's functions, or take y.detach().numpy() to leave the graph on purpose"),
    ),
}


def ones(ledger: Sequence[Call], output: str) -> Cure:
    """Weights of one in the call that comes after these."""
    return Cure(f"use grad_outputs=torch.ones_like({output or 'y'})", len(ledger), {"grad_outputs": "ones"})


def ordinal_label(order: int, y: str = "y", x: str = "x") -> str:
    """What the derivative of an order is called.

    Examples
    --------
    >>> ordinal_label(0), ordinal_label(1), ordinal_label(2, "z", "t")
    ('y', 'dy/dx', 'd²z/dt²')
    """
    if order == 0:
        return y
    power = "" if order == 1 else str(order).translate(SUPERSCRIPTS)
    return f"d{power}{y}/d{x}{power}"


def explained(
    message: str,
    ledger: Sequence[Call],
    made_by: Call | None,
    what: str = "",
    *,
    tracked: bool = False,
    weighed: bool = False,
    unused: tuple[str, str | None] | None = None,
    lost: str | None = None,
    output: str = "",
    hollow: bool = False,
) -> tuple[str | None, Cure | None]:
    """Why a call was refused, and the cure; (None, None) for what torch's own words say well enough.

    Parameters
    ----------
    message : str
        The exception's text.
    ledger : sequence of Call
        The calls before this one.
    made_by : Call or None
        The call that made the tensor which is differentiated here, if one did.
    what : str
        What that tensor is called, such as dy/dx.
    tracked : bool
        Whether what it is differentiated by requires grad.
    weighed : bool
        Whether outputs and inputs are tensors: what does not fit then are the weights.
    unused : tuple of (str, str or None), optional
        What the cell calls the input that was not used, and why it was not: see `written.unused_input`.
    lost : str, optional
        What forgets on the way from an input to the output how it was computed, as far as the cell's text tells.
    output : str
        What the cell calls the tensor that is differentiated.
    hollow : bool
        Whether that tensor is NaN throughout.
    """
    if FREED in message:
        return freed(ledger)
    if NO_GRAPH in message:
        plain = any(call.ok and not call.effective.get("create_graph") for call in ledger)
        return no_graph(made_by, what, tracked=tracked, plain=plain, lost=lost, hollow=hollow)
    if UNUSED in message:
        name, why = unused or ("this input", None)
        why = why or "it was computed from other tensors, or the name was bound anew"
        return (
            f"the output does not depend on {name}: {why}",
            Cure("use allow_unused=True to get None", len(ledger), {"allow_unused": True}),
        )
    if SCALAR in message:
        return (
            "the output has many elements, and autograd must be told how to weigh them: grad_outputs does it",
            ones(ledger, output),
        )
    if MISMATCH in message or NO_TENSOR in message or (weighed and NOT_SEVERAL in message):
        return (
            "the weights, grad_outputs, must be a tensor of the output's shape: a number is not spread over it",
            ones(ledger, output),
        )
    return next((said for words, said in TOLD.items() if words in message), (None, None))


def added(held: int, create: bool) -> str:
    """What `backward` did with the gradients, `held` of whose leaves had one already."""
    said = (
        "added to .grad" if not held else "added to the .grad of an earlier call: x.grad = None before it starts anew"
    )
    return f"{said}; x and x.grad keep each other alive, autograd.grad would not" if create else said


# where the derivative of an op is infinite, or may be: nodes of torch's
INFINITE = ("Sqrt", "Log", "Pow", "Div", "Reciprocal", "Norm", "Rsqrt", "Asin", "Acos", "Acosh", "Atanh", "Cumprod")


def undefined(label: str, y_label: str, missing: int, of: int, names: Collection[str]) -> str:
    """A derivative that is no number where y is one.

    >>> undefined("dy/dx", "y", 3, 7, {"WhereBackward0", "SqrtBackward0"})[:93]
    'dy/dx is NaN at 3 of 7 places where y is a number: 0 · ∞ or 0 · NaN (SqrtBackward0). where() '
    """
    guilty = sorted(name for name in names if name.startswith(INFINITE) or "Norm" in name)
    said = f"{label} is NaN at {missing} of {of} places where {y_label} is a number: 0 · ∞ or 0 · NaN"
    said += f" ({', '.join(guilty)})." if guilty else "."
    if any(name.startswith("Where") for name in names):
        said += (
            " where() differentiates the branch that is not taken, too: guard its operand as well, as in "
            "where(c, sqrt(where(c, x, 1)), 0)."
        )
    return said


def freed(ledger: Sequence[Call]) -> tuple[str, Cure | None]:
    """Which call freed the graph that this one needs."""
    for call in reversed(ledger):
        if call.ok and call.nodes_freed:
            cause = f"call {call.index + 1} freed the graph: it ran without retain_graph=True"
            return cause, Cure(f"use retain_graph=True in call {call.index + 1}", call.index, {"retain_graph": True})
    return "the graph was freed by an earlier pass, which ran without retain_graph=True", None


def no_graph(
    made_by: Call | None, what: str, *, tracked: bool, plain: bool, lost: str | None = None, hollow: bool = False
) -> tuple[str, Cure | None]:
    """Why a tensor has no history; `plain` says that an earlier call gave a derivative without one."""
    if made_by is None and tracked and lost is not None:
        context = lost.partition(" under ")[2]
        cure = f"compute it from x itself, {f'outside of {context}' if context else 'without that'}"
        return f"nothing links this tensor to x: {lost}", Cure(cure)
    if made_by is None and tracked:
        ways = ["under torch.no_grad()", "from detach()", "from numbers"]
        ways += ["from a derivative that was made without create_graph=True"] if plain else []
        cure = "compute it from x itself, outside of torch.no_grad()"
        return (
            f"nothing links this tensor to x: it was computed {', '.join(ways[:-1])}, or {ways[-1]}",
            Cure(cure + (", and its derivatives with create_graph=True" if plain else "")),
        )
    if made_by is None:
        return (
            "nothing remembers how this tensor was computed: none of what it was made from requires grad",
            Cure("create x with requires_grad=True before it is used"),
        )
    name = what or "this tensor"
    if made_by.effective.get("create_graph"):
        so = f"Its derivative is 0{', and drawn all the same' if what else ''}"
        if hollow:
            so = "It is NaN throughout, and has no derivative"
        return f"{name} does not depend on x: torch refuses what is constant. {so}", None
    number = made_by.index + 1
    return (
        f"{name} was computed with create_graph=False, so nothing remembers how it came from x.",
        Cure(f"use create_graph=True in call {number}", made_by.index, {"create_graph": True}),
    )
