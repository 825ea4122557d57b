"""`service:NAME`: libpq's service file, read as libpq reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from lockgate.core.url import DatabaseUrl, UrlUnreadable
from lockgate.errors import ExitStatus
from lockgate.postgres.servers import Server
from lockgate.secrets import ReferenceMalformed, SourceContext, resolve, service

MakeContext = Callable[..., SourceContext]

FILE = """\
# services
[other]
host=nowhere

[archive]
host=db.example.org
port=5433
  user=app
dbname=archive
dbname=the first one counts
sslmode=verify-full
options=-c search_path=a
[archived]
host=elsewhere
"""


def test_section_is_read_as_libpq_does(context: MakeContext, tmp_path: Path) -> None:
    (tmp_path / ".pg_service.conf").write_text(FILE)

    url = service.resolve("archive", context())

    parameters = (("options", "-c search_path=a"), ("sslmode", "verify-full"))
    expected = DatabaseUrl("db.example.org", 5433, "app", None, "archive", parameters=parameters)
    assert expected == url


def test_password_in_section_survives(
    url: DatabaseUrl, password: str, context: MakeContext, tmp_path: Path
) -> None:
    lines = [f"{keyword}={value}" for keyword, value in url.conninfo().items()]
    (tmp_path / ".pg_service.conf").write_text("\n".join(["[archive]", *lines]))

    assert url == service.resolve("archive", context())


def test_named_file_comes_before_home_and_system_comes_last(
    context: MakeContext, tmp_path: Path
) -> None:
    (tmp_path / ".pg_service.conf").write_text("[a]\nhost=home\n[b]\nhost=home\n[c]\nhost=home\n")
    (tmp_path / "named").write_text("[a]\nhost=named\n")
    (tmp_path / "pg_service.conf").write_text("[a]\nhost=system\n[b]\nhost=system\n")
    named = context()
    environ = {"PGSERVICEFILE": str(tmp_path / "named"), "PGSYSCONFDIR": str(tmp_path)}
    named = replace(named, environ=dict(named.environ) | environ)

    hosts = [service.resolve(name, named).host for name in ("a", "b")]

    assert hosts == ["named", "system"]
    with pytest.raises(service.ServiceUnknown):
        service.resolve("c", named)


def test_unknown_service_says_where_it_looked(context: MakeContext, tmp_path: Path) -> None:
    unset = replace(context(), environ={"PGSERVICEFILE": "/a", "PGSYSCONFDIR": "/b"})

    with pytest.raises(service.ServiceUnknown) as refused:
        service.resolve("archive", unset)

    expected = 'the service "archive" is not defined; looked in "/a", "/b/pg_service.conf"'
    assert expected == str(refused.value)
    assert refused.value.exit_status == ExitStatus.UNREACHABLE


@pytest.mark.parametrize("line", ["password", "password = x", "service=other", "ldap://h/x"])
def test_line_libpq_stumbles_over_is_named_by_number(
    context: MakeContext, tmp_path: Path, line: str
) -> None:
    (tmp_path / ".pg_service.conf").write_text(f"[archive]\nhost=h\n{line}\n")

    with pytest.raises(service.ServiceFileUnreadable) as refused:
        service.resolve("archive", context())

    path = tmp_path / ".pg_service.conf"
    expected = f'the service file "{path}" cannot be read: line 3 is no keyword=value'
    assert expected == str(refused.value)


def test_several_hosts_are_refused(context: MakeContext, tmp_path: Path) -> None:
    (tmp_path / ".pg_service.conf").write_text("[archive]\nhost=h1,h2\n")

    with pytest.raises(UrlUnreadable, match="several hosts"):
        service.resolve("archive", context())


@pytest.mark.parametrize("reference", ["", "a]b", "postgresql://u:p@h/db"])
def test_malformed_name_is_refused(reference: str, context: MakeContext) -> None:
    with pytest.raises(ReferenceMalformed):
        service.resolve(reference, context())


def test_service_and_passfile_open_a_connection(
    tcp_server: Server, context: MakeContext, tmp_path: Path
) -> None:
    url = tcp_server.tcp_url
    assert url is not None
    assert url.password is not None
    escaped = url.password.replace("\\", "\\\\").replace(":", "\\:")
    (tmp_path / ".pgpass").write_text(f"*:{url.port}:*:{url.user}:{escaped}\n")
    (tmp_path / ".pgpass").chmod(0o600)
    (tmp_path / ".pg_service.conf").write_text(
        f"[archive]\nhost={url.host}\nport={url.port}\nuser={url.user}\ndbname=postgres\n"
    )

    resolved = resolve("service:archive", context())

    assert url.password == resolved.password
    with psycopg.connect(resolved.render()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
