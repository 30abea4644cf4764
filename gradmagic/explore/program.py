"""A cell, parsed once: what it reads and binds, its parameters, what to differentiate by what. Runs nothing."""

from __future__ import annotations

import ast
import builtins
import copy
import difflib
import dis
import linecache
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from types import CodeType
from typing import Any, Final

from gradmagic.explore.elementary import KNOWN
from gradmagic.explore.imports import OURS, rewritten
from gradmagic.explore.options import BY_FIELD
from gradmagic.explore.record import record
from gradmagic.explore.request import GradUsageError, Range, Request, quoted

__all__ = ["DEFAULT_DOMAIN", "DEFAULT_PARAMETER", "Program"]

DEFAULT_DOMAIN: Final = Range(-3.0, 3.0)
# Both signs are within reach, and at 1 a factor or an exponent leaves the formula as a reader knows it.
DEFAULT_PARAMETER: Final = Range(-5.0, 5.0, start=1.0)

CALLS_OF_AUTOGRAD = frozenset({"grad", "backward", "jacobian", "hessian", "vjp", "jvp", "hvp", "vhp"})

Position = tuple[int | None, int | None, int | None, int | None]


@record
class Program:
    """What a cell is, before anything has run.

    Attributes
    ----------
    request : Request
        What it was made from.
    body, last : code or None
        The statements; and the last expression, if it is what is differentiated.
    reads : tuple of str
        Names that the cell reads before it binds them, in order.
    binds : frozenset of str
        Names that it binds.
    parameters : mapping of str to Range
        The sliders.
    domain : Range or None
        The range of x; None if the cell makes x itself.
    target, wrt : str or None, str
        The name of what is differentiated (None: the last expression), and by what.
    calls : mapping
        From the position of a call in the source to its text on one line.
    calls_autograd : bool
        Whether the cell itself calls `grad` or `backward`.
    second, height : str or None, Range or None
        The name of a second input, and its range.
    outputs : tuple of str
        What several outputs are called, or the one that `only` has left; empty for a single one.
    output : int
        Which part of its value the last expression stands for, where that is a tuple.
    """

    request: Request
    body: CodeType | None
    last: CodeType | None
    reads: tuple[str, ...]
    binds: frozenset[str]
    parameters: Mapping[str, Range]
    domain: Range | None
    target: str | None
    wrt: str
    calls: Mapping[Position, str]
    calls_autograd: bool
    second: str | None = None
    height: Range | None = None
    outputs: tuple[str, ...] = ()
    output: int = 0

    @property
    def filename(self) -> str:
        """What the cell is called in a traceback."""
        return self.request.filename

    @property
    def y_label(self) -> str:
        """What is differentiated first, as a label: its name, or y; z over two inputs."""
        return self.outputs[0] if self.outputs else self.target or ("y" if self.second is None else "z")

    def only(self, place: int) -> Program:
        """The same cell, with this one of its outputs."""
        outputs = self.outputs[place : place + 1] or (self.y_label,)
        return replace(self, outputs=outputs, output=place, target=outputs[0] if self.target else None)

    def each(self) -> tuple[Program, ...]:
        """The same cell with one output each."""
        return tuple(map(self.only, range(len(self.outputs)))) if len(self.outputs) > 1 else (self,)

    def with_parts(self, value: Any) -> Program:
        """The same cell, whose last expression has turned out to be a tuple or a list: each part is an output."""
        if self.target is not None or self.outputs or not isinstance(value, tuple | list) or not value:
            return self
        return replace(self, outputs=called([None] * len(value), self.binds))

    def result(self, names: Mapping[str, Any], value: Any) -> Any:
        """What is differentiated, among the names that the cell left or in the value of its last expression."""
        if self.target is not None:
            return names.get(self.target)
        return value[self.output] if isinstance(value, tuple | list) and value else value

    @classmethod
    def of(cls, request: Request, namespace: Mapping[str, Any]) -> Program:
        """Parse the cell; the user's mistakes are GradUsageErrors, and a SyntaxError carries the cell's own line.

        Examples
        --------
        >>> program = Program.of(Request("y = a * sin(b * x)"), {"b": 2.0})
        >>> list(program.parameters), program.domain
        (['a'], Range(lo=-3.0, hi=3.0, start=None))
        """
        remember(request.filename, request.text)
        tree = ast.parse(request.text, request.filename)
        if not tree.body:
            raise GradUsageError("the cell is empty: write what to differentiate, such as y = x ** 2")
        calls = dict(texts_of_calls(tree, request.text))
        used_as_objects = frozenset(names_used_as_objects(tree))
        autograd = any(name in CALLS_OF_AUTOGRAD for name in names_called(tree))
        tree = rewritten(tree, "torch" if request.backend == "torch" else OURS)
        reads, binds = names_of(compile(reached(tree), request.filename, "exec", dont_inherit=True))
        parts = parts_of(request, tree, binds)
        target = None if parts else what_of(request, tree, binds)
        last = compiled_last(tree, request.filename) if target is None else None
        body = compile(tree, request.filename, "exec", dont_inherit=True) if tree.body else None
        domain = domain_of(request, reads, binds, namespace)
        second = second_of(request, reads, binds, domain)
        fitting_names(request, reads, binds)
        parameters = {
            name: request.ranges.get(name, DEFAULT_PARAMETER)
            for name in reads
            if name not in (request.wrt, second)
            and (name in request.ranges or not (is_given(name, request, namespace) or name in used_as_objects))
        }
        if second is not None and request.log:
            raise GradUsageError("--log is for curves over one x: a map of two inputs has linear axes")
        height = None if second is None else request.ranges.get(second, DEFAULT_DOMAIN)
        outputs = parts or ((target, *request.also) if target is not None and request.also else ())
        return cls(
            request, body, last, reads, binds, parameters, domain, target, request.wrt, calls, autograd, second, height,
            outputs,
        )  # fmt: skip


