"""`lockgate explain --observe`: statements run on scratch, and what they do there is seen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lockgate.core.agreement import agree, disagreement_findings
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import Answer, LintedStatement
from lockgate.core.progress import Progress
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_binaries, find_pg_dump
from lockgate.postgres.dump import dump_schema
from lockgate.postgres.observe import Observation, open_bench
from lockgate.postgres.scratch import restore
from lockgate.postgres.servers import create_database, scratch_server
from lockgate.workflows.destination import connected_to_read, find_readable
from lockgate.workflows.existing import SchemaNotUnderstood, schema_statements
from lockgate.workflows.scratch import open_scratch
from lockgate.workflows.workspace import Workspace

TRANSACTIONS = "TransactionStmt"
"""BEGIN and COMMIT: each statement is tried in a transaction of its own anyway."""


@contextmanager
def observing(
    workspace: Workspace | None,
    version: int,
    *,
    schema: Path | None = None,
    environment: str | None = None,
    progress: Progress,
) -> Iterator[ObservingServer]:
    """A scratch server of major `version` on which predictions are tried.

    What exists there is what `schema` makes, or the structure of `environment` without its rows.
    Without a project the scratch server is one of programs found here.
    """
    dump = _dump(workspace, environment) if environment and workspace else None
    with _scratch_database(workspace, version) as (url, server_version):
        if dump is not None:
            restore(url, dump)
        if schema is not None:
            _make(url, schema, progress)
        yield ObservingServer(url, server_version)


@dataclass(frozen=True, slots=True)
class ObservingServer:
    """A scratch database in which what exists beforehand was made, and its server's version."""

    url: DatabaseUrl
    version: str

    def observed(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """The same answers, each statement with what it does here, one after the other."""
        with open_bench(self.url) as bench:
            for answer in answers:
                if (
                    isinstance(answer, Finding)
                    or answer.parsed.problem is not None
                    or answer.parsed.kind == TRANSACTIONS
                ):
                    yield answer
                    continue
                likely = [effect.relation for effect in answer.effects.effects]
                statement, said = _compared(answer, bench.observe(answer.sql, likely=likely))
                yield statement
                yield from said


NOT_AVAILABLE = "55P03"
"""What PostgreSQL says of a lock that it does not wait for."""


def _compared(
    one: LintedStatement, found: Observation
) -> tuple[LintedStatement, tuple[Finding, ...]]:
    if found.error is not None and not found.refused:
        why = f"the statement fails on scratch: {found.error} ({found.sqlstate})"
        remedy = "give what it needs with --schema or --env; until then its effects are predicted"
        if found.sqlstate == NOT_AVAILABLE:
            remedy = "leave out NOWAIT or lock_timeout to see it: its tables are held to watch it"
        said = Finding("LG-OBS-2", "observation", why, remedy, Severity.WARNING)
        return one, (_placed(said, one),)
    if found.partial:
        why = "its locks come and go, and the login of scratch may not stop it to look at them"
        remedy = "use a superuser in scratch.url; until then its effects are predicted"
        said = Finding("LG-OBS-3", "observation", why, remedy, Severity.WARNING)
        return one, (_placed(said, one),)
    both = agree(one.effects, found.statement, kind=one.parsed.kind)
    findings = disagreement_findings(
        (*both.disagreements, *found.contradictions),
        statement=one.index,
        file=one.file,
        line=one.line,
    )
    if found.refused:
        why = f"the rows there refuse it: {found.error} ({found.sqlstate})"
        remedy = "mend the rows first; its effects were seen with every table empty"
        said = Finding("LG-OBS-5", "observation", why, remedy, Severity.WARNING)
        findings = (*findings, _placed(said, one))
    if found.by_luck:
        why = (
            "there are more tables than can be watched at once: for a moment it may lock others"
            " than those seen"
        )
        remedy = "read its code, or observe it with a --schema of the tables that it is about"
        said = Finding("LG-OBS-4", "observation", why, remedy, Severity.WARNING)
        findings = (*findings, _placed(said, one))
    return replace(one, effects=both.statement), findings


def _placed(said: Finding, one: LintedStatement) -> Finding:
    return replace(said, statement=one.index, file=one.file, line=one.line)


def _make(url: DatabaseUrl, schema: Path, progress: Progress) -> None:
    """Runs the statements of a file, such as a dump; its psql commands are passed over.

    Raises SchemaNotUnderstood for the first that fails.
    """
    with open_bench(url) as bench:
        for parsed in schema_statements(schema, progress):
            reason = bench.run(parsed.sql)
            if reason is not None:
                raise SchemaNotUnderstood(str(schema), parsed.line, reason)


def _dump(workspace: Workspace, environment: str) -> str:
    """The structure of an environment's first database."""
    destination = find_readable(workspace, environment)
    first = next(iter(destination.urls))
    with connected_to_read(destination, first, purpose="observe") as connection:
        major = connection.info.server_version // 10_000
    return dump_schema(destination.primary, pg_dump=find_pg_dump(major))


@contextmanager
def _scratch_database(workspace: Workspace | None, major: int) -> Iterator[tuple[DatabaseUrl, str]]:
    """An empty scratch database and its server's version."""
    if workspace is not None:
        with open_scratch(workspace, major=major) as scratch, scratch.databases() as databases:
            yield next(iter(databases.urls.values())), scratch.version
        return
    binaries = find_binaries(major)
    with tempfile.TemporaryDirectory(prefix="lockgate-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with scratch_server(Path(folder), binaries) as server:
            yield create_database(server.url, "lockgate_scratch"), binaries.version
