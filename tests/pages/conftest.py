"""Pages are programs, not tests: they run under real torch or under ours, and only when asked."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
collect_ignore = [path.name for path in HERE.glob("*.py") if not path.name.startswith("test_")]
sys.path.insert(0, str(HERE.parents[1]))
