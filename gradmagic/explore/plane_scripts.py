"""The parts of a plain script that are its own where there are two inputs. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradmagic.explore.planes import Plane
from gradmagic.explore.state import State
from gradmagic.explore.trace import Trace

__all__ = ["calls", "given", "printing"]


def given(plane: Plane) -> Iterator[str]:
    """Both inputs over their ranges; the cursor is one of the places."""
    names = plane.labels[:2]
    for name, samples, place in zip(names, (plane.x, plane.y), places(plane)[::-1], strict=True):
        yield f"{name} = np.linspace({float(samples[0])!r}, {float(samples[-1])!r}, {len(samples)})"
        yield f"{name}[{place}] = {float(samples[place])!r}  # the cursor"
    both = ", ".join(names)
    yield f"{both} = (torch.tensor(part, requires_grad=True) for part in np.meshgrid({both}))"


def places(plane: Plane) -> tuple[int, int]:
    """Row and column of the cursor."""
    return int(np.argmin(np.abs(plane.y - plane.cursor.y))), int(np.argmin(np.abs(plane.x - plane.cursor.x)))


def names(plane: Plane) -> tuple[tuple[str, str], tuple[tuple[str, str], tuple[str, str]]]:
    """What the parts of the gradient and of the Hessian are called."""
    x, y, z = plane.labels
    first = f"d{z}d{x}", f"d{z}d{y}"
    return first, ((f"d2{z}d{x}d{x}", f"d2{z}d{x}d{y}"), (f"d2{z}d{y}d{x}", f"d2{z}d{y}d{y}"))


def calls(trace: Trace, state: State, weights: str) -> Iterator[str]:
    """The gradient, and the gradient of each of its parts; what is not used in a graph is None there, and zero here."""
    plane = trace.plane
    assert plane is not None
    x, y, z = plane.labels
    options = ", create_graph=True" if state.create_graph else ""
    if state.retain_graph is not None:
        options += f", retain_graph={state.retain_graph}"
    first, second = names(plane)
    for outputs, results in zip((z, *first), (first, *second), strict=True):
        if outputs != z and len(trace.derivatives) < 2:
            return
        both = ", ".join(results)
        call = f"{both} = torch.autograd.grad({outputs}, ({x}, {y}), {given_to(weights, z, outputs)}{options}, "
        call += "allow_unused=True)"
        made = any(row.by == "panel" and row.ok and row.source.startswith(both) for row in trace.ledger)
        if (plane.gradient if outputs == z else plane.hessian) is None:
            yield f"# {call}  # refused"
        elif not made:
            yield f"{both} = torch.zeros_like({x}), torch.zeros_like({x})  # {outputs} is constant: grad would refuse"
        else:
            yield call
            yield f"{both} = (torch.zeros_like({x}) if part is None else part for part in ({both}))"


def given_to(weights: str, z: str, outputs: str) -> str:
    """The weights of z as those of another output."""
    return weights.replace(f"ones_like({z})", f"ones_like({outputs})")


def printing(plane: Plane) -> Iterator[str]:
    """The values at the cursor."""
    first, ((xx, xy), (_, yy)) = names(plane)
    shown = [*plane.labels, *(first if plane.gradient is not None else ())]
    shown += [xx, xy, yy] if plane.hessian is not None else []
    row, column = places(plane)
    yield f"at = {row}, {column}  # the place of the cursor"
    yield f"print({', '.join(f'{name}[at].item()' for name in shown)})"
