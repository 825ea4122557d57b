"""Prints how long `upgrade` takes over 1,000 small revisions, as a ratio to Alembic.

Both run one transaction for each revision, on an empty database of their own. lockgate proves
identity, takes the structure before and after, and keeps its Ledger meanwhile.

    python -m benchmarks.upgrade [--revisions N] [--runs N]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.measure import Comparison, is_held, run
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import Server, create_database, drop_database, scratch_server

HELD_TO = 1.3
COLUMNS = 20
"""Each table gets so many, a revision each, and then the next table comes."""

ENV_PY = """\
import os

from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = '''\
"""{message}"""

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {parent!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    {upgrade}


def downgrade() -> None:
    """Downgrade schema."""
    {downgrade}
'''


def main() -> int:
    """Exit status 1 where lockgate takes longer than it is held to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--revisions", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    scratch = Path(tempfile.gettempdir()) / f"lockgate-benchmark-{os.geteuid()}"
    seconds: dict[str, list[float]] = {"alembic": [], "lockgate": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        scratch_server(scratch, find_binaries(18)) as server,
    ):
        write_project(Path(folder), options.revisions)
        # The first turn fills __pycache__ and the file cache, and is not counted.
        for turn in range(options.runs + 1):
            for program, taken in seconds.items():
                took = upgrade(Path(folder), server, program)
                if turn:
                    taken.append(took)
    alembic, lockgate = (median(taken) for taken in seconds.values())
    comparison = Comparison(alembic, lockgate, "", "")
    return 0 if is_held("upgrade", comparison, HELD_TO, same_answer=False) else 1


def upgrade(project: Path, server: Server, program: str) -> float:
    """Seconds that `program` takes from base to head on a new database."""
    url = create_database(server.url, "benchmark")
    environ = os.environ | {"DATABASE_URL": url.with_driver("psycopg").render()}
    run(project, environ, "lockgate", "env", "enroll", "dev", "--yes", "dev")
    start = time.perf_counter()
    run(project, environ, program, "upgrade", "head")
    took = time.perf_counter() - start
    drop_database(server.url, "benchmark")
    return took


def write_project(project: Path, revisions: int) -> None:
    """Writes a line of small revisions."""
    versions = project / "migrations" / "versions"
    versions.mkdir(parents=True)
    (project / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (project / "lockgate.toml").write_text(
        '[environments.dev]\nrole = "development"\nurl = "env:DATABASE_URL"\n'
    )
    (project / "migrations" / "env.py").write_text(ENV_PY)
    parent: str | None = None
    for number in range(revisions):
        table, column = f"t{number // COLUMNS}", f"c{number % COLUMNS}"
        revision = f"{number:012x}"
        if number % COLUMNS == 0:
            message = f"create {table}"
            up = f'op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))'
            down = f'op.drop_table("{table}")'
        else:
            message = f"add {table}.{column}"
            up = f'op.add_column("{table}", sa.Column("{column}", sa.Text()))'
            down = f'op.drop_column("{table}", "{column}")'
        text = REVISION.format(
            message=message, revision=revision, parent=parent, upgrade=up, downgrade=down
        )
        (versions / f"{revision}.py").write_text(text)
        parent = revision


if __name__ == "__main__":
    sys.exit(main())
