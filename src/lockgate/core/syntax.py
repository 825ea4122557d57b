"""Whether two texts of a revision file are the same program.

Answers with one digest that every supported Python computes alike. Leaves reading files to
`migrations`, and what a difference means to `lockfile.py`.
"""

from __future__ import annotations

import ast
import warnings
from hashlib import sha256


def syntax_hash(source: bytes) -> str:
    """`sha256:` and the digest of what `source` does, however it is laid out.

    Line endings, encoding, comments, formatting and docstrings do not matter. Equal on every
    supported Python: `ast.dump` is not, for fields come and go with the version.

    Raises SyntaxError, and ValueError where `source` holds a null byte.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    spelled: list[str] = []
    _spell(tree, spelled)
    return "sha256:" + sha256("".join(spelled).encode()).hexdigest()


_NOT_COMPARED = frozenset(("ctx", "kind", "type_comment", "type_ignores"))
"""`kind` is the u of u"", `ctx` follows from the place, and type comments are comments."""


def _spell(node: ast.AST, spelled: list[str]) -> None:
    spelled.append(f"{type(node).__name__}(")
    for name in node._fields:
        # A field that is None or empty may be one that another Python does not have.
        value = getattr(node, name, None)
        if value is None or name in _NOT_COMPARED:
            continue
        if name == "body":
            value = _without_docstring(node, value)
        elif isinstance(node, ast.JoinedStr):
            value = _without_empty(value)
        if value == []:
            continue
        spelled.append(f"{name}=")
        _spell_value(value, spelled)
        spelled.append(";")
    spelled.append(")")


def _spell_value(value: object, spelled: list[str]) -> None:
    if isinstance(value, ast.AST):
        _spell(value, spelled)
    elif isinstance(value, list):
        spelled.append("[")
        for item in value:
            _spell_value(item, spelled)
            spelled.append(",")
        spelled.append("]")
    else:
        # Unlike repr, ascii does not depend on which characters this Python calls printable.
        spelled.append(ascii(value))


def _without_docstring(node: ast.AST, body: object) -> object:
    match node, body:
        case (
            ast.Module() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef(),
            [ast.Expr(value=ast.Constant(value=str())), *rest],
        ):
            return rest
    return body


def _without_empty(pieces: list[ast.expr]) -> list[ast.expr]:
    """An f-string's pieces; Python 3.12 leaves an empty text after a nested format."""
    return [p for p in pieces if not (isinstance(p, ast.Constant) and p.value == "")]
