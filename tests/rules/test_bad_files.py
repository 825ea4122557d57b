"""Whatever a file of SQL holds: nothing crashes, what is wrong has its place, the rest is read.

Files are linted in this process, in every format; what only a process shows is tried with one.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.core.effects import Structure
from lockgate.core.finding import Finding, Severity
from lockgate.core.linter import Answer, LintedStatement, UnitLinter, by_subject
from lockgate.core.rule import Unit
from lockgate.core.script import read_script
from lockgate.report.findings import Shown, formats
from lockgate.rules import rules
from lockgate.workflows.linting import choose_rules

Lockgate = Callable[..., subprocess.CompletedProcess[str]]

AFTER = b"\nDROP TABLE behind;\n"
RULES = by_subject(choose_rules(style=True))


def answers(content: bytes, block_bytes: int = 32 * 1024) -> list[Answer]:
    linter = UnitLinter(RULES, Unit(Structure(), 18, file="a.sql"))
    return list(linter.script(read_script(io.BytesIO(content), block_bytes=block_bytes)))


def places(content: bytes) -> list[tuple[str, int | None, int | None]]:
    """Code, line and column of what is worse than information, but for the table at the end."""
    return [
        (found.code, found.line, found.column)
        for found in answers(content)
        if isinstance(found, Finding)
        and found.severity is not Severity.INFO
        and found.relation != "public.behind"
        and found.code != "LG090"
    ]


def reads_on(content: bytes) -> bool:
    """Whether a table that is dropped at the end is seen."""
    return any(
        isinstance(one, Finding) and (one.code, one.relation) == ("LG031", "public.behind")
        for one in answers(content + AFTER)
    )


# Syntax errors

SYNTAX = {
    "behind characters of several bytes": ("SELECT 'ü界😀', FROM FROM t;", 1, 15),
    "behind tabs": ("SELECT 1;\n\tSELECT\t1\tFROM FROM t;", 2, 16),
    "in lines as Windows has them": ("SELECT\r\n 1 FROM FROM t;\r\n", 2, 9),
    "behind a mark of byte order": ("\ufeffSELEC 1;", 1, 1),
    "far along a line": ("SELECT " + "1, " * 5000 + "FROM t;", 1, 15_008),
    "a parenthesis that is not closed": ("SELECT (1;", 1, 10),
    "a statement that the parser does not know yet": ("REPACK t;", 1, 1),
    "a variable of psql": ("SELECT :x;", 1, 8),
    "a function's body that never ends": (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;",
        1,
        54,
    ),
    "parentheses in thousands": ("SELECT " + "(" * 10_000 + "1" + ")" * 10_000 + ";", 1, 10_004),
    "UNION in thousands": ("SELECT 1" + " UNION SELECT 1" * 5000 + ";", 1, 1),
    "calls in hundreds": ("SELECT " + "f(" * 400 + "1" + ")" * 400 + ";", 1, 1),
}


@pytest.mark.parametrize("case", SYNTAX)
def test_a_statement_that_cannot_be_read_has_its_place_and_the_rest_is_read(case: str) -> None:
    text, line, column = SYNTAX[case]

    assert [("LG060", line, column)] == places(text.encode())
    assert reads_on(text.encode())


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("DROP TABLE", 11),
        ("SELECT 'never;\n", 8),
        ('SELECT "never;\n', 8),
        ("DO $x$ BEGIN;\n", 4),
        ("/* never; /* */ \n", 1),
    ],
)
def test_what_the_end_of_the_file_cuts_off_has_its_place(text: str, column: int) -> None:
    assert [("LG060", 1, column)] == places(text.encode())
    assert [("LG031", 1, None), ("LG060", 2, column)] == places(b"DROP TABLE a;\n" + text.encode())


@pytest.mark.parametrize("text", ["DO $$ BEGIN {} END $$;", "DO $$ BEGIN BEGIN {} END; END $$;"])
def test_a_block_that_is_nested_too_deeply_is_unknown_and_no_crash(text: str) -> None:
    deep = "IF true THEN " * 3000 + "DROP TABLE x; " + "END IF; " * 3000
    content = text.format(deep).encode()

    assert [("LG063", 1, None)] == places(content)
    assert reads_on(content)


def test_union_in_hundreds_is_read() -> None:
    assert [] == places(b"SELECT 1" + b" UNION SELECT 1" * 300 + b";")


def test_eight_million_characters_are_one_statement() -> None:
    assert [] == places(b"SELECT '" + b"x" * 8_000_000 + b"';")


@pytest.mark.parametrize("mark", ["'", '"', "$x$"])
def test_semicolons_within_quotes_do_not_end_what_is_passed_over(mark: str) -> None:
    content = f"SELECT 1;\nSELECT {mark}".encode() + b"x;\n" * 5000 + f"{mark};".encode() + AFTER

    found = list(read_script(io.BytesIO(content), block_bytes=512, most_characters=5000))

    assert ["Placed", "Remark", "Placed"] == [type(one).__name__ for one in found]


# What psql knows and the server does not


def test_commands_of_psql_are_passed_over_wherever_they_stand() -> None:
    text = r"""\i more.sql
