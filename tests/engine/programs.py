"""Random statements of a torch program, one after the other. Knows the tensors there are; runs nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

# fmt: off
UNARY = [
    "sin", "cos", "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "abs", "neg", "square", "reciprocal", "atan",
    "sinh", "cosh", "log1p", "expm1", "tan", "asin", "asinh", "rsqrt", "exp2", "log2", "softplus", "sign", "floor",
    "round", "log10", "erf",
]
# fmt: on
BINARY = ("+", "-", "*", "/", "+", "*", "-")
BINARY_FUNCTIONS = ("maximum", "minimum", "atan2", "pow", "logaddexp", "fmod", "remainder")
REDUCTIONS = ["sum", "mean", "prod", "amax", "amin", "logsumexp", "std", "var", "max", "min", "norm"]
ALONG = ["cumsum", "cumprod", "softmax", "log_softmax", "flip"]
INPLACE_UNARY = ["exp_", "sin_", "neg_", "zero_", "sqrt_", "abs_", "tanh_", "relu_", "sigmoid_"]
SHAPES: tuple[tuple[int, ...], ...] = (
    (), (1,), (3,), (2,), (2, 3), (2, 1), (1, 3), (3, 2), (2, 2), (4, 3), (2, 2, 3), (0,), (2, 0),
)  # fmt: skip
FUNCTIONS = ["Square", "Twice", "Flat", "Same", "Pair", "Marked", "Once", "Keeps", "Separate", "Unmade", "Two"]

# What statements may use: custom functions, and a log that hooks write to.
PRELUDE = """
log = []

def present(*gradients):
    return [g for g in gradients if g is not None]

def note(name, *tensors):
    log.append((name, [None if t is None else t.detach().clone() for t in tensors]))

class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g

class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)
    @staticmethod
    def backward(ctx, g):
        return g * 2

