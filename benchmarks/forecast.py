"""Prints how far forecasts are from what was measured, at three sizes, with and without load.

For each size a table is filled, and a scratch database like it with made-up rows, a tenth as many.
Each statement runs on scratch first, three times; from the median of that and the target's
statistics alone comes the forecast; then the statement runs on the target, once. Index builds,
rewrites, validations and backfills; at rest, and while pgbench writes to the same table. No rate
is learned from the size that it is held against. Run it on a quiet machine, with the interpreter
that has lockgate installed:

    python -m benchmarks.forecast [--rows N ...] [--share 0.1] [--major 18]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg
from psycopg.conninfo import make_conninfo

from lockgate.core.effects import Structure, predict, structure_of
from lockgate.core.forecast import Basis, Forecast
from lockgate.core.forecasting import forecast
from lockgate.core.rates import Measurement, Rates
from lockgate.core.shape import shape_of
from lockgate.core.sql.trees import parse_one
from lockgate.core.target import TargetStatistics
from lockgate.core.url import DatabaseUrl
from lockgate.core.work import works_of
from lockgate.postgres.binaries import Binaries, find_binaries
from lockgate.postgres.catalog import read_catalog
from lockgate.postgres.fill import fill, read_tables
from lockgate.postgres.servers import create_database, scratch_server
from lockgate.postgres.statistics import read_statistics

HELD_TO_ERROR = 0.25
HELD_TO_SHARE = 0.9
WRITES_A_SECOND = 200
RUNS = 3
SMALL = tuple(f"ALTER TABLE sample ALTER COLUMN note SET DEFAULT {n}" for n in range(9))
"""What shows how long any statement takes."""

STRUCTURE = """
CREATE TABLE station (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE sample (
    id bigint PRIMARY KEY,
    station integer NOT NULL,
    code integer NOT NULL,
    serial bigint NOT NULL,
    label text,
    size integer NOT NULL,
    note integer,
    made_at timestamptz NOT NULL
);
"""

ROWS = (
    "INSERT INTO station SELECT n, 'station ' || n"
    " FROM generate_series(1, greatest({rows} / 10, 1)) AS n",
    "INSERT INTO sample SELECT n, 1 + (random() * (greatest({rows} / 10, 1) - 1))::integer,"
    " (random() * 1e9)::integer, (n * 7919) % 1000003 * 10000 + n, md5(n::text),"
    " (random() * 1000)::integer, NULL, now() + n * interval '1 second'"
    " FROM generate_series(1::bigint, {rows}) AS n",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One statement, what has to stand before it, and what takes it back."""

    kind: str
    sql: str
    undo: str
    before: str = ""


CASES = (
    Case("index", "CREATE INDEX ix_code ON sample (code)", "DROP INDEX ix_code"),
    Case("index", "CREATE INDEX ix_label ON sample (label)", "DROP INDEX ix_label"),
    Case("index", "CREATE INDEX ix_two ON sample (station, made_at)", "DROP INDEX ix_two"),
    Case("index", "CREATE INDEX CONCURRENTLY ix_size ON sample (size)", "DROP INDEX ix_size"),
    Case(
        "index",
        "ALTER TABLE sample ADD CONSTRAINT uq_serial UNIQUE (serial)",
        "ALTER TABLE sample DROP CONSTRAINT uq_serial",
    ),
    Case(
        "validation",
        "ALTER TABLE sample ADD CONSTRAINT ck_size CHECK (size >= 0)",
        "ALTER TABLE sample DROP CONSTRAINT ck_size",
    ),
    Case(
        "validation",
        "ALTER TABLE sample VALIDATE CONSTRAINT ck_code",
        "ALTER TABLE sample DROP CONSTRAINT ck_code",
        "ALTER TABLE sample ADD CONSTRAINT ck_code CHECK (code >= 0) NOT VALID",
    ),
    Case(
        "validation",
        "ALTER TABLE sample ALTER COLUMN label SET NOT NULL",
        "ALTER TABLE sample ALTER COLUMN label DROP NOT NULL",
    ),
    Case(
        "validation",
        "ALTER TABLE sample ADD CONSTRAINT fk_station FOREIGN KEY (station) REFERENCES station",
        "ALTER TABLE sample DROP CONSTRAINT fk_station",
    ),
    Case(
        "validation",
        "ALTER TABLE sample VALIDATE CONSTRAINT fk_again",
        "ALTER TABLE sample DROP CONSTRAINT fk_again",
        "ALTER TABLE sample ADD CONSTRAINT fk_again"
        " FOREIGN KEY (station) REFERENCES station NOT VALID",
    ),
    Case(
        "rewrite",
        "ALTER TABLE sample ALTER COLUMN code TYPE bigint",
        "ALTER TABLE sample ALTER COLUMN code TYPE integer",
    ),
    Case(
        "rewrite",
        "ALTER TABLE sample ADD COLUMN chance float8 DEFAULT random()",
        "ALTER TABLE sample DROP COLUMN chance",
    ),
    Case(
        "backfill",
        "UPDATE sample SET note = size WHERE note IS NULL",
        "UPDATE sample SET note = NULL; VACUUM FULL sample",
    ),
    Case("backfill", "UPDATE sample SET label = upper(label)", "VACUUM FULL sample"),
)


def connect(url: DatabaseUrl) -> psycopg.Connection:
    return psycopg.connect(make_conninfo(**url.conninfo()), autocommit=True)


class Side:
    """One database that statements run on: scratch, or the target."""

    def __init__(self, url: DatabaseUrl) -> None:
        self.url = url
        self.connection = connect(url)

    def run(self, sql: str) -> None:
        for statement in filter(None, sql.split("; ")):
            self.connection.execute(statement.encode())

    def settle(self) -> None:
        """What autovacuum would do meanwhile; and no checkpoint is due while it is timed."""
        self.run("VACUUM (ANALYZE) sample")
        self.run("CHECKPOINT")

    def statistics(self) -> TargetStatistics:
        return read_statistics(self.connection)

    def structure(self) -> Structure:
        return structure_of(read_catalog(self.connection))

    def timed_ms(self, sql: str) -> float:
        started = time.perf_counter()
        self.run(sql)
        return (time.perf_counter() - started) * 1_000


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    rows: int
    load: bool
    forecast: Forecast
    measured_ms: float

    @property
    def error(self) -> float:
        return abs(self.forecast.duration_ms.expected - self.measured_ms) / self.measured_ms

    @property
    def factor(self) -> float:
        expected = self.forecast.duration_ms.expected
        return max(expected / self.measured_ms, self.measured_ms / expected)

    @property
    def within_range(self) -> bool:
        return self.forecast.duration_ms.low <= self.measured_ms <= self.forecast.duration_ms.high


def rehearse(side: Side, case: Case, major: int) -> Measurement:
    """One statement over made-up rows: the median of three runs, each taken back."""
    side.run(case.before)
    side.settle()
    effects = predict(parse_one(case.sql), side.structure(), major)
    works = works_of(shape_of(case.sql), effects, side.statistics())
    taken = []
    for run in range(RUNS):
        if run:
            side.run(case.before)
            side.settle()
        taken.append(side.timed_ms(case.sql))
        side.run(case.undo)
    # The same machine: scratch and target stand on one server here.
    return Measurement(case.sql, works, median(taken), Basis.REHEARSED, machine=1.0)


def measure(
    side: Side, scratch: Side, rows: int, binaries: Binaries, *, load: bool
) -> Iterator[Result]:
    """Each statement over made-up rows, its forecast, and only then on the target."""
    known: dict[str, Measurement] = {}
    for sql in SMALL:
        known[sql] = Measurement(sql, (), scratch.timed_ms(sql), Basis.REHEARSED, machine=1.0)
    for case in CASES:
        known[case.sql] = rehearse(scratch, case, binaries.major)
        rates = Rates(tuple(known.values()))
        side.run(case.before)
        side.settle()
        effects = predict(parse_one(case.sql), side.structure(), binaries.major)
        expected = forecast(case.sql, effects, side.statistics(), rates)
        with written_to(side, rows, binaries) if load else contextmanager(_at_rest)():
            took = side.timed_ms(case.sql)
        yield Result(case, rows, load, expected, took)
        side.run(case.undo)


def _at_rest() -> Iterator[None]:
    yield


@contextmanager
def written_to(side: Side, rows: int, binaries: Binaries) -> Iterator[None]:
    """Two clients that change single rows, so many a second together."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(
            f"\\set id random(1, {rows})\nUPDATE sample SET made_at = now() WHERE id = :id;\n"
        )
        script.flush()
        url = side.url
        command = [
            str(binaries.directory / "pgbench"),
            *("-n", "-M", "prepared", "-c", "2", "-j", "1", "-T", "600"),
            *("-R", str(WRITES_A_SECOND), "-f", script.name),
        ]
        options = {str(key): str(value) for key, value in url.conninfo().items()}
        environ = os.environ | {
            "PGHOST": options["host"],
            "PGPORT": options.get("port", "5432"),
            "PGUSER": options["user"],
            "PGDATABASE": options["dbname"],
        }
        writer = subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for_writes(side)
            yield
        finally:
            writer.terminate()
            writer.wait()


def _wait_for_writes(side: Side) -> None:
    """Until pgbench is connected and has begun."""
    until = time.monotonic() + 30
    asked = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pgbench'"
    while not side.connection.execute(asked.encode()).fetchall():
        if time.monotonic() > until:
            raise RuntimeError("pgbench does not come up")
    time.sleep(0.5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 5_000_000])
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--major", type=int, default=18)
    options = parser.parse_args()
    binaries = find_binaries(options.major)
    settings = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": "256MB",
        "max_wal_size": "4GB",
    }
    results: list[Result] = []
    with (
        tempfile.TemporaryDirectory(prefix="lockgate-benchmark-") as folder,
        scratch_server(Path(folder), binaries, settings=settings) as server,
    ):
        Path(folder).chmod(0o755)
        print(f"PostgreSQL {binaries.version}, load average {os.getloadavg()[0]:.1f}")
        for rows in options.rows:
            target = Side(create_database(server.url, f"target_{rows}"))
            target.run(STRUCTURE)
            for statement in ROWS:
                target.run(statement.format(rows=rows))
            target.run("VACUUM (ANALYZE)")
            scratch = Side(create_database(server.url, f"scratch_{rows}"))
            scratch.run(STRUCTURE)
            started = time.perf_counter()
            later = Side(create_database(server.url, f"later_{rows}"))
            later.run(STRUCTURE)
            for case in CASES:  # as `lockgate rehearse` finds out what the revisions add
                later.run(case.before)
                later.run(case.sql)
            tables = read_tables(later.connection)
            later.connection.close()
            fill(scratch.connection, target.statistics(), options.share, later=tables)
            print(f"{rows:,} rows; a share of {options.share} made up in ", end="")
            took = time.perf_counter() - started
            print(f"{took:.1f} s; load average {os.getloadavg()[0]:.1f}", flush=True)
            for load in (False, True):
                for result in measure(target, scratch, rows, binaries, load=load):
                    results.append(result)
                    print(_line(result), flush=True)
            target.connection.close()
            scratch.connection.close()
    return _verdict(results)


def _line(result: Result) -> str:
    return (
        f"  {result.case.kind:10} {result.rows:>9,} {'load' if result.load else 'rest'}"
        f" {result.forecast.duration_ms.expected:9.1f} ms {result.measured_ms:9.1f} ms"
        f" {result.error:6.0%}  {result.case.sql[:44]}"
    )


def _verdict(results: Sequence[Result]) -> int:
    print(
        f"\n{'':22}forecasts  median error  within 2x  within its range  load average "
        f"{os.getloadavg()[0]:.1f}"
    )
    groups = {
        "all": results,
        **{kind: [r for r in results if r.case.kind == kind] for kind in _kinds(results)},
        "at rest": [r for r in results if not r.load],
        "under load": [r for r in results if r.load],
        **{f"{n:,} rows": [r for r in results if r.rows == n] for n in _sizes(results)},
    }
    for name, group in groups.items():
        error = median(r.error for r in group)
        share = sum(r.factor <= 2 for r in group) / len(group)
        ranged = sum(r.within_range for r in group) / len(group)
        print(f"  {name:20}{len(group):9}  {error:12.0%}  {share:9.0%}  {ranged:16.0%}")
    error = median(r.error for r in results)
    share = sum(r.factor <= 2 for r in results) / len(results)
    held = error <= HELD_TO_ERROR and share >= HELD_TO_SHARE
    print(f"held to {HELD_TO_ERROR:.0%} and {HELD_TO_SHARE:.0%}: {'yes' if held else 'no'}")
    return 0 if held else 1


def _kinds(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(r.case.kind for r in results))


def _sizes(results: Sequence[Result]) -> list[int]:
    return list(dict.fromkeys(r.rows for r in results))


if __name__ == "__main__":
    sys.exit(main())
