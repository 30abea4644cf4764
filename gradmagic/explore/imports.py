"""`import torch` in a cell, in all its forms, made to mean the engine that the cell runs on.

Touches the cell's own tree, and neither sys.modules nor anything imported.
"""

from __future__ import annotations

import ast

__all__ = ["rewritten"]

OURS = "gradmagic.torch"


def rewritten(tree: ast.Module, target: str = OURS) -> ast.Module:
    """The tree with every import of torch (or of gradmagic's) pointing at `target`: `gradmagic.torch` or `torch`.

    Examples
    --------
    >>> print(ast.unparse(rewritten(ast.parse("import torch as t, math"))))
    from gradmagic import torch as t
    import math
    """
    Imports(target).visit(tree)
    return ast.fix_missing_locations(tree)


class Imports(ast.NodeTransformer):
    """Moves imports to the target package, in place and with their line numbers."""

    def __init__(self, target: str) -> None:
        self.target = target

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return [ast.copy_location(statement, node) for alias in node.names for statement in self.imported(alias)]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | list[ast.stmt]:
        if node.level or node.module is None:
            return node
        if node.module == "gradmagic" and any(alias.name == "torch" for alias in node.names):
            others = [alias for alias in node.names if alias.name != "torch"]
            moved = [s for a in node.names if a.name == "torch" for s in self.imported(ast.alias("torch", a.asname))]
            kept: list[ast.stmt] = [ast.ImportFrom("gradmagic", others, 0)] if others else []
            return [ast.copy_location(statement, node) for statement in [*moved, *kept]]
        inner = below_torch(node.module)
        if inner is None:
            return node
        return ast.copy_location(ast.ImportFrom(self.target + inner, node.names, 0), node)

    def imported(self, alias: ast.alias) -> list[ast.stmt]:
        inner = below_torch(alias.name)
        if inner is None:
            return [ast.Import([alias])]
        parent, _, name = (self.target + inner).rpartition(".")
        if alias.asname is not None and inner:
            return [ast.ImportFrom(parent, [ast.alias(name, alias.asname)], 0)]
        top = self.top(alias.asname or "torch")
        # `import torch.nn.functional` binds `torch`, and must still fail here if there is no such module
        return [ast.ImportFrom(parent, [ast.alias(name, "torch")], 0), top] if inner else [top]

    def top(self, bound: str) -> ast.stmt:
        """The statement that binds the whole namespace."""
        parent, _, name = self.target.rpartition(".")
        renamed = ast.alias(name, None if bound == name else bound)
        return ast.ImportFrom(parent, [renamed], 0) if parent else ast.Import([renamed])


def below_torch(module: str) -> str | None:
    """`.nn.functional` for `torch.nn.functional`, empty for torch itself, None for anything else."""
    for root in (OURS, "torch"):
        if module == root or module.startswith(root + "."):
            return module[len(root) :]
    return None
