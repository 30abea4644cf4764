"""What is shown, as a plain script that computes it: on gradmagic or on PyTorch. Runs nothing."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from gradmagic.explore import plane_scripts
from gradmagic.explore.elementary import FROM_TORCH
from gradmagic.explore.expression import FUNCTIONS, NUMBERS
from gradmagic.explore.imports import rewritten
from gradmagic.explore.program import Program
from gradmagic.explore.record import record
from gradmagic.explore.state import State
from gradmagic.explore.trace import Derivative, Trace
from gradmagic.explore.weights import Weights

__all__ = ["ENGINES", "script"]

Engine = Literal["gradmagic", "torch"]
ENGINES: tuple[Engine, ...] = ("gradmagic", "torch")
LONG = 60  # elements of an array of the notebook's that are written out

# What PyTorch calls otherwise than NumPy, or does not have.
TORCH_NAMES: Mapping[str, str] = {"abs": "abs", "ln": "log", "where": "where", "power": "pow"}
IN_NUMPY: Mapping[str, str] = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
    "ln": "log", "atan2": "arctan2",
}  # fmt: skip
CUBE_ROOT = "def cbrt(x):\n    return torch.sign(x) * torch.abs(x) ** (1 / 3)"


def script(program: Program, state: State, trace: Trace, namespace: Mapping[str, Any], engine: Engine) -> str:
    """A script that computes what the panel shows in this state, and prints it.

    Parameters
    ----------
    program, state, trace, namespace
        The cell, its controls, what it gave, and the notebook's names.
    engine : {"gradmagic", "torch"}

    Examples
    --------
    >>> from gradmagic.explore.explorer import Explorer, request_from
    >>> g = Explorer(*request_from("a * sin(x)", x=(0, 1), a=(0, 3, 2), order=1, points=3))
    >>> print(script(g.program, g.state, g.trace, g.namespace, "torch"))
    import numpy as np
    import torch
    from torch import sin
    <BLANKLINE>
    x = np.linspace(0.0, 1.0, 3)
    x[1] = 0.5  # the cursor
    x = torch.tensor(x, requires_grad=True)
    a = 2.0
    <BLANKLINE>
    y = a * sin(x)
    <BLANKLINE>
    dydx, = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)
    <BLANKLINE>
    at = 1  # the sample at the cursor
    print(x[at].item(), y[at].item(), dydx[at].item())
    """
    return Writing(program, state, trace, namespace, engine).text()


@record
class Writing:
    """One script."""

    program: Program
    state: State
    trace: Trace
    namespace: Mapping[str, Any]
    engine: Engine

    def text(self) -> str:
        body = self.body()
        each = self.each()
        derivatives = "\n".join(line for one in each for line in one.derivatives())
        printing = "\n".join(dict.fromkeys(line for one in each for line in one.printing()))
        parts = [self.head(), self.given(), body, derivatives, printing]
        return "\n\n".join(part for part in parts if part)

    def each(self) -> list[Writing]:
        """What is written for each output."""
        pairs = zip(self.program.each(), self.trace.outputs, strict=True)
        return [replace(self, program=program, trace=trace) for program, trace in pairs]

    # --- the names that a cell knows without an import

    def head(self) -> str:
        """The imports, and what PyTorch lacks."""
        torch = "import torch" if self.engine == "torch" else "from gradmagic import torch"
        lines = ["import numpy as np", torch]
        if self.program.request.leaf_writes == "allow" and self.engine == "gradmagic":
            lines.append("from gradmagic.engine import leaf_writes")
        used = [name for name in self.program.reads if self.is_known(name)]
        by_home: dict[str, list[str]] = {}
        for name in sorted(set(used)):
            home, word = self.home_of(name)
            if home:
                by_home.setdefault(home, []).append(word)
        lines += [f"from {home} import {', '.join(words)}" for home, words in sorted(by_home.items())]
        if self.engine == "torch" and ("cbrt" in used or "np.cbrt" in self.program.request.text):
            lines.append(CUBE_ROOT)
        return "\n".join(lines)

    def is_known(self, name: str) -> bool:
        """Whether a name means what the explorer gives it, and neither the user's nor the line's own."""
        ours = name in FUNCTIONS or name in FROM_TORCH or name in NUMBERS or name in ("where", "grad")
        return ours and name not in self.namespace and name not in self.trace_names()

    def trace_names(self) -> set[str]:
        return {*self.program.parameters, *self.program.request.values, self.program.wrt, self.program.second or ""}

    def home_of(self, name: str) -> tuple[str, str]:
        """The module that a known name is imported from, and how."""
        root = "torch" if self.engine == "torch" else "gradmagic.torch"
        if name in NUMBERS:
            return "math", name
        if name == "grad":
            return f"{root}.autograd", name
        if name in FROM_TORCH:
            return (f"{root}.nn.functional" if name in ("softplus", "logsigmoid") else root), name
        if name == "abs" or (name == "cbrt" and self.engine == "torch"):
            return "", name  # Python's own; written out above
        if self.engine == "torch":
            word = TORCH_NAMES.get(name, name)
            return root, word if word == name else f"{word} as {name}"
        word = IN_NUMPY.get(name, name)
        return "numpy", word if word == name else f"{word} as {name}"

    # --- the values that the cell is given

    def given(self) -> str:
        """X over its range, the parameters, and the notebook's own names that the cell reads."""
        lines: list[str] = []
        domain = self.state.span or self.program.domain
        if self.trace.plane is not None:
            lines += plane_scripts.given(self.trace.plane)
        elif domain is not None:
            x = self.program.wrt
            place = self.place()
            spread = "geomspace" if self.state.look.by_logarithm(domain) else "linspace"
            lines.append(f"{x} = np.{spread}({domain.lo!r}, {domain.hi!r}, {self.program.request.points})")
            if place is not None:
                lines.append(f"{x}[{place}] = {float(np.ravel(self.trace.x)[place])!r}  # the cursor")
            lines.append(f"{x} = torch.tensor({x}, requires_grad=True)")
        lines += [f"{name} = {float(value)!r}" for name, value in self.state.params.items()]
        lines += [f"{name} = {float(value)!r}" for name, value in self.program.request.values.items()]
        own = [name for name in self.program.reads if name in self.namespace and name not in self.trace_names()]
        written: set[str] = set()
        lines += [line for name in own for line in self.owned(name, self.namespace, written)]
        return "\n".join(lines)

    def owned(self, name: str, names: Mapping[str, Any], written: set[str]) -> Iterator[str]:
        """A name of the notebook's, as far as it can be written down, after those that it needs itself."""
        if name in written:
            return
        written.add(name)
        value = names[name]
        if (source := self.source(name, value)) is not None:
            for other in value.__code__.co_names:
                if other in value.__globals__ and other not in ("np", "torch"):
                    yield from self.owned(other, value.__globals__, written)
            yield source
        elif isinstance(value, bool | int | float | str | complex):
            yield f"{name} = {value!r}"
        elif isinstance(value, np.ndarray) and value.size <= LONG:
            yield f"{name} = np.array({value.tolist()!r}, dtype=np.{value.dtype})"
        elif hasattr(value, "grad_fn") and value.numel() <= LONG and value.dtype is not None:
            grad = ", requires_grad=True" if value.requires_grad else ""
            yield f"{name} = torch.tensor({value.tolist()!r}, dtype={value.dtype}{grad})"
        elif not hasattr(value, "__path__") and getattr(value, "__name__", "") not in ("numpy", "gradmagic.torch"):
            yield f"# {name}: the notebook's own, {type(value).__name__}"

    def source(self, name: str, value: Any) -> str | None:
        """A function of the notebook's as it is written there, on this engine; None where that cannot be had."""
        if not inspect.isfunction(value) or value.__closure__:
            return None
        try:
            text = textwrap.dedent(inspect.getsource(value)).strip("\n")
            tree = ast.parse(text)
        except (OSError, SyntaxError):
            return None
        first = tree.body[0]
        lambdas = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
        if isinstance(first, ast.FunctionDef) and first.name == value.__name__ and not first.decorator_list:
            also = "" if first.name == name else f"\n{name} = {first.name}"
        elif value.__name__ == "<lambda>" and len(lambdas) == 1:
            text, also = f"{name} = {ast.get_source_segment(text, lambdas[0])}", ""
            tree = ast.parse(text)
        else:
            return None
        return f"{edited(text, [*self.imports(tree, text), *self.functions(tree)])}{also}"

    def place(self) -> int | None:
        """The sample at x0."""
        x = np.ravel(self.trace.x)
        if self.trace.kind != "curve" or not x.size:
            return None
        return int(np.argmin(np.abs(x - self.state.x0)))

    # --- the cell

    def body(self) -> str:
        """The cell's own text, on this engine; its last expression is called y."""
        text = self.program.request.text.strip("\n")
        tree = ast.parse(text)
        edits = [*self.imports(tree, text), *self.functions(tree), *self.clones(tree)]
        if self.program.target is None:
            last, results = tree.body[-1], ", ".join(self.program.outputs) or self.program.y_label
            edits.append(((last.lineno, last.col_offset), (last.lineno, last.col_offset), f"{results} = "))
        body = edited(text, edits)
        if self.program.request.leaf_writes == "allow" and self.engine == "gradmagic":
            body = 'with leaf_writes("allow"):\n' + "\n".join(
                f"    {line}" if line else "" for line in body.splitlines()
            )
        return body

    def imports(self, tree: ast.Module, text: str) -> Iterator[Edit]:
        """Imports of torch mean the engine."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                target = "torch" if self.engine == "torch" else "gradmagic.torch"
                copied = ast.parse(ast.get_source_segment(text, node) or "")
                written = "; ".join(ast.unparse(statement) for statement in rewritten(copied, target).body)
                if written != ast.unparse(node):
                    yield start_of(node), end_of(node), written

    def functions(self, tree: ast.Module) -> Iterator[Edit]:
        """NumPy's functions refuse PyTorch's tensors, and PyTorch's refuse numbers: each call gets the one it needs."""
        if self.engine != "torch":
            return
        numeric = {*self.program.parameters, *self.program.request.values, *NUMBERS}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            names = {inner.id for arg in node.args for inner in ast.walk(arg) if isinstance(inner, ast.Name)}
            of_numbers = names - set(FUNCTIONS) - {"np", "numpy"} <= numeric
            match node.func:
                case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name) if not of_numbers and self.known(name):
                    written = "cbrt" if name == "cbrt" else f"torch.{TORCH_NAMES.get(name, name)}"
                    yield start_of(node.func), end_of(node.func), written
                case ast.Name(id=name) if of_numbers and self.is_known(name) and name in FUNCTIONS and name != "abs":
                    yield start_of(node.func), end_of(node.func), f"np.{IN_NUMPY.get(name, name)}"

    @staticmethod
    def known(name: str) -> bool:
        return name in FUNCTIONS or name in TORCH_NAMES

    def clones(self, tree: ast.Module) -> Iterator[Edit]:
        """Where the cell writes into a leaf, as PyTorch up to 1.7.1 allowed: today a clone takes the writes."""
        if self.engine != "torch" or self.program.request.leaf_writes != "allow":
            return
        x = self.program.wrt
        made = [
            node
            for node in tree.body
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == x for t in node.targets)
        ]
        for node in made[-1:]:
            why = "# PyTorch since 1.8 refuses writes into a leaf: a clone takes them"
            yield end_of(node), end_of(node), f"\n{x} = {x}.clone()  {why}"

    # --- the derivatives

    def derivatives(self) -> Iterator[str]:
        """The panel's own calls, with its switches."""
        if self.trace.plane is not None:
            *lines, written = self.weights(self.program.y_label)
            yield from [*lines, *plane_scripts.calls(self.trace, self.state, written)]
            return
        y, x = self.program.y_label, self.program.wrt
        weights = self.weights(y)
        yield from weights[:-1]
        names = [y, *(f"d{n if n > 1 else ''}{y}d{x}{n if n > 1 else ''}" for n in range(1, self.state.order + 1))]
        for before, name, derivative in zip(names, names[1:], self.trace.derivatives, strict=False):
            yield from self.derivative(before, name, derivative, weights[-1])

    def derivative(self, before: str, name: str, derivative: Derivative, weights: str) -> Iterator[str]:
        """One call; or what became of it."""
        y, x = self.program.y_label, self.program.wrt
        options = ", create_graph=True" if self.state.create_graph else ""
        if self.state.retain_graph is not None:
            options += f", retain_graph={self.state.retain_graph}"
        weights = weights.replace(f"ones_like({y})", f"ones_like({before})")
        call = f"{name}, = torch.autograd.grad({before}, {x}, {weights}{options})"
        if derivative.values is None:
            yield f"# {call}  # refused: {(derivative.note or '').strip()}"
        elif derivative.detail and not derivative.values.any():
            yield f"{name} = torch.zeros_like({x})  # {derivative.note}: grad would refuse"
        else:
            yield call

    def weights(self, y: str) -> list[str]:
        """Lines that make the weights, and at last how they are given."""
        spec = Weights.of(self.state.weights)
        if spec.kind == "ones":
            return [f"torch.ones_like({y})"]
        like = f"dtype={y}.dtype"
        shape = f"tuple({y}.shape)"
        match spec.kind:
            case "onehot":
                return [
                    f"w = torch.zeros({y}.numel(), {like})",
                    f"w[{spec.number}] = 1",
                    f"w = w.reshape({shape})",
                    "w",
                ]
            case "ramp":
                made = f"np.linspace(0.0, 1.0, {y}.numel()).reshape({shape})"
            case "random":
                made = f"np.random.default_rng({spec.number}).standard_normal({shape})"
            case "name":
                made = f"np.broadcast_to(np.asarray({spec.spec}), {shape})"
            case _:
                made = self.expression(spec.spec)
        return [f"w = torch.tensor({made}, {like})", "w"]

    def expression(self, text: str) -> str:
        """An expression in x, on NumPy's numbers."""
        tree = ast.parse(text, mode="eval")
        edits = [
            (start_of(node), end_of(node), f"np.{IN_NUMPY.get(node.id, node.id)}" if node.id != "x" else "at_x")
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and (node.id in FUNCTIONS or node.id in NUMBERS or node.id == "x")
        ]
        x = f"{self.program.wrt}.detach().numpy()"
        return edited(text, edits).replace("at_x", x)

    # --- what is printed

    def printing(self) -> Iterator[str]:
        """The values at the cursor, or all of them."""
        if self.trace.plane is not None:
            yield from plane_scripts.printing(self.trace.plane)
            return
        names = [self.program.wrt, self.program.y_label]
        y, x = self.program.y_label, self.program.wrt
        for order, derivative in enumerate(self.trace.derivatives, 1):
            if derivative.values is not None:
                names.append(f"d{order if order > 1 else ''}{y}d{x}{order if order > 1 else ''}")
        place = self.place()
        if place is None or self.trace.y is None or self.trace.y.shape != self.trace.x.shape:
            yield from (f"print({name})" for name in names)
            return
        yield f"at = {place}  # the sample at the cursor"
        yield f"print({', '.join(f'{name}[at].item()' for name in names)})"


Edit = tuple[tuple[int, int], tuple[int, int], str]  # from and to, as line and byte, and what stands there then


def start_of(node: Any) -> tuple[int, int]:
    return node.lineno, node.col_offset


def end_of(node: Any) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset


def edited(text: str, edits: list[Edit]) -> str:
    """The text with these pieces replaced; comments and layout stay."""
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    starts = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    data = b"".join(lines)
    for (line, column), (last, end), new in sorted(edits, key=lambda edit: edit[0], reverse=True):
        data = data[: starts[line - 1] + column] + new.encode() + data[starts[last - 1] + end :]
    return data.decode()
