"""libpq's passfile: the same answer as libpq, asked side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from lockgate.core.url import DatabaseUrl
from lockgate.postgres.servers import Server
from lockgate.secrets._passfile import PassfileOpenToOthers, password_for

PASSWORD = "a:b\\c*d"
ESCAPED = "a\\:b\\\\c*d"
ROLE = "passfile:role\\*"
ESCAPED_ROLE = "passfile\\:role\\\\*"


@pytest.fixture
def passfile(tmp_path: Path) -> Path:
    path = tmp_path / "passfile"
    path.touch(mode=0o600)
    return path


@pytest.fixture
def login(tcp_server: Server) -> Iterator[DatabaseUrl]:
    """A role whose name and password need escaping, without its password."""
    assert tcp_server.tcp_url is not None
    with psycopg.connect(tcp_server.url.render(), autocommit=True) as connection:
        role = sql.Identifier(ROLE)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, PASSWORD))
        yield replace(tcp_server.tcp_url, user=ROLE, password=None, database="postgres")
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def _libpq_logs_in(url: DatabaseUrl, passfile: Path) -> bool:
    try:
        psycopg.connect(url.render(), passfile=str(passfile)).close()
    except psycopg.OperationalError as error:
        if "password" not in str(error):
            raise
        return False
    return True


LINES = [
    (f"*:*:*:*:{ESCAPED}", True),
    (f"127.0.0.1:PORT:postgres:{ESCAPED_ROLE}:{ESCAPED}", True),
    (f"127.0.0.1:PORT:postgres:{ESCAPED_ROLE}:{ESCAPED}:what follows is left out", True),
    (f"127.0.0.1:PORT:postgres:{ESCAPED_ROLE}:{ESCAPED}\r", True),
    (f"#*:*:*:*:wrong\n\nshort:line\n*:*:*:*:{ESCAPED}", True),
    (f"*:*:*:*:wrong\n*:*:*:*:{ESCAPED}", False),
    (f"*:1:*:*:wrong\n*:*:*:*:{ESCAPED}", True),
    (f"127.0.0.\\1:*:*:*:{ESCAPED}", True),
    (f"127.*:*:*:*:{ESCAPED}", False),
    (f"\\*:*:*:*:{ESCAPED}", False),
    (f"*:*:post:*:{ESCAPED}", False),
    (f"*:*:*:{ROLE}:{ESCAPED}", False),
    (f"localhost:*:*:*:{ESCAPED}", False),
    ("*:*:*:*:", False),
    ("*:*:*:*", False),
    (f" *:*:*:*:{ESCAPED}", False),
]


@pytest.mark.parametrize(("lines", "expected"), LINES)
def test_passfile_is_read_as_libpq_reads_it(
    login: DatabaseUrl, passfile: Path, lines: str, expected: bool
) -> None:
    passfile.write_text(lines.replace("PORT", str(login.port)) + "\n")

    password = password_for(login, {"PGPASSFILE": str(passfile)})

    assert [expected, expected] == [password == PASSWORD, _libpq_logs_in(login, passfile)]


@pytest.mark.parametrize("host", [None, "/tmp", "/var/run/postgresql"])
def test_default_socket_is_localhost(passfile: Path, host: str | None) -> None:
    passfile.write_text("localhost:5432:app:app:secret\n")

    password = password_for(DatabaseUrl(host, user="app"), {"PGPASSFILE": str(passfile)})

    assert password == "secret"


def test_parameter_comes_before_variable_and_home(passfile: Path, tmp_path: Path) -> None:
    for name in ("parameter", "variable", ".pgpass"):
        (tmp_path / name).write_text(f"*:*:*:*:{name}\n")
        (tmp_path / name).chmod(0o600)
    home = {"HOME": str(tmp_path)}
    variable = home | {"PGPASSFILE": str(tmp_path / "variable")}
    url = DatabaseUrl("h", user="app")
    parameter = replace(url, parameters=(("passfile", str(tmp_path / "parameter")),))

    passwords = [
        password_for(parameter, variable),
        password_for(url, variable),
        password_for(url, home),
        password_for(url, {}),
    ]

    assert passwords == ["parameter", "variable", ".pgpass", None]


def test_pgpassword_is_left_to_libpq(passfile: Path) -> None:
    passfile.write_text("*:*:*:*:secret\n")
    environ = {"PGPASSFILE": str(passfile), "PGPASSWORD": "another"}

    assert password_for(DatabaseUrl("h", user="app"), environ) is None


def test_missing_passfile_answers_nothing(tmp_path: Path) -> None:
    environs = [{"PGPASSFILE": str(tmp_path / "none")}, {"PGPASSFILE": str(tmp_path)}]

    passwords = [password_for(DatabaseUrl("h", user="app"), environ) for environ in environs]

    assert passwords == [None, None]


def test_open_passfile_is_refused_where_it_would_answer(passfile: Path) -> None:
    passfile.write_text("h:*:*:*:secret\n")
    passfile.chmod(0o640)
    environ = {"PGPASSFILE": str(passfile)}

    with pytest.raises(PassfileOpenToOthers) as refused:
        password_for(DatabaseUrl("h", user="app"), environ)

    expected = f'the passfile "{passfile}" has mode 0640, so that libpq ignores it'
    assert expected == str(refused.value)
    assert password_for(DatabaseUrl("other", user="app"), environ) is None
