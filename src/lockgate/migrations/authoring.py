"""Writes revision files: Alembic's autogenerate and merge, with the team's own templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from alembic.autogenerate import RevisionContext
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script.base import Script
from alembic.util import CommandError, rev_id

from lockgate.core.names import Name
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import entities
from lockgate.migrations.autogenerate import Autogenerate, default_schema
from lockgate.migrations.claims import claims_of, flatten
from lockgate.migrations.composing import Item, in_tables
from lockgate.migrations.driver import AlembicRefused, Guard, Steps, Target, drive
from lockgate.migrations.project import AlembicProject
from lockgate.migrations.rendering import StatementOp, types_without_create

OWN_SCHEMA = "lockgate"

IncludeName = Callable[[str | None, Any, Any], bool]  # Any: Alembic's own words for kinds


@dataclass(eq=False)
class NoModels(LockgateError):
    """`env.py` names no models, so there is nothing to compare the database with."""

    code: ClassVar[str] = "LG-NEW-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What is missing."""
        return "env.py gives context.configure() no target_metadata to compare the database with"

    @property
    def hint(self) -> str:
        """Name the models, or write the revision by hand."""
        return "pass target_metadata=Base.metadata there, or write the revision with --empty"


@dataclass(eq=False)
class TemplateMissing(LockgateError):
    """The folder of the revisions lacks the template that a new one is written from."""

    path: Path

    code: ClassVar[str] = "LG-NEW-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file."""
        return f'there is no "{self.path}", which a new revision is written from'

    @property
    def hint(self) -> str:
        """Where to get one."""
        return "add the file: `alembic init /tmp/new` makes one, which serves every project"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the new revision shall be: Alembic's arguments of `revision` and `merge`."""

    message: str | None
    head: str = "head"
    splice: bool = False
    branch_label: str | None = None
    version_path: str | None = None
    rev_id: str | None = None
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authored:
    """A revision file that was written; `found` says what autogenerate saw, a line each.

    `revision` is None where there was nothing to write.
    """

    revision: str | None
    path: str | None
    found: tuple[str, ...]


def autogenerate(project: AlembicProject, wish: Wish, *, target: Target, guard: Guard) -> Authored:
    """The revision that leads from the database to the models; no file where both agree."""
    context = _revision_context(project, wish, autogenerate=True)

    def compare(heads: tuple[str, ...], migration: MigrationContext) -> Sequence[Any]:
        if migration.opts["target_metadata"] is None:
            raise NoModels
        migration.opts["include_name"] = _without_own_schema(migration.opts.get("include_name"))
        context.run_autogenerate(heads, migration)
        return ()

    _drive_for(project, context, compare, target, guard)
    found = tuple(
        words
        for generated in context.generated_revisions
        for upgrade_ops in generated.upgrade_ops_list
        for words in _words(upgrade_ops.ops)
    )
    if not found:
        return Authored(None, None, ())
    return _write(context, found)


@dataclass(frozen=True)
class Proposal:
    """What autogenerate wants to write, before it is written.

    `upgrade` and `downgrade` are its operations after the team's own hook, each by itself. `schema`
    is the one that unqualified names are in. `alone` is false where `env.py` has several databases,
    or one several times, so that there are several upgrades in one file.
    """

    context: RevisionContext
    upgrade: tuple[ops.MigrateOperation, ...]
    downgrade: tuple[ops.MigrateOperation, ...]
    asked: Autogenerate
    schema: str
    alone: bool

    @property
    def own(self) -> bool:
        """Whether the team's own hook has added what is no change of structure."""
        return any(claims_of(one, schema=self.schema) is None for one in self.upgrade)

    @property
    def rendering(self) -> AutogenContext:
        """What Alembic renders the file with."""
        return self.context._last_autogen_context


class Asking(Enum):
    """Whom to ask for a revision: one that fails is left out the next time."""

    ALL = "autogenerate with what has joined it"
    ALEMBIC = "autogenerate without alembic_utils"
    NOBODY = "nobody"


