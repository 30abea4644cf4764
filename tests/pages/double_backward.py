"""Functions of one's own that can be differentiated twice: what to save, and how to check it."""

import torch
from torch.autograd import Function, gradcheck, gradgradcheck


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, grad_out):
        (x,) = ctx.saved_tensors
        return grad_out * 2 * x


x = torch.tensor([1.5, -0.5, 2.0], requires_grad=True, dtype=torch.double)
print(gradcheck(Square.apply, x), gradgradcheck(Square.apply, x))


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        result = torch.exp(x)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad_out):
        (result,) = ctx.saved_tensors
        return result * grad_out


print(gradcheck(Exp.apply, x), gradgradcheck(Exp.apply, x))
y = Exp.apply(x)
(g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
print(g, torch.autograd.grad(g.sum(), x))


def sinh(x):
    expx = torch.exp(x)
    return (expx - torch.exp(-x)) / 2


class Sinh(Function):
    @staticmethod
    def forward(ctx, x):
        expx, expnegx = torch.exp(x), torch.exp(-x)
        ctx.save_for_backward(expx, expnegx)
        return (expx - expnegx) / 2, expx, expnegx

    @staticmethod
    def backward(ctx, grad_out, _grad_out_exp, _grad_out_negexp):
        expx, expnegx = ctx.saved_tensors
        grad_input = grad_out * (expx + expnegx) / 2
        grad_input = grad_input + _grad_out_exp * expx
        return grad_input - _grad_out_negexp * expnegx


def my_sinh(x):
    return Sinh.apply(x)[0]


print(gradcheck(my_sinh, x), gradgradcheck(my_sinh, x))


class SinhBad(Function):
    @staticmethod
    def forward(ctx, x):
        expx, expnegx = torch.exp(x), torch.exp(-x)
        ctx.expx, ctx.expnegx = expx, expnegx
        return (expx - expnegx) / 2

    @staticmethod
    def backward(ctx, grad_out):
        return grad_out * (ctx.expx + ctx.expnegx) / 2


print(gradcheck(SinhBad.apply, x))
try:
    gradgradcheck(SinhBad.apply, x)
except RuntimeError as error:
    print(type(error).__name__)


class Cube(Function):
    @staticmethod
    def forward(x):
        dx = 3 * x**2
        return x**3, dx

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0], output[1])

    @staticmethod
    def backward(ctx, grad_output, grad_dx):
        x, dx = ctx.saved_tensors
        return grad_output * dx + grad_dx * 6 * x


print(gradcheck(lambda t: Cube.apply(t)[0], x), gradgradcheck(lambda t: Cube.apply(t)[0], x))
