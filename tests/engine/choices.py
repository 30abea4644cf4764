"""Where our answers are meant to differ from torch's, each with its reason. Knows no engine."""

from __future__ import annotations

from typing import Any

_NUMPY = "plain NumPy code on Tensors is differentiable: it is what the engine is for"
_AS_ANSWERED: dict[str, Any] = {"raises": None, "message": None, "warnings": []}

# The fields given replace those of the record; the others must agree with torch.
DESIGN: dict[str, dict[str, Any]] = {
    "grad.grad_outputs_ndarray_bare": {**_AS_ANSWERED, "why": "an array is a weight as well as a tensor is"},
    "conv.np_sin_plain": {
        "warnings": [],
        "why": "NumPy's dispatch reaches us before NumPy finds anything to deprecate",
    },
    "fwd.over_reverse": {
        "prints": "tensor([ 6., 12.], grad_fn=<MulBackward0>)\n",
        "why": "what has no tangent adds nothing to that of a product; torch adds zeros",
    },
    "conv.np_mul_left": {
        **_AS_ANSWERED,
        "prints": "tensor([1., 1.], dtype=torch.float64, grad_fn=<MulBackward0>)\n",
        "why": _NUMPY,
    },
    "conv.tensor_mul_ndarray": {
        **_AS_ANSWERED,
        "prints": "tensor([2., 3.], dtype=torch.float64, grad_fn=<MulBackward0>)\n",
        "why": _NUMPY,
    },
    "conv.np_sum_requires_grad": {
        **_AS_ANSWERED,
        "prints": "tensor(2., grad_fn=<SumBackward0>)\n",
        "why": _NUMPY,
    },
}
_PARAMETERS = [
    ("outputs", "Any", "<required>"),
    ("inputs", "Any", "<required>"),
    ("grad_outputs", "Any", "None"),
    ("retain_graph", "bool | None", "None"),
    ("create_graph", "bool", "False"),
    ("only_inputs", "bool", "True"),
    ("allow_unused", "bool | None", "None"),
    ("is_grads_batched", "bool", "False"),
    ("materialize_grads", "bool", "False"),
]
_SIGNATURE = ", ".join(
    f"{name}: '{kind}'" + ("" if default == "<required>" else f" = {default}") for name, kind, default in _PARAMETERS
)
DESIGN["grad.signature"] = {
    "prints": f"({_SIGNATURE}) -> 'Any'\n"
    + "".join(f"{name} POSITIONAL_OR_KEYWORD {default}\n" for name, _, default in _PARAMETERS),
    "why": "names, kinds and defaults are torch's; the annotations say what is checked here, not torch's own types",
}

BETTER: dict[str, dict[str, Any]] = {
    "gradcheck.float32": {
        "message": "Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor([[0.8792, 0.0000],\n"
        "        [0.0000, 0.0596]])\nanalytical:tensor([[0.8776, 0.0000],\n        [0.0000, 0.0707]])\n",
        "why": "the float32 sine of 0.500001 is correctly rounded here; torch's is one unit in the last place off",
    },
    "batched.shape_mismatch": {
        "message": "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
        "dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding output, "
        "but a mismatch was detected: grad_output[0] has a shape of torch.Size([2, 2]) and output[0] has a shape of "
        "torch.Size([3]). If you only want some tensors in `grad_output` to be considered batched, consider using "
        "vmap.",
        "why": "torch gives the gradient's shape as torch.Size([])",
    },
    "op.not_implemented_backward": {
        "prints": "tensor(1., grad_fn=<FloorDivideBackward0>)\n",
        "why": "the derivative of x // 2 is zero wherever there is one; torch has none",
    },
    "grad.shape_mismatch_second_scalar_ok": {
        "message": "Mismatch in shape: grad_output[1] has a shape of torch.Size([4]) and output[1] has a shape of "
        "torch.Size([3]).",
        "why": "torch stumbles over its own message and reports a broadcasting error",
    },
    "sub.sinc0": {
        "prints": "tensor(1., grad_fn=<SincBackward0>) tensor(0., grad_fn=<MulBackward0>) (tensor(-3.2899),)\n",
        "why": "sinc''(0) is -π²/3; torch gives nan",
    },
    "mem.cycle_create_graph": {
        "prints": "alive after del: True\nalive after gc: False\n",
        "why": "Python's collector sees our graph; torch leaks it",
    },
    "func_cls.once_differentiable": {
        "prints": "tensor(6., grad_fn=<Error>)\n",
        "message": "trying to differentiate twice a function that was marked with @once_differentiable",
        "why": "torch takes the gradient for a constant unless the incoming one requires grad",
    },
    "func_cls.once_differentiable_weight": {
        "message": "trying to differentiate twice a function that was marked with @once_differentiable",
        "why": "torch's delayed error is not connected to the input, which it then calls unused",
    },
    "zero.zerotensor_numpy": {**_AS_ANSWERED, "why": "a second derivative that is zero is an ordinary array of zeros"},
    "zero.zerotensor_tolist": {**_AS_ANSWERED, "why": "a second derivative that is zero is an ordinary array of zeros"},
}

