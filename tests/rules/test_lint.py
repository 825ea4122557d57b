"""`lockgate lint` as it is typed: files, revisions, suppression, weight, and formats."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server

Lockgate = Callable[..., subprocess.CompletedProcess[str]]

REVISIONS = {
    "one": (
        "op.create_table('item', sa.Column('id', sa.Integer, primary_key=True),"
        " sa.Column('note', sa.String(20)))",
        "op.drop_table('item')",
    ),
    "two": (
        "op.alter_column('item', 'note', type_=sa.String(40))\n"
        "    op.create_index('ix_item_note', 'item', ['note'])",
        "op.drop_index('ix_item_note')\n    op.alter_column('item', 'note', type_=sa.String(20))",
    ),
    "three": (
        "for row in op.get_bind().execute(sa.text('SELECT id FROM item')):\n"
        "        op.execute('DELETE FROM item')\n"
        "    op.drop_column('item', 'note')",
        "op.add_column('item', sa.Column('note', sa.String(40)))",
    ),
}


@pytest.fixture
def project(make_project: Callable[..., Path]) -> Path:
    """Revisions of which the first is harmless and the others are not."""
    return make_project("", revisions=REVISIONS)


def lint(lockgate: Lockgate, folder: Path, *words: str, **environ: str) -> dict[str, Any]:
    answer = lockgate(folder, "lint", "--format", "json", *words, **environ)
    document: dict[str, Any] = json.loads(answer.stdout)
    assert answer.returncode in (0, 1), answer.stderr
    return document


def loud(document: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Code, severity and line of what is no information."""
    found = document["findings"]
    return [(f["code"], f["severity"], f["line"]) for f in found if f["severity"] != "info"]


# Revisions


def test_revision_is_linted_in_what_those_before_it_make(lockgate: Lockgate, project: Path) -> None:
    document = lint(lockgate, project, "two")

    # Longer text costs nothing: the column is known from revision one.
    assert {"LG001", "LG042"} == {code for code, _, _ in loud(document)}
    assert ["two", "two"] == [s["revision"] for s in document["statements"]]


def test_finding_has_the_line_of_the_revision_that_asks_for_it(
    lockgate: Lockgate, project: Path
) -> None:
    (finding,) = (f for f in lint(lockgate, project, "two")["findings"] if f["code"] == "LG001")

    text = (project / finding["file"]).read_text().splitlines()[finding["line"] - 1]
    assert "op.create_index('ix_item_note'" in text


def test_revision_that_reads_rows_is_read_as_if_there_were_none(
    lockgate: Lockgate, project: Path
) -> None:
    document = lint(lockgate, project, "three")

    sent = [statement["sql"] for statement in document["statements"]]
    assert ["SELECT id FROM item", "ALTER TABLE item DROP COLUMN note"] == sent
    assert {"LG030", "LG079"} <= {finding["code"] for finding in document["findings"]}


@pytest.mark.parametrize(
    ("before", "severity", "verb"),
    [
        ("", "error", "fails"),
        (
            "for key in sa.inspect(op.get_bind()).get_foreign_keys('down'):\n"
            "        op.drop_constraint(key['name'], 'down')\n    ",
            "warning",
            "may fail",
        ),
    ],
)
def test_what_an_unseen_statement_may_have_mended_only_may_fail(
    lockgate: Lockgate,
    make_project: Callable[..., Path],
    before: str,
    severity: str,
    verb: str,
) -> None:
    one = (
        "op.execute('CREATE TABLE up (id int CONSTRAINT k PRIMARY KEY)')\n"
        "    op.execute('CREATE TABLE down (up int CONSTRAINT f REFERENCES up)')"
    )
    two = f"{before}op.drop_constraint('k', 'up')"
    folder = make_project("", revisions={"one": (one, "pass"), "two": (two, "pass")})

    found = lint(lockgate, folder, "two")["findings"]

    said = [(f["severity"], f["message"]) for f in found if f["code"] == "LG033"]
    assert [(severity, f"{verb}: foreign key f of down uses k of up")] == said


