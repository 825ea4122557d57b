"""Whether it is proved already that the models make what the revisions make; asks no server.

A proof stands beside the head in `lockgate.lock`, where the rehearsal that compared them wrote
it, or in the state directory, where `lockgate check` keeps those of its own comparisons.
"""

from __future__ import annotations

import json

from lockgate.core.environment import PRIMARY
from lockgate.core.proof import is_rehearsed, prove
from lockgate.migrations.unconnected import Told, tell_models
from lockgate.workflows.workspace import Workspace, write_atomically

PROOFS = "proofs.json"
"""The proofs of this checkout's own comparisons, in the state directory."""
KEPT = 20


def tell(workspace: Workspace, major: int) -> Told:
    """The digest of what the models would send to PostgreSQL `major`, or why nobody can tell."""
    settings = workspace.settings
    if settings.parts != (PRIMARY,):
        return Told(None, "there are several databases")
    return tell_models(
        workspace.project,
        variable=settings.url_variable,
        driver=settings.driver,
        major=major,
        beforehand=settings.scratch_extensions,
    )


class Proofs:
    """The proofs of a project whose revision files are as the lock file has them."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._told: dict[int, Told] = {}

    def proved_major(self, asked: int | None) -> int | None:
        """The newest major for which all is rehearsed and proved, of which `asked` may be one."""
        lock = self.workspace.lock
        head = lock.revision(*lock.heads) if len(lock.heads) == 1 else None
        known = self._remembered()
        for rehearsal in reversed(head.rehearsals if head else ()):
            major = rehearsal.major
            if asked in (None, major) and is_rehearsed(lock, major) and (rehearsal.models or known):
                proof = self._proof(major)
                if proof is not None and proof in (rehearsal.models, *known):
                    return major
        return None

    def remember(self, major: int, *, refused: bool) -> str | None:
        """Keeps that the models were found to make the head of the lock file on `major`.

        Answers why that cannot be known again without a server, if so; `refused` is whether the
        server refused a statement, of which nothing is known without it.
        """
        if refused:
            return "it refuses a statement that env.py or a listener goes on without"
        proof = self._proof(major)
        if proof is None:
            return self._told[major].why_not
        kept = [known for known in self._remembered() if known != proof][1 - KEPT :]
        path = self.workspace.state_directory / PROOFS
        write_atomically(path, json.dumps([*kept, proof]))
        return None

    def _proof(self, major: int) -> str | None:
        if major not in self._told:
            self.workspace.progress.working("comparing the models with lockgate.lock")
            self._told[major] = tell(self.workspace, major)
        statements = self._told[major].digest
        if statements is None:
            return None
        (head,) = self.workspace.lock.heads
        return prove(self.workspace.lock, head, major=major, statements=statements)

    def _remembered(self) -> list[str]:
        path = self.workspace.settings.state_directory / PROOFS
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []  # never written, or by somebody else: nothing is lost
        return content if isinstance(content, list) else []
