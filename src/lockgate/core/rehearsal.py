"""What a rehearsal showed: for each Revision up, down and up again, and for the whole range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lockgate.core.catalog import Change
from lockgate.core.filled import Filled
from lockgate.core.preview import PreviewedStatement

Up = Literal["ok", "failed", "skipped"]
Down = Literal["ok", "failed", "irreversible", "missing"]


@dataclass(frozen=True, slots=True)
class RevisionRehearsal:
    """One Revision, run alone on the state before it: up, down, up.

    `restores` is whether the Catalog after the downgrade equals the one before the upgrade;
    `changes` are what is left between them, or between the first and the second upgrade.
    `fingerprint` is the one after the upgrade, `down_fingerprint` after the downgrade.
    `irreversible` is the file's own reason for having no way back. `statements` are those of the
    first way up and of the way down, with what was seen of each.
    """

    revision: str
    message: str
    file: str
    up: Up
    down: Down
    restores: bool
    changes: tuple[Change, ...] = ()
    fingerprint: str | None = None
    down_fingerprint: str | None = None
    irreversible: str | None = None
    error: str | None = None
    seconds: float = 0.0
    statements: tuple[PreviewedStatement, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it: an irreversible one has said so on purpose."""
        back = self.down == "irreversible" or (self.down == "ok" and self.restores)
        return self.up == "ok" and back and self.error is None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A range of Revisions on one scratch server, each alone and all in one process.

    `server` is the scratch server's version. `start` says which state it began from.
    `whole_changes` lead from the state that the Revisions reach one by one to the one that a
    single process reaches; `models_changes` from the head to the models. `models_match` is None
    where the range does not end at the only head, `env.py` names no models, or `models_error`
    says why their schema could not be made. `models_missed` are those of `models_changes` that
    Alembic's autogenerate does not see, None where it could not be asked. `models_statements` is
    the digest of the models' statements where they make the head to the letter. `filled` is what
    came of the rows that were made up, for each database; empty where none were asked for.
    """

    server: str
    start: str
    revisions: tuple[RevisionRehearsal, ...]
    whole_error: str | None = None
    whole_changes: tuple[Change, ...] = ()
    models_match: bool | None = None
    models_changes: tuple[Change, ...] = ()
    models_missed: tuple[Change, ...] | None = ()
    models_error: str | None = None
    models_statements: str | None = None
    filled: tuple[Filled, ...] = ()

    @property
    def major(self) -> int:
        """The scratch server's major."""
        return int(self.server.partition(".")[0])

    @property
    def ok(self) -> bool:
        """Whether every Revision is fine and both ways of replaying agree."""
        return self.ways_agree and all(revision.ok for revision in self.revisions)

    @property
    def ways_agree(self) -> bool:
        """Whether a single process reaches what the Revisions reach one by one."""
        return self.whole_error is None and not structural(self.whole_changes)


def structural(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """The Changes that are not cosmetic."""
    return tuple(change for change in changes if not change.cosmetic)
