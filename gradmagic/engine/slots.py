"""Nodes of few operands: what they lead to and what they saved lies in slots of their own. Knows no operator.

A long graph is made of nothing but nodes. With tuples for both, each would be three objects, and half of the time in which
such a graph is recorded went to Python's collector, which looks at all of them again and again.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from gradmagic.engine.node import Node
from gradmagic.engine.writing import function_from

# Written out for a number of operands; the last of the slots for what was saved is the output's.
_OF_FEW = """\
def made():
    class OfFew(Node):
        __slots__ = {slots}
        few = True

        @property
        def edges(node):
            return ({to},)

        @edges.setter
        def edges(node, edges):
            {to}, = edges

        @property
        def saved(node):
            if {output} is FREED:
                return None
            return () if {none} is None else ({kept})

        @saved.setter
        def saved(node, saved):
            if not saved:
                {all_kept} = FREED if saved is None else None
            else:
                {kept} = saved

        def free(node):
            if node.rare is not None:
                node.rare.pop("found", None)
            chosen = node.rare is not None and node.choice
            if chosen:
                node.choice = ()
            if chosen or not {none} is None:
                {all_kept} = FREED

    return OfFew
"""
FREED = object()


@cache
def of_few(n: int) -> Any:
    """The class of the nodes of n operands, with slots ``to_0``, … and ``kept_0``, …"""
    to, kept = [f"to_{i}" for i in range(n)], [f"kept_{k}" for k in range(n + 1)]
    lead, keep = [f"node.{slot}" for slot in to], [f"node.{slot}" for slot in kept]
    source = _OF_FEW.format(
        slots=(*to, *kept),
        to=", ".join(lead),
        kept=", ".join(keep),
        output=keep[-1],
        none=" is ".join(keep),
        all_kept=" = ".join(keep),
    )
    return function_from(source, "made", f"the nodes of {n}", {"Node": Node, "FREED": FREED})()