class Proposing:
    """Steps of a run that ask autogenerate for a revision on the database that they run on."""

    def __init__(
        self, project: AlembicProject, wish: Wish, tables: Iterable[Name], ask: Asking
    ) -> None:
        self.context = _revision_context(project, wish, autogenerate=ask is not Asking.NOBODY)
        self.asked = Autogenerate(tables)
        self.ask = ask
        self.schema = "public"
        self.runs = 0

    @property
    def options(self) -> Mapping[str, object]:
        """For `drive`."""
        return _options(self.context)

    @property
    def steps(self) -> Steps:
        """For `drive`."""

        def compare(heads: tuple[str, ...], migration: MigrationContext) -> Sequence[Any]:
            self.runs += 1
            self.schema = default_schema(migration)
            team = migration.opts.get("render_item")
            migration.opts["render_item"] = types_without_create(team)
            hook = migration.opts.get("process_revision_directives")
            migration.opts["process_revision_directives"] = hook and _keeping(hook)
            match self.ask:
                case Asking.ALL:
                    self.asked.compare(migration)
                    self.context.run_autogenerate(heads, migration)
                case Asking.ALEMBIC:
                    with entities.unasked():
                        self.asked.compare(migration)
                        self.context.run_autogenerate(heads, migration)
                case Asking.NOBODY:
                    self.asked.hide(migration)
                    self.context.run_no_autogenerate(heads, migration)
            return ()

        return compare

    def proposal(self) -> Proposal:
        """What came of it."""
        script = self.context.generated_revisions[-1]
        upgrade = tuple(flatten(script.upgrade_ops_list))
        downgrade = tuple(flatten(script.downgrade_ops_list))
        one = len(self.context.generated_revisions) == 1 and self.runs == 1
        return Proposal(self.context, upgrade, downgrade, self.asked, self.schema, one)


def _keeping(hook: Callable[..., None]) -> Callable[..., None]:
    """The hook of `env.py`, but that it takes no revision away.

    Many take it away where autogenerate sees nothing, and what autogenerate does not see is what
    is to be added to it.
    """

    def process(context: Any, revision: Any, directives: list[Any]) -> None:
        before = list(directives)
        hook(context, revision, directives)
        if not directives:
            directives[:] = before

    return process


def write(proposal: Proposal, upgrade: Sequence[Item], downgrade: Sequence[Item]) -> Authored:
    """Writes the file of `proposal` with other operations than autogenerate had."""
    script = proposal.context.generated_revisions[-1]
    script.upgrade_ops_list[-1].ops = in_tables(upgrade)
    script.downgrade_ops_list[-1].ops = in_tables(downgrade)
    kept = [item.operation for item in upgrade if not isinstance(item.operation, StatementOp)]
    return _write(proposal.context, tuple(_words(kept)))


def _without_own_schema(include_name: IncludeName | None) -> IncludeName:
    """`include_name` of `env.py`, which with `include_schemas` would find our tables too many."""

    def include(name: str | None, kind: Any, parents: Any) -> bool:
        if (kind, name) == ("schema", OWN_SCHEMA):
            return False
        return include_name is None or include_name(name, kind, parents)

    return include


def empty(project: AlembicProject, wish: Wish, *, target: Target, guard: Guard) -> Authored:
    """A revision file with empty functions, to be filled by hand."""
    context = _revision_context(project, wish, autogenerate=False)
    if _template_needs_env(project):

        def nothing(heads: tuple[str, ...], migration: MigrationContext) -> Sequence[Any]:
            context.run_no_autogenerate(heads, migration)
            return ()

        _drive_for(project, context, nothing, target, guard)
    return _write(context, ())


def demand_template(project: AlembicProject) -> None:
    """Raises TemplateMissing where there is nothing that a revision could be written from."""
    template = Path(project.directory.dir, "script.py.mako")
    if not template.is_file():
        raise TemplateMissing(template)


def merge(project: AlembicProject, revisions: tuple[str, ...], wish: Wish) -> Authored:
    """A revision that joins `revisions` and does nothing itself."""
    demand_template(project)
    try:
        script = project.directory.generate_revision(
            wish.rev_id or rev_id(),
            wish.message,
            refresh=True,
            head=revisions,
            branch_labels=wish.branch_label,
            splice=wish.splice,
            config=project.config,
        )
    except CommandError as error:
        raise AlembicRefused(str(error).rstrip(".")) from error
    return _authored(script, ())