def is_given(name: str, request: Request, namespace: Mapping[str, Any]) -> bool:
    """Whether a name has a value without being a parameter."""
    return name in request.values or name in namespace or name in KNOWN or hasattr(builtins, name) or name[:2] == "__"


def remember(filename: str, text: str) -> None:
    """Let tracebacks show the cell's lines; IPython has done so for a cell of a notebook."""
    if filename.startswith("<"):
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)


class Reached(ast.NodeTransformer):
    """A tree without jumps and constant conditions, of which Python compiles every line.

    It leaves out what comes after a `raise`, and a cell must not be told that it never sets y because it raises.
    """

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        parts = [part for part in (node.exc, node.cause) if part is not None]
        return ast.copy_location(ast.Expr(ast.Tuple(parts, ast.Load())), node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        return ast.copy_location(ast.Expr(node.value) if node.value is not None else ast.Pass(), node)

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return ast.copy_location(ast.Pass(), node)

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return ast.copy_location(ast.Pass(), node)

    def visit_If(self, node: ast.If) -> ast.AST:
        return self.undecided(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self.undecided(node)

    def undecided(self, node: ast.If | ast.While) -> ast.AST:
        self.generic_visit(node)
        node.test = ast.copy_location(ast.List([node.test], ast.Load()), node.test)
        return node


def reached(tree: ast.Module) -> ast.Module:
    """The tree as it is read for its names; it is not run."""
    found: ast.Module = ast.fix_missing_locations(Reached().visit(copy.deepcopy(tree)))
    return found


def names_of(code: CodeType) -> tuple[tuple[str, ...], frozenset[str]]:
    """The names read before they are bound, in order, and the names bound.

    Read off the compiled code, so that scopes, comprehensions and `del` mean exactly what they mean to Python.
    """
    reads: dict[str, None] = {}
    binds: set[str] = set()
    for step in dis.get_instructions(code):
        if step.opname in ("STORE_NAME", "STORE_GLOBAL"):
            binds.add(step.argval)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in binds:
            reads[step.argval] = None
    inner_reads, inner_binds = names_of_inner(code)
    binds |= inner_binds
    reads |= dict.fromkeys(name for name in inner_reads if name not in binds)
    return tuple(reads), frozenset(binds)


def names_of_inner(code: CodeType) -> tuple[list[str], set[str]]:
    """The globals that functions and classes in the code read, and those that they bind."""
    reads: list[str] = []
    binds: set[str] = set()
    for inner in (constant for constant in code.co_consts if isinstance(constant, CodeType)):
        stores = {step.argval for step in dis.get_instructions(inner) if step.opname == "STORE_NAME"}
        for step in dis.get_instructions(inner):
            if step.opname == "STORE_GLOBAL":
                binds.add(step.argval)
            elif step.opname == "LOAD_GLOBAL" or (step.opname == "LOAD_NAME" and step.argval not in stores):
                reads.append(step.argval)
        deeper_reads, deeper_binds = names_of_inner(inner)
        reads += deeper_reads
        binds |= deeper_binds
    return reads, binds


def names_called(tree: ast.Module) -> Iterator[str]:
    """The last parts of what the cell calls: `grad` for `torch.autograd.grad(...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def names_used_as_objects(tree: ast.Module) -> Iterator[str]:
    """Names that are called, indexed or asked for an attribute: none of these can be a number on a slider."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield name
            case ast.Attribute(value=ast.Name(id=name)) | ast.Subscript(value=ast.Name(id=name)):
                yield name


def texts_of_calls(tree: ast.Module, source: str) -> Iterator[tuple[Position, str]]:
    """Where each call stands, and its text on one line: of the whole assignment, if it is all that is assigned."""
    assigned: dict[ast.AST, ast.AST] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            value = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            assigned[value] = node
        if isinstance(node, ast.Call):
            text = on_one_line(source, assigned.get(node, node))
            yield (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset), text


def on_one_line(source: str, node: ast.AST) -> str:
    """The text of a node as it is written, but for its line breaks, and for the comments that stand before them."""
    lines = (ast.get_source_segment(source, node) or "").splitlines()
    text = " ".join(" ".join(lines).split())
    with_breaks_only = not any("#" in line or line.endswith("\\") for line in lines[:-1])
    return text if with_breaks_only else ast.unparse(node)


def parts_of(request: Request, tree: ast.Module, binds: frozenset[str]) -> tuple[str, ...]:
    """What the parts of the tuple that a cell ends with are called; none if the cell sets y beside it."""
    last = tree.body[-1]
    if request.of is not None or not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Tuple):
        return ()
    names = [part.id if isinstance(part, ast.Name) and part.id != request.wrt else None for part in last.value.elts]
    starred = any(isinstance(part, ast.Starred) for part in last.value.elts)
    return () if starred or len(names) < 2 or ("y" in binds and "y" not in names) else called(names, binds)


def called(names: Sequence[str | None], taken: Collection[str]) -> tuple[str, ...]:
    """The names of outputs, where some have none: y1, y2, …

    >>> called(["u", None, "u"], {"y2"})
    ('u', 'y22', 'y3')
    """
    found: list[str] = []
    for number, name in enumerate(names, 1):
        fresh = f"y{number}" if name is None or name in found else name
        while fresh in found or (fresh != name and fresh in taken):
            fresh += str(number)
        found.append(fresh)
    return tuple(found)


def what_of(request: Request, tree: ast.Module, binds: frozenset[str]) -> str | None:
    """The name of what to differentiate; None for the cell's last expression."""
    wanted = request.of or "y"
    missing = [name for name in request.also if name not in binds]
    if missing:
        raise never_sets(missing[0], request, tree, binds)
    if wanted in binds:
        return wanted
    if request.of is None and isinstance(tree.body[-1], ast.Expr):
        return None
    if y_is_given(request) and (name := set_at_the_end(tree)) is not None:
        return name
    raise never_sets(wanted, request, tree, binds)


def y_is_given(request: Request) -> bool:
    """Whether the line says that y is an input, a slider or a number: it cannot be what is differentiated."""
    inputs = {request.wrt, request.second, *request.ranges, *request.values}
    return request.of is None and "y" in inputs


def set_at_the_end(tree: ast.Module) -> str | None:
    """The one name that the cell's last statement sets."""
    match tree.body[-1]:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return name
    return None


def never_sets(wanted: str, request: Request, tree: ast.Module, binds: frozenset[str]) -> GradUsageError:
    close = difflib.get_close_matches(wanted, binds, n=1)
    if request.of is not None:
        way = f"--of {close[0]}, perhaps" if close else "name what it sets"
        sets = f" (it sets {', '.join(sorted(binds)[:6])})" if binds else ""
        return GradUsageError(f"the cell never sets {quoted(wanted)}{sets}: {way}")
    mine = [name for name in sorted(binds) if name != request.wrt]
    written = [target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets]
    last = [one.id for target in written[-1:] for one in ast.walk(target) if isinstance(one, ast.Name)]
    example = next((name for name in (*last, *mine) if name in mine), "z")
    found = "the cell never sets 'y'"
    if y_is_given(request):
        found = "'y' is given on the line, so something else is differentiated"
        found += f", and the cell sets {', '.join(mine[:6])}" if mine else ", and the cell sets nothing"
    return GradUsageError(
        f"{found}. End the cell with the expression to differentiate, or name it: %%grad --of {example}"
    )


def compiled_last(tree: ast.Module, filename: str) -> CodeType:
    """Take the last expression off the tree."""
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    return compile(ast.Expression(last.value), filename, "eval", dont_inherit=True)


def domain_of(
    request: Request, reads: tuple[str, ...], binds: frozenset[str], namespace: Mapping[str, Any]
) -> Range | None:
    """The range of x, or None if the cell makes x itself."""
    x = request.wrt
    if x in reads:
        return request.ranges.get(x, DEFAULT_DOMAIN)
    if x in binds:
        if x in request.ranges:
            raise GradUsageError(f"the cell makes {quoted(x)} itself, so the range {x}=… has nothing to set: drop one")
        return None
    free = [name for name in reads if name in request.ranges or not is_given(name, request, namespace)]
    other = next(name for name in ("t", "x") if name != x)
    way = f"name it: %%grad --wrt {free[0]}" if free else f"use {x} in it, or name another: %%grad --wrt {other}"
    raise GradUsageError(f"nothing here depends on {quoted(x)}: the cell never reads it; {way}")


def second_of(request: Request, reads: tuple[str, ...], binds: frozenset[str], domain: Range | None) -> str | None:
    """The second input: as `--wrt x,y` says; or y, where the line gives it a range and the cell only reads it.

    Every other name with a range is a slider, and so is y after `--wrt x`.
    """
    name = request.second
    if name is None:
        implied = request.wrt != "y" and "y" in request.ranges and "y" in reads and "y" not in binds
        return "y" if implied and domain is not None else None
    if not name:
        return None
    if name in binds or domain is None:
        made = name if name in binds else request.wrt
        raise GradUsageError(f"the cell makes {quoted(made)} itself, and two inputs both need ranges: leave it to them")
    if name not in reads:
        raise GradUsageError(
            f"nothing here depends on {quoted(name)}: the cell never reads it; say --wrt {request.wrt}"
        )
    return name


def fitting_names(request: Request, reads: tuple[str, ...], binds: frozenset[str]) -> None:
    """Each name given on the line must be one that the cell reads and does not set."""
    for name in (*request.ranges, *request.values):
        if name in reads or name == request.wrt:
            continue
        if name in binds:
            raise GradUsageError(f"the cell sets {quoted(name)} itself: drop {name}=… from the line, or from the cell")
        close = difflib.get_close_matches(name, [*reads, *BY_FIELD], n=1)
        hint = ": drop it, or use it in the cell"
        if close:
            option = BY_FIELD.get(close[0]) if close[0] not in reads else None
            meant = quoted(close[0]) if option is None else f"the option {option.flag} (in Python {option.field}=)"
            hint = f"; did you mean {meant}?"
        raise GradUsageError(f"the cell never reads {quoted(name)}{hint}")
