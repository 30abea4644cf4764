"""Random statements of a torch program, one after the other. Knows the tensors there are; runs nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

# fmt: off
UNARY = [
    "sin", "cos", "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "abs", "neg", "square", "reciprocal", "atan",
    "sinh", "cosh", "log1p", "expm1", "tan", "asin", "asinh", "rsqrt", "exp2", "log2", "softplus", "sign", "floor",
    "round", "log10", "sinc", "erf",
]
# fmt: on
BINARY = ("+", "-", "*", "/", "+", "*", "-")
BINARY_FUNCTIONS = ("maximum", "minimum", "atan2", "hypot", "pow", "logaddexp", "fmod", "remainder")
REDUCTIONS = ["sum", "mean", "prod", "amax", "amin", "logsumexp", "std", "var", "max", "min", "norm"]
ALONG = ["cumsum", "cumprod", "softmax", "log_softmax", "flip"]
INPLACE_UNARY = ["exp_", "sin_", "neg_", "zero_", "sqrt_", "abs_", "tanh_", "relu_", "sigmoid_"]
SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (2,), (2, 3), (2, 1), (1, 3), (3, 2), (2, 2), (2, 2, 3), (0,))


class Writer:
    """Writes statements about the tensors of `shapes`, a name-to-shape table that its reader keeps up to date."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.leaves: list[str] = []
        self.count = 0
        self.kinds: list[tuple[float, Callable[[], str]]] = [
            (4, self.unary),
            (5, self.binary),
            (2, self.scalar_binary),
            (3, self.reduction),
            (4, self.view),
            (4, self.in_place),
            (5, self.grad),
            (2, self.backward),
            (1, self.mode),
            (1, self.selection),
            (1, self.product),
            (1, self.leaf),
        ]

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

    def any(self) -> str:
        """The name of some tensor, the latest more often."""
        names = list(self.shapes)
        if not names:
            return "v1"
        return self.random.choice(names[-3:] if self.random.random() < 0.5 else names)

    def like(self, name: str) -> str:
        """Mostly a tensor whose shape goes with that of `name`."""
        shape = self.shapes.get(name, ())
        fitting = [other for other, extents in self.shapes.items() if _broadcast(shape, extents)]
        return self.random.choice(fitting) if fitting and self.random.random() < 0.95 else self.any()

    def number(self) -> str:
        return self.random.choice(["2", "3", "0.5", "-1", "-1.5", "2.0", "1", "0", "-2"])

    def dim(self, name: str) -> str:
        ndim = len(self.shapes.get(name, ()))
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
        dtype = self.random.choices(["float64", "float32", "int64"], [12, 2, 0.5])[0]
        shape = self.random.choice(SHAPES)
        # An int64 leaf that asks for a gradient is refused: that is compared, too.
        grad = self.random.random() < (0.85 if dtype != "int64" else 0.1)
        self.leaves.append(f"v{self.count + 1}")
        return self.new(f"torch.tensor({self.values(shape)}, dtype=torch.{dtype}, requires_grad={grad})")

    def unary(self) -> str:
        name, function = self.any(), self.random.choice(UNARY)
        method = self.random.random() < 0.5 and function != "softplus"
        prefix = "torch.nn.functional" if function == "softplus" else "torch"
        return self.new(f"{name}.{function}()" if method else f"{prefix}.{function}({name})")

    def binary(self) -> str:
        a = self.any()
        b = self.like(a)
        if self.random.random() < 0.25:
            return self.new(f"torch.{self.random.choice(BINARY_FUNCTIONS)}({a}, {b})")
        return self.new(f"{a} {self.random.choice(BINARY)} {b}")

    def scalar_binary(self) -> str:
        name, number = self.any(), self.number()
        operator = self.random.choice([*BINARY, "**", "**"])
        if self.random.random() < 0.3:
            return self.new(f"{number if number[0] != '-' else '2'} {operator} {name}")
        return self.new(f"{name} {operator} {number}")

    def reduction(self) -> str:
        name = self.any()
        if self.random.random() < 0.25:
            return self.new(f"{name}.{self.random.choice(ALONG)}({self.dim(name)})")
        function = self.random.choice(REDUCTIONS)
        if self.random.random() < 0.5 and function not in ("amax", "amin", "logsumexp"):
            return self.new(f"{name}.{function}()")
        keep = self.random.choice(["", ", keepdim=True"])
        first = "[0]" if function in ("max", "min") else ""
        return self.new(f"{name}.{function}(dim={self.dim(name)}{keep}){first}")

    def view(self) -> str:
        name = self.any()
        shape = self.shapes.get(name, ())
        size = 1
        for extent in shape:
            size *= extent
        choices = [
            f"{name}.reshape(-1)",
            f"{name}.view({size})",
            f"{name}.unsqueeze({self.dim(name)})",
            f"{name}.squeeze()",
            f"{name}.flatten()",
            f"{name}[..., 0]",
            f"{name}[None]",
            f"{name}.expand({', '.join(map(str, (2, *shape)))})",
            f"{name}.detach()",
            f"{name}.clone()",
        ]
        if len(shape) >= 1:
            choices += [f"{name}[0]", f"{name}[-1]", f"{name}[1:]", f"{name}[::2]", f"{name}.chunk(2)[0]"]
            choices += [
                f"{name}.unbind()[0]",
                f"{name}.narrow(0, 0, 1)",
                f"{name}.select(0, {self.random.choice([0, 1, 5])})",
            ]
        if len(shape) >= 2:
            choices += [f"{name}.transpose(0, 1)", f"{name}.T", f"{name}.t()", f"{name}[:, 0]", f"{name}[:, 1:]"]
            choices += [f"{name}[1, 0]", f"{name}.permute({', '.join(map(str, reversed(range(len(shape)))))})"]
            choices += [f"{name}.diagonal()", f"{name}.view({size // 2}, 2)", f"{name}.split(1, dim=1)[0]"]
        return self.new(self.random.choice(choices))

    def selection(self) -> str:
        name = self.any()
        other = self.like(name)
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
                ]
            )
        )

    def product(self) -> str:
        a, b = self.any(), self.any()
        return self.new(self.random.choice([f"{a} @ {b}", f"torch.matmul({a}, {b})", f"torch.outer({a}, {b})"]))

    def in_place(self) -> str:
        name = self.any()
        other = self.like(name)
        kinds = [
            f"{name}.{self.random.choice(INPLACE_UNARY)}()",
            f"{name}.{self.random.choice(['add_', 'mul_', 'sub_', 'div_'])}({other})",
            f"{name}.{self.random.choice(['add_', 'mul_', 'fill_', 'pow_'])}({self.number()})",
            f"{name} {self.random.choice(['+=', '*=', '-=', '/='])} {self.random.choice([other, self.number()])}",
            f"{name}.copy_({other})",
            f"{name}[0] = {self.random.choice([self.number(), self.any()])}",
            f"{name}[..., 0] {self.random.choice(['+=', '*='])} {self.number()}",
            f"{name}[{name} > 0] = {self.number()}",
        ]
        line = self.random.choice(kinds)
        return f"with torch.no_grad(): {line}" if self.random.random() < 0.2 else line

    def mode(self) -> str:
        name = self.any()
        return self.random.choice(
            [
                self.new(f"{name}.detach().requires_grad_()"),
                f"{name}.requires_grad_({self.random.choice(['', 'False'])})",
                f"{name}.retain_grad()",
                f"{name}.grad = None",
                f"with torch.no_grad(): {self.new(f'{name} * 2')}",
                f"{name}.register_hook(lambda g: g * 2)",
                self.new(f"{name}.item()"),
            ]
        )

    def options(self, *choices: tuple[str, float]) -> str:
        given = [text for text, chance in choices if self.random.random() < chance]
        return "".join(f", {text}" for text in given)

    def weight(self, name: str) -> str:
        return self.random.choices(
            [f"torch.ones_like({name})", f"torch.full_like({name}, 0.5)", "None", self.any()], [6, 3, 1, 1]
        )[0]

    def grad(self) -> str:
        outputs = [self.any() for _ in range(self.random.choices([1, 2], [6, 1])[0])]
        pool = self.leaves if self.leaves and self.random.random() < 0.7 else list(self.shapes) or ["v1"]
        inputs = [self.random.choice(pool) for _ in range(self.random.choices([1, 2], [3, 1])[0])]
        if len(outputs) == 1 and self.random.random() < 0.3:
            outputs, weights = [f"{outputs[0]}.sum()"], ""
        elif self.random.random() < 0.08:
            weights = ""
        else:
            weights = f", [{', '.join(map(self.weight, outputs))}]"
        options = self.options(
            ("create_graph=True", 0.6),
            (self.random.choice(["retain_graph=True", "retain_graph=False"]), 0.4),
            (self.random.choice(["allow_unused=True", "allow_unused=False"]), 0.6),
            ("materialize_grads=True", 0.1),
        )
        return self.new(f"torch.autograd.grad([{', '.join(outputs)}], [{', '.join(inputs)}]{weights}{options})[0]")

    def backward(self) -> str:
        name = self.any()
        options = self.options(
            ("retain_graph=True", 0.5),
            ("create_graph=True", 0.15),
            (f"inputs=[{self.random.choice(self.leaves or ['v1'])}]", 0.15),
        )
        if self.random.random() < 0.6:
            return f"{name}.sum().backward({options[2:]})"
        return f"{name}.backward({self.weight(name)}{options})"


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b), strict=False))
