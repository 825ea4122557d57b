"""docs/ says what is so: generated pages are fresh, links lead somewhere, the session runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.binaries import Binaries
from lockgate.postgres.servers import Server, start_server

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
PASSAGE = DOCS / "passage.md"
SESSION = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
WHO, WHAT = ("AUTHOR", "COMMITTER"), ("NAME", "EMAIL")


def relative(path: Path) -> str:
    return str(path.relative_to(DOCS))


# Generated pages


def test_generated_pages_are_as_the_code_has_them() -> None:
    answer = subprocess.run(
        [sys.executable, ROOT / "tools" / "docs.py"], capture_output=True, text=True
    )

    assert ("", 0) == (answer.stdout, answer.returncode), answer.stderr


# Links


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_to_a_page_and_a_heading_of_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    wrong = []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            wrong.append(link)

    assert [] == wrong


def anchors(page: Path) -> set[str]:
    """The anchors that a browser of Markdown makes of a page's headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.M):
        anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        while anchor in found:
            stem, _, number = anchor.rpartition("-")
            anchor = f"{stem}-{int(number) + 1}" if number.isdigit() else f"{anchor}-1"
        found.add(anchor)
    return found


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == DOCS], ids=relative)
def test_page_is_in_the_index(page: Path) -> None:
    assert page.name == "README.md" or f"({page.name})" in (DOCS / "README.md").read_text()


# The session


@dataclass(frozen=True)
class Typed:
    """A command of a page, the exit status that it must have, and what it must print."""

    command: str
    exit_status: int
    output: str

    def pattern(self) -> str:
        """`...` as a line stands for any lines, within a line for anything."""
        lines = (
            r"(?:.*\n)*?" if line == "..." else f"{re.escape(line).replace(ANYTHING, '.*')} *\n"
            for line in self.output.splitlines()
        )
        return "".join(lines)


ANYTHING = re.escape("...")


def typed(page: Path) -> Iterator[Typed]:
    """The commands of a page's sessions, in order."""
    for session in SESSION.findall(page.read_text(encoding="utf-8")):
        for text in re.split(r"^\$ ", session, flags=re.M)[1:]:
            command, _, output = text.partition("\n")
            _, _, status = command.partition("  # exit ")
            yield Typed(command, int(status or 0), output)


@pytest.fixture
def archive(binaries: Binaries) -> Iterator[Path]:
    """The example as a git repository, with the settings of docs/passage.md."""
    # pytest's own folders are closed to the account that PostgreSQL runs as under root.
    folder = Path(tempfile.mkdtemp(prefix="lockgate-docs-"))
    folder.chmod(0o711)
    example = ROOT / "examples" / "science_archive"
    project = folder / "science_archive"
    shutil.copytree(example, project, ignore=shutil.ignore_patterns("__pycache__"))
    settings = re.findall(r"^```toml\n(.*?)^```", PASSAGE.read_text(), re.M | re.S)[0]
    (project / "lockgate.toml").write_text(settings)
    subprocess.run(["git", "init", "--quiet", "--initial-branch", "main"], cwd=project, check=True)
    yield project
    for server in (project / ".lockgate" / "embedded").iterdir():
        start_server(server, binaries).stop()
    shutil.rmtree(folder)


