"""Records the signatures of torch's own functions that we have too, which its argument parser reads.

    python -m tests.torch.signatures

Writes gradmagic/ops/signatures.txt. Needs torch, whose generator of bindings tells them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradmagic import torch as ours

TARGET = Path(__file__).parents[2] / "gradmagic" / "ops" / "signatures.txt"


def recorded() -> list[str]:
    """One line a signature, those of a function in the order in which torch tries them."""
    import torch
    import torchgen
    from torchgen.gen import parse_native_yaml
    from torchgen.packaged.autograd import gen_python_functions as generator

    home = Path(torchgen.__file__).parent / "packaged"
    native = home / "ATen" / "native"
    told = parse_native_yaml(str(native / "native_functions.yaml"), str(native / "tags.yaml")).native_functions
    bound = [f for f in told if generator.should_generate_py_binding(f)]
    old = str(home / "autograd" / "deprecated.yaml")
    pairs = generator.load_signatures(bound, old, method=False)
    methods = generator.load_signatures(bound, old, method=True)
    modules = (
        ("", torch, ours, generator.is_py_torch_function),
        ("linalg_", torch.linalg, ours.linalg, generator.is_py_linalg_function),
        ("fft_", torch.fft, ours.fft, generator.is_py_fft_function),
        ("special_", torch.special, ours.special, generator.is_py_special_function),
        ("", torch.nn.functional, ours.nn.functional, _is_torchs_or_nns),
        ("", torch.Tensor, ours.Tensor, generator.is_py_variable_method),
    )
    lines = []
    for prefix, real, mine, belongs in modules:
        here: dict[str, list[Any]] = {}
        for pair in methods if mine is ours.Tensor else pairs:
            name = pair.signature.name.removeprefix(prefix)
            written_in_python = hasattr(getattr(real, name, None), "__code__")  # it speaks for itself
            if (
                belongs(pair.function)
                and name[:2] != "__"
                and callable(getattr(mine, name, None))
                and not written_in_python
            ):
                here.setdefault(pair.signature.name, []).append(pair)
        mark = {ours.nn.functional: "nn.", ours.Tensor: "Tensor."}.get(mine, "")
        for _, overloads in sorted(here.items()):
            lines += [mark + o.signature.signature_str() for o in generator.group_overloads(overloads)]
    return lines


def _is_torchs_or_nns(function: Any) -> bool:
    from torchgen.packaged.autograd import gen_python_functions as generator

    return generator.is_py_torch_function(function) or generator.is_py_nn_function(function)


if __name__ == "__main__":
    TARGET.write_text("".join(f"{line}\n" for line in recorded()), "utf-8")
