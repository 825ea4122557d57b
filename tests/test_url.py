"""URLs: every spelling is read, every rendering opens a connection, no reading is guessed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from lockgate.core.url import DatabaseUrl, UrlParameterUnusable, UrlUnreadable
from lockgate.postgres.binaries import BinariesNotFound, find_binaries
from lockgate.postgres.servers import Server, start_server

ODD = "p@ss:w/o%r#d? &=+'\"\\ ünïcödé"
ODD_NAME = "odd @:/%#?&=+ näme"

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
HOSTS = st.one_of(
    st.from_regex(r"[a-z0-9]([a-z0-9.\-]{0,20}[a-z0-9])?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    TEXT.map(lambda name: f"/{name}".replace(",", ";")),
)
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "application_name": TEXT,
        "options": TEXT,
        "sslmode": st.sampled_from(["disable", "require", "verify-full"]),
        "sslrootcert": TEXT,
        "target_session_attrs": st.just("read-write"),
    },
)
DRIVERS = ("psycopg", "psycopg_async", "psycopg2", "psycopg2cffi", "asyncpg")


@st.composite
def urls(draw: st.DrawFn) -> DatabaseUrl:
    return DatabaseUrl(
        host=draw(st.none() | HOSTS),
        port=draw(st.none() | st.integers(1, 65535)),
        user=draw(st.none() | TEXT),
        password=draw(st.none() | TEXT),
        database=draw(st.none() | TEXT),
        driver=draw(st.sampled_from([None, *DRIVERS])),
        parameters=tuple(sorted(draw(PARAMETERS).items())),
    )


@given(urls())
def test_parse_reads_what_render_wrote(url: DatabaseUrl) -> None:
    assert url == DatabaseUrl.parse(url.render(), source="test")


@given(urls())
def test_libpq_reads_what_render_wrote(url: DatabaseUrl) -> None:
    url = url.with_driver(None)

    assert url.conninfo() == conninfo_to_dict(url.render())


@given(urls())
def test_sqlalchemy_reads_what_render_wrote(url: DatabaseUrl) -> None:
    url = url.with_driver("psycopg")
    read = make_url(url.render())

    _, arguments = read.get_dialect()().create_connect_args(read)

    arguments.pop("context", None)
    assert url.conninfo() == {name: str(value) for name, value in arguments.items()}


@given(urls())
def test_parse_reads_what_sqlalchemy_wrote(url: DatabaseUrl) -> None:
    url = url.with_driver("psycopg")
    query = dict(url.parameters)
    if url.host is not None and url.host.startswith("/"):
        query["host"] = url.host
    # SQLAlchemy drops a password without a user, and leaves the spaces that end a text bare.
    url = replace(
        url,
        password=url.password if url.user else None,
        database=(url.database or "").strip() or None,
    )
    written = URL.create(
        "postgresql+psycopg",
        url.user,
        url.password,
        None if "host" in query else url.host,
        url.port,
        url.database,
        query,
    )

    read = DatabaseUrl.parse(written.render_as_string(hide_password=False), source="test")

    assert url == read


@given(TEXT)
@example("p@h/x")
@example("1/w")
@example("x@h?a=b")
@example("%")
@example("100%")
@example("%41")
@example("a@b%41")
@example(ODD)
def test_bare_password_is_read_as_it_stands_or_refused(password: str) -> None:
    try:
        url = DatabaseUrl.parse(f"postgresql://u:{password}@host:5432/db", source="test")
    except UrlUnreadable:
        return

    # libpq and SQLAlchemy read a well-formed escape as one too.
    expected = DatabaseUrl("host", 5432, "u", url.password, "db")
    assert expected == url
    assert url.password in (password, unquote(password))


@pytest.mark.parametrize(
    "password", ["p@ss", "p/w", "p?w", "p#w", "p:w", "100%", "a b", "ünï", "@"]
)
def test_bare_password_with_one_reading_is_read(password: str) -> None:
    url = DatabaseUrl.parse(f"postgresql://u:{password}@h/db?sslmode=require", source="test")

    assert (password, "h", "db") == (url.password, url.host, url.database)


@pytest.mark.parametrize(
    "rest",
    [
        "u:x@y/z@h/db",  # the host could be y or h
        "u:1/x@h/db",  # u could be a host with port 1
        "u:p@ss%20@h/db",  # encoded, or not?
        "u:50%off%21@h/db",
        "u:%ff@h/db",
        "u:a%00@h/db",
        "h/db?password=a+b",
    ],
)
def test_password_with_several_readings_is_refused(rest: str) -> None:
    with pytest.raises(UrlUnreadable):
        DatabaseUrl.parse(f"postgresql://{rest}", source="test")


@given(st.one_of(st.text(), st.from_regex(r"postgres(ql)?(\+\w+)?://[ -~]*", fullmatch=True)))
@example("postgresql://h/db?port=abc")
@example("postgresql://h:99999/db")
@example("postgresql://[::1/db")
@example("postgresql://u:\udcff@h/db")
@example("postgresql://h/db?dsn=%")
@example("postgresql://h/db?=")
def test_parse_raises_nothing_but_its_own_error(given_text: str) -> None:
    chained: list[BaseException | None] = []

    try:
        DatabaseUrl.parse(given_text, source="test")
    except UrlUnreadable as error:
        chained = [error.__cause__, error.__context__]

    assert not any(chained)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("postgres://h", DatabaseUrl(host="h")),
        ("postgresql://", DatabaseUrl()),
        ("postgresql:///db", DatabaseUrl(database="db")),
        ("postgresql+psycopg2cffi://u@h", DatabaseUrl(host="h", user="u", driver="psycopg2cffi")),
        ("postgresql://%2Ftmp:5433/db", DatabaseUrl(host="/tmp", port=5433, database="db")),
        ("postgresql:///db?host=/tmp&port=1", DatabaseUrl(host="/tmp", port=1, database="db")),
        ("postgresql:///db?host=h:5433", DatabaseUrl(host="h", port=5433, database="db")),
        ("postgresql://[::1]:5433/db", DatabaseUrl(host="::1", port=5433, database="db")),
        ("postgresql://h?user=u&password=p&dbname=d", DatabaseUrl("h", None, "u", "p", "d")),
        ("postgresql://h?ssl=true", DatabaseUrl(host="h", parameters=(("sslmode", "require"),))),
        (
            "postgresql+asyncpg://h?ssl=verify-full",
            DatabaseUrl(host="h", driver="asyncpg", parameters=(("sslmode", "verify-full"),)),
        ),
        (
            "postgresql+pg8000:///db?unix_sock=/tmp/.s.PGSQL.5433",
            DatabaseUrl(host="/tmp", port=5433, database="db", driver="pg8000"),
        ),
    ],
)
def test_spelling_is_read(given_text: str, expected: DatabaseUrl) -> None:
    assert expected == DatabaseUrl.parse(given_text, source="test")


@pytest.mark.parametrize(
    ("given_text", "reason"),
    [
        ("mysql://h/db", "it does not begin with postgresql:// or postgres://"),
        ("postgresql+://h/db", "it does not begin with postgresql:// or postgres://"),
        ("postgresql://h1:1,h2:2/db", "it names several hosts; name the primary alone"),
        ("postgresql:///db?host=h1,h2", "it names several hosts; name the primary alone"),
        ("postgresql:///db?host=h1&host=h2", 'it gives "host" twice'),
        ("postgresql://prod/db?host=dev", 'it gives "host" twice'),
        ("postgresql://h/db?sslmode=disable&ssl=require", 'it gives "sslmode" twice'),
        ("postgresql://h/db?port=abc", "its port is not a number from 1 to 65535"),
        ("postgresql://h:0/db", "its port is not a number from 1 to 65535"),
        ("postgresql://h:abc/db", "what follows its login is not host:port/dbname?parameters"),
    ],
)
def test_refusal_says_why(given_text: str, reason: str) -> None:
    with pytest.raises(UrlUnreadable) as refused:
        DatabaseUrl.parse(given_text, source="env:X")

    assert f'the URL from "env:X" cannot be read: {reason}' == str(refused.value)


@given(urls(), st.from_regex(r"secret[0-9]{8}", fullmatch=True))
def test_secrets_are_in_neither_repr_nor_redacted(url: DatabaseUrl, secret: str) -> None:
    url = replace(url, password=secret, parameters=(("sslpassword", secret), *url.parameters))

    shown = [repr(url), str(url), url.redacted(), repr([url])]

    assert not [text for text in shown if secret in text]


def test_redacted_shows_three_stars() -> None:
    url = DatabaseUrl("h", 5432, "u", "secret", "db", "asyncpg", (("sslmode", "require"),))

    expected = "postgresql+asyncpg://u:***@h:5432/db?sslmode=require"
    assert expected == url.redacted()


@pytest.mark.parametrize(
    ("driver", "parameter"),
    [("asyncpg", "channel_binding"), ("asyncpg", "hostaddr"), ("pg8000", "options")],
)
def test_render_refuses_what_the_driver_cannot_be_told(driver: str, parameter: str) -> None:
    url = DatabaseUrl(host="h", driver=driver, parameters=((parameter, "x"),))

    with pytest.raises(UrlParameterUnusable) as refused:
        url.render()

    assert f'the driver "{driver}" takes no "{parameter}" from a URL' == str(refused.value)


def test_asyncpg_parameters_are_kept_from_other_drivers() -> None:
    plain = DatabaseUrl(host="h", database="db", driver="psycopg")
    given_text = "postgresql+asyncpg://h/db?prepared_statement_cache_size=0"

    url = DatabaseUrl.parse(given_text, source="test")

    assert given_text == url.render()
    assert plain.render() == url.with_driver("psycopg").render()
    assert plain.conninfo() == url.conninfo()


# With a real server


@pytest.fixture(scope="module")
def scram_server(start_scratch_server: Callable[..., Server]) -> Server:
    """A server that asks for an odd password on TCP and on its socket, of a role with an odd name.

    Its superuser still comes in by the socket.
    """
    server = start_scratch_server(tcp_password=ODD)
    with psycopg.connect(**server.url.conninfo(), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(ODD_NAME), ODD)
        )
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(ODD_NAME)))
    rules = _owned_by_server(
        server,
        "pg_hba.conf",
        b"local all postgres trust\n"
        b"local all all scram-sha-256\n"
        b"host all all 127.0.0.1/32 scram-sha-256\n",
    )
    return _restarted(server, hba_file=str(rules))


def _owned_by_server(server: Server, name: str, content: bytes) -> Path:
    file = server.directory / name
    file.write_bytes(content)
    file.chmod(0o600)
    owner = (server.directory / "data").stat()
    os.chown(file, owner.st_uid, owner.st_gid)
    return file


def _restarted(server: Server, **settings: str) -> Server:
    server.stop()
    return start_server(
        server.directory, server.binaries, durable=False, tcp_password=ODD, settings=settings
    )


def _ask(url: DatabaseUrl, question: str) -> object:
    """The server's answer, asked with SQLAlchemy through the driver that `url` names."""

    async def ask_async() -> object:
        engine = create_async_engine(url.render())
        async with engine.connect() as connection:
            answer = (await connection.execute(text(question))).scalar_one()
        await engine.dispose()
        return answer

    if url.driver in ("asyncpg", "psycopg_async"):
        return asyncio.run(ask_async())
    engine = create_engine(url.render())
    with engine.connect() as connection:
        answer = connection.execute(text(question)).scalar_one()
    engine.dispose()
    return answer