def test_passage_runs_as_its_page_says(archive: Path) -> None:
    leads_elsewhere = ("PG", "DATABASE_URL", "GIT_")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(leads_elsewhere)} | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",  # so that both streams come in the order they were written in
        **{f"GIT_{who}_{what}": "docs@example.invalid" for who in WHO for what in WHAT},
    }
    for step in typed(PASSAGE):
        answer = subprocess.run(
            ["bash", "-c", step.command],
            cwd=archive,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

        assert step.exit_status == answer.returncode, f"$ {step.command}\n{answer.stdout}"
        assert re.fullmatch(step.pattern(), answer.stdout), f"$ {step.command}\n{answer.stdout}"


def test_every_session_is_run() -> None:
    assert [PASSAGE] == [page for page in PAGES if SESSION.search(page.read_text())]


# JSON

JSON_SETTINGS = """\
[scratch]
url = "env:SCRATCH_URL"

[environments.dev]
role = "development"
url = "env:DEV_URL"

[environments.prod]
role = "production"
url = "env:PROD_URL"
requires = ["dev"]
checks = [{ name = "items", sql = "SELECT count(*) >= 0 FROM item", expect = "true" }]
"""

JSON_ENV_PY = """\
import os
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
columns = [sa.Column(name, sa.Integer) for name in ("size", "weight")]
sa.Table(
    "item", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("note", sa.Text),
    *columns,
)
engine = sa.create_engine(os.environ["DATABASE_URL"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""

JSON_COMMANDS = (
    "init",
    "env list",
    "env enroll dev --yes dev",
    "env enroll prod --yes prod",
    "env show dev",
    "rehearse --from-base",
    "upgrade --env dev",
    "revision -m weigh --env dev",
    "upgrade --env dev",
    "heads",
    "current --env dev",
    "preview two:three",
    "check",
    "plan prod --waive committed=test",
    "deploy prod --waive committed=test --yes prod",
    "status",
    "log prod --verify",
    "watch prod --for 0s",
    "snapshot dev",
    "diff revision:one dev",
    "locate dev",
    "doctor dev",
    "upgrade --env prod",
    "explain REINDEX(CONCURRENTLY)TABLE/**/item --env dev",
    "lint orders.sql",
    "revision --empty -m aside --head three --splice --env dev",
    "merge --rebase",
)

PROMISED = {
    "error": {"code", "message", "hint", "exit"},
    "rehearse": {"revisions", "models_match", "models_changes"},
    "rehearse.revisions": {
        *("revision", "up", "down", "restores", "changes", "fingerprint", "seconds", "error")
    },
    "upgrade.changes": {"kind", "object", "name", "property", "from", "to", "cosmetic"},
    "plan": {"hash", "environment", "from", "to", "steps", "verdicts"},
    "plan.verdicts": {"gate", "ok", "reason"},
    "snapshot": {"server", "fingerprint", "catalog"},
    "diff": {"equal", "changes"},
    "explain": {"pg_version", "statements", "findings"},
    "explain.statements": {
        *("index", "sql", "file", "line", "revision", "transaction", "fails_if_rows", "effects")
    },
    "locate": {"recorded", "exact", "nearest", "file_found"},
    "lint": {"pg_version", "statements", "findings"},
    "lint.statements": {
        *("index", "sql", "file", "line", "revision", "transaction", "fails_if_rows", "effects")
    },
    "lint.findings": {
        *("code", "rule", "severity", "statement", "relation"),
        *("message", "remedy", "file", "line"),
    },
    "status": {"environments"},
    "status.environments": {
        *("name", "role", "url", "identity", "current", "heads"),
        *("pending", "drift", "sealed", "last"),
    },
}
"""The keys that CONTRACT.md promises, of a document and of what stands in its lists."""


def examples() -> dict[str, Any]:
    """The documents on docs/json.md by command, from `lockgate/<command>/1`."""
    texts = re.findall(r"^```json\n(.*?)^```", (DOCS / "json.md").read_text(), re.M | re.S)
    documents = [json.loads(text) for text in texts]
    return {document["schema"].split("/")[1]: document for document in documents}


def test_json_page_names_the_document_of_every_command() -> None:
    pages = [
        page for page in (DOCS / "commands").glob("*.md") if "- `--format " in page.read_text()
    ]
    text = (DOCS / "json.md").read_text()

    assert [] == [page.stem for page in pages if f"lockgate/{page.stem}/1" not in text]


def differences(example: Any, document: Any, place: str) -> Iterator[str]:
    """Where `document` has other keys than `example`; of lists the first elements count."""
    match example, document:
        case "...", _:
            pass
        case dict(), dict():
            for key in example.keys() ^ document.keys():
                yield f"{place}.{key}"
            for key in example.keys() & document.keys():
                yield from differences(example[key], document[key], f"{place}.{key}")
        case [first, *_], [first_found, *_]:
            yield from differences(first, first_found, f"{place}[0]")
        case (dict() | [_, *_], _) | (_, dict() | [_, *_]):
            yield place


def test_documents_have_the_shape_of_their_examples(
    make_project: Callable[..., Path],
    lockgate: Callable[..., subprocess.CompletedProcess[str]],
    new_database: Callable[[Server], DatabaseUrl],
    server: Server,
    second_server: Server,
) -> None:
    project = make_project(JSON_SETTINGS, env_py=JSON_ENV_PY)
    urls = {
        "DEV_URL": new_database(server).render(),
        "PROD_URL": new_database(second_server).render(),
        "SCRATCH_URL": server.url.render(),
    }
    (project / "orders.sql").write_text("CREATE INDEX ix_orders_placed ON orders (placed);")
    documents: dict[str, Any] = {}
    for command in JSON_COMMANDS:
        spoken = () if command.startswith("snapshot") else ("--format", "json")
        answer = lockgate(project, *command.split(), *spoken, **urls)
        document = json.loads(answer.stdout)
        documents.setdefault(document["schema"].split("/")[1], document)

    assert [] == list(differences(examples(), documents, ""))


@pytest.mark.parametrize("place", PROMISED)
def test_documents_carry_what_is_promised(place: str) -> None:
    command, _, inside = place.partition(".")
    document = examples()[command]

    assert PROMISED[place] <= (document[inside][0] if inside else document).keys()
