"""`command:LINE`: what a program prints."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus
from lockgate.secrets import ReferenceMalformed, SourceContext, command

MakeContext = Callable[..., SourceContext]


def _python(program: str) -> str:
    return shlex.join([sys.executable, "-S", "-c", program])


def test_printed_url_is_read(url: DatabaseUrl, context: MakeContext) -> None:
    line = _python(f"print({url.render()!r}); print('a note')")

    assert url == command.resolve(line, context())


def test_printed_json_is_read(url: DatabaseUrl, context: MakeContext) -> None:
    secret = {"host": url.host, "port": url.port, "username": url.user, "password": url.password}
    line = shlex.join(["printf", "%s", json.dumps(secret, ensure_ascii=False)])

    assert url == command.resolve(line, context(dbname=url.database))


def test_command_runs_in_the_directory_of_the_settings(
    context: MakeContext, tmp_path: Path
) -> None:
    (tmp_path / "url.txt").write_text("postgresql://h/db")

    assert DatabaseUrl("h", database="db") == command.resolve("cat url.txt", context())


def test_no_shell_reads_the_line(context: MakeContext) -> None:
    url = command.resolve("echo 'postgresql://h/$HOME;x'", context())

    assert DatabaseUrl("h", database="$HOME;x") == url


def test_command_sees_nothing_but_the_given_environment(
    context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCKGATE_TEST_SECRET", "x")
    line = _python("import os; print(f'postgresql://h/{os.environ.get(\"LOCKGATE_TEST_SECRET\")}')")

    assert DatabaseUrl("h", database="None") == command.resolve(line, context())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("false", 'the command "false" gave no URL: it ended with status 1'),
        ("sh -c 'exit 3'", 'the command "sh" gave no URL: it ended with status 3'),
        ("sh -c 'kill -9 $$'", 'the command "sh" gave no URL: it ended with status -9'),
        ("true", 'the command "true" gave no URL: it printed nothing'),
        (
            "lockgate-no-such-program x",
            'the command "lockgate-no-such-program" gave no URL: No such file or directory',
        ),
        (
            "postgresql://u:p@h/db",
            'the command "..." gave no URL: No such file or directory',
        ),
    ],
)
def test_failure_says_how_it_ended(context: MakeContext, line: str, message: str) -> None:
    with pytest.raises(command.CommandFailed) as refused:
        command.resolve(line, context())

    assert message == str(refused.value)
    assert refused.value.exit_status == ExitStatus.UNREACHABLE


def test_slow_command_is_ended_with_its_children(context: MakeContext, tmp_path: Path) -> None:
    fifo = tmp_path / "held"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    line = f"sh -c 'exec 3>{fifo}; echo started >&3; sleep 60 & sleep 60'"
    began = time.monotonic()

    with pytest.raises(command.CommandFailed) as refused:
        command.resolve(line, context(command_timeout_s="0.5"))

    assert str(refused.value) == 'the command "sh" gave no URL: it took longer than 0.5 s'
    assert time.monotonic() - began < 10
    # The end of the file comes when no process holds the other end any more.
    os.set_blocking(reader, True)
    with open(reader) as held:
        assert held.read() == "started\n"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("given", ["soon", "-1", "0", "1e3", "nan"])
def test_malformed_timeout_is_a_usage_error(context: MakeContext, given: str) -> None:
    with pytest.raises(command.CommandTimeoutMalformed) as refused:
        command.resolve("true", context(command_timeout_s=given))

    assert f'command_timeout_s is "{given}"' == str(refused.value)
    assert refused.value.exit_status == ExitStatus.USAGE


@pytest.mark.parametrize("line", ["", "   ", "echo 'open", "a\0b"])
def test_malformed_line_is_refused(line: str, context: MakeContext) -> None:
    with pytest.raises(ReferenceMalformed):
        command.resolve(line, context())
