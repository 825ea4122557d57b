from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.core.environment import Role
from lockgate.core.lock_sides import mend
from lockgate.core.lockfile import (
    Drift,
    LockedEnvironment,
    LockedRehearsal,
    LockedRevision,
    LockFile,
    LockFileConflicted,
    LockFileTooNew,
    LockFileUnreadable,
    compare,
    parse,
    render,
)
from lockgate.core.revisions import RevisionFile
from lockgate.core.syntax import syntax_hash
from lockgate.errors import ExitStatus


def revision(name: str, *parents: str, syntax: str = "sha256:1") -> LockedRevision:
    return LockedRevision(
        name, parents, (), syntax, None, (LockedRehearsal(16, "ok", "ok", True, "f:u", "f:d"),)
    )


PROD = LockedEnvironment("prod", Role.PRODUCTION, "0b6c", "7301")
LINE = LockFile((revision("a"), revision("b", "a"), revision("c", "b")), (PROD,))

ids = st.text(min_size=1, max_size=6)
rehearsals = st.builds(
    LockedRehearsal,
    st.integers(14, 18),
    st.sampled_from(["ok", "failed", "skipped"]),
    st.sampled_from(["ok", "failed", "irreversible", "missing"]),
    st.booleans(),
    st.none() | st.text(),
    st.none() | st.text(),
)


@st.composite
def lock_files(draw: st.DrawFn) -> LockFile:
    names = draw(st.lists(ids, unique=True, max_size=6))
    revisions = [
        LockedRevision(
            name,
            tuple(draw(st.sets(st.sampled_from(names[:place]))) if place else ()),
            tuple(draw(st.sets(st.sampled_from(names[:place]))) if place else ()),
            draw(st.text()),
            draw(st.none() | st.text()),
            tuple(draw(st.lists(rehearsals, unique_by=lambda found: found.major))),
        )
        for place, name in enumerate(names)
    ]
    environments = draw(
        st.lists(
            st.builds(
                LockedEnvironment,
                ids,
                st.sampled_from(Role),
                st.text(),
                st.none() | st.text(),
            ),
            unique_by=lambda found: found.name,
            max_size=2,
        )
    )
    return LockFile(tuple(draw(st.permutations(revisions))), tuple(environments))


@given(lock_files())
def test_what_is_rendered_parses_to_the_same_value(lock_file: LockFile) -> None:
    assert lock_file == parse(render(lock_file))


@given(lock_files(), st.randoms(use_true_random=False))
def test_the_text_does_not_depend_on_the_order_of_adding(
    lock_file: LockFile, random: object
) -> None:
    shuffled = list(lock_file.revisions)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert render(lock_file) == render(
        LockFile((), lock_file.environments).with_revision(*shuffled)
    )


def test_parents_stand_before_their_children() -> None:
    lock_file = LockFile(
        (revision("a", "m"), revision("m", "z", "y"), revision("y"), revision("z"))
    )

    assert [locked.revision for locked in lock_file.revisions] == ["y", "z", "m", "a"]


def test_with_revision_replaces_the_one_of_its_id() -> None:
    edited = revision("b", "a", syntax="sha256:2")

    lock_file = LINE.with_revision(edited)

    assert edited == lock_file.revision("b")
    assert len(lock_file.revisions) == 3


def test_every_cut_is_noticed() -> None:
    lines = render(LINE).splitlines(keepends=True)

    for count in range(len(lines)):
        with pytest.raises(LockFileUnreadable):
            parse("".join(lines[:count]))


def test_a_text_cut_in_a_string_names_the_line() -> None:
    text = render(LINE)
    cut = text[: text.index('id = "b"') + 7]

    with pytest.raises(LockFileUnreadable) as caught:
        parse(cut)

    assert cut.count("\n") + 1 == caught.value.line


def test_a_missing_value_names_the_line_of_its_revision() -> None:
    text = render(LINE).replace('id = "b"\n', "")

    with pytest.raises(LockFileUnreadable) as caught:
        parse(text)

    assert text.splitlines()[(caught.value.line or 0) - 1] == "[[revision]]"
    assert "missing required field `id`" in caught.value.message


def test_a_merge_that_kept_one_sides_heads_is_refused() -> None:
    text = render(added("d", "c").with_revision(revision("e", "c")))

    with pytest.raises(LockFileUnreadable) as caught:
        parse(text.replace('heads = ["d", "e"]', 'heads = ["d"]'))

    assert 'said to be "d", but its revisions end in "d, e"' in caught.value.message


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(LockFileTooNew) as caught:
        parse(render(LINE).replace("format = 2", 'format = 3\nnewer = "x"'))

    assert caught.value.message == 'lockgate.lock has format "3"; this lockgate reads "2"'
    assert caught.value.exit_status == ExitStatus.USAGE


