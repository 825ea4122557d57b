"""What every use case starts from: the project's settings and the world around the command."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lockgate import __version__
from lockgate.config import Settings
from lockgate.core import lock_sides, lockfile
from lockgate.core.lockfile import LockFile
from lockgate.core.progress import Progress, Silent
from lockgate.migrations.project import AlembicProject, open_project, version_folders

if TYPE_CHECKING:
    from lockgate.core.ledger import Actor


@dataclass(frozen=True)
class Workspace:
    """Settings, process environment and clock of one command.

    `x_arguments` are Alembic's `-x` arguments, which `env.py` may read.
    """

    settings: Settings
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    x_arguments: tuple[str, ...] = ()
    progress: Progress = field(default_factory=Silent)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @cached_property
    def project(self) -> AlembicProject:
        """The team's Alembic set-up."""
        return open_project(
            self.settings.root,
            self.settings.alembic,
            section=self.settings.section,
            x_arguments=self.x_arguments,
        )

    @cached_property
    def state_directory(self) -> Path:
        """The folder for what belongs to this checkout alone, made so that git passes it by."""
        folder = self.settings.state_directory
        folder.mkdir(mode=0o711, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        return folder

    @property
    def version_folders(self) -> tuple[Path, ...]:
        """Where revision files are, also where Alembic cannot put them together."""
        settings = self.settings
        return version_folders(settings.root, settings.alembic, section=settings.section)

    def reopen_project(self) -> None:
        """Reads the revision files again, after one was written."""
        self.__dict__.pop("project", None)

    @cached_property
    def lock(self) -> LockFile:
        """The lock file, empty where there is none yet."""
        path = self.settings.lock_path
        return lockfile.parse(path.read_text(encoding="utf-8")) if path.is_file() else LockFile()

    def mend_lock(self) -> tuple[LockFile, ...]:
        """Takes what can be kept of a half-merged lock file for the lock file; both its sides.

        For commands that write a whole one at their end. Without a conflict there is one side.
        """
        path = self.settings.lock_path
        if not path.is_file():
            return (self.lock,)
        text = path.read_text(encoding="utf-8")
        sides = lock_sides.read_sides(text)
        if len(sides) > 1:
            self.__dict__["lock"] = lock_sides.mend(text)
        return sides

    def write_lock(self, lock: LockFile) -> None:
        """Writes the lock file whole or not at all, and only if something changed."""
        text = lockfile.render(lock)
        path = self.settings.lock_path
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return
        write_atomically(path, text)
        self.__dict__["lock"] = lock

    @cached_property
    def actor(self) -> Actor:
        """Who runs this command, for the Ledger."""
        from lockgate.core.ledger import Actor

        return Actor(
            user=getpass.getuser(),
            host=socket.gethostname(),
            git_commit=git(self.settings.root, "rev-parse", "HEAD"),
            lockgate=__version__,
        )


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes `path` so that a reader, or a crash, never meets half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content.encode() if isinstance(content, str) else content)
        if path.exists():
            shutil.copymode(path, fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def git(folder: Path, *arguments: str, seconds: int = 30) -> str | None:
    """What git prints for `arguments` in `folder`, None where there is no git or no answer."""
    printed = git_bytes(folder, *arguments, seconds=seconds)
    # What stands in front may mean something: ` M path`.
    return None if printed is None else printed.decode(errors="surrogateescape").rstrip()


def git_bytes(folder: Path, *arguments: str, seconds: int = 30) -> bytes | None:
    """The same to the letter, as it is for the content of a file."""
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, check=True, timeout=seconds
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout
