"""What random programs may use: custom functions, and a log that hooks write to. Knows no tensor there is."""

from __future__ import annotations

FUNCTIONS = [
    "Square", "Twice", "Flat", "Same", "Pair", "Marked", "Once", "Keeps", "Separate", "Unmade", "Two", "Scaled", "Both",
    "Inner", "Window",
]  # fmt: skip

# What statements may use: custom functions, and a log that hooks write to.
PRELUDE = """
import copy

log = []

def names(t):
    edges = t.grad_fn.next_functions if t.grad_fn is not None else []
    return repr([(None if f is None else f.name(), k) for f, k in edges])

def first(found):
    return found[0] if isinstance(found, tuple) else found

def present(*gradients):
    return [g for g in gradients if g is not None]

def note(name, *tensors):
    log.append((name, [t.detach().clone() if isinstance(t, torch.Tensor) else t for t in tensors]))

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

class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, by):
        ctx.by = by
        return x * by
    @staticmethod
    def backward(ctx, g):
        return g * ctx.by, None

class Both(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        log.append(("both", list(ctx.needs_input_grad)))
        return (g * b if ctx.needs_input_grad[0] else None), (g * a if ctx.needs_input_grad[1] else None)

class Inner(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            t = x.detach().requires_grad_()
            return torch.autograd.grad(t.sin(), t, g)[0]

class Window(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x.detach()[..., None]
    @staticmethod
    def backward(ctx, g):
        return g[..., 0]

class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        return a * b.detach()
    @staticmethod
    def backward(ctx, g):
        return g, None
"""
