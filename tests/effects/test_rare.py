"""Rarer forms: what is predicted of each is what PostgreSQL does, on what is there before it.

Each case has a schema of its own. It is predicted twice, on what the statements before it leave
and on the Catalog that a server has then.
"""

from __future__ import annotations

import psycopg

from lockgate.core.effect import LockMode, StatementEffects
from lockgate.core.effects import Structure, apply, predict, structure_of
from lockgate.core.sql.trees import parse, parse_one
from lockgate.postgres.catalog import read_catalog
from lockgate.postgres.observe import Witness
from lockgate.postgres.servers import Server
from tests.conftest import NewDatabase
from tests.effects.rare import CASES, Case

WEAK = LockMode.SHARE_UPDATE_EXCLUSIVE.strength


def shown(effects: StatementEffects) -> set[str]:
    """Effects as they are compared; which weaker locks there are is often the planner's to say."""
    return {
        f"{effect.relation} {effect.mode} {'rewritten' if effect.rewrites else ''} "
        f"{'read' if effect.scans else ''} {sorted(effect.builds)}"
        for effect in effects.effects
        if effect.mode.strength >= WEAK
    }


def structure_made_by(case: Case, schema: str) -> Structure:
    structure = Structure(complete=True)
    for parsed in parse(f"CREATE SCHEMA {schema}; SET search_path TO {schema}; {case.given}"):
        apply(structure, parsed)
    return structure


def test_predicted_is_what_happens(any_server: Server, new_database: NewDatabase) -> None:
    with psycopg.connect(new_database(any_server).render(), autocommit=True) as connection:
        major = connection.info.server_version // 10_000
        cases = {f"s{n}": case for n, case in enumerate(CASES) if case.since <= major}
        for schema, case in cases.items():
            connection.execute(f"CREATE SCHEMA {schema}; SET search_path TO {schema}")
            connection.execute(case.given.encode())
        read = structure_of(read_catalog(connection))
        wrong = {}

        for schema, case in cases.items():
            seen = shown(seen_of(connection, schema, case))
            read.search_path = (schema,)
            for structure in (structure_made_by(case, schema), read):
                predicted = shown(predict(parse_one(case.sql), structure, major))
                if predicted != seen:
                    how = "told" if structure is not read else "read"
                    wrong[f"{how}: {case.given} >> {case.sql}"] = (
                        f"only predicted: {predicted - seen}, only seen: {seen - predicted}"
                    )

        assert {} == wrong


def seen_of(connection: psycopg.Connection, schema: str, case: Case) -> StatementEffects:
    """What the statement of a case does; it is undone."""
    connection.execute(f"SET search_path TO {schema}")
    with connection.transaction(force_rollback=True):
        witness = Witness(lambda query: connection.execute(query.encode()).fetchall())
        witness.before()
        tag = connection.execute(case.sql.encode()).statusmessage or ""
        return StatementEffects(witness.after(tag=tag).effects)