OPENED = ("psycopg", "psycopg_async", "psycopg2", "asyncpg", "pg8000")


@pytest.fixture(params=OPENED)
def driver(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "pg8000":
        pytest.importorskip("pg8000")
    return name


@pytest.mark.parametrize("way", ["tcp", "socket"])
def test_sqlalchemy_logs_in_with_odd_password(scram_server: Server, driver: str, way: str) -> None:
    server_url = scram_server.tcp_url if way == "tcp" else scram_server.url
    assert server_url is not None
    url = replace(server_url, user=ODD_NAME, password=ODD, database=ODD_NAME, driver=driver)

    answer = _ask(url, "SELECT concat(current_user, ' in ', current_database())")

    assert f"{ODD_NAME} in {ODD_NAME}" == answer


def test_wrong_password_is_noticed(scram_server: Server) -> None:
    url = replace(scram_server.url, user=ODD_NAME, password=f"{ODD}!", database=ODD_NAME)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.render())


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_server_settings_travel_in_the_url(server: Server, driver: str) -> None:
    name = "a b+c&d"
    parameters = (
        ("application_name", name),
        ("connect_timeout", "10"),
        ("options", "-c search_path=tenant_7"),
    )
    url = replace(server.url, driver=driver, parameters=parameters)

    answer = _ask(
        url,
        "SELECT concat(current_setting('application_name'), ' ', current_setting('search_path'))",
    )

    assert f"{name} tenant_7" == answer


