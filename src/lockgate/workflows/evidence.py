"""Gathers what gates look at, from the repository, the lock file and the databases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lockgate.core.duration import format_duration
from lockgate.core.environment import Environment
from lockgate.core.gates import Applied, Evidence
from lockgate.core.lockfile import LockDifference, compare
from lockgate.core.plan import Plan
from lockgate.core.window import Window
from lockgate.errors import LockgateError
from lockgate.migrations.revisions import read_revision_files
from lockgate.migrations.steps import pending
from lockgate.postgres import session
from lockgate.postgres.connect import Checked
from lockgate.workflows.destination import Destination, of_environment
from lockgate.workflows.listing import ask
from lockgate.workflows.workspace import Workspace, git


def gather(
    destination: Destination,
    plan: Plan,
    checked: Mapping[str, Checked],
    *,
    scratch_error: str | None,
) -> Evidence:
    """Evidence about `plan` as things are now; `checked` are connections to its databases."""
    workspace = destination.workspace
    environment = destination.environment
    assert environment is not None
    first = next(iter(checked.values()))
    settings = workspace.settings
    bound = environment.budget.oldest_transaction_ms
    window = Window.parse(environment.window) if environment.window else None
    now = workspace.clock()
    local = now.astimezone(window.zone) if window else now
    return Evidence(
        mark=first.mark.uuid,
        repository_heads=tuple(sorted(workspace.project.directory.get_heads())),
        lock_differences=_lock_differences(workspace),
        rehearsals={
            step.revision: locked.rehearsal(plan.server_major)
            if (locked := workspace.lock.revision(step.revision))
            else None
            for step in plan.steps
        },
        commit=git(settings.root, "rev-parse", "HEAD"),
        dirty=_dirty(workspace),
        branch=environment.branch,
        on_branch=_on_branch(settings.root, environment.branch),
        required=tuple(
            _applied(workspace, settings.environment(name), plan) for name in environment.requires
        ),
        expected_fingerprint=expected_fingerprint(workspace, plan.from_heads, plan.server_major),
        deployer=_deployer(first),
        blockers=tuple(
            f'session {b.pid} ("{b.application}", {b.user}, {b.state}, {format_duration(b.age_ms)})'
            for b in session.long_transactions(first.connection, older_than_ms=bound)
        ),
        oldest_transaction_ms=bound,
        window=environment.window,
        in_window=None if window is None else window.contains(now),
        now=local,
        scratch_error=scratch_error,
    )


def expected_fingerprint(workspace: Workspace, heads: tuple[str, ...], major: int) -> str | None:
    """The lock file's Fingerprint of a database at `heads`, None where it has none.

    A database at base has the one that the downgrade of a first revision leads to.
    """
    lock = workspace.lock
    if not heads:
        first = next((locked for locked in lock.revisions if not locked.parent), None)
        rehearsal = first.rehearsal(major) if first else None
        return rehearsal.down_fingerprint if rehearsal else None
    if len(heads) > 1:
        return None  # a state between branches has no revision of its own
    locked = lock.revision(heads[0])
    rehearsal = locked.rehearsal(major) if locked else None
    return rehearsal.up_fingerprint if rehearsal else None


def _lock_differences(workspace: Workspace) -> tuple[LockDifference, ...]:
    return compare(workspace.lock, read_revision_files(workspace.project.directory))


def _dirty(workspace: Workspace) -> tuple[str, ...]:
    """Changed tracked files, and untracked ones among the files that a deploy reads."""
    settings = workspace.settings
    answer = git(settings.root, "status", "--porcelain", "-z", "--untracked-files=all")
    top = git(settings.root, "rev-parse", "--show-toplevel")
    if answer is None or top is None:
        return ()
    script_directory = Path(workspace.project.directory.dir).resolve()
    read = (script_directory, settings.path.resolve(), settings.lock_path.resolve())
    found = []
    for entry in answer.split("\0"):
        state, path = entry[:2], entry[3:]
        absolute = Path(top, path).resolve()
        is_read = any(absolute == one or one in absolute.parents for one in read)
        if entry and (state != "??" or is_read):
            found.append(path)
    return tuple(found)


def _on_branch(root: Path, wanted: str | None) -> bool | None:
    """Whether HEAD is on `wanted`; a detached HEAD, as in CI, counts if the branch contains it."""
    if wanted is None:
        return None
    current = git(root, "branch", "--show-current")
    if current:
        return current == wanted
    return any(
        git(root, "merge-base", "--is-ancestor", "HEAD", branch) is not None
        for branch in (f"origin/{wanted}", wanted)
    )


def _applied(workspace: Workspace, environment: Environment, plan: Plan) -> Applied:
    """What of `plan` an Environment lacks: asked there, or, out of reach, in the lock file."""
    directory = workspace.project.directory
    wanted = {step.revision for step in plan.steps}
    try:
        destination = of_environment(workspace, environment)
        record, _ = ask(destination, purpose="plan")
        heads = next(iter(record.heads_before.values()), ())
        source = "asked there"
    except LockgateError as error:
        locked = workspace.lock.environment(environment.name)
        if locked is None or not locked.applied:
            return Applied(environment.name, tuple(sorted(wanted)), f"not known: {error.message}")
        heads = locked.applied
        source = "from lockgate.lock"
    target = plan.to_heads[0] if len(plan.to_heads) == 1 else "heads"
    missing = {script.revision for script in pending(directory, target, heads)} & wanted
    return Applied(environment.name, tuple(sorted(missing)), source)


def _deployer(checked: Checked) -> str | None:
    found = session.deployer(checked.connection)
    if found is None:
        return None
    pid, since, application = found
    return f'session {pid} ("{application}", since {since})'
