"""Which revisions are applied on an Environment that another one requires first.

Asked there; where it cannot be reached from here, the lock file says where it was last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lockgate.core.environment import Environment
from lockgate.core.gates import Applied
from lockgate.core.identity import WrongDatabase
from lockgate.core.ledger import LedgerRow
from lockgate.core.lockfile import LockedEnvironment
from lockgate.core.outcome import Outcome
from lockgate.core.plan import Plan
from lockgate.core.statement import Direction
from lockgate.errors import LockgateError
from lockgate.migrations.steps import pending
from lockgate.postgres import ledger
from lockgate.workflows.destination import Destination, of_environment
from lockgate.workflows.listing import ask
from lockgate.workflows.workspace import Workspace


def applied_on(workspace: Workspace, environment: Environment, plan: Plan) -> Applied:
    """What of `plan` is missing on `environment`, or there in another form."""
    name = environment.name
    wanted = {step.revision: step.syntax for step in plan.steps}
    try:
        destination = of_environment(workspace, environment)
        record, _ = ask(destination, purpose="plan")
        ran = ran_there(destination)
    except WrongDatabase:
        raise  # no lock file speaks for a database that is not the one it should be
    except LockgateError as error:
        locked = workspace.lock.environment(name)
        if locked is None or not locked.applied:
            return Applied(name, tuple(wanted), f"not known: {error.message}")
        missing = _missing(workspace, tuple(wanted), [locked.applied], {})
        return Applied(name, missing, "by lockgate.lock, for it does not answer here")
    missing = _missing(workspace, tuple(wanted), record.heads_before.values(), ran)
    edited = tuple(r for r, syntax in wanted.items() if ran.get(r) not in (None, syntax))
    return Applied(name, missing, "asked there", edited)


def _missing(
    workspace: Workspace,
    wanted: tuple[str, ...],
    heads_by_part: Iterable[tuple[str, ...]],
    ran: Mapping[str, str | None],
) -> tuple[str, ...]:
    """Those of `wanted` that are not applied in a database at each of `heads_by_part`.

    A development database may be at a revision of another branch, whose file is not here. Then
    the Ledger tells which of ours it ran before.
    """
    directory = workspace.project.directory
    missing: set[str] = set()
    for heads in heads_by_part:
        try:
            missing |= {script.revision for script in pending(directory, "heads", heads)}
        except LockgateError:
            missing |= set(wanted) - set(ran)
    return tuple(revision for revision in wanted if revision in missing)


def ran_there(destination: Destination) -> dict[str, str | None]:
    """Revisions that the Ledger has as upgraded and not downgraded since, with their syntax."""
    with destination.connected(purpose="ledger") as checked:
        rows, _ = ledger.read_ledger(next(iter(checked.values())).connection)
    return revisions_run(rows)


def revisions_run(rows: Iterable[LedgerRow]) -> dict[str, str | None]:
    """The same from `rows` in order of id."""
    ran: dict[str, str | None] = {}
    for entry in (row.entry for row in rows):
        if entry.get("outcome") != "done" or not entry.get("revision"):
            continue
        if entry.get("direction") == Direction.UP:
            ran[entry["revision"]] = entry.get("syntax")
        elif entry.get("direction") == Direction.DOWN:
            ran.pop(entry["revision"], None)
    return ran


def note_applied(destination: Destination, outcome: Outcome) -> None:
    """Writes into the lock file where an Environment is now that another one requires.

    A development database is recorded without what identifies it, for every developer may have
    one of their own.
    """
    workspace, environment = destination.workspace, destination.environment
    required = {name for other in workspace.settings.environments for name in other.requires}
    if environment is None or environment.name not in required:
        return
    heads = tuple(sorted({head for found in outcome.heads_after.values() for head in found}))
    locked = workspace.lock.environment(environment.name)
    if locked is None:
        locked = LockedEnvironment(environment.name, environment.role, uuid="")
    try:
        workspace.write_lock(workspace.lock.with_environment(replace(locked, applied=heads)))
    except OSError as error:
        # The revisions are in and proved, which a file that cannot be written does not change.
        workspace.progress.done(
            f"note: lockgate.lock does not say that {environment.name} is there: {error.strerror}"
        )
