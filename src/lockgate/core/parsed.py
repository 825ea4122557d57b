"""One SQL statement as PostgreSQL's parser reads it: the value that `core/sql.py` hands out.

A tree is made of plain dicts, lists, strings and numbers. A node is a dict of one key, its type as
PostgreSQL's sources name it, such as `{"AlterTableStmt": {...}}`; what is false, zero or absent
has no key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TOO_DEEP = "it is nested too deeply"

Tree = dict[str, Any]  # Any: the parser's own document, whose shape differs from node to node


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why a text is no statement; `line` and `column` count from 1 within the script."""

    message: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class ParsedStatement:
    """One statement, its text without comments before it or the semicolon after it.

    `start` counts characters, `start_byte` bytes of UTF-8, `line` lines from 1, all to the first
    word of the statement in its script. `kind` is the node's type, "" where `problem` says why
    there is none. Places within `tree` are bytes of the script that it was parsed from.
    """

    sql: str
    kind: str
    tree: Tree = field(repr=False)
    start: int = 0
    start_byte: int = 0
    line: int = 1
    problem: SyntaxProblem | None = None