def test_everything_is_pending_where_no_database_is_named(
    lockgate: Lockgate, project: Path
) -> None:
    document = lint(lockgate, project)

    assert ["one", "two", "three"] == list(
        dict.fromkeys(statement["revision"] for statement in document["statements"])
    )


def git_in(folder: Path) -> Callable[..., None]:
    """Runs git there, as somebody."""

    def git(*words: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    return git


def test_since_lints_only_what_the_branch_adds(lockgate: Lockgate, project: Path) -> None:
    git = git_in(project)
    versions = project / "migrations" / "versions"
    added = (versions / "three.py").read_text()
    (versions / "three.py").unlink()
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "two revisions")
    git("checkout", "-qb", "feature")
    (versions / "three.py").write_text(added)

    document = lint(lockgate, project, "--since", "main")

    assert {"three"} == {statement["revision"] for statement in document["statements"]}


def test_since_of_no_branch_is_refused_with_words(lockgate: Lockgate, project: Path) -> None:
    answer = lockgate(project, "lint", "--since", "nowhere")

    assert 2 == answer.returncode
    assert 'error[LG-LINT-3]: --since "nowhere": git ' in answer.stderr


def test_since_is_not_led_astray_by_odd_names(lockgate: Lockgate, project: Path) -> None:
    git = git_in(project)
    versions = project / "migrations" / "versions"
    added = (versions / "three.py").read_text()
    (versions / "three.py").unlink()
    nowhere = lockgate(project, "lint", "--since", "main")
    git("init", "-q", "-b", "main")
    empty = lockgate(project, "lint", "--since", "main")
    git("add", "-A")
    git("commit", "-qm", "two revisions")
    git("update-ref", "refs/heads/-main", "HEAD")
    git("checkout", "-q", "--detach")
    git("mv", "migrations/versions/two.py", "migrations/versions/zwei.py")
    (versions / "drei é.py").write_text(added)
    git("add", "-A")
    git("commit", "-qm", "one more, and one renamed")

    for name in ("main", "-main"):
        document = lint(lockgate, project, f"--since={name}")
        assert {"three"} == {statement["revision"] for statement in document["statements"]}
    option = lockgate(project, "lint", "--since=--output=made")
    assert not (project / "made").exists()
    for answer, reason in (
        (nowhere, "git has no checkout here"),
        (empty, "nothing is committed here yet"),
        (option, "git knows no such branch"),
    ):
        assert (2, True) == (answer.returncode, reason in answer.stderr), answer.stderr


def test_revision_that_cannot_be_imported_is_an_error_and_no_silence(
    lockgate: Lockgate, project: Path
) -> None:
    file = project / "migrations" / "versions" / "two.py"
    file.write_text("import a_package_that_is_not_here\n" + file.read_text())

    (error,) = (f for f in lint(lockgate, project, "two")["findings"] if f["code"] == "LG079")

    assert "error" == error["severity"]
    assert "No module named 'a_package_that_is_not_here'" in error["message"]
    assert "install beside lockgate what it imports" in error["remedy"]


def test_file_that_is_no_revision_is_passed_over_with_a_note(
    lockgate: Lockgate, project: Path
) -> None:
    (project / "migrations" / "versions" / "__init__.py").touch()
    files = ("migrations/versions/__init__.py", "migrations/versions/two.py")

    answer = lockgate(project, "lint", *files)

    assert "note: migrations/versions/__init__.py is no revision of this project\n" == answer.stderr
    assert "migrations/versions/two.py:" in answer.stdout
    missing = lockgate(project, "lint", "migrations/versions/gone.py")
    assert 2 == missing.returncode
    assert 'error[LG-LINT-2]: "migrations/versions/gone.py" cannot be read' in missing.stderr


def test_suppression_in_python_holds_for_the_call_after_it(
    lockgate: Lockgate, project: Path
) -> None:
    file = project / "migrations" / "versions" / "two.py"
    comment = "    # lockgate: allow LG001 because item has ten rows\n"
    file.write_text(
        file.read_text().replace("    op.create_index", comment + "    op.create_index")
    )

    codes = {finding["code"] for finding in lint(lockgate, project, "two")["findings"]}

    assert not {"LG001", "LG080", "LG081"} & codes


