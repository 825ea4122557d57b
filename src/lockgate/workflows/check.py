"""`lockgate check`: all that CI should ask before a change is merged; needs no Environment."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.checked import Checked
from lockgate.core.finding import Finding
from lockgate.core.lockfile import compare
from lockgate.migrations.revisions import read_revision_files, unjoined_heads
from lockgate.workflows.proofs import Proofs
from lockgate.workflows.workspace import Workspace


def check(workspace: Workspace, *, major: int | None, everything: bool) -> Checked:
    """Heads, lock file, rehearsal of what is new, and models against revisions.

    No server is asked where the lock file proves the answer for `major`, or for any where that
    is None and the settings name none.
    """
    findings = (*_heads(workspace), *_lock_file(workspace))
    proofs = Proofs(workspace)
    if not findings and not everything:
        proved = proofs.proved_major(major or workspace.settings.scratch_major)
        if proved is not None:
            return Checked(str(proved), (), None, True, (), ())
    from lockgate.workflows.checking import check_on_scratch

    return check_on_scratch(workspace, findings, proofs, major=major, everything=everything)


def _heads(workspace: Workspace) -> Iterator[Finding]:
    if heads := unjoined_heads(workspace.project.directory):
        yield Finding(
            "LG-CHK-1",
            "heads",
            f"there are {len(heads)} heads: {', '.join(heads)}",
            "run `lockgate merge heads -m MESSAGE`",
        )


def _lock_file(workspace: Workspace) -> Iterator[Finding]:
    for difference in compare(workspace.lock, read_revision_files(workspace.project.directory)):
        yield Finding(
            "LG-CHK-2",
            "lock file",
            f"{difference.revision} {difference.drift.value}",
            "run `lockgate rehearse` and commit lockgate.lock",
        )
