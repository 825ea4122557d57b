"""Prints how long lockgate takes to show its help, as a ratio to Alembic.

python -m benchmarks.startup
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.measure import compare, is_held

HELD_TO = 0.5


def main() -> int:
    """Exit status 1 where lockgate takes longer than it is held to."""
    help_ = compare(["--help"], project=Path.cwd(), environ=os.environ, runs=15)
    return 0 if is_held("--help", help_, HELD_TO, same_answer=False) else 1


if __name__ == "__main__":
    sys.exit(main())
