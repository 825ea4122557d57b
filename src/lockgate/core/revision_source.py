"""The Python text of a revision file, as rules and suppressions read it. Nothing of it runs."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Unread(StrEnum):
    """How a Revision came to be read without all of its statements, the harmless way first."""

    ASKED = "asked"  # it asked the database, and was answered as if there were no rows
    STOPPED = "stopped"  # it stopped for want of one
    NOT_LOADED = "not loaded"  # the file cannot even be imported here


@dataclass(frozen=True, slots=True)
class RevisionSource:
    """One revision file: its syntax tree, and the functions by which Alembic goes up and down.

    `edited` is whether the file was changed since it ran or was rehearsed; `applied` names a
    database where it ran, None where nobody knows of one. `heads` are the heads of all the files
    where nobody meant them to stay apart. `unread` is how its statements could not all be had
    without a server, `unread_reason` why in words, and `unread_line` where that showed.
    """

    revision: str
    file: str
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)
    irreversible: str | None = None
    edited: bool = False
    applied: str | None = None
    heads: tuple[str, ...] = ()
    unread: Unread | None = None
    unread_reason: str = ""
    unread_line: int | None = None

    def function(self, name: str) -> ast.FunctionDef | None:
        """The top-level function of that name."""
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
        return None

    def words(self) -> Iterator[str]:
        """Every word in the strings of the file, which may be a name in the database."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from re.findall(r"[\w$]+", node.value)

    def full_names(self) -> Iterator[tuple[ast.Name | ast.Attribute, str]]:
        """Each name that is read in the file, as the imports spell it out: `os.environ`.

        Of `a.b.c` only the whole; a name that nothing imports stays as it is.
        """
        imported: dict[str, str] = {}
        inner: set[ast.AST] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                imported.update({a.asname: a.name for a in node.names if a.asname})
            elif isinstance(node, ast.ImportFrom):
                imported.update({a.asname or a.name: f"{node.module}.{a.name}" for a in node.names})
            elif isinstance(node, ast.Attribute):
                inner.add(node.value)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.Attribute) and node not in inner:
                first, *rest = ast.unparse(node).split(".")
                yield node, ".".join((imported.get(first, first), *rest))

    def is_empty(self, name: str) -> bool:
        """Whether a function is there and does nothing."""
        function = self.function(name)
        return function is not None and all(_does_nothing(node) for node in function.body)

    def span(self, line: int) -> tuple[int, int]:
        """First and last line of the statement at `line`, the innermost one that has it."""
        spans = [
            (node.lineno, node.end_lineno or node.lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)
        ]
        return min(spans, key=lambda s: s[1] - s[0], default=(line, line))

    def following(self, line: int) -> tuple[int, int]:
        """First and last line of the first statement that begins after `line`."""
        spans = [
            (node.lineno, node.end_lineno or node.lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.stmt) and node.lineno > line
        ]
        first = min((s[0] for s in spans), default=line)
        return max((s for s in spans if s[0] == first), key=lambda s: s[1], default=(line, line))


def comments(text: str) -> tuple[tuple[int, str, bool], ...]:
    """The comments of a Python text: line, words, and whether they stand alone on it."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                alone = not token.line[: token.start[1]].strip()
                found.append((token.start[0], token.string.lstrip("# ").strip(), alone))
    except (tokenize.TokenError, SyntaxError):
        pass  # what is no Python is told of by whoever reads its statements
    return tuple(found)


def _does_nothing(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Return(value=None | ast.Constant()):
            return True
    return False
