"""Statements as trees of plain values, and the pieces of SQL that a Catalog holds as text.

Parsing to JSON and reading that is several times as fast as pglast's own nodes, and who reads it
needs no pglast.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from pglast.keywords import (
    COL_NAME_KEYWORDS,
    RESERVED_KEYWORDS,
    TYPE_FUNC_NAME_KEYWORDS,
)
from pglast.parser import ParseError, parse_plpgsql_json, parse_sql_json

from lockgate.core.parsed import TOO_DEEP, ParsedStatement, SyntaxProblem, Tree
from lockgate.core.sql.script import Piece, after_blanks, pieces

_decode = msgspec.json.Decoder().decode

QUOTED_KEYWORDS = COL_NAME_KEYWORDS | RESERVED_KEYWORDS | TYPE_FUNC_NAME_KEYWORDS
_PLAIN_FIRST = frozenset("abcdefghijklmnopqrstuvwxyz_")
_PLAIN = _PLAIN_FIRST | frozenset("0123456789")


@lru_cache(maxsize=4096)
def quote_identifier(name: str) -> str:
    """`name` as PostgreSQL's quote_ident writes it: quoted where it has to be."""
    if name and name[0] in _PLAIN_FIRST and _PLAIN.issuperset(name) and name not in QUOTED_KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def parse(script: str) -> tuple[ParsedStatement, ...]:
    """The statements of `script`; one that cannot be read is in its place, with its problem.

    Meta-commands of psql and the data of COPY are left out.
    """
    try:
        return tuple(_statements(script))
    except (ParseError, RecursionError):
        pass
    return tuple(parse_pieces(pieces(script)))


def parse_pieces(found: Iterator[Piece]) -> Iterator[ParsedStatement]:
    """The statements of a script that is read piece by piece."""
    for piece in found:
        if piece.problem is not None:
            yield ParsedStatement(
                piece.sql, "", {}, piece.start, piece.start_byte, piece.line, piece.problem
            )
            continue
        try:
            for parsed in _statements(piece.sql):
                yield ParsedStatement(
                    parsed.sql,
                    parsed.kind,
                    parsed.tree,
                    piece.start + parsed.start,
                    piece.start_byte + parsed.start_byte,
                    piece.line + parsed.line - 1,
                )
        except ParseError as error:
            problem = _problem(piece, error)
            yield ParsedStatement(
                piece.sql, "", {}, piece.start, piece.start_byte, piece.line, problem
            )
        except RecursionError:
            problem = SyntaxProblem(TOO_DEEP, piece.line, piece.column)
            yield ParsedStatement(
                piece.sql, "", {}, piece.start, piece.start_byte, piece.line, problem
            )


def _problem(piece: Piece, error: ParseError) -> SyntaxProblem:
    message, place = (*error.args, None)[:2]
    # Without a place it is the end of the text.
    before = piece.sql[: place if isinstance(place, int) else len(piece.sql)]
    line = piece.line + before.count("\n")
    column = len(before) - before.rfind("\n")
    if "\n" not in before:
        column += piece.column - 1
    return SyntaxProblem(str(message), line, column)


def _statements(script: str) -> Iterator[ParsedStatement]:
    """Raises ParseError."""
    document: Any = _decode(parse_sql_json(script))
    raw = document["stmts"]
    if script.isascii():
        text: str | bytes = script
    else:
        text = script.encode()
    counted = counted_chars = 0
    line = 1
    for found in raw:
        begin = found.get("stmt_location", 0)
        length = found.get("stmt_len", 0)
        end = begin + length if length else len(text)
        sql = text[begin:end]
        plain = sql if isinstance(sql, str) else sql.decode()
        blanks = after_blanks(plain)
        plain_sql = plain[blanks:].rstrip()
        # Places are bytes; of a script that is not ASCII, characters are counted along.
        if isinstance(text, str):
            start = start_byte = begin + blanks
            line += text.count("\n", counted, start)
            counted = start
        else:
            start_byte = begin + len(plain[:blanks].encode())
            between = text[counted:start_byte].decode()
            counted_chars += len(between)
            start = counted_chars
            line += between.count("\n")
            counted = start_byte
        ((kind, tree),) = found["stmt"].items()
        yield ParsedStatement(plain_sql, kind, tree, start, start_byte, line)


def parse_one(sql: str) -> ParsedStatement:
    """The only statement of `sql`; more or less than one is a problem."""
    found = parse(sql)
    if len(found) == 1:
        return found[0]
    problem = SyntaxProblem(f"one statement was expected, and there are {len(found)}", 1, 1)
    return ParsedStatement(sql, "", {}, problem=problem)


def parse_expression(sql: str) -> Tree | None:
    """The node of an expression as a Catalog holds it; None where it is none."""
    found = _target(f"SELECT ({sql}\n)")
    return found


@lru_cache(maxsize=4096)
def parse_type(sql: str) -> Tree | None:
    """The `TypeName` of a type as a Catalog holds it; None where it is none. Not to be changed."""
    found = _target(f"SELECT NULL::{sql}")
    cast = (found or {}).get("TypeCast")
    return cast["typeName"] if cast else None


def _target(sql: str) -> Tree | None:
    try:
        document: Any = _decode(parse_sql_json(sql))
    except ParseError:
        return None
    if len(document["stmts"]) != 1:
        return None
    targets = document["stmts"][0]["stmt"].get("SelectStmt", {}).get("targetList", ())
    return targets[0]["ResTarget"]["val"] if len(targets) == 1 else None


def parse_plpgsql(sql: str) -> list[Tree] | None:
    """The functions of a CREATE FUNCTION or DO in PL/pgSQL; None where they cannot be read."""
    try:
        found: list[Tree] = _decode(parse_plpgsql_json(sql))
    except (ParseError, RecursionError, msgspec.DecodeError):
        return None
    return found