def test_rehearsals_of_an_older_format_do_not_count() -> None:
    rehearsed = LINE.with_revision(
        LINE.revisions[0].with_rehearsal(LockedRehearsal(18, "ok", "ok", True, "sha256:1"))
    )

    read = parse(render(rehearsed).replace("format = 2", "format = 1"))

    assert read.revisions[0].rehearsals == ()
    assert parse(render(rehearsed)) == rehearsed


@pytest.mark.parametrize("text", ["", "[lock]\n", "lock = 3\n", "[lock]\nformat = 'one'\n"])
def test_a_file_without_a_format_is_refused(text: str) -> None:
    with pytest.raises(LockFileUnreadable, match="no \\[lock\\] with a format"):
        parse(text)


def test_revisions_in_a_circle_are_refused() -> None:
    with pytest.raises(LockFileUnreadable, match='"a" is its own ancestor'):
        LockFile((revision("a", "b"), revision("b", "a")))


def test_two_branches_that_add_a_revision_conflict_in_git(tmp_path: Path) -> None:
    text = merge(tmp_path, LINE, LINE.with_revision(revision("d", "c")), added("a0", "c"))

    with pytest.raises(LockFileConflicted) as caught:
        parse(text)

    assert text.splitlines()[caught.value.line - 1].startswith("<<<<<<<")
    assert "lockgate rehearse" in caught.value.hint


def test_branches_from_different_points_conflict_in_git(tmp_path: Path) -> None:
    text = merge(tmp_path, LINE, added("d", "a"), added("e", "b"))

    assert "<<<<<<<" in text


def added(name: str, parent: str) -> LockFile:
    return LINE.with_revision(revision(name, parent))


def test_edits_of_different_older_revisions_merge_in_git(tmp_path: Path) -> None:
    again = LockedRehearsal(18, "ok", "ok", True, "f:u", "f:d")
    ours = LINE.with_revision(revision("a").with_rehearsal(again))
    theirs = LINE.with_revision(revision("b", "a").with_rehearsal(again))

    text = merge(tmp_path, LINE, ours, theirs)

    assert ours.with_revision(*theirs.revisions[1:]) == parse(text)


def test_a_new_environment_and_a_new_revision_merge_in_git(tmp_path: Path) -> None:
    staging = LockedEnvironment("staging", Role.STAGING, "77aa")

    text = merge(tmp_path, LINE, LINE.with_environment(staging), added("d", "c"))

    assert added("d", "c").with_environment(staging) == parse(text)


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_mending_keeps_what_either_branch_added(tmp_path: Path, style: str) -> None:
    text = merge(tmp_path, LINE, added("d", "c"), added("e", "c"), style=style)

    assert added("d", "c").with_revision(revision("e", "c")) == mend(text)


def test_mending_drops_what_the_branches_hold_differently(tmp_path: Path) -> None:
    ours = LINE.with_revision(revision("c", "b", syntax="sha256:2"))
    theirs = LINE.with_revision(revision("c", "b", syntax="sha256:3"))

    text = merge(tmp_path, LINE, ours, theirs)

    assert LINE.without_revision("c") == mend(text)


def test_mending_keeps_the_rehearsals_that_the_branches_agree_on(tmp_path: Path) -> None:
    on_15, on_16 = (LockedRehearsal(major, "ok", "ok", True, "f:1", "f:d") for major in (15, 16))
    other_16 = LockedRehearsal(16, "ok", "ok", True, "f:2", "f:d")
    c = revision("c", "b")
    ours = LINE.with_revision(c.with_rehearsal(on_15).with_rehearsal(on_16))
    theirs = LINE.with_revision(c.with_rehearsal(other_16))

    text = merge(tmp_path, LINE, ours, theirs)

    assert LINE.with_revision(replace(c, rehearsals=(on_15,))) == mend(text)


def test_mending_keeps_a_rehearsal_whose_models_were_others(tmp_path: Path) -> None:
    on_18 = LockedRehearsal(18, "ok", "ok", True, "f:1", "f:d")
    c = revision("c", "b")
    ours, theirs = (
        LINE.with_revision(c.with_rehearsal(replace(on_18, models=models)))
        for models in ("m:1", "m:2")
    )

    text = merge(tmp_path, LINE, ours, theirs)

    assert LINE.with_revision(c.with_rehearsal(on_18)) == mend(text)


def test_mending_keeps_whose_mark_it_is_where_the_branches_disagree_how_far(
    tmp_path: Path,
) -> None:
    staging = LockedEnvironment("staging", Role.STAGING, "77aa", applied=("a",))
    ours, theirs = (LINE.with_environment(replace(staging, applied=(head,))) for head in ("b", "c"))

    text = merge(tmp_path, LINE.with_environment(staging), ours, theirs)

    assert LINE.with_environment(replace(staging, applied=())) == mend(text)


