"""Prints how long reading a Catalog takes, as ratios to the bare queries and to pg_dump.

Schemas of 100, 1,000 and 5,000 tables, each table with 10 columns, 2 indexes, a foreign key, a
check and an enum. In one run and in turns: the queries fetched and thrown away, the Catalog read
with its Fingerprint, the Catalogs of two equal databases compared, and two dumps compared; the
median of each. The most memory is that of a process of its own that reads one Catalog. Run it
with the interpreter that has lockgate installed:

    python benchmarks/catalog.py [--tables N ...] [--runs N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import psycopg
from psycopg.conninfo import make_conninfo

from lockgate.core.catalog import diff
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_binaries, find_pg_dump
from lockgate.postgres.catalog import read_catalog
from lockgate.postgres.catalog.reader import Reading, run_queries
from lockgate.postgres.servers import create_database, scratch_server

HELD_TO = {"to the bare queries": 1.5, "diff to two pg_dumps": 1.0, "megabytes": 200.0}

TABLE = """
CREATE TYPE kind_{n} AS ENUM ('raw', 'calibrated', 'final');
CREATE TABLE file_{n} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent_id bigint REFERENCES file_{parent},
    name text NOT NULL,
    checksum varchar(64),
    kind kind_{n} NOT NULL DEFAULT 'raw',
    size integer NOT NULL DEFAULT 0,
    bytes numeric(10, 2),
    made_at timestamptz NOT NULL DEFAULT now(),
    valid boolean DEFAULT true,
    note text,
    CONSTRAINT file_{n}_size CHECK (size >= 0 AND size < 1000000)
);
CREATE INDEX file_{n}_name ON file_{n} (name, made_at DESC);
CREATE UNIQUE INDEX file_{n}_checksum ON file_{n} (lower(checksum)) WHERE valid;
"""

CHILD = """
import resource, sys
import psycopg
from lockgate.postgres.catalog import read_catalog
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    read_catalog(connection).fingerprint
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def make_tables(url: DatabaseUrl, tables: int) -> None:
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        for start in range(0, tables, 500):
            connection.execute(
                "".join(
                    TABLE.format(n=n, parent=max(n - 1, 0))
                    for n in range(start, min(start + 500, tables))
                ).encode()
            )
        connection.execute("VACUUM ANALYZE")


def conninfo(url: DatabaseUrl) -> str:
    return make_conninfo(**url.conninfo())


def in_turns(runs: int, *measured: Callable[[], object]) -> list[float]:
    """The median seconds of each."""
    seconds: list[list[float]] = [[] for _ in measured]
    for _ in range(runs):
        for taken, run in zip(seconds, measured, strict=True):
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
    return [median(taken) for taken in seconds]


def peak_megabytes(url: DatabaseUrl) -> float:
    child = [sys.executable, "-c", CHILD, conninfo(url)]
    answer = subprocess.run(child, check=True, capture_output=True, text=True)
    return int(answer.stdout) / 1024


def measure(server: DatabaseUrl, tables: int, runs: int) -> dict[str, float]:
    url = create_database(server, f"tables_{tables}")
    make_tables(url, tables)
    twin = create_database(server, f"twin_{tables}", template=url.database)
    program = find_pg_dump(18)
    with (
        psycopg.connect(conninfo(url), autocommit=True) as connection,
        psycopg.connect(conninfo(twin), autocommit=True) as other,
    ):

        def bare() -> None:
            with run_queries(connection, Reading()) as cursors:
                for cursor in cursors.values():
                    cursor.fetchall()

        def read() -> str:
            return read_catalog(connection).fingerprint

        def compare() -> object:
            return diff(read_catalog(connection), read_catalog(other))

        def dumps() -> bool:
            command = [str(program), "--schema-only", "--dbname"]
            texts = [
                subprocess.run([*command, conninfo(one)], check=True, capture_output=True).stdout
                for one in (url, twin)
            ]
            return texts[0] == texts[1]

        bare_s, read_s = in_turns(runs, bare, read)
        diff_s, dumps_s = in_turns(max(runs // 3, 1), compare, dumps)
    return {
        "bare s": bare_s,
        "read s": read_s,
        "to the bare queries": read_s / bare_s,
        "diff s": diff_s,
        "two pg_dumps s": dumps_s,
        "diff to two pg_dumps": diff_s / dumps_s,
        "megabytes": peak_megabytes(url),
        "ms per table": read_s / tables * 1000,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tables", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    held = True
    with (
        tempfile.TemporaryDirectory(prefix="lockgate-benchmark-") as folder,
        scratch_server(Path(folder), find_binaries(18)) as server,
    ):
        Path(folder).chmod(0o755)
        for position, tables in enumerate(options.tables):
            row = measure(server.url, tables, options.runs)
            if position == 0:
                print("  ".join(["tables", *row]))
            print("  ".join([f"{tables:6d}", *(f"{row[name]:{len(name)}.2f}" for name in row)]))
            held = held and all(row[name] <= limit for name, limit in HELD_TO.items())
    print(f"held to {HELD_TO}: {'yes' if held else 'no'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
