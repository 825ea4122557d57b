"""A file of SQL is read as a stream: every statement with its place, and what is none is told."""

from __future__ import annotations

import io
import tracemalloc
from typing import BinaryIO, cast

import pytest

from lockgate.core.script import Comment, Placed, Remark, RemarkKind, read_script

FILE = rb"""-- lockgate: allow LG001 because small
CREATE INDEX i ON t (x); SELECT 1 \gexec
\connect other
COPY t FROM stdin;
1	a;'b
\.x
\.
SELECT 'a\'; SELECT $a$ ; $$ ; $a$;
SELEC 1;
DO $$ BEGIN ; END $$; /* a /* b ; */ ; */
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;
INSERT INTO t VALUES (E'\';', "a"";");
SELECT
  FROM FROM t;
SELECT 'x"""


def read(content: bytes, block_bytes: int = 32) -> list[Placed | Remark | Comment]:
    return list(read_script(io.BytesIO(content), block_bytes=block_bytes))


def statements(content: bytes, block_bytes: int = 32) -> list[tuple[int, int, str]]:
    found = (p for p in read(content, block_bytes) if isinstance(p, Placed))
    return [(placed.line, placed.column, placed.parsed.sql) for placed in found]


@pytest.mark.parametrize("block_bytes", [1, 2, 7, 100_000])
def test_statements_end_where_psql_ends_them(block_bytes: int) -> None:
    found = statements(FILE, block_bytes)

    assert [
        (2, 1, "CREATE INDEX i ON t (x)"),
        (2, 26, "SELECT 1"),
        (4, 1, "COPY t FROM stdin"),
        (8, 1, r"SELECT 'a\'"),
        (8, 14, "SELECT $a$ ; $$ ; $a$"),
        (9, 1, "SELEC 1"),
        (10, 1, "DO $$ BEGIN ; END $$"),
        (11, 1, FILE.split(b"\n")[10].decode().removesuffix(";")),
        (12, 1, r"""INSERT INTO t VALUES (E'\';', "a"";")"""),
        (13, 1, "SELECT\n  FROM FROM t"),
        (15, 1, "SELECT 'x"),
    ] == found


@pytest.mark.parametrize("block_bytes", [1, 100_000])
def test_problem_has_its_line_and_column_in_the_file(block_bytes: int) -> None:
    found = [p.parsed.problem for p in read(FILE, block_bytes) if isinstance(p, Placed)]

    places = [(problem.line, problem.column) for problem in found if problem is not None]
    assert [(9, 1), (14, 8), (15, 8)] == places


def test_meta_commands_are_told_with_their_place() -> None:
    found = [p for p in read(FILE) if isinstance(p, Remark)]

    assert [(r"\gexec", 2), (r"\connect other", 3)] == [(r.text, r.line) for r in found]


def test_comment_to_lockgate_comes_before_its_statement() -> None:
    first, second = read(FILE)[:2]

    assert Comment("lockgate: allow LG001 because small", 1) == first
    assert isinstance(second, Placed)


def test_comment_within_a_string_is_none() -> None:
    found = read(b"SELECT '-- lockgate: allow LG001 because x';")

    assert [Placed] == [type(passage) for passage in found]


def test_rows_without_an_end_are_told_and_end_the_file() -> None:
    found = read(b"COPY t FROM stdin;\n1\n2\nSELECT 1;\n")

    assert [RemarkKind.COPY_DATA] == [p.kind for p in found if isinstance(p, Remark)]
    assert [1] == [p.line for p in found if isinstance(p, Placed)]


def test_copy_from_a_file_has_no_rows_here() -> None:
    assert 2 == len(statements(b"COPY t FROM '/tmp/x';\nSELECT 1;\n"))


def test_bytes_that_are_no_utf8_are_told_and_the_rest_is_read() -> None:
    found = read(b"SELECT 1;\nSELECT 'caf\xe9';\nSELECT '\x00';\nSELECT 4;\n", 1000)

    remarks = [(p.kind, p.line) for p in found if isinstance(p, Remark)]
    assert [(RemarkKind.ENCODING, 2), (RemarkKind.ENCODING, 3)] == remarks
    assert 4 == sum(1 for p in found if isinstance(p, Placed) and p.parsed.problem is None)


def test_byte_order_mark_is_no_part_of_the_statement() -> None:
    assert [(1, 1, "SELECT 1")] == statements(b"\xef\xbb\xbfSELECT 1;")


def test_statement_that_is_too_long_is_passed_over() -> None:
    content = b"SELECT 1;\nSELECT '" + b"x" * 5000 + b"';\nSELECT 3;\n"

    found = list(read_script(io.BytesIO(content), block_bytes=64, most_characters=1000))

    assert [RemarkKind.TOO_LONG] == [p.kind for p in found if isinstance(p, Remark)]
    lines = [p.line for p in found if isinstance(p, Placed)]
    assert [1, 3] == lines


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """Twenty thousand statements, made as they are read."""

        left = 600 * 1024

        def read(self, size: int = -1) -> bytes:
            line = b"INSERT INTO t VALUES (1, 'a');\n"
            count = min(size, self.left) // len(line) + 1
            self.left -= count * len(line)
            return line * count if self.left > 0 else b""

    tracemalloc.start()
    number = sum(1 for _ in read_script(cast(BinaryIO, Endless())))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert number > 19_000
    assert peak < 10 * 1024 * 1024
