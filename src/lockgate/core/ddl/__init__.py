"""Statements that lead from one Catalog to another.

`statements` puts them together from PostgreSQL's own spelling of things, as the Catalog holds it.
It decides nothing about rows: a column that is dropped and made anew is empty afterwards, and the
statement says so. That they lead there has to be proved on a server.

`text` takes spellings apart, `structure` finds what needs what, `kinds` knows the statements for
each kind, `fates` decides what is dropped, altered or made, `plan` puts it in order.
"""

from __future__ import annotations

from collections.abc import Iterable

from lockgate.core.catalog import Catalog, Change, diff
from lockgate.core.ddl.fates import Fates
from lockgate.core.ddl.kinds import kinds
from lockgate.core.ddl.plan import Plan
from lockgate.core.ddl.renames import Rename as Rename
from lockgate.core.ddl.renames import RenameCandidate as RenameCandidate
from lockgate.core.ddl.renames import RenameUnreadable as RenameUnreadable
from lockgate.core.ddl.renames import apply as apply
from lockgate.core.ddl.renames import candidates as candidates
from lockgate.core.ddl.script import Script as Script
from lockgate.core.ddl.script import ScriptStatement as ScriptStatement
from lockgate.core.ddl.script import Unsettled as Unsettled
from lockgate.core.ddl.structure import Structure
from lockgate.core.ddl.text import split_list


def statements(
    before: Catalog,
    after: Catalog,
    *,
    renames: Iterable[Rename] = (),
    concurrently: bool = False,
) -> Script:
    """The Script that leads from `before` to `after`.

    `renames` come first; the Changes are those that are left after them. Of what is cosmetic it
    settles nothing yet. With `concurrently`, indexes of tables that stay are made and dropped
    without blocking writes, each outside a transaction.

    Raises RenameUnreadable where a rename cannot be made.
    """
    declared = tuple(renames)
    renaming = rename_script(declared).statements
    before = apply(before, declared)
    changes = [change for change in diff(before, after) if not change.cosmetic]
    if not changes:
        return Script(renaming)
    fates = Fates(Structure(before), Structure(after))
    fates.decide()
    made = tuple(Plan(fates).statements(changes))
    settled = {id(change) for statement in made for change in statement.settles}
    left = [change for change in changes if id(change) not in settled]
    return Script(renaming + made, tuple(Unsettled(change, _reason(change)) for change in left))


def rename_script(renames: Iterable[Rename]) -> Script:
    """The statements for renames alone."""
    return Script(tuple(ScriptStatement(rename.sql) for rename in renames))


def roles_of(*catalogs: Catalog) -> tuple[str, ...]:
    """The roles that structure names: those of policies, as they stand in statements."""
    return tuple(
        sorted(
            {
                role
                for catalog in catalogs
                for found in catalog.objects
                if found.kind == "policy"
                for role in split_list(dict(found.properties).get("roles", ""))
            }
        )
    )


def _reason(change: Change) -> str:
    if change.object not in kinds():
        return f"lockgate knows no statement for a {change.object}"
    return "no statement was found for it"
