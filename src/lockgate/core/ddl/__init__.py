"""Statements that lead from one Catalog to another.

`statements` puts them together from PostgreSQL's own spelling of things, as the Catalog holds it.
It decides nothing about rows: a column that is dropped and made anew is empty afterwards, and the
statement says so. That they lead there has to be proved on a server.

`text` takes spellings apart, `structure` finds what needs what, `kinds` knows the statements for
each kind, `fates` decides what is dropped, altered or made, `plan` puts it in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from lockgate.core.catalog import COSMETIC_KINDS, Catalog, Change, diff
from lockgate.core.ddl.cosmetics import NOT_NULL as NOT_NULL
from lockgate.core.ddl.cosmetics import SETTLED as SETTLED
from lockgate.core.ddl.cosmetics import Settling
from lockgate.core.ddl.cosmetics import roles_of as roles_of_cosmetics
from lockgate.core.ddl.fates import COMING, Fates
from lockgate.core.ddl.kinds import kinds
from lockgate.core.ddl.plan import Plan
from lockgate.core.ddl.renames import Rename as Rename
from lockgate.core.ddl.renames import RenameCandidate as RenameCandidate
from lockgate.core.ddl.renames import RenameUnreadable as RenameUnreadable
from lockgate.core.ddl.renames import apply as apply
from lockgate.core.ddl.renames import candidates as candidates
from lockgate.core.ddl.renames import follows as follows
from lockgate.core.ddl.renames import renamed_sequences as renamed_sequences
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
    cosmetic: Collection[str] = (),
) -> Script:
    """The Script that leads from `before` to `after`.

    `renames` come first; the Changes are those that are left after them. With `concurrently`,
    indexes of tables that stay are made and dropped without blocking writes, each outside a
    transaction. `cosmetic` are the kinds among SETTLED that are settled too; of the others, what is
    made anew gets back what it had.

    Raises RenameUnreadable where a rename cannot be made.
    """
    declared = tuple(renames)
    renaming = rename_script(declared).statements
    before = apply(before, declared)
    everything = diff(before, after)
    told = cosmetic if set(cosmetic) != set(SETTLED) else COSMETIC_KINDS
    changes = [change for change in everything if not change.cosmetic or change.object in told]
    if not changes:
        return Script(renaming)
    structures = Structure(before), Structure(after)
    fates = Fates(*structures)
    fates.decide()
    made = tuple(Plan(fates, concurrently).statements(changes))
    lost = frozenset(key for key, fate in fates.fates.items() if fate in COMING)
    dressed = tuple(_dressed(Settling(*structures, lost, cosmetic), changes))
    settled = {id(change) for statement in (*made, *dressed) for change in statement.settles}
    # Owners and the like without a statement go, or come, with their object.
    left = [
        change for change in changes if id(change) not in settled and change.object not in SETTLED
    ]
    unsettled = tuple(Unsettled(change, _reason(change)) for change in left)
    return Script(renaming + made + dressed, unsettled)


def _dressed(settling: Settling, changes: list[Change]) -> Iterator[ScriptStatement]:
    """What is cosmetic, each statement with its Changes."""
    by_key: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        if change.cosmetic:
            by_key[change.object, change.name].append(change)
    for key, statement in settling.statements():
        yield replace(statement, settles=tuple(by_key[key]))


def rename_script(renames: Iterable[Rename]) -> Script:
    """The statements for renames alone."""
    return Script(tuple(ScriptStatement(rename.sql) for rename in renames))


def roles_of(*catalogs: Catalog, cosmetic: bool = False) -> tuple[str, ...]:
    """The roles that statements name: those of policies; of what is cosmetic, if it is settled."""
    found = {
        role
        for catalog in catalogs
        for one in catalog.objects
        if one.kind == "policy"
        for role in split_list(dict(one.properties).get("roles", ""))
    }
    if cosmetic:
        found.update(*(roles_of_cosmetics(catalog) for catalog in catalogs))
    return tuple(sorted(found))


_COSMETIC = {
    "column order": "PostgreSQL can change it only by making the table anew",
    "extension version": "ALTER EXTENSION UPDATE goes to what the server has",
    "invalid index": "DROP INDEX or REINDEX is for a person to choose",
    "subscription": "its connection string is never read",
    "user mapping": "its options are never read",
    "tablespace": "moving rows to another disk is for a person to choose",
}


def _reason(change: Change) -> str:
    if change.cosmetic:
        return _COSMETIC[change.object]
    if change.object not in kinds():
        return f"lockgate knows no statement for a {change.object}"
    return "no statement was found for it"
