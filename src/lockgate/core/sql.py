"""The one door to the SQL parser, which is PostgreSQL's own.

Answers questions about the text of statements. Nothing else in lockgate reads SQL.
"""

from __future__ import annotations

from collections.abc import Sequence

from pglast import ast, parse_sql, scan
from pglast.enums import AlterTableType
from pglast.parser import ParseError


def is_concurrent(sql: str) -> bool:
    """Whether `sql` is one statement that waits for locks without blocking reads or writes.

    That is CREATE, DROP and REINDEX ... CONCURRENTLY, REFRESH MATERIALIZED VIEW CONCURRENTLY and
    DETACH PARTITION ... CONCURRENTLY. What cannot be parsed is not known to be harmless: False.
    """
    match _only(sql):
        case ast.IndexStmt(concurrent=True) | ast.DropStmt(concurrent=True):
            return True
        case ast.RefreshMatViewStmt(concurrent=True):
            return True
        case ast.ReindexStmt(params=params):
            return any(option.defname == "concurrently" for option in params or ())
        case ast.AlterTableStmt(cmds=commands):
            return all(
                command.subtype == AlterTableType.AT_DetachPartition and command.def_.concurrent
                for command in commands or ()
            )
    return False


def created_index(sql: str) -> tuple[str | None, str] | None:
    """Schema (None where unqualified) and name of the index that `sql` creates CONCURRENTLY."""
    match _only(sql):
        case ast.IndexStmt(concurrent=True, idxname=str(name), relation=ast.RangeVar() as relation):
            return relation.schemaname, name
    return None


def split(script: str) -> tuple[str, ...]:
    """The statements of `script`, in order, without their semicolons.

    Text that cannot be parsed is one statement.
    """
    try:
        parsed = parse_sql(script)
    except ParseError:
        return (script.strip(),)
    data = script.encode()
    pieces = []
    for raw in parsed:
        start, length = raw.stmt_location or 0, raw.stmt_len or len(data)
        pieces.append(data[start : start + length].decode().strip())
    return tuple(pieces)


def fill_numbered(sql: str, literals: Sequence[str]) -> str:
    """`sql` with `$1`, `$2`, ... replaced by `literals`, also inside nothing but real code.

    Strings, comments and quoted names keep what looks like a parameter.
    """
    data = sql.encode()
    pieces, last = [], 0
    for token in scan(sql):
        if token.name == "PARAM":
            number = int(data[token.start + 1 : token.end + 1])
            pieces += [data[last : token.start], literals[number - 1].encode()]
            last = token.end + 1
    return b"".join([*pieces, data[last:]]).decode()


def _only(sql: str) -> ast.Node | None:
    """The syntax tree of `sql`, None unless it is exactly one statement that parses."""
    try:
        parsed = parse_sql(sql)
    except ParseError:
        return None
    return parsed[0].stmt if len(parsed) == 1 else None
