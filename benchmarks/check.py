"""Prints how long `lockgate check` takes with nothing to find, as a ratio to `alembic check`.

Models of 100, 1,000 and 5,000 tables, each with 10 columns, 2 indexes, a foreign key, a check
and an enum, and one revision that makes them. Whole processes in turns, all on one server that
runs already; the median of each, from which the median of a process that only imports the
models is taken: for lockgate one that looks for garbage as seldom as it does. "fresh" is a
checkout that has nothing but what is committed; "remembered" one whose lock file proves
nothing, after a check; "first" is that check, which makes the models' schema. With many tables
lockgate may come out below nothing: its copy of the process ends without freeing the models.
Run it with the interpreter that has lockgate and Alembic installed:

    python benchmarks/check.py [--tables N ...] [--runs N]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from lockgate.cli.main import COLLECT_EVERY
from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import create_database, scratch_server

HELD_TO = 1 / 3
SELDOM = f"import gc; gc.set_threshold({COLLECT_EVERY}); import models"

MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()
for n in range({tables}):
    sa.Table(
        f"file_{{n}}", metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("parent_id", sa.ForeignKey(f"file_{{max(n - 1, 0)}}.id")),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("checksum", sa.String(64)),
        sa.Column("kind", sa.Enum("raw", "calibrated", "final", name=f"kind_{{n}}"),
                  nullable=False, server_default="raw"),
        sa.Column("size", sa.Integer, nullable=False, server_default="0"),
        sa.Column("bytes", sa.Numeric(10, 2)),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False,
                  server_default=sa.func.now()),
        sa.Column("valid", sa.Boolean, server_default="true"),
        sa.Column("note", sa.Text),
        sa.CheckConstraint("size >= 0 AND size < 1000000", name=f"file_{{n}}_size"),
        sa.Index(f"file_{{n}}_name", "name", "made_at"),
        sa.Index(f"file_{{n}}_checksum", "checksum", unique=True),
    )
"""

ENV_PY = """\
import os
import sqlalchemy as sa
from alembic import context
from models import metadata

engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = """\
from alembic import op
from models import metadata

revision = "one"
down_revision = None


def upgrade():
    # Each statement by itself: locks on thousands of tables are more than a server has room for.
    with op.get_context().autocommit_block():
        metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade():
    with op.get_context().autocommit_block():
        metadata.drop_all(op.get_bind(), checkfirst=False)
"""


def make_project(folder: Path, tables: int) -> None:
    """A project of that many tables."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "models.py").write_text(MODELS.format(tables=tables))
    (folder / "migrations" / "env.py").write_text(ENV_PY)
    (versions / "one.py").write_text(REVISION)
    ini = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
    (folder / "alembic.ini").write_text(ini)
    (folder / "lockgate.toml").write_text('[scratch]\nurl = "env:SCRATCH_URL"\n')


def taken(folder: Path, environ: dict[str, str], *command: str) -> tuple[float, int]:
    """Seconds, and the most memory in megabytes, of a process that has to succeed."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        assert process.stdout is not None
        sys.exit(f"{' '.join(command)} failed: {process.stdout.read().decode()}")
    return seconds, usage.ru_maxrss // 1024


def measure(folder: Path, server: DatabaseUrl, tables: int, runs: int) -> bool:
    """Whether the ratios are what they are held to; prints a line of the table."""
    make_project(folder, tables)
    database = create_database(server, f"check_{tables}")
    url = database.with_driver("psycopg").render()
    environ = {"PATH": os.environ["PATH"], "DATABASE_URL": url}
    scratch = {"PATH": os.environ["PATH"], "SCRATCH_URL": server.render()}
    programs = Path(sys.executable).parent
    alembic, lockgate = str(programs / "alembic"), str(programs / "lockgate")
    taken(folder, environ, alembic, "upgrade", "head")
    taken(folder, scratch, lockgate, "rehearse")
    unproved = folder.with_name(f"{folder.name}_unproved")
    shutil.copytree(folder, unproved, ignore=shutil.ignore_patterns(".lockgate"))
    lock = unproved / "lockgate.lock"
    lock.write_text(re.sub(r"(?m)^models = .*\n", "", lock.read_text()))
    first, _ = taken(unproved, scratch, lockgate, "check")
    measured: dict[str, list[tuple[float, int]]] = {
        name: [] for name in ("import", "seldom", "alembic", "fresh", "remembered")
    }
    for _ in range(runs):
        measured["import"].append(taken(folder, environ, "-c", "import models"))
        measured["seldom"].append(taken(folder, environ, "-c", SELDOM))
        measured["alembic"].append(taken(folder, environ, alembic, "check"))
        shutil.rmtree(folder / ".lockgate", ignore_errors=True)
        measured["fresh"].append(taken(folder, scratch, lockgate, "check"))
        measured["remembered"].append(taken(unproved, scratch, lockgate, "check"))
    memory = {name: max(m for _, m in turns) for name, turns in measured.items()}
    seconds = {name: median(s for s, _ in turns) for name, turns in measured.items()}
    net = {
        name: seconds[name] - seconds["import" if name == "alembic" else "seldom"]
        for name in ("alembic", "fresh", "remembered")
    }
    ratios = {name: net[name] / net["alembic"] for name in ("fresh", "remembered")}
    print(
        f"{tables:>5} tables   import {seconds['import']:5.2f} s {memory['import']:>3} MB, "
        f"{seconds['seldom']:5.2f} s {memory['seldom']:>3} MB   "
        f"alembic {net['alembic']:6.2f} s {memory['alembic']:>3} MB",
        *(
            f"{name} {net[name]:5.2f} s {memory[name]:>3} MB ratio {ratio:.2f}"
            for name, ratio in ratios.items()
        ),
        f"first {first - seconds['seldom']:6.2f} s   (held to {HELD_TO:.2f})",
        sep="   ",
        flush=True,
    )
    return all(ratio <= HELD_TO for ratio in ratios.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, nargs="*", default=[100, 1000, 5000])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    held = []
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-") as place:
        os.chmod(place, 0o711)
        options = {"max_locks_per_transaction": "4096"}
        with scratch_server(
            Path(place) / "server", find_binaries(None), settings=options
        ) as server:
            for tables in arguments.tables:
                folder = Path(place) / f"project_{tables}"
                held.append(measure(folder, server.url, tables, arguments.runs))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
