"""Statements as Python of a revision file: Alembic's directives where one says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _repr_type
from alembic.operations import ops
from sqlalchemy import Enum
from sqlalchemy.dialects.postgresql import DOMAIN

from lockgate.core.names import parts_of

RenderItem = Callable[[str, Any, AutogenContext], Any]  # Any: Alembic's own signature


class StatementOp(ops.MigrateOperation):
    """A statement of a new revision; `outside` of its transaction where it cannot share one.

    `schema` is the one that unqualified names are in.
    """

    def __init__(self, sql: str, *, schema: str, outside: bool = False) -> None:
        self.sql = sql
        self.schema = schema
        self.outside = outside


@renderers.dispatch_for(StatementOp)
def _render(context: AutogenContext, operation: StatementOp) -> list[str]:
    op = context.opts.get("alembic_module_prefix") or "op."
    sa = context.opts.get("sqlalchemy_module_prefix") or "sa."
    code = directive(operation, op=op, sa=sa) or _execute(operation.sql, op=op)
    if not operation.outside:
        return [code]
    inner = code.replace("\n", "\n    ")
    return [f"with {op}get_context().autocommit_block():\n    {inner}"]


def _execute(sql: str, *, op: str) -> str:
    if "\\:" in sql:  # text() would take the backslash away
        return f"{op}get_bind().exec_driver_sql({_literal(sql)})"
    return f"{op}execute({_literal(escaped(sql))})"


def escaped(sql: str) -> str:
    """`sql` for `text()`, which takes a colon before a word for a parameter."""
    return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql)


def _literal(text: str) -> str:
    """`text` as Python, a string for each of its lines: indenting the file changes none of them."""
    lines = text.splitlines(keepends=True)
    if len(lines) < 2 and len(text) < 88:
        return _quoted(text)
    if len(lines) < 2:
        lines = _wrapped(text)
    return "\n    " + "\n    ".join(_quoted(line) for line in lines) + "\n"


def _wrapped(text: str, width: int = 84) -> list[str]:
    lines = [""]
    for word in re.findall(r"\S*\s*", text):
        if len(lines[-1]) + len(word) > width and lines[-1]:
            lines.append("")
        lines[-1] += word
    return lines


def _quoted(text: str) -> str:
    """Python's literal for `text`, in double quotes where that needs no escapes."""
    if '"' in text or "\\" in text:
        return repr(text)
    return '"' + repr("'" + text)[2:-1].replace("\\'", "'") + '"'


_PART = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_NAME = rf"{_PART}(?:\.{_PART})*"
_ON_TABLE = rf"ALTER TABLE (?:ONLY )?(?P<table>{_NAME}) "
_ON_COLUMN = rf"{_ON_TABLE}ALTER COLUMN (?P<column>{_PART}) "
_FORMS = tuple(
    (name, re.compile(form, re.DOTALL))
    for name, form in (
        ("check", rf"{_ON_TABLE}ADD CONSTRAINT (?P<name>{_PART}) CHECK \((?P<text>.*)\)$"),
        ("drop_constraint", rf"{_ON_TABLE}DROP CONSTRAINT (?P<name>{_PART})$"),
        ("rename_table", rf"{_ON_TABLE}RENAME TO (?P<name>{_PART})$"),
        ("rename_column", rf"{_ON_TABLE}RENAME COLUMN (?P<column>{_PART}) TO (?P<name>{_PART})$"),
        ("default", rf"{_ON_COLUMN}SET DEFAULT (?P<text>.*)$"),
        ("no_default", rf"{_ON_COLUMN}DROP DEFAULT$"),
        ("not_null", rf"{_ON_COLUMN}SET NOT NULL$"),
        ("nullable", rf"{_ON_COLUMN}DROP NOT NULL$"),
        (
            "index",
            rf"CREATE (?P<unique>UNIQUE )?INDEX (?P<name>{_PART}) ON (?P<table>{_NAME})"
            rf"(?: USING (?P<method>\w+))? \((?P<columns>{_PART}(?:, {_PART})*)\)"
            r"(?: WHERE (?P<text>.*))?$",
        ),
    )
)


def directive(operation: StatementOp, *, op: str, sa: str) -> str | None:
    """The directive of Alembic that does the same, None where `op.execute` is plainer."""
    for name, form in _FORMS:
        match = form.match(operation.sql)
        if match is not None:
            return _directive(name, match.groupdict(), operation.schema, op=op, sa=sa)
    return None


def _directive(
    form: str, found: dict[str, str | None], default_schema: str, *, op: str, sa: str
) -> str:
    schema, table = parts_of(str(found["table"]))
    schema = "" if schema == default_schema else f", schema={schema!r}"
    text = f"{sa}text({_quoted(escaped(found.get('text') or ''))})"
    match form:
        case "check" | "drop_constraint":
            (name,) = parts_of(str(found["name"]))
            named = f"{op}f({name!r}), {table!r}"
            if form == "check":
                return f"{op}create_check_constraint({named}, {text}{schema})"
            return f"{op}drop_constraint({named}{schema})"
        case "rename_table":
            (name,) = parts_of(str(found["name"]))
            return f"{op}rename_table({table!r}, {name!r}{schema})"
        case "rename_column":
            (old,), (new,) = parts_of(str(found["column"])), parts_of(str(found["name"]))
            return f"{op}alter_column({table!r}, {old!r}, new_column_name={new!r}{schema})"
        case "index":
            return _index(found, table, text, schema, op=op)
    (column,) = parts_of(str(found["column"]))
    altered = {
        "default": f"server_default={text}",
        "no_default": "server_default=None",
        "not_null": "nullable=False",
        "nullable": "nullable=True",
    }[form]
    return f"{op}alter_column({table!r}, {column!r}, {altered}{schema})"


def _index(found: dict[str, str | None], table: str, text: str, schema: str, *, op: str) -> str:
    (name,) = parts_of(str(found["name"]))
    columns = [parts_of(column)[0] for column in re.findall(_PART, str(found["columns"]))]
    options = f", unique={found['unique'] is not None}{schema}"
    if found["method"] not in (None, "btree"):
        options += f", postgresql_using={found['method']!r}"
    if found["text"] is not None:
        options += f",\n    postgresql_where={text}"
    return f"{op}create_index({op}f({name!r}), {table!r}, {columns!r}{options})"


def types_without_create(team: RenderItem | None) -> RenderItem:
    """`render_item` of `env.py`; enums and domains are written so that no table creates them.

    A table that does would create the type once more where another table has it already, and a
    column that is added would not create it at all: the revision has statements for types.
    """

    def render(kind: str, thing: Any, context: AutogenContext) -> Any:
        if team is not None and (rendered := team(kind, thing, context)) is not False:
            return rendered
        if kind != "type":
            return False
        schema = f", schema={thing.schema!r}" if getattr(thing, "schema", None) else ""
        if isinstance(thing, Enum) and thing.native_enum and thing.name:
            context.imports.add("from sqlalchemy.dialects import postgresql")
            labels = ", ".join(repr(str(label)) for label in thing.enums)
            name = str(thing.name)
            return f"postgresql.ENUM({labels}, name={name!r}{schema}, create_type=False)"
        if isinstance(thing, DOMAIN):
            context.imports.add("from sqlalchemy.dialects import postgresql")
            inner = _repr_type(thing.data_type, context)
            return f"postgresql.DOMAIN({str(thing.name)!r}, {inner}{schema}, create_type=False)"
        return False

    return render
