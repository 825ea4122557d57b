"""The query that picks the rows which a statement changes.

It locks what a query locks, needs what a query needs, and knows nothing of the columns that are
set: those may be yet to come.
"""

from __future__ import annotations

from pglast import ast, parse_sql
from pglast.enums import CmdType, JoinType
from pglast.parser import ParseError
from pglast.stream import RawStream


def picking(sql: str) -> str | None:
    """A SELECT with as many rows as `sql` changes or inserts from a query.

    None for any other statement, and for one that also changes rows within WITH.
    """
    try:
        (raw,) = parse_sql(sql)
    except (ParseError, ValueError):
        return None
    select = _select(raw.stmt)
    if select is None or _changes_within(select.withClause):
        return None
    return str(RawStream()(select))


def _select(statement: ast.Node | None) -> ast.SelectStmt | None:
    match statement:
        case ast.UpdateStmt():
            return _one_of_each(statement, statement.fromClause)
        case ast.DeleteStmt():
            return _one_of_each(statement, statement.usingClause)
        case ast.MergeStmt():
            return _merged(statement)
        case ast.InsertStmt(selectStmt=ast.SelectStmt(valuesLists=None) as query):
            if statement.withClause is not None:
                if query.withClause is not None:
                    return None
                query.withClause = statement.withClause
            return query
    return None


def _one_of_each(
    statement: ast.UpdateStmt | ast.DeleteStmt, others: tuple[ast.Node, ...] | None
) -> ast.SelectStmt:
    tables = tuple(one for one in (statement.relation, *(others or ())) if one is not None)
    return _ones(tables, statement.whereClause, statement.withClause)


def _ones(
    tables: tuple[ast.Node, ...],
    condition: ast.Node | None,
    queries: ast.WithClause | None,
) -> ast.SelectStmt:
    one = ast.ResTarget(val=ast.A_Const(isnull=False, val=ast.Integer(ival=1)))
    select = ast.SelectStmt(targetList=(one,), fromClause=tables)
    if condition is not None:
        select.whereClause = condition
    if queries is not None:
        select.withClause = queries
    return select


def _merged(statement: ast.MergeStmt) -> ast.SelectStmt:
    inserts = any(
        clause.commandType == CmdType.CMD_INSERT for clause in statement.mergeWhenClauses or ()
    )
    join = ast.JoinExpr(
        jointype=JoinType.JOIN_LEFT if inserts else JoinType.JOIN_INNER,
        larg=statement.sourceRelation,
        rarg=statement.relation,
        quals=statement.joinCondition,
    )
    return _ones((join,), None, statement.withClause)


def _changes_within(queries: ast.WithClause | None) -> bool:
    return queries is not None and any(
        not isinstance(one.ctequery, ast.SelectStmt) for one in queries.ctes or ()
    )
