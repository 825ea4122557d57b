"""`lockgate explain` as a person meets it: text, statuses, and what it is given."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path


def explain(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = Path(sys.executable).with_name("lockgate")
    return subprocess.run([program, "explain", *arguments], input=stdin, capture_output=True)


def test_text_says_whom_a_lock_blocks(tmp_path: Path) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text("CREATE TABLE orders (id int PRIMARY KEY, total int);")

    answer = explain("ALTER TABLE orders ALTER total TYPE bigint", "--schema", str(schema))

    expected = """\
ALTER TABLE orders ALTER total TYPE bigint                                line 1
   public.orders       blocks reads and writes  ACCESS EXCLUSIVE
                       writes every row anew, builds orders_pkey
   public.orders_pkey  blocks reads and writes  ACCESS EXCLUSIVE
"""
    assert answer.stdout.decode().startswith(expected)
    assert 1 == answer.returncode


def test_what_harms_nobody_ends_well() -> None:
    answer = explain("ANALYZE orders")

    assert (0, b"") == (answer.returncode, answer.stderr)
    assert "blocks neither" in answer.stdout.decode()


def test_a_syntax_error_has_its_place_and_the_rest_is_read() -> None:
    script = "SELECT 1;\nALTER TABLE ü ADD COLUMNN c int;\n\\set x 1\nDROP TABLE a;"

    answer = explain("-f", "-", stdin=script.encode())

    lines = answer.stdout.decode().splitlines()
    place = next(n for n, line in enumerate(lines) if "syntax error" in line)
    assert 'syntax error at or near "int", line 2 column 29' == lines[place].strip()
    assert lines[place + 1].index("int") == lines[place + 2].index("^")
    assert any("public.a" in line and "blocks reads and writes" in line for line in lines)


def test_bytes_that_are_no_utf8_are_told_of_and_the_rest_is_read() -> None:
    answer = explain("-f", "-", "--format", "json", stdin=b"SELECT '\xff';\nDROP TABLE a;")

    document = json.loads(answer.stdout)
    assert ["public.a"] == [e["relation"] for e in document["statements"][1]["effects"]]
    assert any("UTF-8" in finding["message"] for finding in document["findings"])


def test_arguments_that_do_not_go_together_are_told_of() -> None:
    for arguments in ((), ("SELECT 1", "-f", "x.sql"), ("SELECT 1", "--pg-version", "9")):
        answer = explain(*arguments)

        assert 2 == answer.returncode
        assert answer.stderr.decode().startswith("error[LG-CLI-1]: ")


def test_a_file_that_is_not_there_is_told_of() -> None:
    answer = explain("-f", "nowhere.sql")

    assert 2 == answer.returncode
    assert answer.stderr.decode().startswith('error[LG-SQL-1]: the file "nowhere.sql" cannot be')


def test_the_first_results_are_shown_before_the_last_statement_is_read() -> None:
    program = Path(sys.executable).with_name("lockgate")
    for words in ((), ("--format", "json")):
        with subprocess.Popen(
            [program, "explain", *words, "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(b"ANALYZE orders;\n" * 3_000)
            process.stdin.flush()
            early = process.stdout.read(1_000)
            process.stdin.write(b"ANALYZE people;\n")
            process.stdin.close()
            late = process.stdout.read()

        assert b"ANALYZE orders" in early
        assert b"ANALYZE people" in late


def test_a_finding_of_the_whole_file_names_the_line_it_is_about() -> None:
    answer = explain("ALTER TABLE a RENAME TO b;\nSELECT 1;")

    *_, finding, _, _, end = answer.stdout.decode().splitlines()
    assert "   error LG021: line 1: breaks code that asks for a" == finding
    assert "predicted for PostgreSQL 18" == end


def test_ctrl_c_in_the_middle_of_a_file_ends_with_words_and_no_traceback() -> None:
    program = Path(sys.executable).with_name("lockgate")
    with subprocess.Popen(
        [program, "explain", "-f", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"ANALYZE orders;\n" * 3_000)
        process.stdin.flush()
        process.stdout.read(1_000)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()

    assert 130 == process.returncode
    assert said.startswith(b"interrupted: ")
    assert 1 == said.count(b"\n")
