"""What `lockgate check` asks of a scratch server, where the lock file does not prove it already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lockgate.core.catalog import Change
from lockgate.core.checked import Checked
from lockgate.core.finding import Finding, Severity
from lockgate.core.members import gathered
from lockgate.core.rehearsal import Rehearsal, structural
from lockgate.errors import LockgateError
from lockgate.migrations import steps
from lockgate.migrations.ranges import RevisionText, resolve_range
from lockgate.migrations.revisions import unjoined_heads
from lockgate.workflows.lint_revisions import read_revisions
from lockgate.workflows.linting import Surroundings, choose_rules, lint_revisions
from lockgate.workflows.models import (
    MadeModels,
    ModelsMissing,
    compare_models,
    make_models,
    models_beforehand,
    replay,
)
from lockgate.workflows.proofs import Proofs
from lockgate.workflows.rehearse import Start, not_rehearsed, rehearse_range
from lockgate.workflows.scratch import Scratch, open_scratch
from lockgate.workflows.workspace import Workspace

MODEL_OBJECTS = (
    "column",
    "constraint",
    "domain",
    "domain constraint",
    "enum",
    "index",
    "schema",
    "sequence",
    "table",
)
"""Kinds of objects that metadata describes; what else differs may be the revisions' alone."""


def check_on_scratch(
    workspace: Workspace,
    found: Iterable[Finding],
    proofs: Proofs,
    *,
    major: int | None,
    everything: bool,
) -> Checked:
    """Rehearsal of what is new, and models against revisions, beside what was `found` already."""
    findings = [*found]
    # What stands apart on purpose makes one structure all the same.
    comparable = not unjoined_heads(workspace.project.directory)
    parts = workspace.settings.parts
    with open_scratch(workspace, major=major, parts=parts) as scratch:
        asked = resolve_range(workspace.project.directory, None, ())
        fresh = not_rehearsed(workspace.lock, asked, scratch.major)
        if not everything:
            asked = fresh
        made = models_beforehand(workspace, scratch) if asked and comparable else None
        findings += _lint(workspace, fresh, scratch.major)
        rehearsal = None
        if asked:
            start = Start("base", parts=parts)
            rehearsal = rehearse_range(workspace, scratch, start, asked, models=made)
            findings += _rehearsal(rehearsal)
        models = _Models()
        if comparable:
            # A file that moved since its rehearsal may lead somewhere else.
            trusted = not everything and not findings
            try:
                models = _models(workspace, scratch, made, proofs if trusted else None)
                findings += models.findings
            except LockgateError as error:
                source, remedy = "replay", "mend the revision and run `lockgate rehearse`"
                if error is made:
                    source, remedy = "models", "correct the models until PostgreSQL takes them"
                findings.append(Finding("LG-CHK-5", source, error.message, remedy))
    return Checked(
        scratch.version, tuple(findings), rehearsal, models.match, models.changes, models.missed
    )


def _lint(workspace: Workspace, fresh: tuple[RevisionText, ...], major: int) -> Iterator[Finding]:
    """What lint says of the Revisions that the lock file has not, but for information."""
    around = Surroundings(version=major)
    # Of heads and edited files this command speaks itself.
    chosen = choose_rules(ignore=("multiple-heads", "edited-after-applied"))
    try:
        found = list(read_revisions(workspace, fresh, around.structure))
    except LockgateError:
        return  # a file that cannot be read, which its rehearsal reports
    for answer in lint_revisions(found, chosen, around):
        if isinstance(answer, Finding) and answer.severity is not Severity.INFO:
            yield answer


def _rehearsal(rehearsal: Rehearsal) -> Iterator[Finding]:
    remedy = "mend the revision; `lockgate rehearse` shows what is left"
    for one in rehearsal.revisions:
        if one.ok or one.up == "skipped":
            continue
        what = one.error or f"the downgrade is {one.down}"
        if one.down == "ok" and not one.restores:
            what = "the downgrade does not restore the structure"
        yield Finding("LG-CHK-3", "rehearsal", f"{one.revision}: {what}", remedy)
    skipped = [one for one in rehearsal.revisions if one.up == "skipped"]
    for why in dict.fromkeys(one.error for one in skipped):
        first, *more = [one.revision for one in skipped if one.error == why]
        names = f"{first} and {len(more)} after it were" if more else f"{first} was"
        yield Finding("LG-CHK-3", "rehearsal", f"{names} not tried: {why}", remedy)
    if rehearsal.whole_error or structural(rehearsal.whole_changes):
        what = rehearsal.whole_error or "one process makes another schema than one by one"
        yield Finding("LG-CHK-3", "rehearsal", what, "run `lockgate rehearse` to see the Changes")


@dataclass(frozen=True)
class _Models:
    """What comparing the models showed."""

    match: bool | None = None
    changes: tuple[Change, ...] = ()
    missed: tuple[Change, ...] | None = ()
    findings: tuple[Finding, ...] = ()


def _models(
    workspace: Workspace,
    scratch: Scratch,
    made: MadeModels | LockgateError | None,
    proofs: Proofs | None,
) -> _Models:
    """Whether the models make the schema that the revisions make.

    The revisions are replayed only where the lock file's Fingerprint of the head is not that of
    the models, or the lock file is not trusted, for which there are no `proofs`.
    """
    locked = _locked_fingerprint(workspace, scratch)
    known = locked if proofs is not None else None
    try:
        made = made or make_models(workspace, scratch)
        found = compare_models(workspace, scratch, known=known, made=made)
    except ModelsMissing:
        return _Models(findings=_moved(workspace, locked, replay(workspace, scratch)))
    if proofs is not None and found.fingerprint is None:
        refused = isinstance(made, MadeModels) and made.refused
        why_not = proofs.remember(scratch.major, refused=refused)
        if why_not is not None:
            workspace.progress.done(f"note: only a server can say what the models make: {why_not}")
    changes = structural(found.changes)
    findings = [
        Finding(
            "LG-CHK-4",
            "models",
            f"{change.object} {change.name}{f', {change.property}' if change.property else ''} "
            f"{change.kind.value} by the models"
            + (f", with {len(members)} objects of its own" if members else "")
            + (" (autogenerate does not see this)" if change in (found.missed or ()) else ""),
            "run `lockgate revision -m MESSAGE`, or correct the models",
            Severity.ERROR if change.object in MODEL_OBJECTS else Severity.WARNING,
        )
        for change, members in gathered(changes)
    ]
    moved = _moved(workspace, locked, found.fingerprint)
    return _Models(not changes, changes, found.missed, (*moved, *findings))


def _locked_fingerprint(workspace: Workspace, scratch: Scratch) -> str | None:
    """The Fingerprint that the lock file has for the only head on this major."""
    heads = workspace.project.directory.get_heads()
    if len(heads) != 1:
        return None
    locked = workspace.lock.revision(heads[0])
    rehearsal = locked.rehearsal(scratch.major) if locked else None
    return rehearsal.up_fingerprint if rehearsal else None


def _moved(workspace: Workspace, locked: str | None, found: str | None) -> tuple[Finding, ...]:
    """A head whose Fingerprint is no longer the lock file's, though its file is."""
    if None in (locked, found) or locked == found:
        return ()
    head = steps.only_head(workspace.project.directory)
    message = f"replaying to {head} gives another structure than lockgate.lock has for it"
    remedy = "run `lockgate rehearse --all` and look at what changed"
    return (Finding("LG-CHK-6", "lock file", message, remedy),)