def test_severity_follows_the_rows_of_the_target(
    lockgate: Lockgate, project: Path, server: Server, new_database: Callable[[Server], DatabaseUrl]
) -> None:
    url = new_database(server).render()
    (project / "lockgate.toml").write_text(
        '[environments.dev]\nrole = "development"\nurl = "env:DEV_URL"\n'
    )
    (project / "change.sql").write_text(
        "CREATE INDEX a ON empty (id);\nCREATE INDEX b ON full_of (id);\nDROP TABLE full_of;\n"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE empty (id int); CREATE TABLE full_of (id int)")
        connection.execute("INSERT INTO full_of SELECT generate_series(1, 20000)")
        connection.execute("ANALYZE full_of")

    document = lint(lockgate, project, "change.sql", "--env", "dev", DEV_URL=url)

    found = {(f["code"], f["relation"]): f for f in document["findings"]}
    assert "info" == found["LG001", "public.empty"]["severity"]
    assert "error" == found["LG001", "public.full_of"]["severity"]
    assert "(20,000 rows)" in found["LG031", "public.full_of"]["message"]


def test_revision_that_is_no_python_is_named(lockgate: Lockgate, project: Path) -> None:
    file = project / "migrations" / "versions" / "two.py"
    file.write_text(file.read_text() + "def broken(:\n")

    answer = lockgate(project, "lint")

    assert 2 == answer.returncode
    assert answer.stderr.startswith('error[LG-REV-1]: "')


# SQL files


def test_plain_index_on_a_table_of_the_same_file_hurts_nobody(
    lockgate: Lockgate, tmp_path: Path
) -> None:
    (tmp_path / "a.sql").write_text("CREATE TABLE t (id int);\nCREATE INDEX i ON t (id);\n")

    assert [] == loud(lint(lockgate, tmp_path, "a.sql"))


def test_rest_of_a_file_is_read_after_a_syntax_error(lockgate: Lockgate, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1;\nSELECT\n  FROMM FROM;\nDROP TABLE t;\n")

    document = lint(lockgate, tmp_path, "a.sql")

    assert [("LG060", "error", 3), ("LG031", "error", 4)] == loud(document)
    assert 13 == document["findings"][0]["column"]


def test_text_shows_the_place_of_a_syntax_error_with_a_caret(
    lockgate: Lockgate, tmp_path: Path
) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1; SELECT 2,\n  CREATE TABLE;\n")

    answer = lockgate(tmp_path, "lint", "a.sql")

    lines = answer.stdout.splitlines()
    assert "a.sql:2:3: error LG060 unreadable-statement" == lines[0]
    assert ["    CREATE TABLE", "    ^"] == lines[1:3]


def test_transaction_of_a_file_is_known_from_its_words_or_an_option(
    lockgate: Lockgate, tmp_path: Path
) -> None:
    (tmp_path / "a.sql").write_text("CREATE INDEX CONCURRENTLY i ON t (id);\n")

    assert [] == loud(lint(lockgate, tmp_path, "a.sql"))
    assert [("LG040", "error", 1)] == loud(lint(lockgate, tmp_path, "a.sql", "--in-transaction"))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("-- lockgate: allow LG031 because nobody reads it\nDROP TABLE t;", set()),
        ("DROP TABLE t; -- lockgate: allow LG031 because nobody reads it", set()),
        ("DROP TABLE t\n/* lockgate: allow LG031 because nobody reads it */;", set()),
        ("-- lockgate: allow LG031\nDROP TABLE t;", {"LG031", "LG080"}),
        ("-- lockgate: allow LG001 because of this\nDROP TABLE t;", {"LG031", "LG081"}),
        ("-- lockgate: allow LG031 because it\nSELECT 1;\nDROP TABLE t;", {"LG031", "LG081"}),
        ("-- lockgate: allow LG031, LG001 because it\nDROP TABLE t;", {"LG081"}),
    ],
)
def test_suppression_needs_its_code_its_reason_and_its_statement(
    lockgate: Lockgate, tmp_path: Path, text: str, codes: set[str]
) -> None:
    (tmp_path / "a.sql").write_text(text)

    assert codes == {code for code, _, _ in loud(lint(lockgate, tmp_path, "a.sql"))}


