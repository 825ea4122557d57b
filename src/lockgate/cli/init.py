"""`lockgate init`"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.options import Config, Output, Quiet, Verbose, speak
from lockgate.cli.terminal import TERMINAL, Format
from lockgate.core.setup import EnvTemplate


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("init")(init)


def init(
    alembic: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Alembic's configuration, where there are several."),
    ] = None,
    metadata: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="For a new Alembic set-up: package.module:Base.metadata, or none. "
            "[default: the one in the Python files here]",
        ),
    ] = None,
    directory: Annotated[
        str, typer.Option(metavar="DIR", help="For a new Alembic set-up: folder of the revisions.")
    ] = "migrations",
    template: Annotated[
        EnvTemplate, typer.Option("--template", "-t", help="For a new Alembic set-up: its env.py.")
    ] = EnvTemplate.GENERIC,
    config: Config = None,
    output: Output = Format.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write settings, lock file, CI example, and Alembic if missing.

    Finds alembic.ini or pyproject.toml, here, above, or below, and adds lockgate.toml,
    lockgate.lock and .github/workflows/lockgate.yml.example. It never changes a file that is
    there, and a second run adds nothing. A new Alembic set-up takes its URL from DATABASE_URL and
    the models from --metadata, or from the one metadata that the Python files here have.

    Exits with 2 if there are several set-ups or metadata and no terminal to ask on, or a file
    cannot be written; then none is left behind.
    """
    speak(output, quiet, verbose)
    from lockgate.report.init import setup_document, setup_text
    from lockgate.workflows.init import Wishes
    from lockgate.workflows.init import init as run

    wishes = Wishes(
        folder=Path.cwd(),
        config=config,
        alembic=alembic,
        metadata=metadata,
        directory=directory,
        template=template,
    )
    setup = run(wishes, os.environ, _choose if sys.stdin.isatty() else None)
    if output is Format.JSON:
        TERMINAL.document("init", setup_document(setup))
    else:
        TERMINAL.text(setup_text(setup))


def _choose(question: str, answers: tuple[str, ...]) -> str:
    """An answer, picked by its number or typed."""
    TERMINAL.note(question)
    for number, answer in enumerate(answers, start=1):
        TERMINAL.note(f"  {number}  {answer}")
    print("number or name: ", end="", file=sys.stderr, flush=True)
    typed = sys.stdin.readline().strip()
    if typed.isdigit() and 1 <= int(typed) <= len(answers):
        return answers[int(typed) - 1]
    return typed
