"""Which revisions a RANGE of the command line means, and the two functions of a revision file."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.script.base import Script

from lockgate.migrations.revision_files import RevisionFileUnreadable
from lockgate.migrations.revisions import irreversible_reason, refuse_lost, resolving


@dataclass(frozen=True, slots=True)
class RevisionText:
    """What the text of a revision file says before anything runs.

    `has_downgrade` is False where the function is missing; the `empty_` ones are True where a
    function does nothing but carry a docstring or `pass`.
    """

    revision: str
    message: str
    path: Path
    parents: tuple[str, ...]
    depends_on: tuple[str, ...]
    irreversible: str | None
    has_downgrade: bool
    empty_upgrade: bool
    empty_downgrade: bool


def resolve_range(
    directory: ScriptDirectory, text: str | None, heads: tuple[str, ...]
) -> tuple[RevisionText, ...]:
    """Revisions that `text` means for a database at `heads`, oldest first.

    None is everything that is pending. `A:B` is what leads from A to B; `REV`, `head` and `+1`
    what leads there from `heads`; a REV that is applied already, and `-1`, that revision alone.

    Raises RevisionUnresolved, RevisionLost.
    """
    refuse_lost(directory, heads)
    asked = text or "heads"
    with resolving(asked):
        if ":" in asked:
            lower, _, upper = asked.partition(":")
            found = directory.iterate_revisions(upper or "heads", lower or "base")
            scripts = tuple(reversed(list(found)))
        elif asked.startswith("-"):
            # As Alembic's commands choose, which would run every file to have its functions.
            down = directory.iterate_revisions(heads, asked, select_for_downgrade=True)
            scripts = tuple(reversed(list(down)))
        else:
            up = directory.iterate_revisions(asked, heads, implicit_base=True)
            scripts = tuple(reversed(list(up)))
            if not scripts and asked not in ("head", "heads"):
                scripts = directory.get_revisions(asked)
    return tuple(read_revision(script) for script in scripts)


def read_revision(script: Script) -> RevisionText:
    """What the file of `script` says. Raises RevisionFileUnreadable."""
    path = Path(script.path)
    try:
        functions = _functions(ast.parse(path.read_bytes()))
    except SyntaxError as error:
        raise RevisionFileUnreadable(str(path), error.lineno, error.msg) from None
    return RevisionText(
        revision=script.revision,
        message=script.doc,
        path=path,
        parents=tuple(sorted(script._versioned_down_revisions)),
        depends_on=_tuple(script.dependencies),
        irreversible=irreversible_reason(script),
        has_downgrade="downgrade" in functions,
        empty_upgrade=_is_empty(functions.get("upgrade")),
        empty_downgrade=_is_empty(functions.get("downgrade")),
    )


def _tuple(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _functions(tree: ast.Module) -> dict[str, ast.stmt]:
    """What binds each name at the top level: mostly a definition, maybe an import."""
    functions: dict[str, ast.stmt] = {}
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                functions[name] = node
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                functions |= {alias.asname or alias.name: node for alias in names}
    return functions


def _is_empty(function: ast.stmt | None) -> bool:
    if function is None:
        return True
    return isinstance(function, ast.FunctionDef) and all(
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )
