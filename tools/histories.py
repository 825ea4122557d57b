"""Tries lockgate on real histories from PyPI, as a new user would, and prints what it finds.

    python tools/histories.py FOLDER [NAME ...]

Each project gets an environment of its own below FOLDER, with the newest release and this checkout
of lockgate; its revisions and its `env.py` are copied and run unchanged, after what its own
command line does before: importing the models, configuring itself, and making the tables that are
older than its first revision, which becomes a revision here. The server is one that is started for
it. What every command printed stays in FOLDER.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import create_database, scratch_server

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Project:
    """A history: what to install, where its scripts are, and what is done before env.py runs.

    `older` makes the tables that are older than the first revision, whose id it goes before.
    """

    requirements: tuple[str, ...]
    scripts: str
    prelude: str = ""
    older: tuple[str, str] | None = None


PROJECTS = {
    "optuna": Project(
        ("optuna", "psycopg2-binary"),
        "optuna/storages/_rdb/alembic",
    ),
    "mlflow": Project(
        ("mlflow", "psycopg2-binary"),
        "mlflow/store/db_migrations",
        "import mlflow.store.tracking.dbmodels.models\n"
        "import mlflow.store.model_registry.dbmodels.models\n"
        "import mlflow.store.workspace.dbmodels.models\n",
        ("451aebb31d03", "mlflow.store.tracking.dbmodels.initial_models"),
    ),
    "mlflow-auth": Project(
        ("mlflow[auth]", "psycopg2-binary"),
        "mlflow/server/auth/db/migrations",
        "import mlflow.server.auth.db.models\n",
    ),
    "keystone": Project(
        ("keystone", "psycopg2-binary"),
        "keystone/common/sql/migrations",
        "import importlib, pathlib, keystone, keystone.conf\n"
        "keystone.conf.configure()\n"
        "for path in sorted(pathlib.Path(keystone.__path__[0]).glob('*/*backends/sql.py')):\n"
        "    importlib.import_module('.'.join(('keystone', *path.parts[-3:-1], 'sql')))\n",
    ),
}
OLDER = """\
from alembic import op
from {module} import Base

revision = "older"
down_revision = None


def upgrade():
    Base.metadata.create_all(op.get_bind())


def downgrade():
    Base.metadata.drop_all(op.get_bind())
"""
SETTINGS = """\
alembic = "alembic.ini"
[environments.dev]
role = "development"
url = "{url}"
"""


class Site:
    """One project, installed and laid out."""

    def __init__(self, folder: Path, name: str, url: DatabaseUrl) -> None:
        self.name = name
        self.url = url
        self.project = PROJECTS[name]
        self.folder = folder / name
        self.python = folder / f"venv-{name}" / "bin" / "python"

    def install(self) -> None:
        """Makes the environment where it is not there yet."""
        if not self.python.exists():
            venv.create(self.python.parents[1], with_pip=True)
            wanted = ["-m", "pip", "install", "-qq", *self.project.requirements, str(ROOT)]
            subprocess.run([self.python, *wanted], check=True)

    def lay_out(self) -> None:
        """A folder with the project's scripts, as they are, and settings of lockgate."""
        asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
        answer = subprocess.run([self.python, "-c", asked], check=True, stdout=subprocess.PIPE)
        packages = Path(answer.stdout.decode().strip())
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(packages / self.project.scripts, self.folder / "scripts")
        versions = self.folder / "scripts" / "versions"
        folders = sorted({path.parent for path in versions.rglob("[!_]*.py")})
        places = ":".join(str(folder.relative_to(self.folder)) for folder in folders)
        (self.folder / "alembic.ini").write_text(
            f"[alembic]\nscript_location = scripts\nversion_locations = {places}\n"
            "path_separator = :\n"
        )
        if self.project.older is not None:
            self.make_first_revision(versions, *self.project.older)
        (self.folder / "lockgate.toml").write_text(SETTINGS.format(url=self.url.render()))
        env_py = self.folder / "scripts" / "env.py"
        # A file that calls fileConfig finds no logging in this ini.
        text = env_py.read_text().replace("fileConfig(config", "(lambda *_, **__: None)(config")
        env_py.write_text(self.project.prelude + text)

    def make_first_revision(self, versions: Path, first: str, module: str) -> None:
        """The tables of `Base` in `module` as a revision, on which `first` follows."""
        (versions / "older.py").write_text(OLDER.format(module=module))
        (file,) = versions.glob(f"{first}*.py")
        text = file.read_text()
        assert "down_revision = None" in text
        file.write_text(text.replace("down_revision = None", 'down_revision = "older"'))

    def lockgate(self, *arguments: str) -> tuple[int, str, float]:
        """Exit status, what it printed on stdout, and seconds."""
        started = time.perf_counter()
        answer = subprocess.run(
            [self.python, "-m", "lockgate", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        took = time.perf_counter() - started
        file = self.folder / f"{'-'.join(arguments[:2]).replace(':', '-')}.txt"
        file.write_text(f"{answer.stdout}\n{answer.stderr}\nexit {answer.returncode}, {took:.1f} s")
        return answer.returncode, answer.stdout, took

    def document(self, *arguments: str) -> dict[str, Any]:
        """The JSON of a command."""
        _, printed, _ = self.lockgate(*arguments, "--format", "json")
        found: dict[str, Any] = json.loads(printed)
        return found

    def alembic_check(self) -> int | None:
        """How many operations `alembic check` names on the same database; None where it fails."""
        url = self.url.with_driver("psycopg2").render().replace("%", "%%")
        ini = (self.folder / "alembic.ini").read_text()
        plain = self.folder / "plain.ini"
        plain.write_text(ini + f"sqlalchemy.url = {url}\n")
        answer = subprocess.run(
            [self.python, "-c", COUNT, str(plain)],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        (self.folder / "alembic-check.txt").write_text(answer.stdout + answer.stderr)
        return int(answer.stdout.split()[-1]) if answer.returncode == 0 else None


def _models(checked: dict[str, Any]) -> str:
    """Whether they could be made and compared, in the words of the finding that says why not."""
    found = [f["message"] for f in checked["findings"] if f["code"] == "LG-CHK-5"]
    return (
        found[0][:160] if found else "compared" if checked["models_changes"] else "alike, or none"
    )


COUNT = """
import sys
from alembic import command
from alembic.config import Config
from alembic.util import AutogenerateDiffsDetected
try:
    command.check(Config(sys.argv[1]))
    print(0)
except AutogenerateDiffsDetected as error:
    print(sum(len(d) if isinstance(d, list) else 1 for d in error.diffs))
"""


def report(site: Site) -> dict[str, Any]:
    """The numbers of one history."""
    site.document("env", "enroll", "dev", "--yes", "dev")
    upgraded, _, _ = site.lockgate("upgrade", "heads", "--env", "dev")
    rehearsed = site.document("rehearse")
    revisions = rehearsed.get("revisions", [])
    checked = site.document("check")
    changes = checked.get("models_changes", [])
    lint = site.document("lint", "base:heads")
    errors = Counter(f["code"] for f in lint.get("findings", []) if f["severity"] == "error")
    located = site.document("locate", "dev")
    doctor = site.document("doctor", "dev")
    return {
        "revisions": len(revisions),
        "upgrade in one process": "ok" if upgraded == 0 else f"exit {upgraded}",
        "go up one by one": sum(r["up"] == "ok" for r in revisions),
        "downgrade fails": sum(r["down"] == "failed" and r["up"] == "ok" for r in revisions),
        "downgrade missing": sum(r["down"] == "missing" for r in revisions),
        "downgrade does not restore": sum(
            r["down"] == "ok" and not r["restores"] for r in revisions
        ),
        "models": _models(checked),
        "differences from the models": len(changes),
        "autogenerate does not see": sum(c.get("autogenerate") is False for c in changes),
        "alembic check names": site.alembic_check(),
        "lint errors": sum(errors.values()),
        "lint errors by code": dict(sorted(errors.items())),
        "located": ", ".join(located.get("exact", [])) or "none",
        "doctor": sorted({f["code"] for f in doctor.get("findings", [])}),
    }


def main(folder: Path, names: list[str]) -> None:
    """Prints a block of numbers for each history."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    with (
        tempfile.TemporaryDirectory(prefix="lockgate-histories-") as directory,
        scratch_server(Path(directory), find_binaries(18)) as server,
    ):
        Path(directory).chmod(0o755)
        for name in names or list(PROJECTS):
            url = create_database(server.url, name.replace("-", "_"))
            site = Site(folder.resolve(), name, url)
            site.install()
            site.lay_out()
            print(f"{name}", flush=True)
            for what, number in report(site).items():
                print(f"  {what:28}{number}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