# By name: where random programs may part from torch's, and end.
RANDOM: dict[str, str] = {
    "unused is told first": "torch runs the walk, and frees the graph, before it looks for unused inputs",
    "the mismatch that there is": "torch stumbles over its own message where the mismatch is not at the first output",
    "once differentiable": "torch takes the gradient for a constant unless the incoming one requires grad",
    "ordinary zeros": "torch's ZeroTensors cannot be written to or converted",
    "the shapes that there are": "torch gives the shape of a batch of gradients that does not fit as torch.Size([])",
    "any op can be batched": "torch's vmap has no rule for what a hook does",
    "one of two errors": "torch looks for stale views first, and then whether the operands fit",
    "refused before it is done": "torch writes into an inference tensor and only then says that it may not",
    "row by row": "a batch of weights that is no matter of broadcasting goes row by row, and custom functions with it",
    "memory of its own": "a gradient for a batch of weights can be written to; what torch's vmap leaves is a view",
    "another formula": "a gradient of the same value has another node, as OTHER_FORMULAS lists",
    "finite at singular points": "second derivatives of atan2 at the origin and of 0**0 are 0, where torch gives NaN",
}

# The nodes of gradients, torch's and ours, where the same value is computed by another formula.
OTHER_FORMULAS = {
    ("MaskedFillBackward0", "MulBackward0"),  # minimum and maximum share ties by a factor
    ("MaskedFillBackward1", "MulBackward0"),  # as do min() and max()
    ("MaskedFillBackward1", "WhereBackward0"),
    ("WhereBackward0", "MulBackward0"),  # the guard of a power at 0 is in its factor
    ("MulBackward1", "MulBackward0"),  # by a number or by a tensor of one
    ("CopySlices", "PermuteBackward0"),  # cumprod of what has zeros
    ("DivBackward0", "MulBackward0"),  # hypot, xlogy
}

# The same for a batch of weights: torch's vmap has no rule for some derivatives, goes through the batch and views what
# it has stacked, or it has one that is made of other ops.
BATCHED_FORMULAS = {
    ("ViewBackward0", "TanhBackwardBackward0"),
    ("ViewBackward0", "SoftplusBackwardBackward0"),
    ("ViewBackward0", "SoftmaxBackwardDataBackward0"),
    ("ViewBackward0", "LogSoftmaxBackwardDataBackward0"),
    ("CopySlices", "DiagonalBackwardBackward0"),
}

# id: what does not exist yet. A test fails as soon as an entry passes that is still listed here.
NOT_YET: dict[str, str] = {}

NOT_YET_PRINTED: dict[str, str] = {}

NOT_YET_AN_OP: dict[str, str] = {}

# Nodes that another formula of the same value gives.
OTHER_NODES: dict[str, dict[str, Any]] = {
    "unary.sinc": {"d_nodes": ["MulBackward0"]},
    "struct.logcumsumexp": {"d_nodes": ["PermuteBackward0"]},
    "struct.conv1d": {"node": "PermuteBackward0", "d_nodes": [None]},
}

# Values of torch's that are less exact than ours, or derivatives that it has not: here by mpmath.
EXACTLY: dict[str, dict[str, Any]] = {
    "unary.lgamma": {
        "d2": [26.267377205423777, 2.834049156694611, 1.6449340668482264, 0.6879720582426356, 0.2686649407314008]
    },
    "unary.digamma": {
        "d1": [26.267377205423777, 2.834049156694611, 1.6449340668482264, 0.6879720582426356, 0.2686649407314008]
    },
    "unary.i1": {
        "d4": [
            -1.723241123246824,
            -0.5142751724807053,
            -0.23472989471861225,
            0.0949854619486266,
            0.3157052554061978,
            0.7861747111750377,
            3.053266362261343,
        ]
    },
    "unary.log_ndtr": {
        "d4": [
            0.02724064037471868,
            0.06513098255327006,
            0.09388576011648737,
            0.10538921611551455,
            0.022751377382919626,
            -0.15887619259622365,
            -0.06768305793438693,
        ]
    },
    "unary.bessel_j0": {
        "node": "SpecialBesselJ0Backward0",
        "d_nodes": ["MulBackward0"],
        "f": [
            -0.048383776468198,
            0.6200859895615091,
            0.8812008886074053,
            0.9776262465382961,
            0.8075237981225448,
            0.3979848594461095,
            -0.29206434765069755,
        ],
        "d1": [
            0.49709410246427405,
            0.5220232474146604,
            0.32899574154005895,
            -0.148318816273104,
            -0.4059495460788057,
            -0.5777652315290233,
            -0.3009211331010576,
        ],
        "d2": [
            0.2472214174539076,
            -0.21852964539638572,
            -0.4112069721216068,
            -0.48323019229461606,
            -0.3564687469238718,
            -0.05812295854668409,
            0.3891356809091032,
        ],
        "d3": [
            -0.31867047908842716,
            -0.3812334791310161,
            -0.2450143924483565,
            0.11109927644289079,
            0.30085365244013773,
            0.4120364419097636,
            0.14408016078895794,
        ],
        "d4": [
            -0.23195071038860096,
            0.1418727665012108,
            0.30113312317167595,
            0.36102953635306817,
            0.25573334118742536,
            0.010723627563599167,
            -0.33442542805902536,
        ],
    },
    "unary.psi": {
        "d1": [26.267377205423777, 2.834049156694611, 1.6449340668482264, 0.6879720582426356, 0.2686649407314008]
    },
    "unary.polygamma1": {
        "f": [26.267377205423777, 2.834049156694611, 1.6449340668482264, 0.6879720582426356, 0.2686649407314008]
    },
}
