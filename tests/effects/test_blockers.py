"""What the gate sees, held against a second instrument that knows nothing of it: blockers.

A session holds one table in a mode that conflicts with the one that was seen and, where there is
such a mode, with none that is weaker: the statement has to stop there, and `pg_locks` says what it
asks for. Then in one that conflicts only with stronger ones: it must not stop there. Neither needs
luck: a statement that waits goes on waiting until it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import psycopg
import pytest

from lockgate.core.effect import LockMode
from lockgate.postgres.observe.witness import mode_of
from tests.effects.corpus import Form
from tests.effects.given import PART, TI
from tests.effects.lab import Lab

STOPS_AND_LETS_PASS = {
    LockMode.SHARE_UPDATE_EXCLUSIVE: (LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.ROW_EXCLUSIVE),
    LockMode.SHARE: (LockMode.ROW_EXCLUSIVE, LockMode.ROW_SHARE),
    LockMode.EXCLUSIVE: (LockMode.ROW_SHARE, LockMode.ACCESS_SHARE),
    LockMode.ACCESS_EXCLUSIVE: (LockMode.ACCESS_SHARE, None),
}
"""By the mode that was seen: a mode that stops just it, and one that stops only stronger ones."""

CLUSTERED = f"{TI}; ALTER TABLE t CLUSTER ON t_a"
CHECKED = f"{TI}; ALTER TABLE t ADD CONSTRAINT t_c CHECK (a > 0) NOT VALID"
KEYED = f"{TI}; ALTER TABLE t ADD CONSTRAINT t_f FOREIGN KEY (a) REFERENCES t NOT VALID"
INDEXED = f"{PART}; CREATE INDEX m_id ON m (id)"
CODE = f"""{CHECKED}; CREATE PROCEDURE validate() LANGUAGE plpgsql AS
    'BEGIN ALTER TABLE t VALIDATE CONSTRAINT t_c; COMMIT; END'"""

FORMS = [
    (TI, "CREATE INDEX CONCURRENTLY i ON t (b)"),
    (TI, "CREATE UNIQUE INDEX CONCURRENTLY i ON t (b)"),
    (TI, "DROP INDEX CONCURRENTLY t_a"),
    (TI, "REINDEX INDEX CONCURRENTLY t_a"),
    (TI, "REINDEX TABLE CONCURRENTLY t"),
    (INDEXED, "REINDEX TABLE m"),
    (INDEXED, "REINDEX TABLE CONCURRENTLY m"),
    (INDEXED, "REINDEX INDEX m_id"),
    (PART, "ALTER TABLE m DETACH PARTITION m1 CONCURRENTLY"),
    (TI, "VACUUM t"),
    (TI, "VACUUM (ANALYZE) t"),
    (TI, "VACUUM FULL t"),
    (PART, "VACUUM m"),
    (PART, "ANALYZE m"),
    (TI, "CLUSTER t USING t_a"),
    (CLUSTERED, "CLUSTER"),
    (CHECKED, "ALTER TABLE t VALIDATE CONSTRAINT t_c"),
    (KEYED, "ALTER TABLE t VALIDATE CONSTRAINT t_f"),
    (CODE, "CALL validate()"),
]


@pytest.fixture
def blocker(any_lab: Lab) -> Iterator[psycopg.Connection]:
    """A session beside the Lab's own."""
    with psycopg.connect(any_lab.connection.info.dsn, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(("given", "sql"), FORMS, ids=[sql for _, sql in FORMS])
def test_blockers_stop_a_statement_just_where_the_gate_saw_its_locks(
    any_lab: Lab, blocker: psycopg.Connection, given: str, sql: str
) -> None:
    form = Form("", given, sql)
    observation = any_lab.try_form(form, with_rows=False)
    tables = {name for (name,) in any_lab.connection.execute(TABLES)}
    seen = {
        effect.relation: effect.mode
        for effect in observation.statement.effects
        if effect.relation in tables and effect.mode in STOPS_AND_LETS_PASS
    }

    stopped = {
        relation: (
            asked_for(any_lab, form, blocker, relation, STOPS_AND_LETS_PASS[mode][0]),
            asked_for(any_lab, form, blocker, relation, STOPS_AND_LETS_PASS[mode][1]),
        )
        for relation, mode in seen.items()
    }

    assert seen
    assert {relation: (mode, None) for relation, mode in seen.items()} == stopped


TABLES = """
    SELECT n.nspname || '.' || c.relname FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384
"""
WAITING = "SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = %s AND NOT granted"


def asked_for(
    lab: Lab,
    form: Form,
    blocker: psycopg.Connection,
    relation: str,
    mode: LockMode | None,
) -> LockMode | None:
    """The mode of the lock on `relation` that the statement waits for while it is held in `mode`.

    None where it does not wait there. What waits for the blocker's transaction to be over, as
    CONCURRENTLY does, is let go.
    """
    if mode is None:
        return None
    lab.empty()
    lab.connection.execute(form.given.encode())
    blocker.execute("BEGIN")
    blocker.execute(f"LOCK TABLE ONLY {relation} IN {mode} MODE".encode())
    run = Thread(target=lab.connection.execute, args=(form.sql.encode(),))
    run.start()
    try:
        while run.is_alive():
            for waits_on, waits_for in blocker.execute(WAITING, (lab.connection.info.backend_pid,)):
                if waits_on is not None and f"public.{waits_on}" == relation:
                    return mode_of(waits_for)
                blocker.execute("ROLLBACK")  # any other wait is for the blocker to be gone
    finally:
        blocker.execute("ROLLBACK")
        run.join()
    return None
