"""What a cell's text says of a call: what it is given, what that was computed from, where the way to it is lost.

Knows no engine: names are all that it goes by.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from gradmagic.explore.trace import Call

__all__ = ["UNKNOWN", "behind", "given_to", "lost_on_the_way", "output_of", "unused_input", "way_lost"]

UNKNOWN = "grad(…)"  # a call that is not in the cell's own text
LEAVING = ("detach", "item", "tolist", "numpy")  # methods whose result has no history
NUMBERS = ("float", "int")
SILENT = ("no_grad", "inference_mode", "set_grad_enabled(False)")  # contexts in which nothing is recorded
MOST = 32  # letters of code that are said


def behind(source: str, rows: Sequence[Call], text: str) -> Call | None:
    """The last of these calls whose result the outputs of a call were computed from, by the names in the cell's text.

    >>> behind("grad(s, x)", [], "s = g.sum()") is None
    True
    """
    if source == UNKNOWN:
        return None
    call = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    wanted = names_in(outputs_of(call) or [call.func])  # y.backward()
    bound = [
        (names_in(one.targets), names_in([one.value]))
        for one in ast.walk(ast.parse(text))
        if isinstance(one, ast.Assign)
    ]
    found = closed(wanted, bound)
    return next((row for row in reversed(rows) if row.ok and assigned(row.source) & found), None)


def unused_input(message: str, source: str, line: int | None, text: str) -> tuple[str, str | None] | None:
    r"""What the cell calls the input that was not used, and why it was not, as far as the text tells.

    >>> said = "The differentiated Tensor at index 1 appears to not have been used"
    >>> unused_input(said, "grad(y, (x, a))", 4, "a = 2 * x\ny = a ** 2\na = a.detach()\ngrad(y, (x, a))")
    ('a', 'line 3 bound that name anew')
    >>> unused_input(said, "grad(y, (x, a))", 3, "a = 2 * x\ny = a ** 2; a[0] = 1\ngrad(y, (x, a))")
    ('a', None)
    >>> unused_input(said, "grad(y, (x, a))", 3, "u = x * float(a)\ny = u ** 2\ngrad(y, (x, a))")
    ('a', 'line 1 leaves the graph by float(a)')
    """
    at = re.search(r"at index (\d+) appears", message)
    given = inputs_of(source)
    if at is None or int(at[1]) >= len(given):
        return None
    name = ast.unparse(given[int(at[1])])
    before = line or 0
    anew, lost = bound_anew(name, before, text), way_lost(name, given_to(source), before, text)
    if lost is not None and (anew is None or lost[0] > anew):
        return name, lost[1]
    return name, f"line {anew} bound that name anew" if anew else None


def lost_on_the_way(source: str, line: int | None, text: str) -> str | None:
    r"""What forgets, between the inputs of a call and what it is given, how that was computed.

    >>> lost_on_the_way("grad(w.sum(), x)", 2, "w = x.detach() * 2\ng, = grad(w.sum(), x)")
    'line 1 leaves the graph by x.detach()'
    """
    found = (way_lost(ast.unparse(name), given_to(source), line or 0, text) for name in inputs_of(source))
    return next((way[1] for way in found if way is not None), None)


def way_lost(name: str, outputs: Sequence[str], before: int, text: str) -> tuple[int, str] | None:
    r"""The first line between a name and what was computed from it that forgets how, and what does so.

    >>> way_lost("a", ["y"], 4, "with torch.no_grad():\n    b = a ** 2\ny = b * x\ngrad(y, (x, a))")
    (2, 'line 2 was computed under torch.no_grad()')
    >>> way_lost("a", ["y"], 3, "b = a.detach() ** 2\ny = x * 2\ngrad(y, (x, a))") is None
    True
    """
    tree = ast.parse(text)
    bound = [one for one in ast.walk(tree) if isinstance(one, ast.Assign | ast.AugAssign) and one.lineno < before]
    pairs = [(names_in(targets_of(one)), names_in([one.value])) for one in bound]
    sources = closed(names_in(map(ast.parse, outputs)), pairs)
    coming = closed({name}, [(read, made) for made, read in pairs])
    on_the_way = [(one.lineno, one.value) for one in bound if names_in(targets_of(one)) & sources]
    on_the_way += [(before, ast.parse(one, mode="eval").body) for one in outputs]
    silent = [one for one in ast.walk(tree) if isinstance(one, ast.With) and is_silent(one)]
    for line, value in sorted(on_the_way, key=lambda one: one[0]):
        word = next((w for node in ast.walk(value) if names_in([node]) & coming and (w := leaves_by(node))), None)
        if word is not None:
            return line, f"line {line} leaves the graph by {word}"
        for one in silent:
            if one.lineno <= line <= (one.end_lineno or 0) and names_in([value]) & coming:
                return line, f"line {line} was computed under {ast.unparse(one.items[0].context_expr)}"
    return None


def closed(names: Iterable[str], pairs: Sequence[tuple[set[str], set[str]]]) -> set[str]:
    """These names, and all that they lead to: each pair leads from the names of the first to those of the second."""
    found, waiting = set[str](), set(names)
    while waiting:
        found |= waiting
        waiting = {name for some, others in pairs if some & waiting for name in others} - found
    return found


def targets_of(one: ast.Assign | ast.AugAssign) -> list[ast.expr]:
    return one.targets if isinstance(one, ast.Assign) else [one.target]


def is_silent(one: ast.With) -> bool:
    return any(word in ast.unparse(item.context_expr) for item in one.items for word in SILENT)


def leaves_by(node: ast.AST) -> str | None:
    """The code of a node that gives a value without its history."""
    way = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEAVING:
        way = f".{node.func.attr}()"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NUMBERS:
        way = f"{node.func.id}(…)"
    elif isinstance(node, ast.Attribute) and node.attr == "data":
        way = ".data"
    code = "" if way is None else ast.unparse(node)
    return code if way is not None and len(code) <= MOST else way


def grad_call(source: str) -> ast.Call | None:
    """The first call of grad or backward in a call's text."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)) if source != UNKNOWN else ()
    return next((call for call in calls if ast.unparse(call.func).rpartition(".")[2] in ("grad", "backward")), None)


