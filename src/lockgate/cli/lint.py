"""`lockgate lint`"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from lockgate.cli.options import (
    Config,
    PgVersion,
    Quiet,
    Schema,
    TargetEnv,
    Verbose,
    XArguments,
    open_workspace,
    refuse_both,
    speak,
)
from lockgate.cli.terminal import TERMINAL


class LintFormat(StrEnum):
    """How the findings are shown."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    MARKDOWN = "markdown"


class FailOn(StrEnum):
    """From which severity on the exit status is 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("lint", context_settings={"ignore_unknown_options": True})(lint)


def lint(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WHAT]",
            help="REV, RANGE, SQL files or folders of them, - for stdin. [default: pending]",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="BRANCH", help="Only revisions that are not in BRANCH."),
    ] = None,
    env: TargetEnv = None,
    schema: Schema = None,
    pg_version: PgVersion = None,
    in_transaction: Annotated[
        bool,
        typer.Option("--in-transaction", help="Each SQL file runs in one, as with `psql -1`."),
    ] = False,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="Severity from which on the exit status is 1.")
    ] = FailOn.ERROR,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="CODE", help="Only this rule; may come again."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CODE", help="Not this rule; may come again."),
    ] = None,
    style: Annotated[bool, typer.Option("--style", help="Ask the rules of style too.")] = False,
    config: Config = None,
    x: XArguments = None,
    output: Annotated[
        LintFormat, typer.Option("--format", help="How to show the findings.")
    ] = LintFormat.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Find what a change would do to a live database, without a server.

    Reads SQL files and revisions. A revision is read as `alembic upgrade --sql` would write it, in
    the structure that the revisions before it make; of one that asks the database while it runs,
    only the statements in its text are seen. With --env the structure is that of a database, and a
    finding weighs as much as its table: on an empty one a plain index is no error. A table that
    the same file or revision makes is nobody's yet, and may be locked.

    A finding is suppressed beside the code, by its code and with a reason:
    `-- lockgate: allow LG001 because orders is empty`, in Python with `#`.

    Exits with 1 if a finding is as severe as --fail-on says.
    """
    speak(output if output is LintFormat.JSON else "text", quiet, verbose)
    from lockgate import __version__
    from lockgate.core.finding import Severity
    from lockgate.report.findings import Shown, formats
    from lockgate.workflows.lint import Request, Tally, run

    refuse_both(schema, env)
    request = Request(
        what=tuple(what or ()),
        since=since,
        environment=env,
        schema=schema,
        version=pg_version,
        one_transaction=in_transaction,
        style=style,
        select=tuple(select or ()),
        ignore=tuple(ignore or ()),
    )
    found = run(request, lambda: open_workspace(config, x), TERMINAL)
    shown = Shown(
        found.version,
        found.rules,
        __version__,
        width=min(TERMINAL.width, 100),
        colour=TERMINAL.colour,
        verbose=verbose,
    )
    tally = Tally(Severity(fail_on.value))
    TERMINAL.pieces(formats()[output.value].render(tally.counting(found.answers), shown))
    return 1 if tally.reached else 0
