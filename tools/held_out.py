"""Measures on real servers what the statements held out from lockgate do, and labels them.

    python -m tools.held_out FILE                  says where the file differs from the servers
    python -m tools.held_out FILE --write          writes what they show into it
    python -m tools.held_out FILE --only WORDS     of statements with these words in them alone

FILE is one of tests/rules/held_out*.json. A case has the SQL of its base, perhaps a `setup`, and
the statement, `sql`; the rest is measured on each major that LOCKGATE_TEST_MAJORS names. Nothing
here is shared with what predicts: a judge that asked the accused would always agree.

A statement runs in a transaction, its locks are read from `pg_locks` by another session, and it is
rolled back. What PostgreSQL refuses there runs alone, once as it is and once more before each of a
few gates: another session holds each table in some mode, the server shows what the statement waits
for, and the gate opens. A statement that the rows refuse runs again with every table empty.

The label is of the newest major on which it ran. A `corrected` label was overruled by hand, and
is left as it is; it says what was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import scratch_server
from tools.danger import BLOCKING, MODES, Moved, Relation, State, danger

GATES = ("ACCESS SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "ACCESS EXCLUSIVE")
"""Held in another session: the first stops only ACCESS EXCLUSIVE, the last everything."""
AVOIDABLE = re.compile(r"LOCK\b|DROP INDEX (?!CONCURRENTLY)|ALTER TABLE .* DETACH PARTITION \S+$")
"""An opinion: what waits under a lock that blocks where PostgreSQL has a form that does not."""
ROLE = "lockgate_other"
PATIENCE_SECONDS = 60

# Any, here and below: rows of psycopg and JSON documents.
Connection = psycopg.Connection[Any]
Document = dict[str, Any]


@dataclass
class Seen:
    """What one server showed of one statement."""

    locks: dict[str, str] = field(default_factory=dict)
    """The strongest mode by relation, of those that were there."""
    new: dict[str, str] = field(default_factory=dict)
    forbidden: bool = False
    error: str | None = None
    danger: str | None = None


# The file


def main(arguments: Sequence[str]) -> int:
    """Measures, and prints what differs or writes what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args(arguments)
    document = json.loads(options.file.read_text(encoding="utf-8"))
    chosen = [case for case in document["cases"] if options.only in case["sql"]]
    differing = 0
    with servers() as found:
        for case in chosen:
            measured = measure(found, "\n".join(document["bases"][case["base"]]), case)
            if lines := list(differences(case, measured)):
                differing += 1
                print(case.get("setup", ""), case["sql"], *lines, sep="\n    ", flush=True)
            case.clear()
            case.update(measured)
    if options.write:
        options.file.write_text(render(document), encoding="utf-8")
        return 0
    print(f"{differing} of {len(chosen)} differ")
    return 1 if differing else 0


def measure(found: Mapping[int, Instrument], base: str, case: Document) -> Document:
    """The case with what the servers show of it."""
    by_major = {major: server.show(base, case) for major, server in found.items()}
    return labelled(case, by_major)


def labelled(case: Document, by_major: Mapping[int, Seen]) -> Document:
    """The case as the file holds it: the newest major gives the label, each its locks."""
    measured: Document = {key: case[key] for key in ("base", "setup", "sql") if key in case}
    measured |= {"excused": case["excused"]} if "excused" in case else {}
    ran = {major: seen for major, seen in by_major.items() if seen.error is None}
    if ran:
        newest = ran[max(ran)]
        measured["majors"] = _joined(ran)
        measured["dangerous"] = newest.danger is not None
        if newest.danger:
            measured["why"] = newest.danger
        if "corrected" in case:
            measured |= {key: case[key] for key in ("dangerous", "corrected")}
            measured.pop("why", None)
            measured |= {"why": case["why"]} if "why" in case else {}
        if newest.forbidden:
            measured["transaction"] = "forbidden"
        measured["locks"] = _together({major: seen.locks for major, seen in ran.items()})
        if new := _together({major: seen.new for major, seen in ran.items()}):
            measured["new"] = new
    errors: dict[str, list[int]] = {}
    for major, seen in by_major.items():
        if seen.error is not None:
            errors.setdefault(seen.error, []).append(major)
    if errors:
        measured["errors"] = {_joined(majors): error for error, majors in errors.items()}
    return measured


