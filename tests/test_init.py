"""`lockgate init`: what it finds, what it writes, and that it changes nothing that is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from lockgate.config import load_settings
from lockgate.core.lockfile import parse
from lockgate.core.setup import EnvTemplate
from lockgate.core.url import DatabaseUrl
from lockgate.errors import LockgateError
from lockgate.migrations.metadata import MetadataMalformed, find_metadata
from lockgate.migrations.project import AlembicNotFound, AlembicUnreadable
from lockgate.migrations.revisions import ScriptDirectoryUnusable
from lockgate.workflows.init import (
    AnotherSettled,
    DirectoryTaken,
    FileNotWritten,
    MetadataUnclear,
    SettingsFileOfAnotherKind,
    SeveralConfigurations,
    Wishes,
    init,
)

MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase): ...
class Ship(Base):
    __tablename__ = "ship"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
CI_EXAMPLE = ".github/workflows/lockgate.yml.example"
LOCKGATE_FILES = {CI_EXAMPLE, "lockgate.lock", "lockgate.toml"}
ALEMBIC_FILES = {
    "alembic.ini",
    "migrations/README",
    "migrations/env.py",
    "migrations/script.py.mako",
    "migrations/versions/.gitkeep",
}


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and ".git/" not in path.as_posix()
    }


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "80", "PYTHONWARNINGS": ""} | environ,
        check=False,
    )


def lockgate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from lockgate.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "80"},
        check=False,
    )


def make_alembic(folder: Path, template: str = "generic") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chdir(folder):
        command.init(Config("alembic.ini", "pyproject.toml"), "migrations", template)


def test_existing_setup_gets_settings_lock_and_ci_example_and_nothing_else(tmp_path: Path) -> None:
    make_alembic(tmp_path)
    before = contents(tmp_path)

    setup = init(Wishes(tmp_path), {}, None)

    assert set(setup.written) == LOCKGATE_FILES
    after = contents(tmp_path)
    assert after.keys() - before.keys() == LOCKGATE_FILES
    assert {name: after[name] for name in before} == before


def test_folder_without_alembic_also_gets_an_alembic_setup(tmp_path: Path) -> None:
    write(tmp_path, {"app/models.py": MODELS})

    setup = init(Wishes(tmp_path), {}, None)

    assert set(setup.written) == LOCKGATE_FILES | ALEMBIC_FILES
    assert setup.metadata == "app.models:Base.metadata"


def test_second_run_changes_nothing_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, {"app/models.py": MODELS})
    first = lockgate(tmp_path, "init")
    before = contents(tmp_path)

    second = lockgate(tmp_path, "init")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert contents(tmp_path) == before
    assert "nothing to do: every file is there already" in second.stdout
    assert "wrote" not in second.stdout


def test_new_setup_runs_with_plain_alembic_and_database_url(
    tmp_path: Path, database: DatabaseUrl
) -> None:
    write(tmp_path, {"app/models.py": MODELS})
    init(Wishes(tmp_path), {}, None)
    url = database.with_driver("psycopg").render()

    for words in (["revision", "--autogenerate", "-m", "ships"], ["upgrade", "head"], ["check"]):
        ran = run(tmp_path, "alembic", *words, DATABASE_URL=url)
        assert ran.returncode == 0, ran.stderr

    assert "No new upgrade operations detected" in ran.stdout


def test_new_async_setup_runs_with_asyncpg(tmp_path: Path, database: DatabaseUrl) -> None:
    write(tmp_path, {"app/models.py": MODELS})
    init(Wishes(tmp_path, template=EnvTemplate.ASYNC), {}, None)
    url = database.with_driver("asyncpg").render()

    ran = run(tmp_path, "alembic", "revision", "--autogenerate", "-m", "ships", DATABASE_URL=url)

    assert ran.returncode == 0, ran.stderr
    assert "Detected added table 'ship'" in ran.stderr


def test_new_env_py_asks_for_database_url_and_no_file_holds_one(tmp_path: Path) -> None:
    init(Wishes(tmp_path, metadata="none"), {}, None)

    ran = run(tmp_path, "alembic", "current", DATABASE_URL="")

    assert "set DATABASE_URL to postgresql+psycopg://" in ran.stdout + ran.stderr
    assert "://" not in (tmp_path / "alembic.ini").read_text().replace("https://", "")


def test_new_setup_prints_sql_without_a_database(tmp_path: Path) -> None:
    init(Wishes(tmp_path, metadata="none"), {}, None)
    run(tmp_path, "alembic", "revision", "-m", "first")

    ran = run(tmp_path, "alembic", "upgrade", "head", "--sql", DATABASE_URL="")

    assert "CREATE TABLE alembic_version" in ran.stdout


def test_modules_with_tables_are_imported_beside_the_base(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "src/app/__init__.py": "",
            "src/app/db.py": "from sqlalchemy.orm import declarative_base\n"
            "Base = declarative_base()",
            "src/app/ships.py": "from app.db import Base\nclass Ship(Base):\n"
            "    __tablename__ = 'ship'",
            "src/other/tables.py": "class X(Base):\n    __tablename__ = 'x'",
        },
    )

    init(Wishes(tmp_path), {}, None)

    env_py = (tmp_path / "migrations/env.py").read_text()
    assert "from app.db import Base\nimport app.ships  # noqa" in env_py
    assert "other" not in env_py
    assert "prepend_sys_path = %(here)s/src\n" in (tmp_path / "alembic.ini").read_text()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class Base(DeclarativeBase): ...", ["m:Base.metadata"]),
        ("class Base(AsyncAttrs, orm.DeclarativeBase): ...", ["m:Base.metadata"]),
        ("Base = declarative_base()", ["m:Base.metadata"]),
        ("Base: Any = orm.declarative_base()", ["m:Base.metadata"]),
        ("reg = registry()\nBase = reg.generate_base()", ["m:Base.metadata"]),
        ("@as_declarative()\nclass Base: ...", ["m:Base.metadata"]),
        ("db = SQLAlchemy()", ["m:db.metadata"]),
        ("metadata = sa.MetaData(schema='x')", ["m:metadata"]),
        ("meta = MetaData()\nBase = declarative_base(metadata=meta)", ["m:Base.metadata"]),
        (
            "meta = MetaData()\nclass Base(DeclarativeBase):\n    metadata = meta",
            ["m:Base.metadata"],
        ),
        ("class Ship(SQLModel, table=True): ...", ["sqlmodel:SQLModel.metadata"]),
        ("a = MetaData()\nb = MetaData()", ["m:a", "m:b"]),
        ("def f():\n    meta = MetaData()", []),
        ("class Base(DeclarativeBase:", []),
    ],
)
def test_metadata_is_found_in_every_usual_spelling(
    tmp_path: Path, source: str, expected: list[str]
) -> None:
    write(tmp_path, {"m.py": f"import sqlalchemy\n{source}\n"})

    assert expected == [metadata.spelled for metadata in find_metadata(tmp_path)]


def test_metadata_of_tests_and_environments_does_not_count(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "tests/models.py": MODELS,
            "conftest.py": MODELS,
            ".venv/lib/models.py": MODELS,
            "env/pyvenv.cfg": "",
            "env/lib/models.py": MODELS,
        },
    )

    assert find_metadata(tmp_path) == ()


def test_several_metadata_are_listed_with_the_flag_to_choose(tmp_path: Path) -> None:
    write(tmp_path, {"a/models.py": MODELS, "b/models.py": MODELS})

    with pytest.raises(MetadataUnclear) as refused:
        init(Wishes(tmp_path), {}, None)

    assert '"a.models:Base.metadata, b.models:Base.metadata"' in refused.value.message
    assert "--metadata a.models:Base.metadata" in refused.value.hint
    assert contents(tmp_path).keys() == {"a/models.py", "b/models.py"}


def test_several_metadata_are_asked_about_where_somebody_is_there(tmp_path: Path) -> None:
    write(tmp_path, {"a/models.py": MODELS, "b/models.py": MODELS})

    setup = init(Wishes(tmp_path), {}, lambda _, answers: answers[1])

    assert setup.metadata == "b.models:Base.metadata"


@pytest.mark.parametrize("spec", ["models", "models:", "no.such:Base.metadata", "a b:c"])
def test_metadata_that_is_not_there_is_refused(tmp_path: Path, spec: str) -> None:
    with pytest.raises(MetadataMalformed) as refused:
        init(Wishes(tmp_path, metadata=spec), {}, None)

    assert f'"{spec}" names no metadata' in refused.value.message
    assert contents(tmp_path) == {}


def test_setup_of_a_subfolder_is_found_from_the_top(tmp_path: Path) -> None:
    make_alembic(tmp_path / "backend")

    init(Wishes(tmp_path), {}, None)

    settings = load_settings(tmp_path / "lockgate.toml")
    assert settings.alembic == tmp_path / "backend/alembic.ini"


def test_setup_of_a_subfolder_may_name_its_scripts_from_there(tmp_path: Path) -> None:
    make_alembic(tmp_path / "backend")
    ini = tmp_path / "backend/alembic.ini"
    ini.write_text(ini.read_text().replace("%(here)s/migrations", "migrations"))

    setup = init(Wishes(tmp_path), {}, None)

    assert setup.script_directory == "backend/migrations"


def test_setup_above_is_found_from_a_subfolder_of_the_repository(tmp_path: Path) -> None:
    make_alembic(tmp_path)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    write(tmp_path, {"src/app/models.py": MODELS})

    setup = init(Wishes(tmp_path / "src/app"), {}, None)

    assert set(setup.written) == {f"../../{name}" for name in LOCKGATE_FILES}


def test_pyproject_with_tool_alembic_goes_before_the_ini_beside_it(tmp_path: Path) -> None:
    make_alembic(tmp_path, "pyproject")

    init(Wishes(tmp_path), {}, None)

    assert load_settings(tmp_path / "lockgate.toml").alembic == tmp_path / "pyproject.toml"


def test_several_setups_are_listed_with_the_flag_to_choose(tmp_path: Path) -> None:
    make_alembic(tmp_path / "a")
    make_alembic(tmp_path / "b")

    with pytest.raises(SeveralConfigurations) as refused:
        init(Wishes(tmp_path), {}, None)
    setup = init(Wishes(tmp_path, alembic=Path("b/alembic.ini")), {}, None)

    assert '"a/alembic.ini, b/alembic.ini"' in refused.value.message
    assert setup.alembic == "b/alembic.ini"


def test_settings_for_another_setup_are_not_taken_for_this_one(tmp_path: Path) -> None:
    make_alembic(tmp_path / "a")
    make_alembic(tmp_path / "b")
    init(Wishes(tmp_path, alembic=Path("a/alembic.ini")), {}, None)

    with pytest.raises(AnotherSettled):
        init(Wishes(tmp_path, alembic=tmp_path / "b/alembic.ini"), {}, None)


def test_config_elsewhere_leads_back_to_the_setup(tmp_path: Path) -> None:
    make_alembic(tmp_path)

    setup = init(Wishes(tmp_path, config=Path("deploy/lockgate.toml")), {}, None)

    assert load_settings(tmp_path / "deploy/lockgate.toml").alembic.resolve() == (
        tmp_path / "alembic.ini"
    )
    assert "lockgate env enroll dev --config deploy/lockgate.toml" in setup.commands
    again = init(Wishes(tmp_path, config=Path("deploy/lockgate.toml")), {}, None)
    assert again.written == ()


def test_multidb_setup_gets_a_url_for_each_database(tmp_path: Path) -> None:
    make_alembic(tmp_path, "multidb")

    init(Wishes(tmp_path), {}, None)

    dev = load_settings(tmp_path / "lockgate.toml").environment("dev")
    assert dev.databases == (
        ("engine1", "env:DEV_ENGINE1_URL"),
        ("engine2", "env:DEV_ENGINE2_URL"),
    )


def test_lock_file_knows_the_revisions_that_are_there(tmp_path: Path) -> None:
    make_alembic(tmp_path)
    run(tmp_path, "alembic", "revision", "-m", "first", "--rev-id", "aaa1")

    setup = init(Wishes(tmp_path), {}, None)

    lock = parse((tmp_path / "lockgate.lock").read_text())
    assert (setup.revisions, lock.heads) == (1, ("aaa1",))


def test_what_is_there_is_kept_and_what_is_missing_is_written(tmp_path: Path) -> None:
    make_alembic(tmp_path)
    own = '[environments.test]\nrole = "development"\nurl = "env:TEST"\n'
    write(tmp_path, {"lockgate.toml": own, ".github/workflows/lockgate.yml": "on: push"})

    setup = init(Wishes(tmp_path), {}, None)

    assert setup.written == ("lockgate.lock",)
    assert (tmp_path / "lockgate.toml").read_text() == own
    assert "lockgate env enroll test" in setup.commands


def test_settings_without_their_alembic_get_it(tmp_path: Path) -> None:
    write(tmp_path, {"lockgate.toml": 'alembic = "db/alembic.ini"\nurl_variable = "DB"\n'})

    init(Wishes(tmp_path, metadata="none"), {}, None)

    assert 'os.environ.get("DB")' in (tmp_path / "db/migrations/env.py").read_text()


def test_settings_in_pyproject_are_enough(tmp_path: Path) -> None:
    make_alembic(tmp_path)
    write(tmp_path, {"pyproject.toml": "[tool.lockgate]\n"})

    setup = init(Wishes(tmp_path), {}, None)

    assert set(setup.written) == {"lockgate.lock", CI_EXAMPLE}


def test_a_pyproject_is_never_written_into(tmp_path: Path) -> None:
    make_alembic(tmp_path)
    write(tmp_path, {"pyproject.toml": "[project]\n"})

    with pytest.raises(SettingsFileOfAnotherKind):
        init(Wishes(tmp_path, config=tmp_path / "pyproject.toml"), {}, None)


@pytest.mark.parametrize("branch", ["main", "trunk"])
def test_prod_takes_the_main_branch(tmp_path: Path, branch: str) -> None:
    make_alembic(tmp_path)
    subprocess.run(["git", "init", "-q", "-b", branch, tmp_path], check=True)

    init(Wishes(tmp_path), {}, None)

    assert load_settings(tmp_path / "lockgate.toml").environment("prod").branch == branch


def test_main_branch_counts_although_another_is_checked_out(tmp_path: Path) -> None:
    make_alembic(tmp_path)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["commit", "-q", "--allow-empty", "-m", "x"],
        ["checkout", "-q", "-b", "feature"],
    ):
        subprocess.run([*git, *arguments], check=True)

    init(Wishes(tmp_path), {}, None)

    assert load_settings(tmp_path / "lockgate.toml").environment("prod").branch == "main"


def test_folder_of_other_migrations_is_not_taken_over(tmp_path: Path) -> None:
    write(tmp_path, {"migrations/0001_initial.sql": "SELECT 1"})

    with pytest.raises(DirectoryTaken) as refused:
        init(Wishes(tmp_path, metadata="none"), {}, None)

    assert "0001_initial.sql" in refused.value.message
    assert "--directory" in refused.value.hint


def test_script_directory_must_be_below_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()

    with pytest.raises(DirectoryTaken):
        init(Wishes(tmp_path / "here", metadata="none", directory="../there"), {}, None)


@pytest.mark.parametrize(
    ("ini", "error", "words"),
    [
        ("[alembic]\nscript_location = x\nsqlalchemy.url = a\nnonsense", AlembicUnreadable, "4"),
        ("script_location = x", AlembicUnreadable, "line 1"),
        ("[alembic]\n[alembic]", AlembicUnreadable, "line 2"),
        ("[alembic]\nscript_location = %(nowhere)s", AlembicUnreadable, "Interpolation"),
        ("[alembic]\n", ScriptDirectoryUnusable, "script_location"),
        ("[alembic]\nscript_location = x", ScriptDirectoryUnusable, "x"),
        ("[alembic]\nscript_location = .", AlembicNotFound, "env.py"),
    ],
)
def test_half_written_alembic_ini_is_one_clear_error(
    tmp_path: Path, ini: str, error: type[LockgateError], words: str
) -> None:
    write(tmp_path, {"alembic.ini": ini})

    with pytest.raises(error) as refused:
        init(Wishes(tmp_path), {}, None)

    assert words in refused.value.message
    assert contents(tmp_path).keys() == {"alembic.ini"}


def test_alembic_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AlembicNotFound):
        init(Wishes(tmp_path, alembic=Path("backend/alembic.ini")), {}, None)


def test_file_that_cannot_be_written_takes_the_others_back(tmp_path: Path) -> None:
    make_alembic(tmp_path)
    write(tmp_path, {".github": "a file where a folder should be"})
    before = contents(tmp_path)

    with pytest.raises(FileNotWritten) as refused:
        init(Wishes(tmp_path), {}, None)

    assert "nothing was changed" in refused.value.message
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(FileNotWritten):
        init(Wishes(tmp_path, metadata="none"), {}, None)


def test_json_is_one_document(tmp_path: Path) -> None:
    ran = lockgate(tmp_path, "init", "--metadata", "none", "--format", "json")

    document = json.loads(ran.stdout)
    assert document["schema"] == "lockgate/init/1"
    assert set(document["written"]) == LOCKGATE_FILES | ALEMBIC_FILES


def test_ci_example_runs_nothing_by_itself_and_names_the_settings(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    make_alembic(tmp_path / "backend")

    init(Wishes(tmp_path / "backend"), {}, None)

    example = tmp_path / CI_EXAMPLE
    assert "lockgate check --config backend/lockgate.toml" in example.read_text()
    assert (
        "lockgate lint --config backend/lockgate.toml --since origin/${{ github.base_ref }}"
        in example.read_text()
    )
    assert list(example.parent.glob("*.y*ml")) == []


def test_settings_file_is_valid_toml_with_dev_and_prod(tmp_path: Path) -> None:
    init(Wishes(tmp_path, metadata="none"), {}, None)

    settings = tomllib.loads((tmp_path / "lockgate.toml").read_text())
    assert settings["environments"] == {
        "dev": {"role": "development", "url": "env:DEV_DATABASE_URL"},
        "prod": {"role": "production", "url": "env:PROD_DATABASE_URL", "requires": ["dev"]},
    }
