"""Gathers what gates look at, from the repository, the lock file and the databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lockgate.config import Settings, SettingsInvalid
from lockgate.core import lockfile
from lockgate.core.duration import format_duration
from lockgate.core.environment import Environment
from lockgate.core.gates import Evidence
from lockgate.core.lockfile import LockDifference, LockFile, compare
from lockgate.core.plan import Plan
from lockgate.core.window import Window
from lockgate.errors import LockgateError
from lockgate.migrations.revisions import read_revision_files
from lockgate.migrations.steps import pending
from lockgate.postgres import session
from lockgate.postgres.connect import Checked
from lockgate.postgres.journal import read_journal
from lockgate.workflows.applied import applied_on
from lockgate.workflows.destination import Destination
from lockgate.workflows.workspace import Workspace, git


def gather(
    destination: Destination,
    plan: Plan,
    checked: Mapping[str, Checked],
    *,
    expected_fingerprint: str | None,
    scratch_error: str | None,
) -> Evidence:
    """Evidence about `plan` as things are now; `checked` are connections to its databases."""
    workspace = destination.workspace
    environment = destination.environment
    assert environment is not None
    first = next(iter(checked.values()))
    settings = workspace.settings
    bound = environment.budget.oldest_transaction_ms
    window = _window(settings, environment)
    now = workspace.clock()
    here, on_branch = _where(settings.root, environment.branch)
    return Evidence(
        mark=first.mark.uuid,
        repository_heads=tuple(sorted(workspace.project.directory.get_heads())),
        lock_differences=_lock_differences(workspace, plan),
        rehearsals={
            step.revision: locked.rehearsal(plan.server_major)
            if (locked := workspace.lock.revision(step.revision))
            else None
            for step in plan.steps
        },
        commit=git(settings.root, "rev-parse", "HEAD"),
        dirty=_dirty(workspace),
        branch=environment.branch,
        here=here,
        on_branch=on_branch,
        required=tuple(
            applied_on(workspace, settings.environment(name), plan) for name in environment.requires
        ),
        expected_fingerprint=expected_fingerprint,
        unfinished=unfinished(checked),
        deployer=_deployer(first),
        blockers=tuple(
            f'session {b.pid} ("{b.application}", {b.user}, {b.state}, {format_duration(b.age_ms)})'
            for one in checked.values()
            for b in session.long_transactions(one.connection, older_than_ms=bound)
        ),
        unseen=tuple(
            sorted({u for one in checked.values() for u in session.unseen_users(one.connection)})
        ),
        oldest_transaction_ms=bound,
        window=environment.window,
        in_window=None if window is None else window.contains(now),
        now=now.astimezone(window.zone) if window else now,
        scratch_error=scratch_error,
    )


def _window(settings: Settings, environment: Environment) -> Window | None:
    if environment.window is None:
        return None
    try:
        return Window.parse(environment.window)
    except ValueError as error:
        reason = f"environments.{environment.name}.window: {error}"
        raise SettingsInvalid(settings.path, reason) from error


def unfinished(checked: Mapping[str, Checked]) -> str | None:
    """The revision that an earlier run left part-way in one of the databases."""
    rows = (row for one in checked.values() for row in read_journal(one.connection))
    return next((row.revision for row in rows), None)


def locked_fingerprint(lock: LockFile, heads: tuple[str, ...], *, major: int) -> str | None:
    """The lock file's Fingerprint of a database at `heads`, None where it has none.

    It has none of base, of several heads, and of a revision beside which others were rehearsed:
    their structure may be in its Fingerprint, or not.
    """
    if len(heads) != 1 or not lock.is_passed_by_all(heads[0]):
        return None
    locked = lock.revision(heads[0])
    rehearsal = locked.rehearsal(major) if locked else None
    return rehearsal.up_fingerprint if rehearsal else None


def _lock_differences(workspace: Workspace, plan: Plan) -> tuple[LockDifference, ...]:
    """Where revision files are not as locked, of those that the Plan runs and their ancestors.

    A file that is gone counts always: nobody can say any more where it belonged.
    """
    directory = workspace.project.directory
    concerned = {step.revision for step in plan.steps}
    for head in plan.to_heads:
        concerned |= {script.revision for script in pending(directory, head, ())}
    return tuple(
        found
        for found in compare(workspace.lock, read_revision_files(directory))
        if found.file is None or found.revision in concerned
    )


def _dirty(workspace: Workspace) -> tuple[str, ...]:
    """Changed tracked files, and untracked ones among the settings and the revisions.

    The lock file does not count for noting where an Environment is, which a command before this
    one may have done.
    """
    settings = workspace.settings
    top = git(settings.root, "rev-parse", "--show-toplevel")
    if top is None:
        return ()
    changed = _paths(Path(top), "diff", "--name-only", "--no-renames", "-z", "HEAD")
    untracked = _paths(Path(top), "ls-files", "--others", "--exclude-standard", "-z")
    if settings.lock_path.resolve() in changed and _only_notes_where(workspace):
        changed.remove(settings.lock_path.resolve())
    directory = workspace.project.directory
    read = {settings.path, settings.lock_path, settings.alembic, Path(directory.dir)}
    read |= {Path(script.path) for script in directory.walk_revisions()}
    read = {path.resolve() for path in read}
    dirty = changed + [path for path in untracked if read & {path, *path.parents}]
    return tuple(str(path.relative_to(Path(top).resolve())) for path in sorted(dirty))


def _paths(top: Path, *arguments: str) -> list[Path]:
    listed = git(top, *arguments) or ""
    return [Path(top, path).resolve() for path in listed.split("\0") if path]


def _only_notes_where(workspace: Workspace) -> bool:
    """Whether the lock file differs from the commit's in nothing but what is applied where."""
    path = workspace.settings.lock_path
    committed = git(path.parent, "show", f"HEAD:./{path.name}")
    try:
        return committed is not None and _unplaced(lockfile.parse(committed)) == _unplaced(
            workspace.lock
        )
    except LockgateError:
        return False


def _unplaced(lock: LockFile) -> LockFile:
    environments = (replace(one, applied=()) for one in lock.environments if one.uuid)
    return LockFile(lock.revisions, tuple(environments))


def _where(root: Path, wanted: str | None) -> tuple[str, bool | None]:
    """What is checked out, and whether that is on branch `wanted`, None where none is wanted.

    A detached HEAD, as in CI, is on the branch if that contains it.
    """
    commit = git(root, "rev-parse", "--short", "HEAD")
    if commit is None:
        return "no commit that git can name", None if wanted is None else False
    branch = git(root, "branch", "--show-current")
    if branch:
        return f"on {branch}", None if wanted is None else branch == wanted
    here = f"at {commit}, on no branch"
    if wanted is None:
        return here, None
    for name in (f"origin/{wanted}", wanted):
        if git(root, "merge-base", "--is-ancestor", "HEAD", name) is not None:
            return f"at {commit}, which is in {name}", True
    return here, False


def _deployer(checked: Checked) -> str | None:
    found = session.deployer(checked.connection)
    if found is None:
        return None
    pid, since, application = found
    return f'session {pid} ("{application}", since {since})'