@pytest.fixture(scope="module")
def tls_server(start_scratch_server: Callable[..., Server]) -> tuple[Server, Path]:
    """A server with a certificate for 127.0.0.1, and the file of the authority that signed it."""
    try:
        server = start_scratch_server(find_binaries(15), tcp_password=ODD)
    except BinariesNotFound as error:
        pytest.skip(str(error))
    certificate, key = _self_signed()
    certificate_file = _owned_by_server(server, "server.crt", certificate)
    key_file = _owned_by_server(server, "server.key", key)
    return (
        _restarted(
            server, ssl="on", ssl_cert_file=str(certificate_file), ssl_key_file=str(key_file)
        ),
        certificate_file,
    )


def _self_signed() -> tuple[bytes, bytes]:
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM), key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


@pytest.mark.parametrize("sslmode", ["disable", "require", "verify-full"])
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_sslmode_reaches_the_driver(
    tls_server: tuple[Server, Path], driver: str, sslmode: str
) -> None:
    server, authority = tls_server
    assert server.tcp_url is not None
    parameters = (("sslmode", sslmode), ("sslrootcert", str(authority)))
    url = replace(server.tcp_url, driver=driver, parameters=parameters)

    encrypted = _ask(url, "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()")

    assert (sslmode != "disable") == encrypted


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg"])
def test_unknown_authority_is_refused(tls_server: tuple[Server, Path], driver: str) -> None:
    server, _ = tls_server
    assert server.tcp_url is not None
    other_authority = _owned_by_server(server, "other.crt", _self_signed()[0])
    parameters = (("sslmode", "verify-full"), ("sslrootcert", str(other_authority)))
    url = replace(server.tcp_url, driver=driver, parameters=parameters)

    with pytest.raises(Exception, match="certificate verify failed"):
        _ask(url, "SELECT 1")
