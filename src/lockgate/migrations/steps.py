"""Which revisions a run executes: Alembic's own choice for each of its commands.

The only place that calls the underscored methods of ScriptDirectory which Alembic's commands
call too; `tests/migrations/test_alembic_internals.py` holds them per minor version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from alembic.script.base import Script
from alembic.script.revision import RevisionError
from alembic.util import CommandError

from lockgate.migrations.driver import AlembicRefused, Steps
from lockgate.migrations.revision_files import run_file
from lockgate.migrations.revisions import refuse_lost


def upgrade(directory: ScriptDirectory, destination: str) -> Steps:
    """Up to `destination`, as `alembic upgrade` would."""
    return _recorded(directory, lambda heads: directory._upgrade_revs(destination, heads))  # type: ignore[arg-type]


def _recorded(
    directory: ScriptDirectory, choose: Callable[[tuple[str, ...]], Sequence[Any]]
) -> Steps:
    """What `choose` takes of a database whose Revisions all have files.

    Raises RevisionLost.
    """

    def steps(heads: tuple[str, ...], _: MigrationContext) -> Sequence[Any]:
        refuse_lost(directory, heads)
        return choose(heads)

    return steps


def exactly(
    directory: ScriptDirectory, revisions: Collection[str], destinations: tuple[str, ...]
) -> Steps:
    """Up to all of `destinations` through those of `revisions` that are left, and no others."""

    def steps(heads: tuple[str, ...], _: MigrationContext) -> Sequence[Any]:
        found: dict[str, Any] = {}
        for destination in destinations:
            for step in directory._upgrade_revs(destination, heads):  # type: ignore[arg-type]
                if step.revision.revision in revisions:
                    found.setdefault(step.revision.revision, step)
        return tuple(found.values())

    return steps


def downgrade(directory: ScriptDirectory, destination: str) -> Steps:
    """Down to `destination`, as `alembic downgrade` would."""
    return _recorded(directory, lambda heads: directory._downgrade_revs(destination, heads))  # type: ignore[arg-type]


def stamp(directory: ScriptDirectory, destinations: tuple[str, ...]) -> Steps:
    """The version table set to `destinations` without running anything, as `alembic stamp`."""
    return _recorded(directory, lambda heads: directory._stamp_revs(destinations, heads))


def alone(directory: ScriptDirectory, revision: str, *, up: bool) -> Steps:
    """One revision, up or down, its file run afresh as a new process would."""

    def steps(_: tuple[str, ...], __: MigrationContext) -> Sequence[Any]:
        script = directory.get_revision(revision)
        make = MigrationStep.upgrade_from_script if up else MigrationStep.downgrade_from_script
        step = make(directory.revision_map, script)
        name = "upgrade" if up else "downgrade"
        function = getattr(run_file(script.path), name, None)
        if function is None:
            raise AlembicRefused(f"revision {revision} has no function {name}()")
        step.migration_fn = function
        return [step]

    return steps


def nothing(_: tuple[str, ...], __: MigrationContext) -> Sequence[Any]:
    """No revision: the run only asks where the database is."""
    return ()


def only_head(directory: ScriptDirectory) -> str:
    """The head of a history that has exactly one."""
    (head,) = directory.get_heads()
    return head


def pending(
    directory: ScriptDirectory, destination: str, heads: tuple[str, ...]
) -> tuple[Script, ...]:
    """Revisions that an upgrade from `heads` to `destination` would run, in that order.

    Raises AlembicRefused, RevisionLost.
    """
    refuse_lost(directory, heads)
    try:
        # As `_upgrade_revs` does, which would run every file to have its function.
        found = directory.iterate_revisions(destination, heads, implicit_base=True)
        return tuple(reversed(list(found)))
    except (CommandError, RevisionError) as error:
        raise AlembicRefused(" ".join(str(error).split()).rstrip(".")) from error
