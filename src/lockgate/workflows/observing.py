"""`lockgate explain --observe`: statements run on scratch, and what they do there is seen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lockgate.core.agreement import agree, disagreement_findings
from lockgate.core.finding import Finding, Severity
from lockgate.core.sql.trees import parse
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_binaries, find_pg_dump
from lockgate.postgres.dump import dump_schema
from lockgate.postgres.observe import Observation, open_bench
from lockgate.postgres.scratch import restore
from lockgate.postgres.servers import create_database, scratch_server
from lockgate.workflows.destination import connected_to_read, find_readable
from lockgate.workflows.existing import SchemaNotUnderstood, read_sql
from lockgate.workflows.explain import ExplainedStatement, Explanation
from lockgate.workflows.scratch import open_scratch
from lockgate.workflows.workspace import Workspace

TRANSACTIONS = "TransactionStmt"
"""BEGIN and COMMIT: each statement is tried in a transaction of its own anyway."""


def observed(
    explanation: Explanation,
    workspace: Workspace | None,
    *,
    schema: Path | None = None,
    environment: str | None = None,
) -> Explanation:
    """`explanation` with what its statements do on scratch, one after the other.

    What exists there is what `schema` makes, or the structure of `environment` without its rows.
    Without a project the scratch server is one of programs found here.
    """
    dump = _dump(workspace, environment) if environment and workspace else None
    with _scratch_database(workspace, explanation.version) as (url, version):
        if dump is not None:
            restore(url, dump)
        if schema is not None:
            _make(url, schema)
        return replace(_observed(explanation, url), observed_on=version)


def _observed(explanation: Explanation, url: DatabaseUrl) -> Explanation:
    statements, findings = [], list(explanation.findings)
    with open_bench(url) as bench:
        for one in explanation.statements:
            if one.parsed.problem is not None or one.parsed.kind == TRANSACTIONS:
                statements.append(one)
                continue
            statement, said = _compared(one, bench.observe(one.parsed.sql), explanation.file)
            statements.append(statement)
            findings += said
    return replace(explanation, statements=tuple(statements), findings=tuple(findings))


def _compared(
    one: ExplainedStatement, found: Observation, file: str | None
) -> tuple[ExplainedStatement, tuple[Finding, ...]]:
    if found.error is not None:
        failed = Finding(
            "LG-OBS-2",
            "observation",
            f"the statement fails on scratch: {found.error} ({found.sqlstate})",
            "give what it needs with --schema or --env; until then its effects are predicted",
            Severity.WARNING,
            statement=one.index,
            file=file,
            line=one.parsed.line,
        )
        return one, (failed,)
    if found.partial:
        sampled = Finding(
            "LG-OBS-3",
            "observation",
            "its locks come and go, and the login of scratch may not stop it to look at them",
            "use a superuser in scratch.url; until then its effects are predicted",
            Severity.INFO,
            statement=one.index,
            file=file,
            line=one.parsed.line,
        )
        return one, (sampled,)
    both = agree(one.effects, found.statement, kind=one.parsed.kind)
    findings = disagreement_findings(
        (*both.disagreements, *found.contradictions),
        statement=one.index,
        file=file,
        line=one.parsed.line,
    )
    return replace(one, effects=both.statement), findings


def _make(url: DatabaseUrl, schema: Path) -> None:
    """Runs the statements of a file, such as a dump; its psql commands are passed over.

    Raises SchemaNotUnderstood for the first that fails.
    """
    with open_bench(url) as bench:
        for parsed in parse(read_sql(schema).decode(errors="replace")):
            reason = bench.run(parsed.sql) if parsed.problem is None else None
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
