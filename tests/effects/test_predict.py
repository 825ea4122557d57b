"""What is predicted of a statement is what PostgreSQL then does.

Each statement of a file runs on the structure of another, is seen, and is undone. Where it needs
what only a server knows, the file leaves it out: docs/effects.md says what that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psycopg
import pytest

from lockgate.core.effect import Effect
from lockgate.core.effects import Structure, apply, predict, structure_of
from lockgate.core.effects.structure import Kind, spelled
from lockgate.core.sql.trees import parse, parse_one
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.catalog import read_catalog
from lockgate.postgres.observe import Witness
from lockgate.postgres.servers import Server
from tests.conftest import NewDatabase
from tests.effects.corpus import ROLES

HERE = Path(__file__).parent
STRUCTURES = ("wide", "deep", "nested", "mixed")
SINCE = re.compile(r"/\* since (\d+) \*/ ")


def read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def statements(name: str, major: int) -> Iterator[str]:
    """The statements of a file that `major` has."""
    for line in read(f"{name}_statements.sql").splitlines():
        since = SINCE.match(line)
        if since is None or int(since[1]) <= major:
            yield SINCE.sub("", line)


def structure_made_by(name: str) -> Structure:
    structure = Structure(complete=True)
    for parsed in parse(read(f"{name}.sql")):
        apply(structure, parsed)
    return structure


def plain(effect: Effect) -> tuple[object, ...]:
    """An Effect without how it is known; what is read is only compared where it is not writing."""
    return effect.relation, effect.mode, effect.rewrites, sorted(effect.builds)


def shown(effects: Iterable[Effect], structure: Structure) -> set[str]:
    """Effects on what holds rows or stands for them; composite types are not always looked at."""
    relations = structure.relations.values()
    composite = {spelled(r.name) for r in relations if r.kind is Kind.COMPOSITE}
    return {str(plain(effect)) for effect in effects if effect.relation not in composite}


@pytest.fixture(params=STRUCTURES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def connect(
    any_server: Server, new_database: NewDatabase
) -> Iterator[Callable[[str], psycopg.Connection]]:
    """Connects to a new database with the structure of a file."""
    opened: list[psycopg.Connection] = []

    def with_structure(name: str) -> psycopg.Connection:
        url: DatabaseUrl = new_database(any_server)
        connection = psycopg.connect(**url.conninfo(), autocommit=True)  # type: ignore[arg-type]
        opened.append(connection)
        for role in ROLES:
            connection.execute(
                f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            )
        connection.execute(read(f"{name}.sql").encode())
        return connection

    yield with_structure
    for connection in opened:
        connection.close()


def test_predicted_is_what_happens(connect: Callable[[str], psycopg.Connection], name: str) -> None:
    connection = connect(name)
    major = connection.info.server_version // 10_000
    structure = structure_made_by(name)
    witness = Witness(lambda query: connection.execute(query.encode()).fetchall())
    wrong = {}

    for sql in statements(name, major):
        connection.execute("BEGIN")
        witness.before()
        connection.execute(sql.encode())
        seen = witness.after(tag="TRUNCATE TABLE" if sql.startswith("truncate") else "")
        connection.execute("ROLLBACK")
        witness.forget()
        predicted = predict(parse_one(sql), structure, major)
        ours, theirs = shown(predicted.effects, structure), shown(seen.effects, structure)
        if ours != theirs:
            wrong[sql] = f"only predicted: {ours - theirs}, only seen: {theirs - ours}"

    assert {} == wrong


def test_catalog_and_statements_make_the_same_structure(
    connect: Callable[[str], psycopg.Connection], name: str
) -> None:
    connection = connect(name)
    major = connection.info.server_version // 10_000
    made = structure_made_by(name)

    read_back = structure_of(read_catalog(connection))

    for sql in statements(name, major):
        parsed = parse_one(sql)
        assert predict(parsed, made, major) == predict(parsed, read_back, major), sql


@pytest.mark.parametrize("qualified", ["citext", "public.citext"])
def test_type_of_an_extension_costs_the_same_with_its_schema(qualified: str) -> None:
    structure = Structure()
    apply(structure, parse_one("CREATE TABLE t (a text)"))
    change = parse_one(f"ALTER TABLE t ALTER a TYPE {qualified}")

    (effect,) = predict(change, structure, 18).effects

    assert (effect.relation, effect.rewrites) == ("public.t", False)
    apply(structure, change)
    back = parse_one("ALTER TABLE t ALTER a TYPE text")
    assert [one.rewrites for one in predict(back, structure, 18).effects] == [False]


def test_a_comma_within_quotes_parts_no_schemas_of_a_path() -> None:
    structure = Structure()
    apply(structure, parse_one("""SELECT set_config('search_path', 'App, "a,b", "c""d"', false)"""))

    assert ("app", "a,b", 'c"d') == structure.search_path
