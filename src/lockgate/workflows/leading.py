"""The Script that leads from one structure to another, proved on scratch.

The start is made from its Catalog and read back, the statements are run on it, and what they made
is read: it has to be the end. Nothing is run anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from lockgate.core.catalog import Catalog, Change, diff
from lockgate.core.ddl import (
    NOT_NULL,
    SETTLED,
    Rename,
    RenameCandidate,
    Script,
    apply,
    candidates,
    rename_script,
    roles_of,
    statements,
)
from lockgate.core.rehearsal import structural
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.scripts import ScriptFailed, create_roles, run_script
from lockgate.workflows.catalogs import read_scratch_catalog
from lockgate.workflows.scratch import Scratch

Ask = Callable[[RenameCandidate], bool]
"""Whether a candidate is a rename; asked where nobody has declared it."""


@dataclass(eq=False)
class StartNotMade(LockgateError):
    """What the statements are to start from could not be made on scratch."""

    reason: str

    code: ClassVar[str] = "LG-DDL-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """What is in the way."""
        return f"the statements cannot be proved: their start cannot be made here: {self.reason}"

    @property
    def hint(self) -> str:
        """What scratch may lack."""
        return "set scratch.url to a server that has the same extensions, libraries and roles"


@dataclass(eq=False)
class RenamesUndeclared(LockgateError):
    """Something was removed and something like it added, and nobody says whether it is the same."""

    candidates: tuple[RenameCandidate, ...]

    code: ClassVar[str] = "LG-DDL-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """The likeliest, and how many more."""
        first = self.candidates[0]
        more = len(self.candidates) - 1
        others = f", and {more} more may have been" if more else ""
        return (
            f'{first.rename.kind} "{first.rename.old}" may have been renamed '
            f'to "{first.rename.new}"{others}: statements would drop it'
        )

    @property
    def hint(self) -> str:
        """The two answers."""
        rename = self.candidates[0].rename
        return (
            f"give --rename '{rename}' if it was, --no-rename '{rename.kind}:{rename.old}' if not"
        )


@dataclass(frozen=True)
class Led:
    """Statements from one Catalog to another, and whether they were seen to lead there.

    `left` are the Changes that they left, and `failed` is the statement that the server refused,
    None where none was.
    """

    script: Script
    renames: tuple[Rename, ...] = ()
    left: tuple[Change, ...] = ()
    failed: ScriptFailed | None = None

    @property
    def proved(self) -> bool:
        """Whether nothing is left."""
        unsettled = [one for one in self.script.unsettled if not one.change.cosmetic]
        return not self.left and self.failed is None and not unsettled


def settle_renames(
    before: Catalog,
    after: Catalog,
    *,
    declared: Iterable[Rename] = (),
    denied: Iterable[Rename] = (),
    ask: Ask | None = None,
) -> tuple[Rename, ...]:
    """The renames between two Catalogs, every candidate answered for.

    Raises RenamesUndeclared where one is left and there is nobody to `ask`, RenameUnreadable
    where one that is declared cannot be made.
    """
    renames = list(declared)
    before = apply(before, renames)
    refused = {(rename.kind, rename.old) for rename in denied}
    answered: set[Rename] = set()
    while True:
        found = [
            one
            for one in candidates(before, after)
            if (one.rename.kind, one.rename.old) not in refused and one.rename not in answered
        ]
        if not found:
            return tuple(renames)
        if ask is None:
            raise RenamesUndeclared(tuple(found))
        if ask(found[0]):
            renames.append(found[0].rename)
            before = apply(before, [found[0].rename])
        else:
            answered.add(found[0].rename)


def lead(
    scratch: Scratch,
    before: Catalog,
    after: Catalog,
    *,
    renames: tuple[Rename, ...] = (),
    concurrently: bool = False,
    cosmetic: bool = False,
) -> Led:
    """The statements from `before` to `after`, proved on a scratch database.

    Comments, owners and privileges are run and compared with `cosmetic` alone: the roles that
    they name may be missing there. Raises StartNotMade.
    """
    if not diff(before, after) or not (cosmetic or structural(diff(before, after))):
        return Led(Script())
    renaming = rename_script(renames)
    compared: tuple[str, ...] = SETTLED if cosmetic else ()
    with scratch.databases() as databases:
        url = next(iter(databases.urls.values()))
        start = _start(scratch, url, before, after, cosmetic=cosmetic)
        try:
            run_script(url, renaming)
            if renames:
                renamed = apply(before, renames)
                start = _dressed(read_scratch_catalog(url, ()), renamed)
            script = statements(start, after, concurrently=concurrently, cosmetic=compared)
        except ScriptFailed as error:
            return Led(renaming, renames, failed=error)
        whole = replace(script, statements=renaming.statements + script.statements)
        try:
            run_script(url, script if cosmetic else script.structural)
        except ScriptFailed as error:
            return Led(whole, renames, failed=error)
        left = diff(read_scratch_catalog(url, ()), after)
    compared = tuple(kind for kind in compared if kind != NOT_NULL)  # nameless before 18
    return Led(whole, renames, tuple(c for c in left if not c.cosmetic or c.object in compared))


def _dressed(structure: Catalog, cosmetic: Catalog) -> Catalog:
    """A Catalog with the structure of the one and what is cosmetic of the other."""
    objects = [found for found in structure.objects if not found.cosmetic]
    objects += [found for found in cosmetic.objects if found.cosmetic]
    return Catalog(structure.server, tuple(objects), structure.missing)


def _start(
    scratch: Scratch, url: DatabaseUrl, before: Catalog, after: Catalog, *, cosmetic: bool
) -> Catalog:
    """Makes `before` at `url`, and answers what was read back."""
    if scratch.workspace.settings.scratch is None:  # the server is lockgate's own
        create_roles(url, roles_of(before, after, cosmetic=cosmetic))
    try:
        settled = SETTLED if cosmetic else ()
        run_script(url, statements(read_scratch_catalog(url, ()), before, cosmetic=settled))
    except ScriptFailed as error:
        raise StartNotMade(error.message) from error
    made = read_scratch_catalog(url, ())
    left = structural(diff(made, before))
    if left:
        named = f"{left[0].object} {left[0].name}"
        raise StartNotMade(f"{len(left)} changes are left, the first of {named}")
    return made if cosmetic else _dressed(made, before)


def after_renames(
    catalogs: tuple[Catalog, Catalog] | None,
    changes: tuple[Change, ...],
    declared: tuple[Rename, ...],
    denied: tuple[Rename, ...],
) -> tuple[tuple[Change, ...], tuple[RenameCandidate, ...]]:
    """The Changes that are left once what was declared is renamed, and what else may have been."""
    if catalogs is None:
        return changes, ()
    before, after = catalogs
    if declared:
        before = apply(before, declared)
        changes = diff(before, after)
    refused = {(rename.kind, rename.old) for rename in denied}
    return changes, tuple(
        one for one in candidates(before, after) if (one.rename.kind, one.rename.old) not in refused
    )
