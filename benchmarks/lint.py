"""Prints how many statements lint reads a second, as a ratio to the parser alone, and its memory.

python -m benchmarks.lint

Both parse the same statements in turns, in this process, start-up apart, in CPU time; the parser is
pglast's `parse_sql`, which makes Python's tree. Memory is that of a process that lints 50 MB.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pglast

from lockgate.core.effects import Structure
from lockgate.core.linter import UnitLinter, by_subject
from lockgate.core.rule import Unit
from lockgate.core.script import read_script
from lockgate.workflows.linting import choose_rules, uncollected

TURNS = 7
STATEMENTS = 12_000
HELD_TO_RATIO = 1.0
HELD_TO_A_SECOND = 15_000
FILE_BYTES = 50 * 1024 * 1024
HELD_TO_MB = 150

FORMS = (
    "ALTER TABLE orders ADD COLUMN note_{n} text DEFAULT 'none';",
    "CREATE INDEX CONCURRENTLY ix_{n} ON orders (placed);",
    "ALTER TABLE orders ADD CONSTRAINT c_{n} CHECK (total >= {n}) NOT VALID;",
    "CREATE INDEX iy_{n} ON people (name);",
    "INSERT INTO people (id, name) VALUES ({n}, 'somebody');",
    "UPDATE people SET name = 'x' WHERE id = {n};",
    "COMMENT ON TABLE orders IS 'number {n}';",
    "ALTER TABLE people ALTER COLUMN name SET NOT NULL;",
    "GRANT SELECT ON people TO PUBLIC;",
    "DROP INDEX CONCURRENTLY IF EXISTS ix_{n};",
)


def main() -> int:
    """Exit status 1 where lint is slower or larger than it is held to."""
    text = "\n".join(FORMS[n % len(FORMS)].format(n=n % 50) for n in range(STATEMENTS))
    parses: Callable[[], object] = lambda: pglast.parse_sql(text)  # noqa: E731
    seconds: dict[str, list[float]] = {"pglast": [], "lint": []}
    for turn in range(TURNS + 1):
        for name, work in (("pglast", parses), ("lint", lambda: lint(text))):
            start = time.process_time()
            work()
            if turn:
                seconds[name].append(time.process_time() - start)
    alone, linted = (median(taken) for taken in seconds.values())
    a_second = STATEMENTS / linted
    print(
        f"pglast {STATEMENTS / alone:8,.0f} statements/s   lint {a_second:8,.0f} statements/s   "
        f"ratio {alone / linted:.2f} (held to {HELD_TO_RATIO})"
    )
    megabytes, bytes_read = lint_a_large_file()
    print(f"{bytes_read / 2**20:.0f} MB linted in {megabytes:.0f} MB (held to {HELD_TO_MB})")
    fast = a_second >= HELD_TO_A_SECOND or linted <= alone / HELD_TO_RATIO
    return 0 if fast and megabytes <= HELD_TO_MB else 1


def lint(text: str) -> int:
    """How many statements and findings come back."""
    linter = UnitLinter(by_subject(choose_rules()), Unit(Structure(), 18))
    with uncollected():
        return sum(1 for _ in linter.script(read_script(io.BytesIO(text.encode()))))


def lint_a_large_file() -> tuple[float, int]:
    """The most memory that `lockgate lint` takes for a file of 50 MB, and how much that was."""
    row = "INSERT INTO people (id, name) VALUES (7, 'somebody with a longer name; and more');\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.sql")
        with path.open("w") as file:
            file.write("COPY people FROM stdin;\n" + "7\tsomebody\n" * 2_000_000 + "\\.\n")
            file.write(row * ((FILE_BYTES - file.tell()) // len(row)))
        program = Path(sys.executable).with_name("lockgate")
        subprocess.run(
            [program, "lint", path, "--format", "json"], check=True, stdout=subprocess.DEVNULL
        )
        # Of all children, the largest.
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        return used / 1024, path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
