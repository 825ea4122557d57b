"""Runs the tests that lean on Alembic and SQLAlchemy on other versions of them.

    python tools/alembic_matrix.py

Each pair of versions is laid over this interpreter's packages in a folder that is thrown away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

ALEMBIC = ("1.18", "1.19", "1.20")
SQLALCHEMY = ("2.0", "2.1")
TESTS = ("tests/migrations", "tests/test_driver.py")

SHOW = "import alembic, sqlalchemy; print(alembic.__version__, sqlalchemy.__version__)"


def main() -> int:
    """Exit status 1 where a test fails on any pair."""
    failed = []
    for alembic, sqlalchemy in product(ALEMBIC, SQLALCHEMY):
        pair = f"Alembic {alembic}, SQLAlchemy {sqlalchemy}"
        print(f"\n== {pair}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            if not passes(Path(folder), alembic, sqlalchemy):
                failed.append(pair)
    print("\n" + ("failed on " + "; ".join(failed) if failed else "passed on every pair"))
    return 1 if failed else 0


def passes(folder: Path, alembic: str, sqlalchemy: str) -> bool:
    """Whether the tests pass with these versions, which are installed into `folder`."""
    versions = [f"alembic=={alembic}.*", f"sqlalchemy=={sqlalchemy}.*"]
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target", str(folder)]
    subprocess.run([*pip, *versions], check=True)
    environ = os.environ | {"PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "-c", SHOW], env=environ, check=True)
    present = [test for test in TESTS if Path(test).exists()]
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", "2", *present]
    return subprocess.run(pytest, env=environ).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
