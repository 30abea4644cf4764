"""The backward pass: one walk over the graph, its hooks and its freeing. Knows nodes and edges; knows no operator.

Where nobody looks on there is a shorter way, in `direct`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradmagic.engine import lifting
from gradmagic.engine.anomaly import observed
from gradmagic.engine.fitting import accumulate, fit
from gradmagic.engine.hooks import Gradients, run_hooks, run_node_hooks
from gradmagic.engine.modes import modes
from gradmagic.engine.node import DeadEnd, Node
from gradmagic.engine.order import reachable
from gradmagic.engine.stopping import heed
from gradmagic.engine.tensor import Tensor


class Walk:
    """One backward pass from roots to inputs: newest nodes first, so that each has all its gradients when it runs."""

    __slots__ = (
        "batch", "captures", "found", "grads", "inside", "last", "live", "order", "recording", "root", "through", "unheard",
    )  # fmt: skip

    def __init__(
        self,
        roots: Sequence[tuple[Any, int, Any]],
        captures: Mapping[tuple[Any, int], list[int]] | None,
        create: bool,
        batch: tuple[int, ...] = (),
    ):
        self.recording = create
        self.root = roots[0][0] if len(roots) == 1 else None
        self.unheard: tuple[Any, int, Any] | None = None  # the one root, if its gradient leads nowhere
        self.batch = batch  # the dimensions that every gradient has before those of its operand
        self.captures = captures
        self.through = False  # whether the nodes of the inputs run, too, and are freed
        self.order = reachable([target for target, _, _ in roots])
        self.grads: dict[Any, Any] = {}
        self.found: dict[int, Any] = {}
        self.live: set[Any] = set()  # the nodes and leaves that a gradient goes to
        self.inside: set[Any] = set()  # the nodes among the inputs
        self.last: dict[Any, Node | None] = {}  # for each leaf the node that runs last of those that lead to it
        if captures is None:
            self._to_all_leaves()
        else:
            self._to_inputs({target for target, _ in captures})
        for target, nr, g in roots:
            if not isinstance(target, Node) and (captures is None or target in self.live):
                self.last.setdefault(target, None)
                self.live.add(target)
            if target in self.live:
                self.receive(target, nr, g)
            elif len(roots) == 1:
                self.unheard = (target, nr, g)

    def _to_all_leaves(self) -> None:
        live, last = self.live, self.last
        live.update(self.order)
        for node in self.order:
            for t in node.edges:
                if t is not None and t not in live:
                    last[t] = node
                    live.add(t)
        for node in self.order:  # the ends that lead nowhere are numbered before all others
            if type(node) is not DeadEnd:
                break
            live.discard(node)

    def _to_inputs(self, targets: set[Any]) -> None:
        """Only the nodes that lead to an input run, and only they are freed."""
        live, last = self.live, self.last
        live |= targets
        self.inside = inside = {t for t in targets if isinstance(t, Node)}
        leaves = targets - inside
        for node in self.order:
            for t in node.edges:
                if t in live:
                    live.add(node)
                    if t in leaves:
                        last.setdefault(t, node)

    def _tell_root(self, root: Any, nr: int, g: Any) -> None:
        """The hooks of the one root, which hear of the gradient though it leads nowhere."""
        if not isinstance(root, Node):
            run_hooks(root._hooks or {}, self.tensor(g))
        elif root.pre_hooks is not None:
            slots = g
            if root.metas is not None:
                slots = [None] * len(root.metas)
                slots[nr] = g
            self.before(root, slots)

    def reaches(self, target: Any) -> bool:
        """Whether there is a way from a root to this input."""
        return target in (set(self.order) if isinstance(target, Node) else self.last)

    def executes(self, target: Any) -> bool:
        """Whether a gradient is computed there; torch does not count the one root.

        Not to be asked, as in torch, of a leaf that is an input of ``grad``.
        """
        if target is self.root:
            return False
        if isinstance(target, Node):
            return target in self.live
        if target in self.last and self.captures is not None and not self.through:
            raise RuntimeError(
                "A leaf node was passed to _will_engine_execute_node but we are currently running autograd.grad(). This is "
                "currently not supported."
            )
        return target in self.last

    def receive(self, target: Any, nr: int, g: Any) -> None:
        """Add a gradient to what a node's output, or a leaf, has received."""
        grads = self.grads
        if g is not None and isinstance(target, Node) and target.metas is not None:
            slots = grads.setdefault(target, [None] * len(target.metas))
            slots[nr] = g if slots[nr] is None else slots[nr] + g
        elif g is not None:
            held = grads.get(target)
            grads[target] = g if held is None else held + g

    def _set_out(self, complete: Mapping[Any, list[Any]]) -> None:
        """What comes before the first node."""
        if modes.alerts:
            heed()
        if self.unheard is not None:
            self._tell_root(*self.unheard)
        self.arrive(complete.get(None, ()))

    def run(self, retain: bool) -> None:
        order, grads = self.order, self.grads
        complete = self._complete()
        self._set_out(complete)
        while order:
            node = order.pop()
            self.visit(node, grads.pop(node, None), retain)
            if node in complete:
                self.arrive(complete[node])
        if not complete:
            self.arrive(self.last)

    def visit(self, node: Node, g: Any, retain: bool) -> None:
        """What happens at a node: its hooks are called, its gradient is noted or brought on, what it saved is freed."""
        inside, live = self.inside, self.live
        if g is None and node in live:
            g = self.nothing(node, retain)
        if g is None:
            return
        onward = not inside or (self.through and node in inside) or any(t in live for t in node.edges)
        if inside and onward:  # torch gives the gradient of such an input as it was before its hooks
            self.capture(node, g)
        if node.pre_hooks is not None:
            g = self.before(node, g)
        if onward:
            self.step(node, g, retain)
        else:
            self.capture(node, g)

    def _complete(self) -> dict[Any, list[Any]]:
        """By node, the leaves that have all their gradients once it has run: empty, if nobody looks before the end."""
        if self.captures is not None and not any(leaf._hooks for leaf in self.last):
            return {}
        complete: dict[Any, list[Any]] = {None: []}
        for leaf, node in self.last.items():
            complete.setdefault(node, []).append(leaf)
        return complete

    def nothing(self, node: Node, retain: bool) -> Any:
        """What a node receives that no gradient has come to: its hooks and a custom function are asked all the same."""
        g = [None] * len(node.metas) if node.metas is not None else None
        if node.pre_hooks is not None:
            self.before(node, g)
        if node.runs_on_nothing:
            return g
        if not self.inside or any(t in self.live for t in node.edges):
            if node.node_prehooks:
                self._prehooks(node, g)
            node.check()
            if not retain:
                node.free()
            if node.node_hooks:
                self._node_hooks(node, [None] * len(node.edges), g)
        return None

    def step(self, node: Node, g: Any, retain: bool) -> None:
        """Bring a node's gradient to its operands."""
        live, batch = self.live, self.batch
        edges, nrs = node.edges, node.edge_nrs
        if modes.anomaly:
            out = observed(self.evaluate, node, g)
        elif node.node_hooks or node.node_prehooks:
            out = self.evaluate(node, g)
        else:
            out = self.pulled(node, g)
        if not retain:
            node.free()
        for i, target in enumerate(edges):
            if target in live and out[i] is not None:
                self.receive(target, nrs[i] if nrs is not None else 0, fit(out[i], node, i, batch))

    def pulled(self, node: Node, g: Any) -> Sequence[Any]:
        """The gradients of those of a node's operands that are wanted."""
        live, batch = self.live, self.batch
        if node.choice is not None:
            node.check()
        pulls: Any = None if node.op is None else node.op.pulls
        if pulls is None and not batch:
            return node.apply(g, [t in live for t in node.edges], self.recording)
        out: list[Any] = []
        for i, target in enumerate(node.edges):
            if target in live:
                back = lifting.pulled(node, i, g, batch, self.recording) if batch else pulls[i](node, g, self.recording)
                out.append(back)
                continue
            if target is not None:
                node.check()
            out.append(None)
        return out

    def evaluate(self, node: Node, g: Any) -> Sequence[Any]:
        """The gradients of those of a node's operands that are wanted, after its hooks."""
        if node.node_prehooks:
            g = self._prehooks(node, g)
        out = self.pulled(node, g)
        out = [o if o is None else fit(o, node, i, self.batch) for i, o in enumerate(out)]
        return self._node_hooks(node, out, g) if node.node_hooks else out

    # -- hooks and results --------------------------------------------------------------------------------------

    def before(self, node: Node, g: Any) -> Any:
        """Tensor hooks of a node's outputs, then retain_grad."""
        if node.pre_hooks is None:
            return g
        many = node.metas is not None
        parts = list(g) if many else [g]
        for nr, (hooks, keepers) in node.pre_hooks.items():
            if parts[nr] is None:
                for hook in list(hooks.values()):
                    hook(None)
                continue
            value = run_hooks(hooks, self.tensor(parts[nr]))
            for keep in keepers:
                keep(value)
            parts[nr] = value if self.recording else value._array
        return parts if many else parts[0]

    def tensor(self, g: Any) -> Tensor:
        t: Tensor = g if isinstance(g, Tensor) else Tensor._of(g)
        return t

    def capture(self, node: Node, g: Any) -> None:
        """Note the gradient of a node that is among the inputs."""
        for (target, nr), indices in (self.captures or {}).items():
            if target is node:
                value = g if node.metas is None else g[nr]
                for i in indices:
                    self.found[i] = value

    def arrive(self, leaves: Iterable[Any]) -> None:
        """These leaves have received all their gradients: their hooks, then the result or ``.grad``."""
        for leaf in leaves:
            g = self.grads.pop(leaf, None)
            if g is None:
                self.arrive_empty(leaf)
                continue
            if leaf._hooks:
                value = run_hooks(leaf._hooks, self.tensor(g))
                g = value if self.recording else value._array
            if self.captures is None:
                accumulate(leaf, self.tensor(g), self.recording and modes.grad)
            else:
                for i in self.captures.get((leaf, 0), ()):
                    self.found[i] = g

    def arrive_empty(self, leaf: Tensor) -> None:
        """The hooks of a leaf that no gradient has come to."""
        hooks = list((leaf._hooks or {}).values())
        for hook in hooks:
            hook(None)
        if self.captures is None and leaf._wants_grad:
            for hook in list(leaf.__dict__.get("_post_hooks", {}).values()):
                hook(leaf)

    def _prehooks(self, node: Node, g: Any) -> Any:
        many = node.metas is not None
        parts = self.tensors(g if many else [g])
        parts = run_node_hooks(node.node_prehooks.values(), parts, lambda hook, gs: hook(gs))
        raw = self.bare(parts)
        return raw if many else raw[0]

    def _node_hooks(self, node: Node, out: list[Any], g: Any) -> list[Any]:
        gs = self.tensors(g if node.metas is not None else [g])
        shown = self.tensors(out[k] for k in node._places)
        given = self.bare(run_node_hooks(node.node_hooks.values(), shown, lambda hook, grads: hook(grads, gs)))
        out = list(out)
        for k, back in zip(node._places, given, strict=True):
            out[k] = back
        return out

    def tensors(self, gs: Iterable[Any]) -> Gradients:
        return tuple(None if g is None else self.tensor(g) for g in gs)

    def bare(self, gs: Gradients) -> list[Any]:
        """The gradients as the walk hands them on: arrays, unless a graph is recorded."""
        return [g if g is None or self.recording else g._array for g in gs]


class _Running(threading.local):
    walk: Walk | None = None


running = _Running()
