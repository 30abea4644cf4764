"""Random statements that ask for gradients, in all the ways there are, and hooks that listen. Runs nothing."""

from __future__ import annotations

from tests.engine.seeing import Knowing

MULTI = "torch.autograd.graph.register_multi_grad_hook"
FUNCTIONAL = "torch.autograd.functional"


class Asking(Knowing):
    """The part of a writer that asks for gradients."""

    def hook(self) -> str:
        """A hook of a tensor or a node.

        Where torch 2.13 has refused a hook because the tensor is a stale view, it takes the next, but never calls it.
        """
        name = self.pick([n for n, t in self.tensors.items() if t.floats and t.hookable])
        self.count += 1
        label = f"'h{self.count}'"
        return self.random.choice(
            [
                f"{name}.register_hook(lambda g: note({label}, g))",
                f"{name}.register_hook(lambda g: g * 2)",
                f"{name}.register_hook(lambda g: (note({label}, g), g * 0.5)[1])",
                f"{name}.register_hook(lambda g: g.sum())",
                f"h{self.count} = {name}.register_hook(lambda g: note({label}, g)); h{self.count}.remove()",
                f"{name}.register_post_accumulate_grad_hook(lambda t: note({label}, t.grad))",
                f"{name}.grad_fn.register_hook(lambda gi, go: note({label}, *present(*gi, *go)))",
                f"{name}.grad_fn.register_prehook(lambda go: note({label}, *go))",
                f"{name}.grad_fn.register_prehook(lambda go: tuple(None if g is None else g * 2 for g in go))",
                f"{name}.grad_fn.register_hook(lambda gi, go: tuple(None if g is None else g * 2 for g in gi))",
                f"{name}.register_hook(lambda g: note({label}, g.requires_grad))",
                f"{MULTI}(({name}, {self.any()}), lambda gs: note({label}, *gs))",
                f"{MULTI}(({name}, {self.any()}), lambda g: note({label}, g), mode='any')",
            ]
        )

    def options(self, *choices: tuple[str, float]) -> str:
        given = [text for text, chance in choices if self.random.random() < chance]
        return "".join(f", {text}" for text in given)

    def weight(self, name: str) -> str:
        return self.random.choices(
            [f"torch.ones_like({name})", f"torch.full_like({name}, 0.5)", "None", self.floating()], [6, 3, 1, 1]
        )[0]

    def inputs(self, most: int) -> list[str]:
        pool = self.leaves if self.leaves and self.random.random() < 0.6 else list(self.tensors) or ["v1"]
        count = self.random.choices(range(1, most + 1), [8, 3, 1][:most])[0]
        return [self.random.choice(pool) for _ in range(count)]

    def grad(self) -> str:
        if self.random.random() < 0.35:
            return self.plain_grad()
        outputs = [self.floating() for _ in range(self.random.choices([1, 2], [6, 1])[0])]
        inputs = self.inputs(3)
        if len(outputs) == 1 and self.random.random() < 0.3:
            outputs, weights = [f"{outputs[0]}.sum()"], ""
        elif self.random.random() < 0.08:
            weights = ""
        else:
            weights = f", [{', '.join(map(self.weight, outputs))}]"
        if self.random.random() < 0.05:
            outputs[0] = f"torch.autograd.graph.get_gradient_edge({outputs[0]})"
        if self.random.random() < 0.05:
            inputs[0] = f"torch.autograd.graph.get_gradient_edge({inputs[0]})"
        named = self.random.random() < 0.1
        options = self.options(
            ("create_graph=True", 0.5),
            (self.random.choice(["retain_graph=True", "retain_graph=False"]), 0.4),
            ("allow_unused=True", 0.85),
            ("materialize_grads=True", 0.1),
            ("only_inputs=False", 0.02),
        )
        self.count += len(inputs)
        names = "".join(f"v{n}, " for n in range(self.count - len(inputs) + 1, self.count + 1))
        asked = f"[{', '.join(inputs)}]"
        if named:
            asked = f"{{{', '.join(f'{k}: {name}' for k, name in enumerate(inputs))}}}"
        call = f"torch.autograd.grad([{', '.join(outputs)}], {asked}{weights}{options})"
        if self.random.random() < 0.05:
            call = f"with torch.autograd.detect_anomaly({self.random.choice(['', 'False'])}): {names}= {call}"
            return f"{call}.values()" if named else call
        return f"{names}= {call}.values()" if named else f"{names}= {call}"

    def plain_grad(self) -> str:
        """One output and one input, without lists."""
        name, weight = self.floating(), ""
        if self.random.random() < 0.5:
            weight = f", {self.weight(name)}"
        else:
            name += ".sum()"
        options = self.options(("create_graph=True", 0.5), ("retain_graph=True", 0.3), ("allow_unused=True", 0.7))
        return self.new(f"torch.autograd.grad({name}, {self.inputs(1)[0]}{weight}{options})[0]")

    def batched(self) -> str:
        name = self.floating(full=True)
        size = ", ".join(map(str, (2, *self.shape(name))))
        options = self.options(
            ("retain_graph=True", 0.6),
            ("allow_unused=True", 0.8),
            ("create_graph=True", 0.3),
            ("materialize_grads=True", 0.1),
        )
        ones = f"torch.ones({size}, dtype={name}.dtype)"
        weight = self.random.choice([ones] * 6 + [f"{ones} * 2"] * 3 + ["torch.ones(3)", name])
        inputs = self.inputs(2)
        self.count += len(inputs)
        names = "".join(f"v{n}, " for n in range(self.count - len(inputs) + 1, self.count + 1))
        call = f"torch.autograd.grad({name}, [{', '.join(inputs)}], {weight}, is_grads_batched=True{options})"
        return f"{names}= {call}"

    def functional(self) -> str:
        """A transformed function of one tensor.

        The result is a copy: what torch's transformations leave are parts of several views, or of none.
        """
        name = self.floating(full=True)
        if 0 in self.shape(name):
            return self.hook()
        body = self.random.choice(["t * t", "t.sin()", "(t * t).sum()", "t.exp().sum()", f"t * {self.floating()}"])
        create = self.options(("create_graph=True", 0.5))
        return self.new(
            self.random.choice(
                [
                    f"{FUNCTIONAL}.jacobian(lambda t: {body}, {name}{create}).clone()",
                    f"{FUNCTIONAL}.hessian(lambda t: ({body}).sum(), {name}{create}).clone()",
                    f"{FUNCTIONAL}.vjp(lambda t: ({body}).sum(), {name}{create})[1].clone()",
                    f"{FUNCTIONAL}.hvp(lambda t: ({body}).sum(), {name}, torch.ones_like({name}){create})[1].clone()",
                    f"torch.func.grad(lambda t: ({body}).sum())({name}).clone()",
                    f"torch.func.jacrev(lambda t: {body})({name}).clone()",
                ]
            )
        )

    def backward(self) -> str:
        name = self.floating()
        if self.random.random() < 0.2:
            return self.step()
        options = self.options(
            ("retain_graph=True", 0.5),
            ("create_graph=True", 0.15),
            (f"inputs=[{', '.join(self.inputs(2))}]", 0.2),
        )
        if self.random.random() < 0.5:
            return f"{name}.sum().backward({options[2:]})"
        if self.random.random() < 0.2:
            other = self.floating()
            weights = f"[{self.weight(name)}, {self.weight(other)}]"
            return f"torch.autograd.backward([{name}, {other}], {weights}{options})"
        return f"{name}.backward({self.weight(name)}{options})"

    def step(self) -> str:
        """What training loops do with `.grad`."""
        pool = [n for n in self.leaves if n in self.tensors] or ["v1"]
        leaf = self.random.choice(pool)
        return self.random.choice(
            [
                f"with torch.no_grad(): {leaf} -= 0.1 * {leaf}.grad",
                f"with torch.no_grad(): {leaf}.sub_({leaf}.grad * 0.1)",
                f"{leaf}.data -= 0.1 * {leaf}.grad",
                f"{leaf}.grad.zero_()",
                f"{leaf}.grad.detach_().zero_()",
                f"{leaf}.grad.mul_(2)",
                f"{leaf}.grad += {leaf}.grad",
                self.new(f"{leaf}.grad"),
                self.new(f"{leaf}.grad * 2"),
                f"{leaf}.grad.data.fill_(1)",
            ]
        )
