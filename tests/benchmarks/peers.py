"""What gradmagic is timed beside, where it is installed. Knows no workload."""

from __future__ import annotations

import importlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

NAMES = ("torch", "jax", "autograd", "mygrad")
OF_US = ("gradmagic", "numpy", "matplotlib", "ipywidgets")


def installed(wanted: bool = True) -> dict[str, Any]:
    """The peers that can be imported, by name; jax counts in float64, as the others do here."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("JAX_ENABLE_X64", "1")
    found = {}
    for name in NAMES if wanted else ():
        try:
            found[name] = importlib.import_module(name)
        except ImportError:
            continue
    return found


def versions(peers: dict[str, Any]) -> str:
    """`numpy 2.4.6, torch 2.13.0; not installed: jax`."""
    there = []
    for name in (*OF_US, *peers):
        try:
            there.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            there.append(f"{name} (from the clone)")
    missing = [name for name in NAMES if name not in peers]
    return ", ".join(there) + (f"; not installed: {', '.join(missing)}" if missing else "")


def machine() -> str:
    """The processor, how many of its cores there are, and Python."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{name or platform.processor()}, {os.cpu_count()} cores; Python {platform.python_version()}"