class Flat(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x.view(-1)
    @staticmethod
    def backward(ctx, g):
        return g.reshape(ctx.shape)

class Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x
    @staticmethod
    def backward(ctx, g):
        return g * 3

class Pair(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2, x.exp()
    @staticmethod
    def backward(ctx, g, h):
        (x,) = ctx.saved_tensors
        return g * 2 + h * x.exp()

class Unmade(Pair):
    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3
    @staticmethod
    def backward(ctx, g, h):
        log.append(("unmade", [g is None, h is None]))
        return g * 2 if g is not None else None

class Marked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y, z = x * 2, x * 3
        ctx.mark_non_differentiable(z)
        return y, z
    @staticmethod
    def backward(ctx, g, h):
        return g * 2 + h

class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g

class Keeps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]

class Separate(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x.sin()
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0].cos()

class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        return a * b.detach()
    @staticmethod
    def backward(ctx, g):
        return g, None
"""


class Seen(NamedTuple):
    """What is known of a tensor."""

    shape: tuple[int, ...]
    floats: bool = True
    dtype: str = "torch.float64"
    memory: int = 0  # tensors that may share memory have the same number
    dense: bool = True  # whether the elements fill their part of it, each once
    writable: bool = True  # whether torch can follow a write, see `Writer.target`
    hookable: bool = True  # whether torch would not lose a hook in silence, see `Writer.hook`


class Writer:
    """Writes statements about the tensors of `tensors`, a table by name that its reader keeps up to date."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.length = self.random.choice((8, 14, 20))
        self.tensors: dict[str, Seen] = {}
        self.leaves: list[str] = []
        self.count = 0
        self.kinds: list[tuple[float, Callable[[], str]]] = [
            (3, self.unary), (4, self.binary), (2, self.scalar_binary), (2, self.reduction), (6, self.view),
            (7, self.in_place), (5, self.grad), (1, self.batched), (2, self.backward), (3, self.mode), (2, self.hook),
            (1, self.selection), (1, self.product), (1, self.leaf), (2, self.custom), (0.5, self.several),
        ]  # fmt: skip

    def statement(self) -> str:
        """The next statement of the program."""
        if self.count < 2:
            return self.leaf()
        weights, kinds = zip(*self.kinds, strict=True)
        statement: str = self.random.choices(kinds, weights)[0]()
        return statement

    def new(self, expression: str) -> str:
        self.count += 1
        return f"v{self.count} = {expression}"

    def pick(self, names: Sequence[str]) -> str:
        """One of these names, the latest more often."""
        if not names:
            return "v1"
        return self.random.choice(names[-3:] if self.random.random() < 0.5 else names)

    def any(self) -> str:
        return self.pick(list(self.tensors))

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape if name in self.tensors else ()

    def dtype(self, name: str) -> str:
        return self.tensors[name].dtype if name in self.tensors else ""

    def floating(self, full: bool = False) -> str:
        """The name of a tensor of floats; with ``full``, of one that has elements."""
        return self.pick([n for n, t in self.tensors.items() if t.floats and not (full and 0 in t.shape)])

    def like(self, name: str, floats: bool = False) -> str:
        """Mostly a tensor whose shape goes with that of `name`."""
        shape = self.shape(name)
        fitting = [n for n, t in self.tensors.items() if _broadcast(shape, t.shape) and (t.floats or not floats)]
        return self.random.choice(fitting) if fitting and self.random.random() < 0.95 else self.floating()

    def target(self) -> str:
        """A tensor to write to.

        Not one that retains its gradient as the second output of a node: torch 2.13 then looks for what retains it at
        the first output, and an assertion of its own fails.
        """
        names = [n for n, t in self.tensors.items() if t.writable]
        floats = [n for n in names if self.tensors[n].floats]
        return self.pick(floats if self.random.random() < 0.9 else names)

    def operand(self, name: str, part: bool) -> str:
        """What is to be written to `name`, or to a part of it.

        Torch refuses operands that overlap the target in part, if both are dense. If they are not it does not look, and
        reads what it has just written: what comes out is undefined, so no such program is written.
        """
        mine = self.tensors.get(name, Seen(()))
        other = self.like(name, floats=self.random.random() < 0.9)
        theirs = self.tensors.get(other, Seen(()))
        looked_at = mine.dense and theirs.dense if not part else False
        if mine.memory != theirs.memory or looked_at or (other == name and not part):
            return other
        return self.number()

    def fresh(self, name: str) -> str:
        """A new tensor of the shape of `name`."""
        return f"torch.full_like({name}, {self.number()})"

    def number(self) -> str:
        return self.random.choice(["2", "3", "0.5", "-1", "-1.5", "2.0", "1", "0", "-2"])

    def dim(self, name: str) -> str:
        ndim = len(self.shape(name))
        if not ndim or self.random.random() < 0.04:
            return str(self.random.randint(-3, 3))
        return str(self.random.randrange(-ndim, ndim))

    def values(self, shape: tuple[int, ...]) -> Any:
        if not shape:
            return self.random.choice(
                [0.0, 1.0, round(self.random.uniform(-2, 2), 1), round(self.random.uniform(0, 2), 1)]
            )
        return [self.values(shape[1:]) for _ in range(shape[0])]

    def leaf(self) -> str:
        kinds = ["float64", "float32", "int64", "bool", "complex128"]
        dtype = self.random.choices(kinds, [12, 2, 0.5, 0.3, 0.5])[0] if self.count else "float64"
        shape = self.random.choice(SHAPES)
        # An integer leaf that asks for a gradient is refused: that is compared, too.
        grad = self.random.random() < (0.1 if dtype in ("int64", "bool") else 0.85)
        self.leaves.append(f"v{self.count + 1}")
        return self.new(f"torch.tensor({self.values(shape)}, dtype=torch.{dtype}, requires_grad={grad})")

    def unary(self) -> str:
        name, function = self.floating(), self.random.choice(UNARY)
        method = self.random.random() < 0.5 and function != "softplus"
        prefix = "torch.nn.functional" if function == "softplus" else "torch"
        return self.new(f"{name}.{function}()" if method else f"{prefix}.{function}({name})")

    def binary(self) -> str:
        if self.random.random() < 0.25:
            a = self.floating()
            return self.new(f"torch.{self.random.choice(BINARY_FUNCTIONS)}({a}, {self.like(a, floats=True)})")
        a = self.pick([n for n, t in self.tensors.items() if t.dtype != "torch.bool"])
        b = self.like(a, floats=self.random.random() < 0.9)
        b = a if b in self.tensors and self.tensors[b].dtype == "torch.bool" else b
        return self.new(f"{a} {self.random.choice(BINARY)} {b}")

    def scalar_binary(self) -> str:
        name, number = self.any(), self.number()
        operator = self.random.choice([*BINARY, "**", "**"])
        if self.random.random() < 0.3:
            return self.new(f"{number if number[0] != '-' else '2'} {operator} {name}")
        return self.new(f"{name} {operator} {number}")

    def reduction(self) -> str:
        name = self.floating(full=True)
        if 0 in self.shape(name):
            return self.unary()
        if self.random.random() < 0.25:
            return self.new(f"{name}.{self.random.choice(ALONG)}({self.dim(name)})")
        function = self.random.choice(REDUCTIONS)
        if self.random.random() < 0.5 and function not in ("amax", "amin", "logsumexp"):
            return self.new(f"{name}.{function}()")
        keep = self.random.choice(["", ", keepdim=True"])
        first = "[0]" if function in ("max", "min") else ""
        return self.new(f"{name}.{function}(dim={self.dim(name)}{keep}){first}")

    def a_view(self, name: str) -> str:
        shape = self.shape(name)
        size = 1
        for extent in shape:
            size *= extent
        d = self.dim(name)
        choices = [
            f"{name}.reshape(-1)", f"{name}.view({size})", f"{name}.unsqueeze({d})", f"{name}.squeeze()",
            f"{name}.flatten()", f"{name}[..., 0]", f"{name}[None]", f"{name}[...]", f"{name}.view_as({name})",
            f"{name}.expand({', '.join(map(str, (2, *shape)))})", f"{name}.detach()", f"{name}.clone()",
        ]  # fmt: skip
        if len(shape) >= 1:
            choices += [
                f"{name}[0]", f"{name}[-1]", f"{name}[1:]", f"{name}[::2]", f"{name}.chunk(2)[0]", f"{name}[:-1]",
                f"{name}.unbind()[0]", f"{name}.unbind({d})[-1]", f"{name}.narrow({d}, 0, 1)", f"{name}.squeeze({d})",
                f"{name}.select({d}, {self.random.choice([0, 0, 0, 1, 5])})", f"{name}.movedim(0, {d})",
                f"{name}.split(1, dim={d})[-1]",
            ]  # fmt: skip
        if len(shape) >= 2:
            choices += [
                f"{name}.transpose(0, 1)", f"{name}.T", f"{name}.t()", f"{name}[:, 0]", f"{name}[:, 1:]",
                f"{name}[1, 0]", f"{name}.permute({', '.join(map(str, reversed(range(len(shape)))))})",
                f"{name}.diagonal()", f"{name}.view({size // 2}, 2)", f"{name}.mT", f"{name}.flatten(0, 1)",
                f"{name}[:, ::2]", f"{name}.view({', '.join(map(str, reversed(shape)))})", f"{name}[0, :1]",
            ]  # fmt: skip
        return self.random.choice(choices)

    def view(self) -> str:
        name = self.any()
        line = self.new(self.a_view(name))
        chance = self.random.random()
        return f"with torch.no_grad(): {line}" if chance < 0.05 else line

    def several(self) -> str:
        """Several outputs at once."""
        name = self.pick([n for n, t in self.tensors.items() if t.shape and t.shape[0] == 2])
        self.count += 2
        how = self.random.choice(["unbind()", "chunk(2)", "split(1)"])
        return f"v{self.count - 1}, v{self.count} = {name}.{how}"

    def selection(self) -> str:
        name = self.floating()
        other = self.like(name, floats=True)
        return self.new(
            self.random.choice(
                [
                    f"{name}[{name} > 0]",
                    f"torch.where({name} > 0, {name}, {other})",
                    f"{name}[torch.tensor([0, 0])]",
                    f"{name}.clamp(-0.5, 1.0)",
                    f"torch.cat([{name}, {other}])",
                    f"torch.stack([{name}, {other}])",
                    f"{name}.sort()[0]",
                    f"{name}.float()",
                    f"{name}.double()",
                    f"{name} > {other}",
                    f"{name}.to(torch.complex128)",
                ]
            )
        )

    def product(self) -> str:
        flat = [n for n, t in self.tensors.items() if t.floats and len(t.shape) in (1, 2)]
        if not flat:
            return self.unary()
        a = self.pick(flat)
        inner, dtype = self.shape(a)[-1:], self.dtype(a)
        fitting = [
            n for n, t in self.tensors.items()
            if t.dtype == dtype and t.shape[-2:][:1] == inner and inner and len(t.shape) in (1, 2)
        ]  # fmt: skip
        b = self.pick(fitting) if fitting else a
        return self.new(self.random.choice([f"{a} @ {b}", f"torch.matmul({a}, {b})", f"{a}.mT @ {a}"]))

    def custom(self) -> str:
        function, name = self.random.choice(FUNCTIONS), self.floating()
        if function == "Two":
            return self.new(f"Two.apply({name}, {self.like(name, floats=True)})")
        if function in ("Pair", "Marked", "Unmade"):
            self.count += 2
            return f"v{self.count - 1}, v{self.count} = {function}.apply({name})"
        return self.new(f"{function}.apply({name})")

    def in_place(self) -> str:
        name = self.target()
        target = self.a_view(name) if self.random.random() < 0.3 else name
        other, value = self.operand(name, part=target != name), self.operand(name, part=True)
        whole = self.operand(name, part=False)
        kinds = [
            f"{target}.{self.random.choice(INPLACE_UNARY)}()",
            f"{target}.{self.random.choice(['add_', 'mul_', 'sub_', 'div_'])}({other})",
            f"{target}.{self.random.choice(['add_', 'mul_', 'fill_', 'pow_'])}({self.number()})",
            f"{name} {self.random.choice(['+=', '*=', '-=', '/='])} {self.random.choice([whole, self.number()])}",
            f"{target}.copy_({other if other in self.tensors else self.fresh(name)})",
            f"{name}[0] = {self.random.choice([self.number(), value])}",
            f"{name}[...] = {self.random.choice([self.number(), whole])}",
            f"{name}[::2] = {self.random.choice([self.number(), value])}",
            f"{name}[..., 0] {self.random.choice(['+=', '*='])} {self.number()}",
            f"{name}[{name} {'==' if 'complex' in self.dtype(name) else '>'} 0] = {self.number()}",
            f"{name}[torch.tensor([0])] = {self.random.choice([self.number(), value])}",
        ]
        line = self.random.choice(kinds)
        chance = self.random.random()
        if chance < 0.2:
            return f"with torch.no_grad(): {line}"
        return f"with torch.inference_mode(): {line}" if chance < 0.22 else line

    def mode(self) -> str:
        name = self.any()
        return self.random.choice(
            [
                self.new(f"{name}.detach().requires_grad_()"),
                self.new(f"{name}.detach().clone().requires_grad_()"),
                f"{name}.requires_grad_({self.random.choice(['', 'False'])})",
                f"{name}.requires_grad = {self.random.choice(['True', 'False'])}",
                f"{name}.retain_grad()",
                f"{name}.grad = None",
                f"{name}.grad = torch.ones_like({self.floating()})",
                f"with torch.no_grad(): {self.new(f'{name} * 2')}",
                f"with torch.no_grad(): {self.new(self.a_view(name))}",
                f"with torch.inference_mode(): {self.new(self.a_view(name))}",
                f"{name}.detach().mul_(2)",
                f"{name}.data.mul_(2)",
                f"{name}.detach_()",
                f"del {name}",
                self.new(f"{name}.item()"),
                f"note('facts', torch.tensor({name}.is_leaf), torch.tensor({name}.retains_grad))",
                f"note(repr({name}).replace('-0.', '0.').replace(' ', ''))",
            ]
        )

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
        options = self.options(
            ("create_graph=True", 0.5),
            (self.random.choice(["retain_graph=True", "retain_graph=False"]), 0.4),
            ("allow_unused=True", 0.85),
            ("materialize_grads=True", 0.1),
        )
        self.count += len(inputs)
        names = "".join(f"v{n}, " for n in range(self.count - len(inputs) + 1, self.count + 1))
        return f"{names}= torch.autograd.grad([{', '.join(outputs)}], [{', '.join(inputs)}]{weights}{options})"

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
        options = self.options(("retain_graph=True", 0.6), ("allow_unused=True", 0.8))
        weight = self.random.choice([f"torch.ones({size}, dtype={name}.dtype)"] * 6 + ["torch.ones(3)", name])
        inputs = ", ".join(self.inputs(1))
        return self.new(f"torch.autograd.grad({name}, [{inputs}], {weight}, is_grads_batched=True{options})[0]")

    def backward(self) -> str:
        name = self.floating()
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


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b), strict=False))
