"""`lockgate demo`: the whole passage on two embedded servers, with the example and real commands.

Every command is run as a person would run it, in a process of its own, and its exit status is
held against the one that the passage needs: a demo that goes wrong says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import lockgate
from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError
from lockgate.postgres.binaries import find_binaries
from lockgate.postgres.servers import Server, start_server

EXAMPLE = "science_archive"
CHANGE = "changes/01_add_provenance.patch"
DEV_ROWS = 10_000
CHECKS = """
[[environments.prod.checks]]
name = "science files are there"
sql = "SELECT count(*) > 0 FROM science_file"
expect = "true"

[[environments.prod.checks]]
name = "the newest version of each file is visible"
sql = "SELECT EXISTS (SELECT FROM latest_science_file LIMIT 1)"
expect = "true"
"""


@dataclass(eq=False)
class DemoStopped(LockgateError):
    """A command of the demo did not end as the passage needs it to."""

    command: str
    expected: int
    found: int

    code: ClassVar[str] = "LG-DEMO-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.NO

    @property
    def message(self) -> str:
        """Command and both exit statuses."""
        return f'"{self.command}" ended with {self.found}, expected {self.expected}'

    @property
    def hint(self) -> str:
        """Keep the folder and look."""
        return "run `lockgate demo --directory DIR` and repeat the command there"


@dataclass(eq=False)
class ExampleMissing(LockgateError):
    """The example is not where an installation or a checkout has it."""

    looked: tuple[str, ...]

    code: ClassVar[str] = "LG-DEMO-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Where it was looked for."""
        return f"the example is missing; looked in {', '.join(self.looked)}"

    @property
    def hint(self) -> str:
        """Reinstall."""
        return "reinstall lockgate, or run the demo from a checkout of it"


@dataclass(eq=False)
class DemoDirectoryTaken(LockgateError):
    """The folder for the demo holds something already."""

    directory: Path

    code: ClassVar[str] = "LG-DEMO-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which folder."""
        return f'"{self.directory}" is not empty'

    @property
    def hint(self) -> str:
        """Another one."""
        return "name a new folder with --directory"


@dataclass
class Stage:
    """Where a demo shows itself: titles, commands as typed, and seconds at the end."""

    title: Callable[[int, int, str], None]
    command: Callable[[str], None]
    say: Callable[[str], None]