def differences(case: Document, measured: Document) -> Iterator[str]:
    """Lines that say what the file has otherwise than it was measured."""
    for key in sorted(case.keys() | measured.keys()):
        if case.get(key) != measured.get(key):
            yield f"{key}: {case.get(key)} in the file, {measured.get(key)} measured"


def render(document: Document) -> str:
    """The document as the file holds it, a case a line."""
    head = {key: value for key, value in document.items() if key != "cases"}
    cases = ",\n".join(f"  {json.dumps(c, ensure_ascii=False)}" for c in document["cases"])
    opened = json.dumps(head, indent=1, ensure_ascii=False).removesuffix("\n}")
    return f'{opened},\n "cases": [\n{cases}\n ]\n}}\n'


def _together(by_major: Mapping[int, Mapping[str, str]]) -> Document:
    """The mode of each relation, by the majors joined where they differ."""
    found: Document = {}
    for name in sorted({name for modes in by_major.values() for name in modes}):
        majors: dict[str, list[int]] = {}
        for major, modes in by_major.items():
            if name in modes:
                majors.setdefault(modes[name], []).append(major)
        everywhere = len(majors) == 1 and sum(map(len, majors.values())) == len(by_major)
        found[name] = (
            next(iter(majors)) if everywhere else {_joined(m): mode for mode, m in majors.items()}
        )
    return found


def _joined(majors: Iterable[int]) -> str:
    return " ".join(map(str, sorted(majors)))


# The servers


@contextmanager
def servers(majors: Iterable[int] = ()) -> Iterator[dict[int, Instrument]]:
    """A scratch server of each major."""
    named = os.environ.get("LOCKGATE_TEST_MAJORS", "18")
    wanted = sorted(majors) or [int(major) for major in named.split(",")]
    # Where PostgreSQL's own account can go, which a folder of the caller's may not let it.
    root = Path(tempfile.mkdtemp(prefix="lockgate-held-out-"))
    root.chmod(0o711)
    with ExitStack() as stack:
        found = {}
        for major in wanted:
            url = stack.enter_context(scratch_server(root, find_binaries(major))).url.render()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET autovacuum = off")
                connection.execute("SELECT pg_catalog.pg_reload_conf()")
                connection.execute(f"CREATE ROLE {ROLE}".encode())
            found[major] = stack.enter_context(closing(Instrument(url)))
        yield found


