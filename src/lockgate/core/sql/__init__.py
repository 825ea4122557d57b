"""The one door to the SQL parser, which is PostgreSQL's own.

Answers questions about the text of statements. Nothing else in lockgate reads SQL.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pglast import ast, parse_sql, scan
from pglast.enums import AlterTableType, TransactionStmtKind
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


class Replay(StrEnum):
    """What to do with a statement that was committed before its revision was cut off."""

    AGAIN = "again"  # it only reads, or sets up the session
    SKIP = "skip"
    ANSWERS = "answers"  # it changes rows and answers with them, and cannot answer twice


def replay(sql: str) -> Replay:
    """How `sql` is met when its revision goes on; what cannot be parsed is skipped."""
    try:
        parsed = parse_sql(sql)
    except ParseError:
        return Replay.SKIP
    found = {_replay(raw.stmt) for raw in parsed}
    for strictest in (Replay.ANSWERS, Replay.SKIP):
        if strictest in found:
            return strictest
    return Replay.AGAIN


def _replay(statement: ast.Node | None) -> Replay:
    match statement:
        case ast.SelectStmt(intoClause=None, withClause=ctes):
            changes = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)
            writes = ctes and any(isinstance(c.ctequery, changes) for c in ctes.ctes or ())
            return Replay.ANSWERS if writes else Replay.AGAIN
        case ast.InsertStmt() | ast.UpdateStmt() | ast.DeleteStmt():
            # `returningList` up to pglast 7, whose parser is PostgreSQL 17's.
            returns = ("returningClause", "returningList")
            answers = any(getattr(statement, name, None) for name in returns)
            return Replay.ANSWERS if answers else Replay.SKIP
        case ast.CreateStmt(relation=ast.RangeVar(relpersistence="t")):
            return Replay.AGAIN
        case ast.VariableSetStmt() | ast.VariableShowStmt() | ast.ExplainStmt() | ast.LockStmt():
            return Replay.AGAIN
        case ast.TransactionStmt() | ast.DiscardStmt():
            return Replay.AGAIN
    return Replay.SKIP


def commits(sql: str) -> bool:
    """Whether `sql` is a COMMIT, sent past the driver that keeps the transaction."""
    match _only(sql):
        case ast.TransactionStmt(kind=TransactionStmtKind.TRANS_STMT_COMMIT):
            return True
    return False


class TraceKind(StrEnum):
    """What a statement that commits by itself makes or removes."""

    INDEX_MADE = "index made"
    INDEX_DROPPED = "index dropped"
    VALUE_ADDED = "value added"


@dataclass(frozen=True, slots=True)
class Trace:
    """How to see in the database whether a statement took place.

    `within` is the table, index or enum type by its name, with its schema where `sql` gives one;
    `name` the index or the enum value.
    """

    kind: TraceKind
    within: tuple[str, ...]
    name: str


def trace(sql: str) -> Trace | None:
    """The trace that `sql` leaves, None where it leaves no such simple one."""
    match _only(sql):
        case ast.IndexStmt(concurrent=True, idxname=str(name), relation=ast.RangeVar() as table):
            path = (table.schemaname, table.relname)
            return Trace(TraceKind.INDEX_MADE, tuple(part for part in path if part), name)
        case ast.DropStmt(concurrent=True, objects=(names,)):
            return Trace(TraceKind.INDEX_DROPPED, _path(names), _path(names)[-1])
        case ast.AlterEnumStmt(typeName=names, oldVal=None, newVal=str(value)):
            return Trace(TraceKind.VALUE_ADDED, _path(names), value)
    return None


def _path(names: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(part.sval for part in names or ())


def creates_if_missing(sql: str) -> bool:
    """Whether `sql` is a CREATE ... IF NOT EXISTS, which changes nothing where the thing exists."""
    if "EXISTS" not in sql.upper():
        return False  # nearly all; spares them the parser
    return getattr(_only(sql), "if_not_exists", False) is True


def split(script: str) -> tuple[str, ...]:
    """The statements of `script`, in order, without their semicolons.

    Text that cannot be parsed is one statement.
    """
    try:
        parsed = parse_sql(script)
    except ParseError:
        return (script.strip(),)
    pieces = []
    for raw in parsed:  # places are in characters
        start, length = raw.stmt_location or 0, raw.stmt_len or len(script)
        pieces.append(script[start : start + length].strip())
    return tuple(pieces)


def fill_numbered(sql: str, literals: Sequence[str]) -> str:
    """`sql` with `$1`, `$2`, ... replaced by `literals`, also inside nothing but real code.

    Strings, comments and quoted names keep what looks like a parameter.
    """
    pieces, last = [], 0
    for token in scan(sql):  # places are in characters
        if token.name == "PARAM":
            number = int(sql[token.start + 1 : token.end + 1])
            pieces += [sql[last : token.start], literals[number - 1]]
            last = token.end + 1
    return "".join([*pieces, sql[last:]])


def without_constants(sql: str) -> str:
    """`sql` with `?` for each constant, where all that it does is to read or change rows.

    Anything else comes back as it is, for a constant of DDL is structure; so does what cannot be
    parsed.
    """
    try:
        statements = [raw.stmt for raw in parse_sql(sql)]
    except ParseError:
        return sql
    rows = (ast.SelectStmt, ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)
    if not all(isinstance(statement, rows) for statement in statements):
        return sql
    return _replaced(sql, scan(sql), _CONSTANTS, "?")


_CONSTANTS = ("SCONST", "USCONST", "BCONST", "XCONST", "ICONST", "FCONST")


def without_strings(sql: str) -> str:
    """`sql` with `'***'` for each string, for a statement that may hold a password.

    Of text that the scanner cannot read, nothing is left.
    """
    try:
        tokens = scan(sql)
    except ParseError:
        return "(not kept: it speaks of a password, and cannot be read)"
    return _replaced(sql, tokens, _CONSTANTS[:2], "'***'")


def without_values(sql: str) -> str:
    """`sql` with `?` for each constant and without comments, whatever kind of statement it is.

    The server keeps the application's statements without constants, but not those of PREPARE,
    DECLARE and COPY. Of text that the scanner cannot read, nothing is left.
    """
    try:
        tokens = list(scan(sql))
    except ParseError:
        return "(a statement that cannot be read)"
    bare = _replaced(sql, tokens, ("C_COMMENT", "SQL_COMMENT"), "")
    return _replaced(bare, scan(bare), _CONSTANTS, "?").strip()


def _replaced(sql: str, tokens: Iterable[Any], kinds: Container[str], by: str) -> str:
    """`sql` with `by` for each token of `kinds`. Any: pglast gives its tokens no type."""
    pieces, last = [], 0
    for token in tokens:  # places are in characters
        if token.name in kinds:
            pieces += [sql[last : token.start], by]
            last = token.end + 1
    return "".join([*pieces, sql[last:]])


def _only(sql: str) -> ast.Node | None:
    """The syntax tree of `sql`, None unless it is exactly one statement that parses."""
    try:
        parsed = parse_sql(sql)
    except ParseError:
        return None
    return parsed[0].stmt if len(parsed) == 1 else None


def identifiers(sql: str) -> tuple[str, ...]:
    """The names in `sql` as they are written there, without their quotes, before they are cut."""
    try:
        tokens = scan(sql)
    except ParseError:
        return ()
    found = (sql[token.start : token.end + 1] for token in tokens if token.name in _NAMES)
    return tuple(name[1:-1] if name.startswith('"') else name for name in found)


_NAMES = ("IDENT", "UIDENT")