def test_exit_status_follows_fail_on(lockgate: Lockgate, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("DROP INDEX i;\n")

    statuses = [
        lockgate(tmp_path, "lint", "a.sql", "--fail-on", severity).returncode
        for severity in ("error", "warning", "info")
    ]

    assert [0, 1, 1] == statuses


def test_wrong_arguments_are_refused_with_words(lockgate: Lockgate, tmp_path: Path) -> None:
    for words, code in (
        (("--select", "LG999", "a.sql"), "LG-LINT-1"),
        (("nothing.sql",), "LG-SQL-1"),
        ((str(tmp_path),), "LG-LINT-2"),
    ):
        answer = lockgate(tmp_path, "lint", *words)

        assert (2, True) == (answer.returncode, f"error[{code}]" in answer.stderr), answer.stderr


# Formats


@pytest.fixture
def change(tmp_path: Path) -> Path:
    """A file with an error, a warning and a syntax error."""
    path = tmp_path / "a.sql"
    path.write_text("DROP TABLE t;\nDROP TABLE u;\nDROP INDEX i;\nSELEC 1;\n")
    return path


def test_sarif_has_what_its_schema_asks_for(lockgate: Lockgate, change: Path) -> None:
    document = json.loads(lockgate(change.parent, "lint", "a.sql", "--format", "sarif").stdout)

    assert "2.1.0" == document["version"]
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert "lockgate" == driver["name"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["level"] in ("error", "warning", "note")
        (location,) = result["locations"]
        assert "a.sql" == location["physicalLocation"]["artifactLocation"]["uri"]
        assert location["physicalLocation"]["region"]["startLine"] >= 1
    prints = [result["partialFingerprints"]["lockgate/1"] for result in run["results"]]
    assert len(prints) == len(set(prints))


def test_sarif_names_a_file_of_the_repository_by_a_uri(lockgate: Lockgate, tmp_path: Path) -> None:
    file = tmp_path / "odd names" / "50 %, é.sql"
    file.parent.mkdir()
    file.write_text("DROP TABLE t;")

    answer = lockgate(tmp_path, "lint", str(file), "--format", "sarif")

    (result,) = json.loads(answer.stdout)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert {"uri": "odd%20names/50%20%25%2C%20%C3%A9.sql"} == place


def test_gitlab_issues_keep_their_fingerprints_when_lines_move(
    lockgate: Lockgate, change: Path
) -> None:
    def fingerprints() -> list[tuple[str, str]]:
        issues = json.loads(lockgate(change.parent, "lint", "a.sql", "--format", "gitlab").stdout)
        assert {"a.sql"} == {issue["location"]["path"] for issue in issues}
        assert {"major", "minor"} == {issue["severity"] for issue in issues}
        return [(issue["fingerprint"], issue["description"]) for issue in issues]

    before = fingerprints()
    change.write_text("SELECT 1;\n\n" + change.read_text())

    assert before == fingerprints()
    assert len(before) == len(set(before))


def test_github_annotations_escape_what_has_a_meaning_there(
    lockgate: Lockgate, tmp_path: Path
) -> None:
    (tmp_path / "a,b.sql").write_text('DROP TABLE "50%";\n')

    answer = lockgate(tmp_path, "lint", "a,b.sql", "--format", "github")

    first, last = answer.stdout.splitlines()
    assert first.startswith("::error file=a%2Cb.sql,line=1,title=LG031 table-dropped::drops ")
    assert "50%25" in first
    assert "%0A" in first
    assert "1 error (PostgreSQL 18)" == last


def test_markdown_names_each_finding_in_a_table(lockgate: Lockgate, change: Path) -> None:
    answer = lockgate(change.parent, "lint", "a.sql", "--format", "markdown")

    assert answer.stdout.startswith("### lockgate lint: 3 errors, 1 warning\n")
    assert "| **error** LG031 | `a.sql:1` | drops t " in answer.stdout
    assert "| `DROP TABLE t` | `public.t` | blocks reads and writes (ACCESS EXCLUSIVE)" in (
        answer.stdout
    )
