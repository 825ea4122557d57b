"""Prints how many statements lint reads a second, as a ratio to the parser alone, and its memory.

python -m benchmarks.lint

Both parse the same statements in turns, in this process, start-up apart, in CPU time; the parser is
pglast's `parse_sql`, which makes Python's tree. Memory is that of processes that lint and explain
50 MB.
"""

from __future__ import annotations

import io
import os
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
from lockgate.workflows.linting import choose_rules
from lockgate.workflows.sql_files import uncollected

TURNS = 7
STATEMENTS = 12_000
HELD_TO_RATIO = 1.0
HELD_TO_A_SECOND = 15_000
FILE_BYTES = 50 * 1024 * 1024
HELD_TO_MB = 150
LARGE = (
    ("lint", "--in-transaction", "--format", "json"),
    ("explain", "--format", "json", "-f"),
    ("explain", "-f"),
)

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
    # First, for a process begins with the memory of the one that starts it.
    small = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.sql")
        write_a_large_file(path)
        for words in LARGE:
            megabytes = most_memory(*words, str(path))
            print(
                f"{path.stat().st_size / 2**20:.0f} MB in {megabytes:.0f} MB "
                f"(held to {HELD_TO_MB}): lockgate {' '.join(words)}"
            )
            small = small and megabytes <= HELD_TO_MB
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
    fast = a_second >= HELD_TO_A_SECOND or linted <= alone / HELD_TO_RATIO
    return 0 if fast and small else 1


def lint(text: str) -> int:
    """How many statements and findings come back."""
    linter = UnitLinter(by_subject(choose_rules()), Unit(Structure(), 18))
    with uncollected():
        return sum(1 for _ in linter.script(read_script(io.BytesIO(text.encode()))))


def write_a_large_file(path: Path) -> None:
    """50 MB: rows of COPY, and statements, some of which nobody should send."""
    row = "INSERT INTO people (id, name) VALUES (7, 'somebody with a longer name; and more');\n"
    some = row * 99 + "CREATE INDEX ix ON people (name);\n"
    with path.open("w") as file:
        file.write("COPY people FROM stdin;\n" + "7\tsomebody\n" * 2_000_000 + "\\.\n")
        file.write(some * ((FILE_BYTES - file.tell()) // len(some)))


def most_memory(*words: str) -> float:
    """The most memory in MB that lockgate takes for a command."""
    command = [str(Path(sys.executable).with_name("lockgate")), *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{' '.join(words)} failed")
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
