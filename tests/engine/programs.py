"""Random statements of a torch program, one after the other. Knows the tensors there are; runs nothing."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.asking import Asking
from tests.engine.prelude import FUNCTIONS
from tests.engine.seeing import Seen

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


SAVING = "torch.autograd.graph.saved_tensors_hooks"


class Writer(Asking):
    """Writes statements about the tensors that it knows."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.length = self.random.choice((8, 14, 20))
        self.kinds: list[tuple[float, Callable[[], str]]] = [
            (3, self.unary), (4, self.binary), (2, self.scalar_binary), (2, self.reduction), (6, self.view),
            (7, self.in_place), (5, self.grad), (1, self.batched), (2, self.backward), (3, self.mode), (2, self.hook),
            (1, self.selection), (1, self.product), (1, self.leaf), (2, self.custom), (1, self.several),
            (0.7, self.functional), (0.5, self.complex),
        ]  # fmt: skip

    def statement(self) -> str:
        """The next statement of the program."""
        if self.count < 2:
            return self.leaf()
        weights, kinds = zip(*self.kinds, strict=True)
        statement: str = self.random.choices(kinds, weights)[0]()
        return statement

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
                f"{name}.split(1, dim={d})[-1]", f"{name}.unfold({d}, 1, 1)", f"{name}.expand_as({name})",
                f"{name}.unflatten({d}, (-1, 1))", f"{name}.swapaxes(0, {d})", f"{name}[None, ..., None]",
                f"{name}.as_strided(({shape[0]},), (1,))", f"{name}.data",
                f"{name}.expand({', '.join(['3', *['-1'] * len(shape)])})",
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
        """Several outputs at once.

        Not topk, kthvalue and median: which of equal elements they choose is an accident of torch's way to find them.
        """
        name = self.pick([n for n, t in self.tensors.items() if t.shape and t.shape[0] == 2])
        self.count += 2
        if self.random.random() < 0.4:
            full = self.floating(full=True)
            d = self.dim(full)
            how = [f"sort({d})", f"max({d})", f"min({d})"]
            if 0 not in self.shape(full):  # of nothing torch's cummax gives its operand itself for the gradient
                how.append(f"cummax({d})")
            both = self.random.choice(
                [
                    f"{full}.{self.random.choice(how)}",
                    f"torch.var_mean({full})",
                    f"torch.std_mean({full})",
                    f"torch.aminmax({full})",
                ]
            )
            return f"v{self.count - 1}, v{self.count} = {both}"
        how = self.random.choice(
            ["unbind()", "chunk(2)", "split(1)", "tensor_split(2)", "split([1, 1])", "hsplit(2)", "unsafe_chunk(2)"]
        )
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

    def complex(self) -> str:
        """Complex numbers, and back. Not conj(), mH and H: torch's are views, ours are copies."""
        name = self.pick([n for n, t in self.tensors.items() if "complex" in t.dtype])
        if "complex" not in self.dtype(name):
            return self.new(f"torch.complex({self.floating()}, {self.floating()})")
        how = [
            "real",
            "imag",
            "abs()",
            "angle()",
            "exp()",
            "sin()",
            "sum()",
        ]
        return self.new(f"{name}.{self.random.choice(how)}")

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
        if function == "Scaled":
            return self.new(f"Scaled.apply({name}, {self.number()})")
        if function == "Two":
            return self.new(f"Two.apply({name}, {self.like(name, floats=True)})")
        if function == "Both":
            alike = [n for n, t in self.tensors.items() if t.floats and t.shape == self.shape(name)]
            return self.new(f"Both.apply({name}, {self.pick(alike)})")
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
        ]
        if not self.tensors.get(name, Seen(())).spread:  # what torch has deprecated where elements share memory
            kinds += [
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
                f"{name}.data = {self.random.choice(['torch.ones_like', 'torch.zeros_like'])}({name})",
                f"with torch.set_grad_enabled(False): {self.new(f'{name} * 2')}",
                f"with torch.no_grad(), torch.enable_grad(): {self.new(f'{name} * 2')}",
                f"note('next', names({name}))",
                self.new(f"copy.deepcopy({name})"),
                f"torch.autograd.graph.increment_version({name})",
                f"with {SAVING}(lambda t: t.detach() * 2, lambda t: t / 2): {self.new(f'{name} * {self.like(name)}')}",
                f"with {SAVING}(lambda t: (note('pack', t), t.detach())[1], lambda t: t): {self.new(f'{name}.exp()')}",
                f"del {name}",
                self.new(f"{name}.item()"),
                f"note('facts', torch.tensor({name}.is_leaf), torch.tensor({name}.retains_grad))",
                f"note(repr({name}).replace('-0.', '0.').replace(' ', ''))",
            ]
        )
