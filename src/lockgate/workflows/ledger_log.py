"""`lockgate log`: reads the Ledger of an Environment, and checks its hash chain where asked."""

from __future__ import annotations

from lockgate.core.ledger import LedgerView, verify
from lockgate.postgres import health, ledger
from lockgate.workflows.destination import find_destination
from lockgate.workflows.workspace import Workspace

STATEMENT_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 5_000


def read_log(
    workspace: Workspace, environment: str | None, *, last: int | None, check: bool
) -> tuple[LedgerView, ...]:
    """The Ledger of each database of the Environment: its `last` rows, or all of them.

    Raises a WrongDatabase, MarkMissing among them, or NotReachable.
    """
    destination = find_destination(workspace, environment)
    views = []
    with destination.connected(purpose=f"log {destination.name}") as checked:
        for part, one in checked.items():
            with health.answering(one.connection, url=destination.urls[part].redacted()):
                health.only_read(
                    one.connection,
                    statement_timeout_ms=STATEMENT_TIMEOUT_MS,
                    lock_timeout_ms=LOCK_TIMEOUT_MS,
                )
                rows, end = ledger.read_ledger(one.connection, last=None if check else last)
            shown = rows if last is None else rows[-last:]
            views.append(
                LedgerView(
                    environment=destination.name,
                    part=part,
                    rows=tuple(reversed(shown)),
                    exists=end is not None or bool(rows),
                    faults=verify(rows, end) if check else None,
                )
            )
    return tuple(views)