def merge(
    place: Path, base: LockFile, ours: LockFile, theirs: LockFile, *, style: str = "merge"
) -> str:
    """The text of lockgate.lock after git merged two branches, conflict markers included."""
    file = place / "lockgate.lock"

    def git(*arguments: str, check: bool = True) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            cwd=place,
            check=check,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_GLOBAL": "/dev/null"},
        )

    def commit(lock_file: LockFile) -> None:
        file.write_text(render(lock_file), encoding="utf-8")
        git("add", "lockgate.lock")
        git("commit", "-m", "lock")

    git("init", "-b", "base", ".")
    commit(base)
    git("checkout", "-b", "theirs")
    commit(theirs)
    git("checkout", "-b", "ours", "base")
    commit(ours)
    git("-c", f"merge.conflictStyle={style}", "merge", "theirs", check=False)
    return file.read_text(encoding="utf-8")


def test_compare_names_each_way_of_differing() -> None:
    files = (
        RevisionFile("a", (), (), "sha256:other", "a.py"),
        RevisionFile("b", ("x",), (), "sha256:other", "b.py"),
        RevisionFile("d", ("c",), (), "sha256:1", "d.py"),
    )

    found = [(difference.revision, difference.drift) for difference in compare(LINE, files)]

    assert found == [
        ("a", Drift.EDITED),
        ("b", Drift.REPARENTED),
        ("c", Drift.FILE_GONE),
        ("d", Drift.NOT_LOCKED),
    ]


def test_compare_finds_nothing_where_nothing_moved() -> None:
    files = [
        RevisionFile(locked.revision, locked.parent, (), locked.syntax, "f.py")
        for locked in LINE.revisions
    ]

    assert compare(LINE, files) == ()


SOURCE = '''\
"""Add a column."""
revision = "a"  # the id
def upgrade():
    """Upgrade."""
    op.add_column("t", sa.Column("c", sa.Integer()))
'''


@pytest.mark.parametrize(
    "same",
    [
        SOURCE.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + SOURCE.encode(),
        b"# coding: latin-1\n" + SOURCE.encode(),
        SOURCE.replace("Add a column", "Say more").encode(),
        SOURCE.replace('    """Upgrade."""\n', "").encode(),
        SOURCE.replace("  # the id", "").replace('"a"', "'a'").encode(),
        SOURCE.replace('("t", sa', '(\n        "t",\n        sa').encode(),
    ],
    ids=["crlf", "bom", "encoding", "docstring", "no docstring", "comment", "layout"],
)
def test_layout_does_not_change_the_syntax_hash(same: bytes) -> None:
    assert syntax_hash(SOURCE.encode()) == syntax_hash(same)


@pytest.mark.parametrize(
    "other",
    [
        SOURCE.replace('"a"', '"b"'),
        SOURCE.replace("Integer", "BigInteger"),
        SOURCE.replace('"t"', "None"),
        SOURCE.replace('"c"', 'b"c"'),
        SOURCE + "    op.execute('select 1')\n",
    ],
)
def test_a_change_of_the_program_changes_the_syntax_hash(other: str) -> None:
    assert syntax_hash(SOURCE.encode()) != syntax_hash(other.encode())


# Digests are the same on every Python that lockgate supports: these were computed on 3.11, and
# the second on 3.12 for want of the syntax. The constructs are those whose trees have differed.
OLD_SYNTAX = '''
x, *y = 1, 2.5, 3j, True, None, ..., b"x\\x00", u"u", "\\U0001fae8 \\u0378", -1, 10**30
f1 = f"a{x!r:>{10}} {x=} {{}} {x:%Y-%m}" "tail" f"{'q'}" f"" f"{x:}"
lam = lambda a, /, b=1, *c, d, e=2, **f: (yield)
@dec
def upgrade(a: int = 3, *, k=None) -> None:
    """Doc."""
    global g
    if (n := len(x)) > 10: pass
    with open("a") as f, open("b"):
        del x[0:1, ::2]
    match x:
        case {"a": 1, **rest}: ...
        case [1, *_] | (2 as z): ...
        case None | True | Point(x=0, y=_): ...
        case _: ...
async def f():
    return [i async for i in z if i], {**a, 'b': 1}, (i for i in x)
class K(Base, metaclass=M):
    a: int
    (b): int = 1
try:
    raise ValueError from None
except* ValueError: pass
x[*a]; x if y else z; x //= 2; a < b is not d not in e; print(*a, **k)
'''
NEW_SYNTAX = """
type Alias[T] = list[T]
def f[T: int, *Ts, **P](x: T) -> T: ...
class C[T]: pass
f"{'a' + f'{x!r}' + "nested"}"
"""


def test_old_syntax_has_the_same_hash_on_every_python() -> None:
    assert (
        syntax_hash(OLD_SYNTAX.encode())
        == "sha256:09560910d79dce75cdc172ccc47c2f181dd12216da7641bed99a3169c10d4bfc"
    )


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_new_syntax_has_the_same_hash_on_every_python() -> None:
    assert (
        syntax_hash(NEW_SYNTAX.encode())
        == "sha256:539bbc3cfaa21f803ad76fe285101e70186a0ba42b8d507f6fa3b4074a4fd37f"
    )
