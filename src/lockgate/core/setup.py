"""What `lockgate init` found and wrote."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EnvTemplate(StrEnum):
    """Which `env.py` a new Alembic set-up gets, by the names of Alembic's own templates."""

    GENERIC = "generic"
    ASYNC = "async"


@dataclass(frozen=True, slots=True)
class SetUp:
    """A project that is ready for lockgate; paths are relative to where the command ran.

    `metadata` is what a new `env.py` was given, None where Alembic was there before. `written`
    and `kept` are the files that were missing and those that were there, `commands` what to run
    next.
    """

    settings: str
    alembic: str
    script_directory: str
    revisions: int
    metadata: str | None
    written: tuple[str, ...]
    kept: tuple[str, ...]
    commands: tuple[str, ...]
