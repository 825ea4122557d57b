"""Completes a new revision with what autogenerate misses, on scratch, before it is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lockgate.core.catalog import Catalog, CatalogObject, Change
from lockgate.core.completion import (
    TOLD_KINDS,
    Completion,
    complete,
    told,
)
from lockgate.core.ddl import (
    Rename,
    RenameCandidate,
    ScriptStatement,
    follows,
    rename_script,
    renamed_sequences,
    statements,
)
from lockgate.core.environment import PRIMARY
from lockgate.core.hiding import alike, without_tables
from lockgate.errors import LockgateError
from lockgate.migrations import authoring
from lockgate.migrations.authoring import Asking, Authored, NoModels, Proposal, Proposing, Wish
from lockgate.migrations.composing import Item, Operation, compose, plain
from lockgate.migrations.driver import RunFailed, VersionTable
from lockgate.migrations.trial import Refused, Trial
from lockgate.workflows.leading import Ask, RenamesUndeclared, settle_renames
from lockgate.workflows.models import MadeModels, ModelsMissing, differing_tables, make_models
from lockgate.workflows.scratch import Scratch, ScratchDatabases
from lockgate.workflows.workspace import Workspace

ROUNDS = 3
"""How often what is left after a try is tried again, at the end of the revision."""


@dataclass(frozen=True)
class Answers:
    """What people say about what a difference alone does not tell.

    `drops` are names of objects that the models lack and that may go. `declared` are renames,
    `denied` what was none, and `ask` a person for the rest, None where there is nobody.
    """

    drops: tuple[str, ...] = ()
    declared: tuple[Rename, ...] = ()
    denied: tuple[Rename, ...] = ()
    ask: Ask | None = None


@dataclass(frozen=True)
class Completed:
    """A revision that was written, and how far it leads.

    `added` are the Changes that autogenerate did not see; `left` those that the upgrade does not
    make, and `not_restored` those that the downgrade leaves. `kept` are objects that the models
    lack and that stay. `refused` are statements that the server did not take. `unasked` says why
    autogenerate, or alembic_utils in it, could not be asked; the rest is written from the Changes.
    """

    authored: Authored
    added: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    not_restored: tuple[Change, ...] = ()
    kept: tuple[CatalogObject, ...] = ()
    refused: tuple[Refused, ...] = ()
    unasked: str | None = None
    renames: tuple[Rename, ...] = ()


def complete_revision(
    workspace: Workspace, scratch: Scratch, wish: Wish, answers: Answers
) -> Completed | None:
    """Writes the revision that leads from the revisions' structure to the models'.

    No file where both agree. None where the revisions do not run on scratch, and where `env.py`
    works on several databases, or on one several times: whose statement goes where is then the
    team's to say.

    Raises NoModels, RunFailed, AlembicRefused, RenamesUndeclared.
    """
    try:
        made = make_models(workspace, scratch)
    except ModelsMissing as error:
        raise NoModels from error
    with scratch.databases() as databases:
        workspace.progress.working("replaying the revisions")
        project = workspace.project
        try:
            record = databases.upgrade(project, "heads")
        except RunFailed as failure:
            workspace.progress.done(
                "note: the revisions do not run on scratch, so that nothing is added to what "
                f"autogenerate finds: {failure.message}"
            )
            return None
        if len(record.version_tables) != 1 or len(databases.urls) != 1:
            return None
        run = _Completing(workspace, databases, made, record.version_tables)
        return run.complete(wish, answers)


class _Completing:
    """One scratch database, at the heads to begin with."""

    def __init__(
        self,
        workspace: Workspace,
        databases: ScratchDatabases,
        made: MadeModels,
        tables: tuple[VersionTable, ...],
    ) -> None:
        self.workspace = workspace
        self.databases = databases
        self.made = made
        self.tables = tables
        self.refused: list[Refused] = []

    def complete(self, wish: Wish, answers: Answers) -> Completed | None:
        """The revision, written; tried on the database, which is used up by it."""
        self.workspace.progress.working("comparing the models with the revisions")
        start = self._catalog()
        proposal, unasked = self._proposal(start, wish)
        if not proposal.alone:
            return None
        wanted = self._wanted(start, proposal, answers)
        renames = renamed(wanted, answers)
        forth, back = self._rename(renames, wanted.after, proposal)
        if forth:
            proposal, unasked = self._proposal(self._catalog(), wish)
            wanted = self._wanted(self._catalog(), proposal, answers)
        asked = proposal.asked
        changes = told(wanted.before, wanted.after)
        if not changes and not forth and not proposal.own:
            return Completed(Authored(None, None, ()), kept=wanted.kept)
        self.workspace.progress.working("trying the new revision on scratch")
        upgrade = [*forth, *self._reach(proposal, wanted.after, proposal.upgrade)]
        left = told(self._catalog(asked.hidden), wanted.after)
        downgrade = self._reach(proposal, wanted.before, proposal.downgrade)
        downgrade += self._try(back, proposal)
        not_restored = told(self._catalog(asked.hidden), without_tables(start, asked.hidden))
        return Completed(
            authoring.write(proposal, upgrade, downgrade),
            tuple(change for change in changes if not asked.sees(change)),
            left,
            not_restored,
            wanted.kept,
            tuple(self.refused),
            unasked,
            renames,
        )

    def _wanted(self, start: Catalog, proposal: Proposal, answers: Answers) -> Completion:
        hidden = proposal.asked.hidden
        models = alike(self.made.catalogs[PRIMARY], start, proposal.asked.alike)
        return complete(
            without_tables(start, hidden),
            without_tables(models, hidden),
            sees=proposal.asked.sees,
            drops=answers.drops,
        )

    def _rename(
        self, renames: Sequence[Rename], after: Catalog, proposal: Proposal
    ) -> tuple[list[Item], list[Item]]:
        """What renames, tried, and what renames back."""
        hidden = proposal.asked.hidden
        script = rename_script(renames).statements
        forth = self._try([plain(one, schema=proposal.schema) for one in script], proposal)
        if not forth:
            return [], []
        sequences = renamed_sequences(self._catalog(hidden), after)
        forth += self._try(items_of([one for one, _ in sequences], proposal), proposal)
        back = [other for _, other in sequences]
        back += [
            one.sql for one in rename_script([r.inverse for r in reversed(renames)]).statements
        ]
        return forth, items_of(back, proposal)

    def _try(self, items: Sequence[Item], proposal: Proposal) -> list[Item]:
        """Those of `items` that the server takes."""
        if not items:
            return []
        trial = Trial(items, proposal.rendering, schema=proposal.schema)
        self.databases.run(self.workspace.project, trial.steps)
        self.refused += trial.refused
        return trial.items

    def _proposal(self, before: Catalog, wish: Wish) -> tuple[Proposal, str | None]:
        """What autogenerate proposes, without the part of it that fails; and why it fails."""
        tables = differing_tables({PRIMARY: before}, self.made.catalogs)
        project = self.workspace.project
        failed: list[str] = []
        for asking in Asking:
            proposing = Proposing(project, wish, tables, asking)
            try:
                self.databases.run(project, proposing.steps, options=proposing.options)
                break
            except LockgateError as error:
                if asking is Asking.NOBODY:
                    raise
                failed.append(error.message)
        return proposing.proposal(), failed[0] if failed else None

    def _reach(
        self, proposal: Proposal, goal: Catalog, operations: Sequence[Operation]
    ) -> list[Item]:
        """What leads to `goal` from where the database is, tried on it."""
        hidden = proposal.asked.hidden
        reached = self._catalog(hidden)
        found: list[Item] = []
        refused: list[Refused] = []
        for round_ in range(ROUNDS):
            wanted = wanted_statements(reached, goal)
            items = compose(
                wanted,
                () if round_ else operations,
                changes=told(reached, goal),
                schema=proposal.schema,
            )
            if not items:
                break
            trial = Trial(items, proposal.rendering, schema=proposal.schema)
            self.databases.run(self.workspace.project, trial.steps)
            found += trial.items
            refused = trial.refused
            before, reached = reached, self._catalog(hidden)
            if reached == before:
                break
        self.refused += refused
        return found

    def _catalog(self, hidden: Collection[tuple[str, ...]] = ()) -> Catalog:
        return without_tables(self.databases.catalogs(self.tables)[PRIMARY], hidden)


def renamed(wanted: Completion, answers: Answers) -> tuple[Rename, ...]:
    """The renames, every candidate answered for.

    The name of a constraint or an index that was made from the name of what was renamed follows it
    unasked.
    """
    settled = list(answers.declared)

    def ask(candidate: RenameCandidate) -> bool:
        if not follows(candidate.rename, settled):
            if answers.ask is None:
                raise RenamesUndeclared((candidate,))
            if not answers.ask(candidate):
                return False
        settled.append(candidate.rename)
        return True

    return settle_renames(
        wanted.before,
        wanted.after,
        declared=answers.declared,
        denied=answers.denied,
        ask=ask,
    )


def items_of(sqls: Sequence[str], proposal: Proposal) -> list[Item]:
    """Each statement as an item."""
    return [plain(ScriptStatement(sql), schema=proposal.schema) for sql in sqls]


def wanted_statements(before: Catalog, after: Catalog) -> tuple[ScriptStatement, ...]:
    """Statements from one to the other: enum values first of all, comments and privileges last.

    A value that is used at once has to be committed before, and what stands before it with it.
    """
    script = statements(before, after, cosmetic=TOLD_KINDS).statements
    return tuple(sorted(script, key=lambda one: not _adds_value(one)))


def _adds_value(statement: ScriptStatement) -> bool:
    return statement.sql.startswith("ALTER TYPE ") and " ADD VALUE " in statement.sql
