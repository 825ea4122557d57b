"""`lockgate demo`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.options import Quiet, Verbose, speak
from lockgate.cli.terminal import TERMINAL, Format


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(demo)


def demo(
    directory: Annotated[
        Path | None,
        typer.Option(
            "--directory", metavar="DIR", help="Keep the demo there. [default: a folder that goes]"
        ),
    ] = None,
    rows: Annotated[int, typer.Option("--rows", help="Science files in PROD.")] = 1_000_000,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Walk the whole passage on two embedded servers, DEV and PROD.

    Copies the example into a folder, gives it a git history, starts two PostgreSQL clusters, and
    runs the commands of the passage one after the other: set-up, rehearsal, a change of the
    models, DEV, attempts to mix the two up, plan, deploy, and what comes after. The servers are
    stopped at the end.

    Exits with 1 if a command of the demo does not end as it should.
    """
    speak(Format.TEXT, quiet, verbose)
    import tempfile

    from lockgate.workflows.demo import Demo, Stage

    bold, dim, plain = ("\033[1m", "\033[2m", "\033[0m") if TERMINAL.colour else ("", "", "")
    stage = Stage(
        title=lambda number, of, text: TERMINAL.text(f"\n{bold}[{number}/{of}] {text}{plain}"),
        command=lambda words: TERMINAL.text(f"\n{bold}$ {words}{plain}"),
        say=lambda text: TERMINAL.text(f"{dim}{text}{plain}"),
    )
    if directory is not None:
        seconds = Demo(directory.absolute(), rows, stage).walk()
        TERMINAL.text(f"\nthe passage took {seconds:.0f} s; it is kept in {directory}")
        return
    with tempfile.TemporaryDirectory(prefix="lockgate-demo-") as folder:
        path = Path(folder)
        path.chmod(0o711)  # as root, PostgreSQL runs under another account that has to get in
        seconds = Demo(path / "science_archive", rows, stage).walk()
    TERMINAL.text(f"\nthe passage took {seconds:.0f} s")
