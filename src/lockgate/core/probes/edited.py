"""A revision that was edited after it was applied."""

from __future__ import annotations

from collections.abc import Iterator

from lockgate.core.finding import Finding, Severity
from lockgate.core.lockfile import Drift, compare
from lockgate.core.probes import SetUp
from lockgate.core.probes.inserted import inserted

NAME = "edited"
ORDER = 70


def examine(set_up: SetUp) -> Iterator[Finding]:
    """Where the Ledger has another form than the file; else where the lock file has."""
    told: set[str] = set()
    for one in set_up.databases:
        below = {file.revision for file, _ in inserted(set_up, one)}
        for revision, (syntax, _) in one.ran.items():
            file = set_up.file(revision)
            if file is None or syntax in (None, file.syntax):
                continue
            told.add(revision)
            if below & set(file.parent):
                continue  # it has another parent now, which is told, and taken back by that cure
            yield Finding(
                "LG-DOC-8",
                NAME,
                f"{revision} was edited after it was applied to {one.title}",
                _remedy(set_up, revision),
                file=file.path,
            )
    for difference in compare(set_up.lock, set_up.files):
        if difference.revision not in told and difference.drift is Drift.EDITED:
            yield Finding(
                "LG-DOC-9",
                NAME,
                f"{difference.revision} was edited after it was rehearsed",
                "run `lockgate rehearse` and commit lockgate.lock",
                Severity.WARNING,
            )


def _remedy(set_up: SetUp, revision: str) -> str:
    form = set_up.applied_form.get(revision)
    if form is None:
        return "put the edit into a revision of its own, and take it back here"
    return (
        f"run `git restore --source={form.commit[:12]} -- :/{form.path}`, and put the edit into a "
        "revision of its own"
    )
