"""The Catalog as `pg_dump --schema-only` tells it: the truth that the reader is held to.

NOT NULL constraints, which have names from PostgreSQL 18 on, keep theirs as a cosmetic object:
before, there was none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lockgate.core.catalog import COLUMN_ORDER, COLUMN_SEPARATOR, Catalog, CatalogObject
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.dump import TOKEN, Entry, dump_text, entries, left_out

SERVER = re.compile(r"-- Dumped from database version (\S+)")
IDENTIFIER = r'"(?:[^"]|"")+"|[^\s"(]+'


def read_dump(
    url: DatabaseUrl,
    *,
    pg_dump: Path,
    version_tables: tuple[tuple[str, str], ...] = (),
    lock_timeout_ms: int = 5000,
) -> Catalog:
    """The Catalog of the database at `url`.

    `version_tables` are left out, each a schema and a name.

    Raises DumpFailed, DumpLocked.
    """
    return parse_dump(dump_text(url, pg_dump, version_tables, lock_timeout_ms))


def parse_dump(text: str) -> Catalog:
    """The Catalog that `text`, a schema-only dump in plain format, describes."""
    version = SERVER.search(text)
    objects: list[CatalogObject] = []
    # pg_dump says the access method in a SET before the table instead of in its statement.
    access_method = "heap"
    for entry in entries(text):
        settings = _split_settings(entry, text)
        if entry.statements and not left_out(entry):
            objects.extend(_objects(entry, text, access_method))
        for setting in settings:
            if setting.startswith("SET default_table_access_method = "):
                access_method = setting.rpartition(" ")[2]
    return Catalog(version[1] if version else "unknown", tuple(objects))


def _split_settings(entry: Entry, text: str) -> list[str]:
    """Takes the settings for the next entry, which follow this one's statements, off its end."""
    settings = []
    while entry.statements:
        start, end = entry.statements[-1]
        if not text.startswith(("SET ", "SELECT pg_catalog.set_config("), start):
            break
        settings.append(text[start:end])
        entry.statements.pop()
    return settings


OF_TABLES = ("DEFAULT", "CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT", "TRIGGER", "POLICY")
COMMENTED = re.compile(r"([A-Z][A-Z ]*) (.*)")


def _objects(entry: Entry, text: str, access_method: str) -> Iterator[CatalogObject]:
    kind = entry.kind.lower()
    name = entry.name
    if entry.kind in OF_TABLES:
        kind = kind.removeprefix("fk ").removeprefix("check ")
        name = name.replace(" ", ".") if name.count(" ") == 1 else name
    prefix = "" if entry.schema == "-" else f"{entry.schema}."
    if entry.kind == "COMMENT" and (commented := COMMENTED.fullmatch(name)) is not None:
        name = f"{commented[1].lower()} {prefix}{commented[2]}"
    else:
        name = prefix + name
    whole = text[entry.statements[0][0] : entry.statements[-1][1]]
    found = CatalogObject(kind, name, whole, cosmetic=entry.kind == "COMMENT")
    if entry.kind in ("TABLE", "FOREIGN TABLE"):
        yield from _table(found, [text[start:end] for start, end in entry.statements])
    elif entry.kind == "DOMAIN":
        named, constraint = _split_not_null(whole)
        yield found._replace(definition=named)
        if constraint is not None:
            yield CatalogObject("not-null constraint", name, constraint, cosmetic=True)
    elif entry.kind == "STATISTICS":
        yield found._replace(definition=_sort_statistics(whole))
    else:
        yield found
    stored = entry.kind == "MATERIALIZED VIEW" or (
        entry.kind == "TABLE" and "PARTITION BY" not in whole
    )
    if stored and access_method != "heap":
        yield CatalogObject("access method of table", name, access_method)


# Tables: one property for each column and each constraint


def _table(found: CatalogObject, statements: list[str]) -> Iterator[CatalogObject]:
    """The table with its columns in no order, their order, and the names of its NOT NULLs.

    pg_dump writes what ALTER TABLE adds to a table in the order of its columns too.
    """
    head, members, tail = _split_members(statements[0])
    properties = []
    order = []
    for member in members:
        what, definition = _member(member)
        if what.startswith("constraint ") and definition.startswith("NOT NULL "):
            yield CatalogObject("not-null constraint", f"{found.name} {what}", definition, (), True)
            what = "member"
        named, constraint = _split_not_null(definition)
        properties.append((what, named))
        if what.startswith("column "):
            order.append(what.removeprefix("column "))
        if constraint is not None:
            yield CatalogObject(
                "not-null constraint",
                f"{found.name}.{what.removeprefix('column ')}",
                constraint,
                cosmetic=True,
            )
    definition = ";\n".join([f"{head.rstrip()}{tail}", *sorted(statements[1:])])
    yield found._replace(definition=definition, properties=tuple(sorted(properties)))
    yield CatalogObject(COLUMN_ORDER, found.name, COLUMN_SEPARATOR.join(order), cosmetic=True)


def _split_members(statement: str) -> tuple[str, list[str], str]:
    """What stands before the first parenthesis, each member in it, and what stands behind it."""
    depth = start = opened = 0
    members: list[str] = []
    for token in TOKEN.finditer(statement):
        match token[0]:
            case "(":
                depth += 1
                if depth == 1:
                    opened, start = token.start(), token.end()
            case "," if depth == 1:
                members.append(statement[start : token.start()].strip())
                start = token.end()
            case ")":
                depth -= 1
                if depth == 0:
                    last = statement[start : token.start()].strip()
                    members.extend([last] if last else [])
                    return statement[:opened], members, statement[token.end() :]
    return statement, [], ""


MEMBER = re.compile(rf"(CONSTRAINT )?({IDENTIFIER})\s*(.*)", re.DOTALL)


def _member(member: str) -> tuple[str, str]:
    """`column NAME` or `constraint NAME`, and its definition."""
    match = MEMBER.fullmatch(member)
    if match is None:
        return "member", member
    return f"{'constraint' if match[1] else 'column'} {match[2]}", match[3]


NOT_NULL = re.compile(rf"""'[^']*'|CONSTRAINT ({IDENTIFIER}) NOT NULL|"[^"]*\"""")


def _split_not_null(definition: str) -> tuple[str, str | None]:
    """A column's definition without the name of its NOT NULL constraint, and that name."""
    for match in NOT_NULL.finditer(definition):
        if match[1] is not None:
            return f"{definition[: match.start()]}NOT NULL{definition[match.end() :]}", match[1]
    return definition, None


STATISTICS = re.compile(r"(.*? ON )(.*)( FROM .*)", re.DOTALL)


def _sort_statistics(statement: str) -> str:
    """PostgreSQL keeps the columns of statistics in the table's order, which is none."""
    match = STATISTICS.fullmatch(statement)
    if match is None:
        return statement
    _, members, _ = _split_members(f"({match[2]})")
    return match[1] + ", ".join(sorted(members)) + match[3]