def inputs_of(source: str) -> Sequence[ast.expr]:
    """What a call of grad or backward differentiates by, as written; empty if the text does not list it."""
    call = grad_call(source)
    if call is None:
        return ()
    found = [word.value for word in call.keywords if word.arg == "inputs"]
    found += call.args[1:2] if ast.unparse(call.func).endswith("grad") else []
    return found[0].elts if found and isinstance(found[0], ast.Tuple | ast.List) else found


def outputs_of(call: ast.Call) -> list[ast.expr]:
    """What a call is given to differentiate; nothing if it is a method of it."""
    return [*call.args[:1], *(word.value for word in call.keywords if word.arg in ("outputs", "tensors"))]


def given_to(source: str) -> list[str]:
    """What a call is given to differentiate, as written.

    >>> given_to("g, = grad(u + v, x)"), given_to("(u * v).backward()"), given_to("backward([u, v])")
    (['u + v'], ['u * v'], ['u', 'v'])
    """
    call = grad_call(source)
    if call is None:
        return []
    owner = owner_of(call)
    given = [owner] if owner is not None else outputs_of(call)[:1]
    listed = [one for node in given for one in (node.elts if isinstance(node, ast.Tuple | ast.List) else [node])]
    return [ast.unparse(one) for one in listed]


def owner_of(call: ast.Call) -> ast.expr | None:
    """The tensor whose method a call of backward is."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "backward":
        return None
    owner = call.func.value
    return None if ast.unparse(owner).endswith("autograd") else owner


def output_of(source: str) -> str:
    """The tensor that a call differentiates, if the text names one.

    >>> output_of("g, = torch.autograd.grad(u, x)"), output_of("u.backward()"), output_of("grad((u, v), x)")
    ('u', 'u', '')
    """
    call = grad_call(source)
    if call is None:
        return ""
    owner = owner_of(call)
    if owner is not None:
        return ast.unparse(owner)
    given = outputs_of(call)
    return given[0].id if given and isinstance(given[0], ast.Name) else ""


def bound_anew(name: str, before: int, text: str) -> int | None:
    """The last line before this one that bound a name which had been read by then."""
    walked = list(ast.walk(ast.parse(text)))
    # x += 1 and x[0] = 1 write into the tensor that is there
    targets = [target for one in walked if isinstance(one, ast.Assign) for target in one.targets]
    named = [one for one in walked if isinstance(one, ast.Name) and one.id == name]
    bound = {id(one) for target in targets for one in ast.walk(target)}
    stored = [one.lineno for one in named if isinstance(one.ctx, ast.Store) and id(one) in bound]
    last = max((line for line in stored if line < before), default=0)
    return last if any(isinstance(one.ctx, ast.Load) and one.lineno <= last for one in named) else None


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    return {one.id for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)}


def assigned(source: str) -> set[str]:
    """The names that a call's statement binds."""
    if source == UNKNOWN:
        return set()
    return {name for one in ast.parse(source).body if isinstance(one, ast.Assign) for name in names_in(one.targets)}