\copy t FROM 'x' CSV
SELECT 1 \gexec
\if :x
DROP TABLE a;
\endif
\echo 'it''s; \\ 1
DROP TABLE b;
"""
    assert [
        ("LG061", 1, 1),
        ("LG061", 3, 10),
        ("LG031", 5, None),
        ("LG031", 8, None),
    ] == places(text.encode())


def test_rows_of_copy_are_no_statements() -> None:
    text = 'COPY t FROM stdin CSV;\n1,"a;\nDROP TABLE x;\n\\.\nDROP TABLE a;\n'

    assert [("LG031", 5, None)] == places(text.encode())


# What is no UTF-8


def test_bytes_that_are_no_utf8_are_told_by_line() -> None:
    content = b"-- caf\xe9\nSELECT 'caf\xe9';\nSELECT 1;\nDROP TABLE caf\xe9;\nSELECT '\0';\n"

    found = places(content)

    assert [("LG062", line, 1) for line in (1, 2, 4, 5)] == [p for p in found if p[0] == "LG062"]
    assert reads_on(content)


def test_many_lines_that_are_no_utf8_are_told_in_one() -> None:
    content = b"SELECT '\xe9';\n" * 500

    *_, last = (one for one in answers(content) if isinstance(one, Finding))

    assert 11 == len([p for p in places(content) if p[0] == "LG062"])
    assert "holds bytes that are no UTF-8 on 490 more lines" == last.message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_told_and_read(encoding: str) -> None:
    mark = b"" if encoding == "utf-16" else "\ufeff".encode(encoding)
    content = mark + "SELECT 1;\nDROP TABLE ü;\n".encode(encoding)

    assert [("LG062", 1, 1), ("LG031", 2, None)] == places(content)


def test_a_file_that_is_packed_is_one_error() -> None:
    packed = gzip.compress(b"DROP TABLE a;\n" * 1000)

    (found,) = answers(packed)

    assert isinstance(found, Finding)
    assert (Severity.ERROR, "cannot be read: it is gzip, and no SQL", 1) == (
        found.severity,
        found.message,
        found.line,
    )


# Whatever it holds

CORPUS = sorted({text for rule in rules() for text in (rule.BAD, rule.GOOD) if text})
MARKS = (
    *("'", '"', "$$", "$a$", "/*", "*/", "--", "\\", ";", "(", ")", "\n", "\r\n", "\t", "é", "界"),
    *("E'", "\\.\n", "COPY t FROM stdin;", "BEGIN ATOMIC", "END", "CASE", ":x", "\\gexec"),
)
BYTES = [mark.encode() for mark in MARKS] + [b"\0", b"\xe9", b"\xff\xfe", b"\x1b[31m"]
HARMLESS = [b"(", b")", b"x ", b" FROM ", b";", b"\n", b"\t", b"\xe9", b"\0", "界".encode(), b","]


@st.composite
def broken(draw: st.DrawFn, corpus: list[str], marks: list[bytes], *, cut: bool) -> bytes:
    """SQL in which some places have what they should not, or lack what they should have."""
    content = draw(st.sampled_from(corpus)).encode(errors="surrogateescape")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        behind = at + (draw(st.integers(0, 8)) if cut else 0)
        content = content[:at] + draw(st.sampled_from(marks)) + content[behind:]
    return content


@settings(max_examples=250, deadline=None)
@given(broken(CORPUS, BYTES, cut=True), st.sampled_from([1, 7, 32_768]))
def test_no_file_is_a_crash_and_each_place_lies_in_it(content: bytes, block_bytes: int) -> None:
    found = answers(b"DROP TABLE before;\n" + content + AFTER, block_bytes)

    assert "DROP TABLE before" == next(o.sql for o in found if isinstance(o, LintedStatement))
    lines = (b"DROP TABLE before;\n" + content + AFTER).split(b"\n")
    for one in found:
        assert one.line is not None
        assert 1 <= one.line <= len(lines)
        assert one.column is None or 1 <= one.column <= len(lines[one.line - 1]) + 1
    entries = Shown(18, (), "0")
    for name, way in formats().items():
        written = "".join(way.render(found, entries))
        assert "\x1b" not in written, name


@settings(max_examples=150, deadline=None)
@given(
    broken([t for t in CORPUS if not {"$", "\\", "COPY"} & {*t, *t.split()}], HARMLESS, cut=False),
)
def test_statements_before_and_behind_a_broken_one_are_read(content: bytes) -> None:
    found = answers(b"DROP TABLE before;\n" + content + b"\n;" + AFTER)

    sent = [one.sql for one in found if isinstance(one, LintedStatement)]
    assert ("DROP TABLE before", "DROP TABLE behind") == (sent[0], sent[-1])


# What only a process shows


def test_a_file_that_cannot_be_read_is_told_before_the_others_are(
    lockgate: Lockgate, tmp_path: Path
) -> None:
    (tmp_path / "a.sql").write_text("DROP TABLE a;")
    (tmp_path / "folder").mkdir()
    for words in (
        ("lint", "a.sql", "gone.sql"),
        ("lint", "--schema", "folder", "a.sql"),
        ("explain", "-f", "folder"),
        ("explain", "-f", "gone.sql"),
        ("explain", "--schema", "gone.sql", "SELECT 1"),
    ):
        answer = lockgate(tmp_path, *words, "--format", "json")

        assert (2, "LG-SQL-1") == (answer.returncode, json.loads(answer.stdout)["code"])


def test_a_pipe_is_read_as_a_file_is(lockgate: Lockgate, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.sql"
    for words in (("lint", "pipe.sql"), ("explain", "-f", "pipe.sql")):
        os.mkfifo(pipe)
        writer = Thread(target=pipe.write_text, args=("DROP TABLE a;",))
        writer.start()

        answer = lockgate(tmp_path, *words)

        writer.join()
        pipe.unlink()
        assert (1, True) == (answer.returncode, "LG031" in answer.stdout)


def test_a_name_that_is_no_utf8_is_written_in_every_format(
    lockgate: Lockgate, tmp_path: Path
) -> None:
    name = os.fsdecode(b"caf\xe9.sql")
    (tmp_path / name).write_text("DROP TABLE a;")
    for way in formats():
        answer = lockgate(tmp_path, "lint", name, "--format", way)

        assert (1, "") == (answer.returncode, answer.stderr), way


def test_a_schema_with_a_mistake_is_refused_with_its_place(
    lockgate: Lockgate, tmp_path: Path
) -> None:
    (tmp_path / "s.sql").write_text("CREATE TABLE a (x int);\nCREATE TABLE b (x int y);\n")
    (tmp_path / "latin.sql").write_bytes(b"CREATE TABLE caf\xe9 (x int);\n")
    for name, said in (
        ("s.sql", '"s.sql" cannot be read on line 2 column 23: syntax error at or near "y"'),
        ("latin.sql", '"latin.sql" cannot be read on line 1: bytes that are no UTF-8'),
    ):
        answer = lockgate(tmp_path, "lint", "--schema", name, "-")

        assert f"error[LG-SQL-2]: {said}" == answer.stderr.splitlines()[0]
        assert 2 == answer.returncode
