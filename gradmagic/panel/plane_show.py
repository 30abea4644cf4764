"""What can be drawn over a map of two inputs. Knows no picture."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["OVER_A_MAP"]

# By their name in Look.plane: what the switch says, and its tooltip.
OVER_A_MAP: Mapping[str, tuple[str, str]] = {
    "contours": ("contours", "lines along which the value is the same"),
    "arrows": ("gradient", "arrows up the steepest way; they grow as the root of the gradient"),
    "critical": ("critical points", "where the gradient is zero: ▽ minimum, △ maximum, × saddle, ◇ degenerate"),
    "directions": (
        "Hessian at x₀, y₀",
        "along each eigenvector: solid where z bends upwards, dashed where downwards; the black arrow is the gradient",
    ),
    "stretch": ("stretched colours", "more colours for the values that most of the plane has, where they lie close"),
}