class Instrument:
    """A server, with a database for each base, of which each run has a copy of its own."""

    def __init__(self, url: str) -> None:
        """Makes databases on the server of `url`, those of the bases until it is closed."""
        self._url = url
        self._bases: dict[str, str] = {}
        self._numbers = count()
        self._admin = psycopg.connect(url, autocommit=True)

    def close(self) -> None:
        """Drops the databases of the bases, and lets the server go."""
        for name in self._bases.values():
            self._admin.execute(f"DROP DATABASE {name}")
        self._admin.close()

    def show(self, base: str, case: Document) -> Seen:
        """What the case's statement does after its base and setup."""
        setup, sql = case.get("setup", ""), case["sql"]
        try:
            with self._copy(base) if setup else self._itself(base) as database:
                seen = self._in_transaction(database, setup, sql)
            if seen.forbidden:
                seen = self._alone(base, setup, sql)
            elif seen.error:
                seen = self._without_rows(base, setup, sql, seen)
            elif seen.danger is None and set(seen.locks.values()) & set(BLOCKING):
                seen.danger = "waits where it need not" if AVOIDABLE.match(sql) else None
        except psycopg.Error as error:
            seen = Seen(error=_said(error))
        return seen

    @contextmanager
    def _itself(self, base: str) -> Iterator[str]:
        """The name of the database of the base, for what is rolled back."""
        if base not in self._bases:
            name = f"held_out_base_{next(self._numbers)}"
            self._admin.execute(f"CREATE DATABASE {name}")
            with self._connect(name) as connection:
                connection.execute(base.encode() or b"SELECT 1")
                connection.execute("CHECKPOINT")
            self._bases[base] = name
        yield self._bases[base]

    @contextmanager
    def _copy(self, base: str) -> Iterator[str]:
        """The name of a database with the base in it, which may be changed."""
        name = f"held_out_copy_{next(self._numbers)}"
        with self._itself(base) as original:
            self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {original}")
        try:
            yield name
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _connect(self, database: str) -> Connection:
        return psycopg.connect(self._url, dbname=database, autocommit=True)

    def _in_transaction(self, database: str, setup: str, sql: str, *, empty: bool = False) -> Seen:
        """What a session sees that runs it between BEGIN and ROLLBACK."""
        seen = Seen()
        with self._connect(database) as inside, self._connect(database) as outside:
            messages = listen(inside)
            prepare(inside, setup, empty=empty)
            before = state(inside)
            inside.execute("BEGIN")
            try:
                read = counters(inside)
                inside.execute("SET LOCAL client_min_messages = debug1")
                messages.clear()
                execute(inside, sql)
                heard = tuple(messages)
                _note(seen, _granted(outside, inside), before, relations(inside))
                inside.execute("SET LOCAL client_min_messages = notice")
                rows = moved(inside, read)  # before state() reads them too
                change = (before, state(inside))
                seen.danger = danger(seen.locks, change, heard, rows, keys(inside))
            except psycopg.errors.ActiveSqlTransaction:
                seen.forbidden = True
            except psycopg.Error as error:
                seen.error = _said(error)
            inside.execute("ROLLBACK")
        return seen

    def _without_rows(self, base: str, setup: str, sql: str, refused: Seen) -> Seen:
        """The same with every table empty; if that runs, the rows were what refused it."""
        with self._copy(base) as database:
            seen = self._in_transaction(database, setup, sql, empty=True)
        if seen.error or seen.forbidden:
            return refused
        seen.danger = f"fails if there is a row: {refused.error}"
        return seen

    def _alone(self, base: str, setup: str, sql: str) -> Seen:
        """What it does outside of a transaction: as it is, then before each gate."""
        seen = Seen(forbidden=True)
        with self._copy(base) as database, self._connect(database) as connection:
            messages = listen(connection)
            prepare(connection, setup)
            before = state(connection)
            connection.execute("SET client_min_messages = debug1")
            messages.clear()
            try:
                execute(connection, sql)
            except psycopg.Error as error:
                return Seen(forbidden=True, error=_said(error))
            heard = tuple(messages)
            connection.execute("SET client_min_messages = notice")
            after = state(connection)
        for gate in GATES:
            with self._copy(base) as database:
                self._gated(database, setup, sql, gate, seen)
        seen.danger = danger(seen.locks, (before, after), heard, frozenset(), {})
        # What is let in the same statement by its commits is seen by luck, where no gate is: of
        # indexes, and of tables that are made on the way.
        tables = {name for name, kind, *_ in before.relations.values() if kind in "rp"}
        seen.locks = {name: mode for name, mode in seen.locks.items() if name in tables}
        seen.new = {}
        return seen

    def _gated(self, database: str, setup: str, sql: str, gate: str, seen: Seen) -> None:
        """Notes the locks it waits for, and has, while every table is held in the mode `gate`."""
        with ExitStack() as stack:
            inside = stack.enter_context(self._connect(database))
            outside = stack.enter_context(self._connect(database))
            prepare(inside, setup)
            before = state(outside)
            holders: dict[int, tuple[Connection, str]] = {}
            for name, kind, *_ in before.relations.values():
                holder = stack.enter_context(self._connect(database))
                if kind in "rp" and hold(holder, name, gate):
                    holders[holder.info.backend_pid] = (holder, name)
            failed: list[psycopg.Error] = []
            worker = threading.Thread(target=_try, args=(inside, sql, failed))
            worker.start()
            held_again: dict[str, int] = {}
            end = time.monotonic() + PATIENCE_SECONDS
            while worker.is_alive() and time.monotonic() < end:
                worker.join(0.001)
                waits = outside.execute(WAITS, [inside.info.backend_pid]).fetchone()
                # After the wait is seen and before the gate opens, or it might pass unseen.
                _note(seen, _granted(outside, inside, asked=True), before, {})
                if not waits:
                    continue
                for pid in waits[1] or ():
                    if pid in holders:
                        holder, name = holders[pid]
                        holder.execute("ROLLBACK")
                        # An old snapshot or transaction is waited for, not a table: the table
                        # is taken again, for what comes after.
                        if waits[0] != "relation" and held_again.get(name, 0) < 4:
                            held_again[name] = held_again.get(name, 0) + 1
                            hold(holder, name, gate)
            for holder, _ in holders.values():
                holder.execute("ROLLBACK")
            worker.join()
            if failed and not isinstance(failed[0], psycopg.errors.DeadlockDetected):
                raise failed[0]


def _try(connection: Connection, sql: str, failed: list[psycopg.Error]) -> None:
    try:
        execute(connection, sql)
    except psycopg.Error as error:
        failed.append(error)


def hold(holder: Connection, name: str, mode: str) -> bool:
    """Whether the session could lock a table in `mode`, and holds it."""
    holder.execute("BEGIN")
    try:
        holder.execute(f"LOCK TABLE ONLY {name} IN {mode} MODE NOWAIT".encode())
    except psycopg.Error:
        holder.execute("ROLLBACK")
        return False
    return True


# What a session sees

LOCKS = """
SELECT relation::int8, mode FROM pg_catalog.pg_locks
WHERE pid = %s AND locktype = 'relation' AND (granted OR %s) AND database = (
    SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""
WAITS = """
SELECT locktype, pg_catalog.pg_blocking_pids(pid) FROM pg_catalog.pg_locks
WHERE pid = %s AND NOT granted
"""
USERS = r"nspname !~ '^(pg_|information_schema)'"
RELATIONS = f"""
SELECT c.oid::int8,
    format('%I.%I', regexp_replace(n.nspname, '^pg_temp_.*', 'pg_temp'), c.relname),
    c.relkind::text,
    -- REINDEX writes the index of a TOAST table anew too
    ARRAY[c.relfilenode::int8, t.relfilenode, i.relfilenode],
    CASE WHEN c.relkind IN ('r', 'm', 'i') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
LEFT JOIN pg_catalog.pg_index x ON x.indrelid = c.reltoastrelid
LEFT JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
WHERE n.{USERS} OR n.oid = pg_catalog.pg_my_temp_schema()
"""  # noqa: S608
NAMES = f"""
WITH own AS (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE {USERS})
SELECT 'schema ' || nspname FROM own
UNION ALL SELECT 'relation ' || format('%I.%I', nspname, relname) FROM pg_catalog.pg_class
    JOIN own ON own.oid = relnamespace WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
UNION ALL SELECT format('column %I.%I.%I (%s)', nspname, relname, attname, attnum)
    FROM pg_catalog.pg_class c
    JOIN own ON own.oid = relnamespace JOIN pg_catalog.pg_attribute a ON attrelid = c.oid
    WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'function ' || nspname || '.' || proname FROM pg_catalog.pg_proc
    JOIN own ON own.oid = pronamespace
UNION ALL SELECT 'type ' || nspname || '.' || typname FROM pg_catalog.pg_type
    JOIN own ON own.oid = typnamespace WHERE typtype IN ('e', 'd', 'r')
UNION ALL SELECT 'value ' || enumlabel FROM pg_catalog.pg_enum
"""  # noqa: S608
OWNED = """
SELECT 'relation ' || format('%I.%I', n.nspname, c.relname), CASE d.deptype WHEN 'a' THEN
    format('column %I.%I.%I (%s)', u.nspname, t.relname, a.attname, a.attnum) END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.refclassid = 'pg_class'::regclass
JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
JOIN pg_catalog.pg_namespace u ON u.oid = t.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.relkind = 'S' AND d.deptype IN ('a', 'i')
"""
COUNTERS = """
SELECT relid::int8, seq_tup_read + coalesce(idx_tup_fetch, 0), n_tup_upd
FROM pg_catalog.pg_stat_xact_user_tables
"""
KEYS = "SELECT conname, conrelid::int8 FROM pg_catalog.pg_constraint WHERE contype = 'f'"
ROOTS = """
SELECT oid::int8, coalesce(pg_catalog.pg_partition_root(oid), oid)::oid::int8
FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p')
"""


def listen(connection: Connection) -> list[str]:
    """The messages that the server will send."""
    messages: list[str] = []
    connection.add_notice_handler(lambda said: messages.append(said.message_primary or ""))
    return messages


def prepare(connection: Connection, setup: str, *, empty: bool = False) -> None:
    """Runs the setup, and takes every row away if asked to."""
    if setup:
        connection.execute(setup.encode())
    if empty:
        tables = [name for name, kind, *_ in relations(connection).values() if kind in "rp"]
        if tables:
            connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE".encode())


def execute(connection: Connection, sql: str) -> None:
    """Runs a statement, and takes what COPY sends."""
    if re.match("COPY .* TO STDOUT", sql):
        with connection.cursor() as cursor, cursor.copy(sql.encode()) as rows:
            for _ in rows:
                pass
    else:
        connection.execute(sql.encode())


def relations(connection: Connection) -> dict[int, Relation]:
    """Every relation but the catalog's."""
    return {oid: tuple(rest) for oid, *rest in connection.execute(RELATIONS)}


def state(connection: Connection) -> State:
    """What the session finds now."""
    found = relations(connection)
    rows = {}
    for name, kind, *_ in found.values():
        if kind == "r":
            (rows[name],) = connection.execute(
                f"SELECT pg_catalog.count(*) FROM ONLY {name}".encode()  # noqa: S608
            ).fetchone() or (0,)
    names = frozenset(name for (name,) in connection.execute(NAMES))
    return State(found, names, dict(connection.execute(OWNED).fetchall()), rows)


def counters(connection: Connection) -> dict[int, tuple[int, int]]:
    """Of each table the rows read and updated in this transaction."""
    return {oid: (read, updated) for oid, read, updated in connection.execute(COUNTERS)}


def moved(connection: Connection, before: Mapping[int, tuple[int, int]]) -> frozenset[Moved]:
    """What counters have gained since `before`."""
    roots = dict(connection.execute(ROOTS).fetchall())
    return frozenset(
        Moved(oid, roots.get(oid, oid), read - old_read, updated - old_updated)
        for oid, (read, updated) in counters(connection).items()
        for old_read, old_updated in (before.get(oid, (0, 0)),)
    )


def keys(connection: Connection) -> dict[str, int]:
    """The table of each foreign key."""
    return dict(connection.execute(KEYS).fetchall())


def _granted(outside: Connection, inside: Connection, *, asked: bool = False) -> list[Any]:
    return outside.execute(LOCKS, [inside.info.backend_pid, asked]).fetchall()


def _note(
    seen: Seen,
    locks: Iterable[tuple[int, str]],
    before: State,
    made: Mapping[int, Relation],
) -> None:
    """Puts the strongest of `locks` into `seen`."""
    for oid, name in locks:
        mode = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Lock")).upper()
        if oid in before.relations:
            _strengthen(seen.locks, before.relations[oid][0], mode)
        elif oid in made:
            _strengthen(seen.new, made[oid][0], mode)


def _strengthen(modes: dict[str, str], relation: str, mode: str) -> None:
    if relation not in modes or MODES.index(mode) > MODES.index(modes[relation]):
        modes[relation] = mode


def _said(error: psycopg.Error) -> str:
    return f"{error.sqlstate} {error.diag.message_primary}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
