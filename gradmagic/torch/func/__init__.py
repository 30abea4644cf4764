"""``torch.func``: functions made of functions, by differentiation or mapping. Knows levels and trees; knows no op.

`jvp` follows tangents. `linearize` and `jacfwd` call the function once and differentiate the backward pass by its
weights, which costs less than to follow one tangent for each column. `vmap` calls the function for each element.
"""

from gradmagic.torch.func.gradients import grad, grad_and_value
from gradmagic.torch.func.jacobians import hessian, jacfwd, jacrev
from gradmagic.torch.func.products import jvp, linearize, vjp
from gradmagic.torch.mapping import vmap
from gradmagic.torch.nn.stateless import functional_call, stack_module_state

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "stack_module_state",
    "vjp", "vmap",
]  # fmt: skip
