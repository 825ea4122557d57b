"""Prints the milliseconds that observing a statement adds, on a schema of 1,000 tables.

In one run and in turns: each statement in a transaction of its own, and the same one between the
two looks of a Witness; CONCURRENTLY is run outside, and through the Gate. Medians. Run it with the
interpreter that has lockgate installed:

    python -m benchmarks.observe [--tables N] [--runs N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

from lockgate.core.sql.trees import parse_one
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.observe import Bench, manner_of, open_bench
from lockgate.postgres.servers import create_database, scratch_server

HELD_TO_MS = 3.0

TABLE = "CREATE TABLE t{n} (id int PRIMARY KEY, a int, b text); CREATE INDEX ON t{n} (a);"
INSIDE = (
    "ALTER TABLE t{n} ADD COLUMN x int",
    "ALTER TABLE t{n} ALTER COLUMN a TYPE bigint",
    "CREATE INDEX i{n} ON t{n} (b)",
    "UPDATE t{n} SET a = 1",
)
OUTSIDE = ("CREATE INDEX CONCURRENTLY c{n} ON t{n} (b)", "VACUUM t{n}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=40)
    options = parser.parse_args()
    added = []
    with (
        tempfile.TemporaryDirectory(prefix="lockgate-benchmark-") as folder,
        scratch_server(Path(folder), find_binaries(18)) as server,
    ):
        Path(folder).chmod(0o755)
        url = create_database(server.url, "observed")
        with open_bench(url) as maker:
            for n in range(options.tables):
                maker.run(TABLE.format(n=n))
        with open_bench(url) as bench:
            for sql, plain, observed in (
                *((sql, inside, inside_observed) for sql in INSIDE),
                *((sql, outside, outside_observed) for sql in OUTSIDE),
            ):
                times = in_turns(bench, sql, options.runs, plain, observed)
                added.append(times[1] - times[0])
                print(f"{sql:<48} plain {times[0]:6.2f} ms  added {added[-1]:6.2f} ms")
    print(f"a statement on average {mean(added):.2f} ms (held to {HELD_TO_MS})")
    return 0 if mean(added) <= HELD_TO_MS else 1


def in_turns(bench: Bench, sql: str, runs: int, *ways: Callable[[Bench, str], None]) -> list[float]:
    """The median milliseconds of each way, every run on another table."""
    taken: list[list[float]] = [[] for _ in ways]
    for i in range(runs):
        for place, (times, way) in enumerate(zip(taken, ways, strict=True)):
            start = time.perf_counter()
            way(bench, sql.format(n=i * len(ways) + place))
            times.append((time.perf_counter() - start) * 1000)
    return [median(times) for times in taken]


def inside(bench: Bench, sql: str) -> None:
    for part in ("BEGIN", sql, "COMMIT"):
        bench.run(part)


def inside_observed(bench: Bench, sql: str) -> None:
    bench.run("BEGIN")
    bench.witness.before()
    bench.run(sql)
    bench.witness.after()
    bench.run("COMMIT")


def outside(bench: Bench, sql: str) -> None:
    bench.run(sql)


def outside_observed(bench: Bench, sql: str) -> None:
    manner = manner_of(parse_one(sql))
    with bench.gate.watching(bench.connection.info.backend_pid, manner) as passed:
        bench.run(sql)
    bench.witness.passed(passed)


if __name__ == "__main__":
    sys.exit(main())