@dataclass
class Demo:
    """One walk through the passage in `directory`, with `rows` science files in PROD."""

    directory: Path
    rows: int
    stage: Stage
    servers: dict[str, Server] = field(default_factory=dict)
    chapter: int = 0

    def walk(self) -> float:
        """Runs every chapter; answers the seconds it took. Raises DemoStopped."""
        started = time.monotonic()
        chapters = (
            ("a repository that uses Alembic, and two servers", self.set_up),
            ("adopt it: settings, and a mark in each database", self.adopt),
            ("rehearse the history: up, down and up again, on scratch", self.rehearse),
            ("bring DEV and PROD to head, and fill them", self.fill),
            ("a developer changes the models", self.change),
            ("preview it, take it to DEV, and back, and again", self.develop),
            ("mix DEV and PROD up: refused", self.mix_up),
            ("plan PROD: the gates decide", self.plan),
            ("deploy PROD", self.deploy),
            ("afterwards: status, watch, ledger", self.after),
        )
        with self._servers():
            for self.chapter, (title, run) in enumerate(chapters, start=1):
                self.stage.title(self.chapter, len(chapters), title)
                run()
        return time.monotonic() - started

    def set_up(self) -> None:
        """A copy of the example with a git history of its own, and two clusters."""
        if self.directory.exists() and any(self.directory.iterdir()):
            raise DemoDirectoryTaken(self.directory)
        source = _example()
        shutil.copytree(
            source, self.directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("The file catalogue")
        state = self.directory / ".lockgate"
        state.mkdir(mode=0o711)
        (state / ".gitignore").write_text("*\n", encoding="utf-8")
        for name in ("dev", "prod"):
            directory = state / "embedded" / name
            self.servers[name] = start_server(directory, find_binaries())
        version = self.servers["prod"].binaries.version
        self.stage.say(f"DEV and PROD are PostgreSQL {version}, a cluster each")

    def adopt(self) -> None:
        """`lockgate init`, the two URLs, and the marks."""
        self.lockgate("init")
        settings = self.directory / "lockgate.toml"
        text = settings.read_text(encoding="utf-8")
        for name in ("dev", "prod"):
            text = text.replace(f"env:{name.upper()}_DATABASE_URL", f"embedded:{name}")
        settings.write_text(text, encoding="utf-8")
        self.stage.say("lockgate.toml: embedded:dev and embedded:prod as urls")
        self.lockgate("env", "enroll", "dev", "--yes", "dev")
        self.lockgate("env", "enroll", "prod", "--yes", "prod")
        self.commit("Adopt lockgate")

    def rehearse(self) -> None:
        """The lock file gets a Fingerprint for every revision."""
        self.lockgate("rehearse")
        self.commit("Rehearse the history")

    def fill(self) -> None:
        """Both databases at head, PROD with many rows."""
        self.lockgate("upgrade", "--env", "dev", "--quiet", shown=1)
        self.lockgate("deploy", "prod", "--yes", "prod", "--quiet", shown=0)
        for name, rows in (("dev", DEV_ROWS), ("prod", self.rows)):
            url = self.url(name).with_driver("psycopg").render()
            command = [sys.executable, "-m", "science_archive.fill", "--rows", str(rows)]
            self.run(
                command, f"python -m science_archive.fill --rows {rows}  # {name}", DATABASE_URL=url
            )

        with (self.directory / "lockgate.toml").open("a", encoding="utf-8") as settings:
            settings.write(CHECKS)
        self.stage.say("lockgate.toml: two functional checks for prod")
        self.commit("Check PROD after each deploy")

    def change(self) -> None:
        """The models change, and a revision is made of it."""
        self.git("checkout", "--quiet", "-b", "provenance")
        self.run(["git", "apply", CHANGE], f"git apply {CHANGE}")
        self.run(["git", "diff", "--stat"], "git diff --stat")
        self.lockgate("revision", "-m", "Add provenance", "--env", "dev")

    def develop(self) -> None:
        """What a developer does with a revision before asking for a review."""
        self.lockgate("preview", "--env", "dev")
        self.lockgate("upgrade", "--env", "dev")
        self.lockgate("downgrade", "-1", "--env", "dev")
        self.lockgate("upgrade", "--env", "dev")

    def mix_up(self) -> None:
        """Everything that the wiki page warns of."""
        prod = self.url("prod").render()
        self.lockgate("upgrade", "--env", "prod", exit=3)
        self.lockgate("upgrade", exit=3, note="DATABASE_URL=<prod's>", DATABASE_URL=prod)
        self.lockgate(
            "upgrade", "--env", "dev", exit=3, note="DATABASE_URL=<prod's>", DATABASE_URL=prod
        )
        self.lockgate("revision", "-m", "On the wrong side", "--env", "prod", exit=3)
        env_py = self.directory / "migrations" / "env.py"
        honest = env_py.read_text(encoding="utf-8")
        call = "create_engine(database_url(),"
        env_py.write_text(honest.replace(call, f"create_engine({prod!r},"), encoding="utf-8")
        self.stage.say("now somebody writes PROD's URL into env.py and upgrades DEV:")
        self.lockgate("upgrade", "--env", "dev", exit=3)
        env_py.write_text(honest, encoding="utf-8")

    def plan(self) -> None:
        """Refused from the branch, fine once merged."""
        self.commit("Add provenance")
        self.lockgate("plan", "prod", exit=1)
        self.stage.say("the change is reviewed and merged:")
        self.git("checkout", "--quiet", "main")
        self.run(["git", "merge", "--quiet", "provenance"], "git merge provenance")
        self.lockgate("plan", "prod", "-o", ".lockgate/plan.json", shown=0)

    def deploy(self) -> None:
        """The approved plan, by its hash."""
        plan = json.loads((self.directory / ".lockgate" / "plan.json").read_text(encoding="utf-8"))
        self.lockgate("deploy", "prod", "--plan", ".lockgate/plan.json", "--approve", plan["hash"])

    def after(self) -> None:
        """Is everything as it should be, and can it be told who did what?"""
        self.lockgate("status")
        self.lockgate("watch", "prod", "--for", "3s", "--every", "1s")
        self.lockgate("log", "prod", "-n", "2")
        self.lockgate("log", "prod", "--verify", shown=1)

    # -- running --------------------------------------------------------------------------

    def lockgate(
        self,
        *arguments: str,
        exit: int = 0,  # noqa: A002  (the word for it)
        note: str = "",
        shown: int | None = None,
        **environ: str,
    ) -> None:
        """Runs one command of lockgate and holds its exit status against `exit`."""
        words = " ".join(["lockgate", *(_quoted(a) for a in arguments)])
        command = [sys.executable, "-m", "lockgate", *arguments]
        self.run(command, f"{note} {words}".strip(), exit=exit, shown=shown, **environ)

    def run(
        self,
        command: list[str],
        words: str,
        *,
        exit: int = 0,  # noqa: A002
        shown: int | None = None,
        **environ: str,
    ) -> None:
        """Runs `command`; `shown` bounds the lines of its output that are shown, from the end."""
        self.stage.command(words)
        sys.stdout.flush()
        captured = subprocess.PIPE if shown is not None else None
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=_environ() | environ,
            stdin=subprocess.DEVNULL,
            stdout=captured,
            stderr=captured,
            text=True,
            check=False,
        )
        if shown:
            for line in (done.stdout or "").splitlines()[-shown:]:
                self.stage.say(line)
        if done.returncode != exit:
            for line in ((done.stdout or "") + (done.stderr or "")).splitlines():
                self.stage.say(line)
            raise DemoStopped(words, exit, done.returncode)
        if exit != 0:
            self.stage.say(f"(exit status {exit}, as it should be)")

    def git(self, *arguments: str) -> None:
        """Runs git quietly."""
        subprocess.run(
            ["git", *arguments], cwd=self.directory, env=_environ(), check=True, capture_output=True
        )

    def commit(self, message: str) -> None:
        """Commits everything, under a name of the demo's own."""
        self.git("add", "--all")
        who = ("-c", "user.name=Demo", "-c", "user.email=demo@example.invalid")
        self.git(*who, "commit", "--quiet", "--message", message)

    def url(self, name: str) -> DatabaseUrl:
        """The URL of DEV or PROD."""
        return self.servers[name].url

    @contextmanager
    def _servers(self) -> Iterator[None]:
        try:
            yield
        finally:
            for server in self.servers.values():
                server.stop()


def _example() -> Path:
    """The example's folder, in an installation or in a checkout."""
    package = Path(lockgate.__file__).parent
    places = (package / "examples" / EXAMPLE, package.parents[1] / "examples" / EXAMPLE)
    for place in places:
        if (place / "alembic.ini").is_file():
            return place
    raise ExampleMissing(tuple(str(place) for place in places))


def _environ() -> dict[str, str]:
    """The process environment without what would lead a command elsewhere."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DATABASE_URL", "GIT_"))}


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument
