"""Prints how long `current` takes on a project of ten revisions, as a ratio to Alembic.

In a database with a mark, as every database of a team has one, and in one without.

    python -m benchmarks.current
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import compare, is_held, run
from benchmarks.revisions import write_project
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import create_database, scratch_server

HELD_TO = 1.15


def main() -> int:
    """Exit status 1 where lockgate takes longer than it is held to or answers differently."""
    scratch = Path(tempfile.gettempdir()) / f"lockgate-benchmark-{os.geteuid()}"
    with (
        tempfile.TemporaryDirectory() as folder,
        scratch_server(scratch, find_binaries(18)) as server,
    ):
        project = Path(folder)
        head = write_project(project, 10)
        url = create_database(server.url, "benchmark").with_driver("psycopg").render()
        environ = os.environ | {"DATABASE_URL": url}
        run(project, environ, "alembic", "stamp", head)
        print("without a mark")
        held = is_held("current", compare(["current"], project=project, environ=environ), HELD_TO)
        (project / "lockgate.toml").write_text(
            '[environments.dev]\nrole = "development"\nurl = "env:DATABASE_URL"\n'
        )
        run(project, environ, "lockgate", "env", "enroll", "dev", "--yes", "dev")
        print("with a mark")
        marked = compare(["current"], project=project, environ=environ)
        return 0 if is_held("current", marked, HELD_TO) and held else 1


if __name__ == "__main__":
    sys.exit(main())
