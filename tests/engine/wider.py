"""Random statements of more kinds: masks and indices that are written to, nodes that are called, hooks that write.

A writer of its own, so that the programs of `programs.Writer` stay what they are from one seed to the next.
Runs nothing.
"""

from __future__ import annotations

from math import prod

from tests.engine.programs import Writer

# fmt: off
ACTIVATIONS = [
    "gelu", "silu", "elu", "leaky_relu", "hardtanh", "hardsigmoid", "relu6", "logsigmoid", "mish", "selu", "softsign",
]
METHODS = [
    "erfc", "trunc", "frac", "sinc", "lgamma", "digamma", "logit", "acosh", "atanh", "deg2rad", "sgn", "ceil",
]
# fmt: on


class Wider(Writer):
    """Writes what a `Writer` writes, and more."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.kinds += [
            (2, self.chosen),
            (2, self.chooser),
            (2, self.called),
            (1, self.writing_hook),
            (1, self.ordered),
            (2, self.further),
            (1, self.moved),
        ]

    def _of(self, dtype: str, shape: tuple[int, ...] | None = None) -> list[str]:
        return [n for n, t in self.tensors.items() if dtype in t.dtype and shape in (None, t.shape)]

    def chosen(self) -> str:
        """What a mask or indices choose, which stand under a name of their own."""
        name = self.floating(full=True)
        shape = self.shape(name)
        masks, indices = self._of("bool", shape), self._of("int64", shape)
        if masks and self.random.random() < 0.6:
            mask, other = self.pick(masks), self.like(name, floats=True)
            ways = [
                f"{name}[{mask}]",
                f"{name}.masked_fill({mask}, 0.5)",
                f"torch.where({mask}, {name}, {other})",
                f"{name}.masked_select({mask})",
                f"torch.where({mask}, {name}, 0.0)",
            ]
            return self.new(self.random.choice(ways))
        if indices and shape:
            at = self.pick(indices)
            ways = [
                f"{name}.gather({self.dim(name)}, {at})",
                f"{name}.scatter_add({self.dim(name)}, {at}, {name})",
                f"{name}.scatter({self.dim(name)}, {at}, 2.0)",
                f"{name}.take({at})",
            ]
            return self.new(self.random.choice(ways))
        return self.new(f"{name} > {self.random.choice(['0', '0.5', '-1'])}")

    def chooser(self) -> str:
        """A write to a mask or to indices, or through a mask."""
        masks, indices = self._of("bool"), self._of("int64")
        if masks and self.random.random() < 0.6:
            mask = self.pick(masks)
            targets = [n for n, t in self.tensors.items() if t.floats and t.shape == self.shape(mask) and not t.spread]
            if targets and self.random.random() < 0.5:
                target = self.pick(targets)
                return self.random.choice(
                    [f"{target}[{mask}] = {self.number()}", f"{target}.masked_fill_({mask}, {self.number()})"]
                )
            return self.random.choice([f"{mask}.zero_()", f"{mask}.logical_not_()"])
        return f"{self.pick(indices)}.zero_()" if indices else self.ordered()

    def called(self) -> str:
        """A node's own vector-Jacobian product, by hand."""
        name = self.floating()
        weight = self.random.choice([f"torch.ones_like({name})", f"torch.full_like({name}, 0.5)", "None"])
        call = self.new(f"first({name}.grad_fn({weight}))")
        return f"with torch.no_grad(): {call}" if self.random.random() < 0.3 else call

    def writing_hook(self) -> str:
        """A hook that writes into the gradient that it is given."""
        name = self.pick([n for n, t in self.tensors.items() if t.floats and t.hookable])
        return self.random.choice(
            [f"{name}.register_hook(lambda g: g.mul_(2))", f"{name}.register_hook(lambda g: g.neg_() and None)"]
        )

    def ordered(self) -> str:
        """Elements by their order, of numbers no two of which are equal: among those torch's choice is an accident."""
        name = self.floating(full=True)
        size = prod(self.shape(name))
        distinct = f"({name}.reshape(-1) * 0.01 + torch.arange({size}))"
        self.count += 2
        how = self.random.choice(
            [f"topk({self.random.randint(1, 2)})", "kthvalue(1)", "median(0)", "sort(descending=True)", "mode()"]
        )
        return f"v{self.count - 1}, v{self.count} = {distinct}.{how}"

    def further(self) -> str:
        name = self.floating(full=True)
        other = self.like(name, floats=True)
        ways = [
            f"torch.nn.functional.{self.random.choice(ACTIVATIONS)}({name})",
            f"{name}.{self.random.choice(METHODS)}()",
            f"torch.lerp({name}, {name}, 0.3)",
            f"torch.addcmul({name}, {name}, {other})",
            f"torch.hypot({name}, {other})",
            f"torch.nn.functional.mse_loss({name}, {name} * 0.5)",
            f"{name}.logcumsumexp({self.dim(name)})",
            f"{name}.nansum()",
            f"torch.xlogy({name}, {other})",
            f"{name}.cumprod({self.dim(name)})",
        ]
        return self.new(self.random.choice(ways))

    def moved(self) -> str:
        name = self.any()
        ways = [
            f"{name}.roll(1)",
            f"{name}.repeat(2, *[1] * {name}.ndim)",
            f"{name}.tile(2)",
            f"{name}.diag_embed()",
            f"torch.nn.functional.pad({name}, (1, 0))",
            f"{name}.repeat_interleave(2)",
            f"{name}.ravel()",
        ]
        if len(self.shape(name)) == 2:
            ways += [f"{name}.tril()", f"{name}.triu()", f"{name}.rot90()", f"{name}.trace()"]
        return self.new(self.random.choice(ways))
