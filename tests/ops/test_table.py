"""The table of ops says what the tests check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_ops_is_current() -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.ops.table", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
