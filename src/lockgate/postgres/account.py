"""Which account PostgreSQL's programs run as: they refuse to be root's."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.binaries import Binaries


@dataclass(eq=False)
class AccountShutOut(LockgateError):
    """root must run PostgreSQL as another account, and that account cannot get at a directory."""

    account: str
    directory: str
    closed: str

    code: ClassVar[str] = "LG-SRV-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The account and the directory that is shut."""
        return (
            f'PostgreSQL does not run as root, and "{self.account}" cannot reach '
            f'"{self.directory}" because "{self.closed}" is closed to it'
        )

    @property
    def hint(self) -> str:
        """The ways out."""
        return "run lockgate as an ordinary user, or from a directory that every user may enter"


@dataclass(frozen=True, slots=True)
class Account:
    """How PostgreSQL's programs are run so that they do not run as root."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    def own(self, path: Path) -> None:
        """Hands `path` over, where the programs run as somebody else."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)


def account_for(directory: Path, binaries: Binaries) -> Account:
    """The account for the cluster in `directory`, now and whenever it is started again.

    Raises AccountShutOut.
    """
    if os.geteuid() != 0:
        return Account()
    kept = directory / "data"
    made_by_root = not kept.exists() or kept.stat().st_uid == 0
    if made_by_root and _user_namespaces_work():
        return IN_USER_NAMESPACE
    if made_by_root:
        login = _unprivileged_login()
        account = Account(user=login.pw_uid, group=login.pw_gid)
    else:
        account = Account(user=kept.stat().st_uid, group=kept.stat().st_gid)
    for needed in (directory, binaries.directory):
        for parent in [*reversed(needed.parents), needed]:
            if not _may_enter(parent, account):
                raise AccountShutOut(str(account.user), str(needed), str(parent))
    return account


# root's files look like the user's own in there, so nothing has to change hands.
IN_USER_NAMESPACE = Account(
    prefix=("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
)


@cache
def _user_namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*IN_USER_NAMESPACE.prefix, "true"], capture_output=True)
    return tried.returncode == 0


def _unprivileged_login() -> pwd.struct_passwd:
    """Whoever called sudo, else PostgreSQL's own account, else nobody."""
    caller = os.environ.get("SUDO_UID", "0")
    if caller != "0":
        return pwd.getpwuid(int(caller))
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _may_enter(directory: Path, account: Account) -> bool:
    status = directory.stat()
    if status.st_uid == account.user:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.group:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