def _drive_for(
    project: AlembicProject, context: RevisionContext, steps: Any, target: Target, guard: Guard
) -> None:
    drive(project, steps, target=target, guard=guard, options=_options(context))


def _options(context: RevisionContext) -> Mapping[str, object]:
    return {
        "template_args": context.template_args,
        "revision_context": context,
        "dont_mutate": True,
    }


def _revision_context(
    project: AlembicProject, wish: Wish, *, autogenerate: bool
) -> RevisionContext:
    arguments = {
        "message": wish.message,
        "autogenerate": autogenerate,
        "sql": False,
        "head": wish.head,
        "splice": wish.splice,
        "branch_label": wish.branch_label,
        "version_path": wish.version_path,
        "rev_id": wish.rev_id,
        "depends_on": list(wish.depends_on) or None,
    }
    return RevisionContext(project.config, project.directory, arguments)


def _template_needs_env(project: AlembicProject) -> bool:
    return project.config.get_alembic_boolean_option("revision_environment")


def _write(context: RevisionContext, found: tuple[str, ...]) -> Authored:
    try:
        scripts = list(context.generate_scripts())
    except CommandError as error:
        raise AlembicRefused(str(error).rstrip(".")) from error
    return _authored(scripts[-1], found)


def _authored(script: Script | None, found: tuple[str, ...]) -> Authored:
    if script is None:
        return Authored(None, None, found)
    return Authored(script.revision, str(script.path), found)


def _words(operations: Sequence[ops.MigrateOperation]) -> Iterator[str]:
    """What each operation does, as a line that a person reads."""
    for operation in operations:
        match operation:
            case ops.ModifyTableOps():
                yield from _words(operation.ops)
            case ops.CreateTableOp():
                yield f"table {_name(operation)} added"
            case ops.DropTableOp():
                yield f"table {_name(operation)} removed"
            case ops.AddColumnOp():
                yield f"column {_name(operation)}.{operation.column.name} added"
            case ops.DropColumnOp():
                yield f"column {_name(operation)}.{operation.column_name} removed"
            case ops.AlterColumnOp():
                column = f"{_name(operation)}.{operation.column_name}"
                yield f"column {column} altered: {_how(operation)}"
            case ops.CreateIndexOp():
                yield f"index {operation.index_name} on {_name(operation)} added"
            case ops.DropIndexOp():
                yield f"index {operation.index_name} removed"
            case ops.AddConstraintOp():
                yield f"constraint {operation.to_constraint().name or 'without a name'} added"
            case ops.DropConstraintOp():
                yield f"constraint {operation.constraint_name} removed"
            case ops.CreateTableCommentOp() | ops.DropTableCommentOp():
                yield f"table {_name(operation)} altered: comment"
            case ops.ExecuteSQLOp():
                yield f"SQL of your own: {' '.join(str(operation.sqltext).split())}"
            case _ if (entity := getattr(operation, "target", None)) is not None:
                yield f"{entity.type_} {entity.schema}.{entity.signature} {_entity(operation)}"
            case _:
                yield type(operation).__name__.removesuffix("Op")


def _entity(operation: ops.MigrateOperation) -> str:
    """What one of alembic_utils' operations does."""
    names = {"CreateOp": "added", "DropOp": "removed"}
    return names.get(type(operation).__name__, "replaced")


def _name(operation: Any) -> str:  # Any: every operation on a table has these two
    schema = getattr(operation, "schema", None)
    return f"{schema}.{operation.table_name}" if schema else str(operation.table_name)


def _how(operation: ops.AlterColumnOp) -> str:
    parts = []
    if operation.modify_type is not None:
        parts.append(f"type to {operation.modify_type}")
    if operation.modify_nullable is not None:
        parts.append("nullable" if operation.modify_nullable else "not null")
    if operation.modify_server_default is not False:
        parts.append("server default")
    if operation.modify_comment is not False:
        parts.append("comment")
    return ", ".join(parts) or "other"
