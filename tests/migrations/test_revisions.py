from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alembic.command
import pytest
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionMap
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.revisions import (
    Detail,
    branches_text,
    current_text,
    heads_text,
    history_text,
    show_text,
)
from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations import revisions
from lockgate.migrations.revision_files import (
    NAMES,
    RevisionFileIncomplete,
    RevisionFileNotLoadable,
    RevisionFileUnreadable,
    RevisionValueUnusable,
    read_script,
    read_statements,
    read_template,
)
from lockgate.migrations.revisions import (
    ParentMissing,
    RevisionDuplicated,
    RevisionLost,
    RevisionsContradict,
    RevisionsInCycle,
    RevisionUnresolved,
    ScriptDirectoryUnusable,
    open_script_directory,
)

ENV_PY = """\
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

TEMPLATE = '''\
"""{message}

Revision ID: {revision}

  Indented words, and a word in 'quotes'.
"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = {revision!r}
down_revision: Union[str, Sequence[str], None] = {down_revision!r}
branch_labels: Union[str, Sequence[str], None] = {branch_labels!r}
depends_on: Union[str, Sequence[str], None] = {depends_on!r}


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("t", sa.Column("c", sa.Integer()))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("t", "c")
'''

Histories = dict[str, dict[str, Any]]

HISTORIES: dict[str, Histories] = {
    "linear": {"aaaa1": {}, "bbbb2": {"down": "aaaa1"}, "cccc3": {"down": "bbbb2"}},
    "branches": {
        "root1": {},
        "left1": {"down": "root1"},
        "left2": {"down": "left1"},
        "right1": {"down": "root1"},
    },
    "merge": {
        "root1": {},
        "left1": {"down": "root1"},
        "right1": {"down": "root1"},
        "both1": {"down": ("left1", "right1")},
        "after1": {"down": "both1"},
    },
    "labels": {
        "root1": {},
        "left1": {"down": "root1", "labels": "left"},
        "left2": {"down": "left1"},
        "right1": {"down": "root1", "labels": ("right", "other")},
    },
    "depends": {
        "base1": {"labels": "core"},
        "base2": {"down": "base1"},
        "shop1": {"labels": "shop"},
        "shop2": {"down": "shop1", "depends": "base2"},
        "shop3": {"down": "shop2"},
    },
    "depends on a label": {
        "base1": {"labels": "core"},
        "shop1": {"depends": ("core",)},
        "shop2": {"down": "shop1", "depends": ("base1",)},
        "loose1": {},
    },
    "none": {},
}

RANGES = [
    None,
    ":",
    "base:heads",
    "aaaa1:",
    ":bbbb2",
    "aaaa1:cccc3",
    "aaaa:cccc",
    "-2:",
    ":-1",
    "bbbb2:+1",
    "left@base:",
    ":left@head",
    "left1:left2",
    ":right1",
    "shop@base:shop@head",
    "base2:",
    ":core@head",
    "current:",
    ":current",
    "-1:current",
    "current:+1",
    "nothing:",
    "left1:right1",
    "cccc3:aaaa1",
]

Project = Callable[[Histories], Config]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Writes a project with the given history; answers Alembic's settings of it."""

    def write(history: Histories) -> Config:
        versions = tmp_path / "migrations" / "versions"
        versions.mkdir(parents=True)
        (tmp_path / "migrations" / "env.py").write_text(ENV_PY)
        for revision, place in history.items():
            (versions / f"{revision}_add.py").write_text(text_of(revision, **place))
        return settings(tmp_path)

    return write


def text_of(revision: str, down: Any = None, labels: Any = None, depends: Any = None) -> str:
    return TEMPLATE.format(
        message=f"Add {revision}",
        revision=revision,
        down_revision=down,
        branch_labels=labels,
        depends_on=depends,
    )


def settings(place: Path, **options: str) -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(place / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", f"sqlite:///{place / 'db'}")
    for name, value in options.items():
        config.set_main_option(name, value)
    return config


def versions_of(config: Config) -> Path:
    return Path(str(config.get_main_option("script_location"))) / "versions"


def record(config: Config, *current: str) -> None:
    """Writes the version table."""
    path = str(config.get_main_option("sqlalchemy.url")).removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.executemany("INSERT INTO alembic_version VALUES (?)", [(c,) for c in current])
    connection.close()


def printed(config: Config, command: Callable[..., None], *arguments: Any, **options: Any) -> str:
    """What Alembic prints, or the word `refused`."""
    written = io.BytesIO()
    config.stdout = io.TextIOWrapper(written, encoding="utf-8", write_through=True)
    try:
        command(config, *arguments, **options)
    except Exception:
        return "refused"
    return written.getvalue().decode()


def answered(read: Callable[[], str]) -> str:
    try:
        return read()
    except (RevisionLost, RevisionUnresolved):
        return "refused"


def settled(text: str) -> str:
    """`text` with what Alembic prints in the order of a set in the order of the alphabet."""

    def sort(found: re.Match[str]) -> str:
        return found[1] + ", ".join(sorted(found[2].split(", "))) + found[3]

    text = re.sub(r"((?:Branches into|Branch names): )(.*)(\n)", sort, text)
    return re.sub(r"(\()([^()\n]+, [^()\n]+)(\))", sort, text)


@pytest.fixture(params=HISTORIES)
def history(request: pytest.FixtureRequest) -> Histories:
    return HISTORIES[request.param]


@pytest.mark.parametrize("detail", Detail)
def test_history_prints_what_alembic_prints(
    project: Project, history: Histories, detail: Detail
) -> None:
    config = project(history)
    current = tuple(history)[1:2]
    record(config, *current)
    verbose = detail is Detail.VERBOSE
    expected = [
        printed(config, alembic.command.history, range_, verbose=verbose) for range_ in RANGES
    ]

    directory = open_script_directory(config)
    found = [
        answered(lambda r=range_: history_text(revisions.history(directory, r, current), detail))  # type: ignore[misc]
        for range_ in RANGES
    ]

    assert dict(zip(RANGES, map(settled, expected), strict=True)) == dict(
        zip(RANGES, map(settled, found), strict=True)
    )


@pytest.mark.parametrize("detail", Detail)
def test_history_marks_what_is_current_as_alembic_does(project: Project, detail: Detail) -> None:
    config = project(HISTORIES["merge"])
    record(config, "left1", "right1")
    verbose = detail is Detail.VERBOSE
    expected = printed(config, alembic.command.history, verbose=verbose, indicate_current=True)

    found = revisions.history(open_script_directory(config), None, ("left1", "right1"))

    assert settled(expected) == settled(history_text(found, detail, indicate_current=True))


@pytest.mark.parametrize("resolve", [False, True])
@pytest.mark.parametrize("detail", Detail)
def test_heads_prints_what_alembic_prints(
    project: Project, history: Histories, detail: Detail, resolve: bool
) -> None:
    config = project(history)
    verbose = detail is Detail.VERBOSE
    expected = printed(config, alembic.command.heads, verbose=verbose, resolve_dependencies=resolve)

    found = revisions.heads(open_script_directory(config), resolve_dependencies=resolve)

    assert settled(expected) == settled(heads_text(found, detail))


@pytest.mark.parametrize("detail", Detail)
def test_branches_prints_what_alembic_prints(
    project: Project, history: Histories, detail: Detail
) -> None:
    config = project(history)
    verbose = detail is Detail.VERBOSE
    expected = printed(config, alembic.command.branches, verbose=verbose)

    found = branches_text(revisions.branches(open_script_directory(config)), detail)

    assert sorted(settled(expected).splitlines()) == sorted(settled(found).splitlines())


@pytest.mark.parametrize("asked", ["heads", "head", "base", "cccc", "left@head", "-1", "none"])
def test_show_prints_what_alembic_prints(project: Project, history: Histories, asked: str) -> None:
    config = project(history)
    expected = printed(config, alembic.command.show, asked)

    directory = open_script_directory(config)

    assert settled(expected) == settled(
        answered(lambda: show_text(revisions.show(directory, asked)))
    )


@pytest.mark.parametrize("detail", Detail)
def test_current_prints_what_alembic_prints(
    project: Project, history: Histories, detail: Detail
) -> None:
    config = project(history)
    recorded = tuple(revision for revision in history if revision.endswith("1"))[-2:]
    record(config, *recorded)
    expected = printed(config, alembic.command.current, verbose=detail is Detail.VERBOSE)
    expected = expected.removeprefix(
        f"Current revision(s) for {config.get_main_option('sqlalchemy.url')}:\n"
    )

    found = current_text(revisions.current(open_script_directory(config), recorded), detail)

    assert sorted(settled(expected).splitlines()) == sorted(settled(found).splitlines())


@given(st.data())
def test_current_leaves_the_revisions_that_alembic_leaves(data: st.DataObject) -> None:
    names = [f"rev{number}" for number in range(data.draw(st.integers(1, 9)))]
    parents = [
        data.draw(st.sets(st.sampled_from(names[:place]), max_size=3)) if place else set()
        for place in range(len(names))
    ]
    needs = [
        data.draw(st.sets(st.sampled_from(names[:place]), max_size=2)) if place else set()
        for place in range(len(names))
    ]

    def scripts() -> list[Any]:
        from alembic.script.revision import Revision

        return [
            Revision(name, tuple(sorted(down)), tuple(sorted(depends - down)) or None)
            for name, down, depends in zip(names, parents, needs, strict=True)
        ]

    recorded = tuple(data.draw(st.sets(st.sampled_from(names), min_size=1)))
    expected = RevisionMap(scripts)._get_all_current(recorded)

    found = revisions.LinearRevisionMap(scripts)._get_all_current(recorded)

    assert {str(rev) for rev in expected} == {str(rev) for rev in found}


def test_is_at_heads_asks_for_exactly_the_heads(project: Project) -> None:
    directory = open_script_directory(project(HISTORIES["branches"]))

    assert revisions.is_at_heads(directory, ("right1", "left2"))
    assert not revisions.is_at_heads(directory, ("left2",))


def test_reading_runs_no_file(project: Project) -> None:
    config = project(HISTORIES["linear"])
    path = versions_of(config) / "bbbb2_add.py"
    path.write_text(path.read_text() + "\nraise SystemExit('was run')\n")

    directory = open_script_directory(config)

    assert len(revisions.history(directory)) == 3
    with pytest.raises(SystemExit):
        _ = directory.get_revision("bbbb2").module.upgrade


def test_a_module_runs_when_its_upgrade_is_asked_for(project: Project) -> None:
    directory = open_script_directory(project(HISTORIES["linear"]))

    module = directory.get_revision("bbbb2").module

    assert module.upgrade.__doc__ == "Upgrade schema."
    assert module.op.__name__ == "alembic.op"
    assert not hasattr(module, "nothing")


ODD_FILES = {
    "crlf": text_of("odd1", "aaaa1").replace("\n", "\r\n").encode(),
    "bom": b"\xef\xbb\xbf" + text_of("odd1", "aaaa1").encode(),
    "encoding": "# coding: latin-1\n{}".format(
        text_of("odd1", "aaaa1").replace("Add", "Füge hinzu:")
    ).encode("latin-1"),
    "utf-8": text_of("odd1", "aaaa1").replace("Add", "Füge hinzu:").encode(),
    "no docstring": b"revision = 'odd1'\ndown_revision = 'aaaa1'\n",
    "no newline": b"revision = 'odd1'\ndown_revision = 'aaaa1'",
    "a def in the docstring": b'"""Say\n\ndef f\n"""\nrevision = "odd1"\ndown_revision = "aaaa1"\n',
    "assigned below": b"def upgrade(): ...\nrevision = 'odd1'\ndown_revision = 'aaaa1'\n",
    "assigned again": text_of("else", "aaaa1").encode() + b"\nrevision = 'odd1'\n",
    "computed": b"revision = 'od' + 'd1'\ndown_revision = 'aaaa1'\n",
    "unpacked": b"revision, down_revision = 'odd1', 'aaaa1'\n",
    "by a name": b"PARENT = 'aaaa1'\nrevision = 'odd1'\ndown_revision = PARENT\n",
    "imported": b"from os import sep as revision\n"
    b"revision = revision.replace(revision, 'odd1')\ndown_revision = 'aaaa1'\n",
    "conditional": b"revision = 'x'\ndown_revision = 'aaaa1'\nif True:\n    revision = 'odd1'\n",
    "by globals": b"down_revision = 'aaaa1'\nglobals()['revision'] = 'odd1'\n",
    "list": b"revision = 'odd1'\ndown_revision = ['aaaa1']\nbranch_labels = {'label'}\n",
    "old doc": text_of("odd1", "aaaa1").replace('"""Add', 'r"""\\d Add').encode(),
    "bad escape": text_of("odd1", "aaaa1").replace('"""Add', '"""\\d Add').encode(),
    "irreversible": text_of("odd1", "aaaa1").encode() + b"\nirreversible = 'drops data'\n",
}  # fmt: skip


@pytest.mark.parametrize("name", ODD_FILES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
def test_an_odd_file_reads_as_alembic_reads_it(project: Project, name: str) -> None:
    config = project({"aaaa1": {}})
    (versions_of(config) / "odd_one.py").write_bytes(ODD_FILES[name])
    expected = printed(config, alembic.command.history, verbose=True)

    found = history_text(revisions.history(open_script_directory(config)), Detail.VERBOSE)

    assert expected != "refused"
    assert settled(expected) == settled(found)


LINES = [
    "",
    "# a comment",
    "import os",
    "import sqlalchemy as sa, os.path",
    "from os import path as p",
    "from os import sep as revision",
    "from os.path import *",
    "x = 1",
    "revision = 'one'",
    'revision: str = "two"  # noqa',
    "revision = None",
    "revision = 'a' 'b'",
    "revision='x';y = 2",
    "down_revision = None",
    "down_revision: Union[str, None] = 'base'",
    "down_revision = ('a', 'b')",
    "branch_labels = 'label'",
    "depends_on = x = 'y'",
    "irreversible = 'why'",
    "irreversible: str",
    '"""text\nrevision = "inside"\n"""',
    "def revision(): ...",
    "def f():\n    revision = 'local'",
    "@str\nclass K: ...",
    "if 1:\n    down_revision = 'late'",
    "__doc__ = 'set'",
    "del_ = revision_ = 0",
    "for revision in ('loop',): pass",
    "(revision := 'walrus')",
    "\\",
    "def unfinished(",
]
DOCS = ['"""Doc."""', '"""Two\n\n  lines\n"""', "'''single'''", 'r"""raw\\d"""', '"""a"""  # b', ""]


@given(st.sampled_from(DOCS), st.lists(st.sampled_from(LINES), max_size=7), st.booleans())
def test_what_the_text_says_is_what_running_says(doc: str, lines: list[str], crlf: bool) -> None:
    text = "\n".join([doc, *lines, "def upgrade(): ...", ""])
    source = text.replace("\n", "\r\n" if crlf else "\n").encode()
    namespace: dict[str, object] = {"Union": dict, "__doc__": None}
    readings = [read_template(source)]
    try:
        readings.append(read_statements(source, "file"))
        exec(compile(source, "file", "exec", dont_inherit=True), namespace)
    except (RevisionFileUnreadable, SyntaxError, NameError, TypeError):
        return  # a file that cannot run says nothing to compare with

    for said in readings:
        if said is not None:
            assert {name: namespace.get(name) for name in NAMES} == {
                name: said.get(name) for name in NAMES
            }
            assert (namespace["__doc__"] or "") == said["__doc__"]


def test_the_template_of_alembic_is_read_without_its_syntax_tree() -> None:
    said = read_template(text_of("odd1", "aaaa1").encode())

    assert said is not None
    assert (said["revision"], said["down_revision"]) == ("odd1", "aaaa1")


def test_an_import_of_a_name_is_not_read_over() -> None:
    text = text_of("odd1", "aaaa1").replace("\n\ndef", "\nfrom os import sep as revision\n\ndef", 1)

    assert read_template(text.encode()) is None
    assert read_statements(text.encode(), "file") is None


def test_files_are_found_as_alembic_finds_them(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for place, name, parent in [
        (one, "aaaa1.py", None),
        (one, "notes.txt", None),
        (one, "__init__.py", None),
        (one, ".#aaaa1.py", None),
        (one / "2024", "bbbb2.py", "aaaa1"),
        (one / "2024" / "deep", "cccc3.py", "bbbb2"),
        (one / "__pycache__", "eeee5.py", "cccc3"),
        (two, "dddd4.py", "cccc3"),
    ]:
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text_of(name[:5], parent))
    (two / "linked.py").symlink_to(one / "aaaa1.py")
    (two / "linked_text.py").symlink_to(one / "notes.txt")
    (tmp_path / "migrations").mkdir()
    config = settings(
        tmp_path,
        version_locations=f"{one}:{two}:{tmp_path / 'absent'}",
        recursive_version_locations="true",
    )
    with pytest.warns(UserWarning, match="loaded twice"):
        expected = printed(config, alembic.command.history, verbose=True)

    found = history_text(revisions.history(open_script_directory(config)), Detail.VERBOSE)

    assert expected.count("Rev:") == 4
    assert expected == found


def test_sourceless_directories_are_read_by_alembic(project: Project) -> None:
    import py_compile

    config = project(HISTORIES["linear"])
    config.set_main_option("sourceless", "true")
    path = versions_of(config) / "cccc3_add.py"
    py_compile.compile(str(path), str(path) + "c", doraise=True)
    path.unlink()
    expected = printed(config, alembic.command.history)

    found = history_text(revisions.history(open_script_directory(config)))

    assert "cccc3 (head)" in found
    assert expected == found


def test_a_pyc_alone_is_no_revision_unless_sourceless(project: Project) -> None:
    config = project(HISTORIES["linear"])
    (versions_of(config) / "dddd4.pyc").write_bytes(b"")

    assert len(revisions.history(open_script_directory(config))) == 3


def refused(config: Config) -> LockgateError:
    with pytest.raises(LockgateError) as caught:
        open_script_directory(config)
    assert caught.value.exit_status == ExitStatus.USAGE
    assert caught.value.hint
    return caught.value


BROKEN: dict[str, tuple[bytes, type[LockgateError], str]] = {
    "syntax": (b"revision = 'x'\ndown_revision = = 1\n", RevisionFileUnreadable, ":2\" cannot be"),
    "null byte": (b"revision = 'x'\0\n", RevisionFileUnreadable, "null bytes"),
    "not utf-8": (b'"""\xff"""\nrevision = "x"\n', RevisionFileUnreadable, "cannot be read"),
    "no revision": (b"down_revision = None\n", RevisionFileIncomplete, 'set "revision"'),
    "no parent": (b"revision = 'x'\n", RevisionFileIncomplete, 'set "down_revision"'),
    "a number": (b"revision = 1\ndown_revision = None\n", RevisionValueUnusable, 'revision to "1"'),
    "numbers": (b"revision = 'x'\ndown_revision = (1, 2)\n", RevisionValueUnusable, "(1, 2)"),
    "bad id": (b"revision = 'a-b'\ndown_revision = None\n", RevisionValueUnusable, "'-'"),
    "own parent": (b"revision = 'a'\ndown_revision = 'a'\n", RevisionValueUnusable, "Self-loop"),
    "raises": (
        b"revision = str('x')\nraise ValueError('s3cret')\n", RevisionFileNotLoadable, ':2" stops'
    ),
    "import": (b"from nowhere import revision\n", RevisionFileNotLoadable, "No module named"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_error_that_names_it(project: Project, name: str) -> None:
    text, kind, words = BROKEN[name]
    config = project({})
    (versions_of(config) / "broken_one.py").write_bytes(text)

    error = refused(config)

    assert isinstance(error, kind)
    assert "broken_one.py" in error.message
    assert words in error.message
    assert "s3cret" not in f"{error.message}{error.__cause__}"


def test_two_files_of_one_revision_are_both_named(project: Project) -> None:
    config = project(HISTORIES["linear"])
    (versions_of(config) / "copy.py").write_text(text_of("bbbb2", "aaaa1"))

    error = refused(config)

    assert isinstance(error, RevisionDuplicated)
    assert [Path(path).name for path in error.paths] == ["bbbb2_add.py", "copy.py"]


@pytest.mark.parametrize(
    ("place", "name"), [({"down": "lost"}, "down_revision"), ({"depends": "lost"}, "depends_on")]
)
def test_a_missing_parent_is_named(project: Project, place: dict[str, str], name: str) -> None:
    error = refused(project({"aaaa1": {}, "bbbb2": place}))

    assert isinstance(error, ParentMissing)
    assert f'revision "bbbb2" names "lost" as its {name}' in error.message


@pytest.mark.parametrize(
    "history",
    [
        {"a1": {"down": "c3"}, "b2": {"down": "a1"}, "c3": {"down": "b2"}},
        {"base": {}, "a1": {"down": "c3"}, "b2": {"down": "a1"}, "c3": {"down": "b2"}},
        {
            "a1": {"depends": "c3"},
            "b2": {"down": "a1"},
            "c3": {"down": "b2"},
            "head": {"down": "c3"},
        },
    ],
)
def test_a_circle_is_named_in_full(project: Project, history: Histories) -> None:
    error = refused(project(history))

    assert isinstance(error, RevisionsInCycle)
    assert error.revisions == ("a1", "b2", "c3")


def test_a_label_used_twice_is_refused(project: Project) -> None:
    error = refused(project({"aaaa1": {"labels": "one"}, "bbbb2": {"labels": "one"}}))

    assert isinstance(error, RevisionsContradict)
    assert "'one'" in error.message


def test_a_missing_script_directory_is_refused(tmp_path: Path) -> None:
    assert isinstance(refused(settings(tmp_path)), ScriptDirectoryUnusable)
    assert isinstance(refused(Config()), ScriptDirectoryUnusable)


def test_settings_that_do_not_parse_are_refused_without_their_text(tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").write_text("[alembic]\nthe url is s3cret\n")

    error = refused(Config(tmp_path / "alembic.ini"))

    assert "s3cret" not in f"{error.message}{error.__cause__}"


@pytest.mark.parametrize("range_", ["a", "a:b:c"])
def test_a_range_needs_one_colon(project: Project, range_: str) -> None:
    directory = open_script_directory(project(HISTORIES["linear"]))

    with pytest.raises(RevisionUnresolved, match=r"written \[start\]:\[end\]"):
        revisions.history(directory, range_)


@given(text=st.text(alphabet="ab1:@-+ .hedscurnt", max_size=8))
def test_no_range_ends_in_a_traceback(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = _labelled(tmp_path_factory)

    for ask in (
        lambda: revisions.history(directory, text, ("left1",)),
        lambda: revisions.show(directory, text),
        lambda: revisions.current(directory, (text,)),
    ):
        answered(lambda ask=ask: str(ask()))  # type: ignore[misc]


_opened: list[ScriptDirectory] = []


def _labelled(tmp_path_factory: pytest.TempPathFactory) -> ScriptDirectory:
    if not _opened:
        place = tmp_path_factory.mktemp("labelled")
        (place / "migrations" / "versions").mkdir(parents=True)
        for revision, where in HISTORIES["labels"].items():
            (place / "migrations" / "versions" / f"{revision}.py").write_text(
                text_of(revision, **where)
            )
        _opened.append(open_script_directory(settings(place)))
    return _opened[0]


def test_irreversible_is_read_with_its_reason(project: Project) -> None:
    config = project(HISTORIES["linear"])
    path = versions_of(config) / "bbbb2_add.py"
    path.write_text(path.read_text() + '\nirreversible = "drops the old column"\n')

    found = {s.revision: s.irreversible for s in revisions.history(open_script_directory(config))}

    assert found == {"aaaa1": None, "bbbb2": "drops the old column", "cccc3": None}


def test_revision_files_are_read_with_their_hash(project: Project) -> None:
    directory = open_script_directory(project(HISTORIES["merge"]))

    found = {file.revision: file for file in revisions.read_revision_files(directory)}

    assert found["both1"].parent == ("left1", "right1")
    assert len({file.syntax for file in found.values()}) == 5


def test_a_body_that_is_no_python_is_named_when_it_is_needed(project: Project) -> None:
    config = project(HISTORIES["linear"])
    path = versions_of(config) / "bbbb2_add.py"
    path.write_text(path.read_text() + "\n    oops(\n")
    directory = open_script_directory(config)

    with pytest.raises(RevisionFileUnreadable, match="bbbb2_add"):
        revisions.read_revision_files(directory)
    with pytest.raises(RevisionFileUnreadable, match="bbbb2_add"):
        _ = directory.get_revision("bbbb2").module.upgrade


def test_alembic_still_has_what_lockgate_reaches_into(project: Project, tmp_path: Path) -> None:
    """Runs once for each minor version of Alembic (`make alembic-matrix`)."""
    config = project(HISTORIES["depends"])
    ours, theirs = open_script_directory(config), ScriptDirectory.from_config(config)
    path = str(versions_of(config) / "base1_add.py")

    # The directory reads everything through the map that it is given.
    assert isinstance(theirs.revision_map, RevisionMap)
    assert ours.revision_map.__class__ is revisions.LinearRevisionMap
    assert ours._upgrade_revs("heads", "base1")[0].revision.module.upgrade.__doc__
    assert [Path(p) for p in theirs._version_locations] == [versions_of(config)]
    assert (theirs.sourceless, theirs.recursive_version_locations) == (False, False)
    # `current` goes through the one method that is replaced.
    assert "_filter_into_branch_heads" in RevisionMap.__dict__
    assert "_filter_into_branch_heads" in RevisionMap._get_all_current.__code__.co_names
    # A Script takes a module, an id and a path, and asks the module for no more than these.
    mine, other = read_script(path), Script._from_path(theirs, path)
    assert other is not None
    assert "_run" not in vars(mine.module)
    assert mine.longdoc == other.longdoc
    assert (mine.revision, mine.path) == (other.revision, other.path)
    for name in ("_versioned_down_revisions", "nextrev", "_all_nextrev", "branch_labels"):
        assert getattr(ours.get_revision("base2"), name) == getattr(
            theirs.get_revision("base2"), name
        )
    assert theirs.get_revision("shop2")._all_down_revisions == ("shop1", "base2")
