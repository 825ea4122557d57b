"""Where a database is and how to log in: one value for every spelling of a URL.

Answers what a URL, a libpq service or a secret means, and how each SQLAlchemy driver wants to
be told. Leaves opening the database to `postgres` and to the team's `env.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import quote, unquote, urlencode

from lockgate.errors import ExitStatus, LockgateError

SCHEMES = ("postgresql", "postgres")

SECRET_PARAMETERS = frozenset({"oauth_client_secret", "password", "sslpassword"})
"""libpq parameters whose value is never shown."""

_ALIASES = {"database": "dbname", "ssl": "sslmode"}
"""asyncpg's and pg8000's names for libpq parameters."""

_ASYNCPG_OWN = frozenset(
    {
        "async_fallback",
        "command_timeout",
        "direct_tls",
        "max_cached_statement_lifetime",
        "max_cacheable_statement_size",
        "prepared_statement_cache_size",
        "statement_cache_size",
    }
)
"""What SQLAlchemy hands to asyncpg and libpq does not know."""

_ONLY_COMFORT = frozenset(
    {
        "connect_timeout",
        "fallback_application_name",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "sslcompression",
        "sslsni",
        "tcp_user_timeout",
    }
)
"""libpq parameters that decide neither which database is reached nor who can listen."""

_LIBPQ_ONLY = frozenset(
    {
        "channel_binding",
        "gssdelegation",
        "gssencmode",
        "hostaddr",
        "load_balance_hosts",
        "max_protocol_version",
        "min_protocol_version",
        "replication",
        "require_auth",
        "requirepeer",
        "requiressl",
        "sslcertmode",
        "sslcrldir",
        "sslkeylogfile",
    }
)
"""libpq parameters that asyncpg would pass to the server, which refuses them."""

_LENIENT_SSLMODES = ("disable", "allow", "prefer")

_HOST = r"(?:\[[^\]@/?\#]*\]|[\w.\-~%]*)(?::[0-9]*)?"
_PLACE = re.compile(
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*) (?:/(?P<database>[^?]*))? (?:\?(?P<query>.*))?",
    re.VERBOSE | re.DOTALL,
)
_QUERY = re.compile(r"(?:[A-Za-z_][\w.]*=[^&]*(?:&|\Z))*", re.DOTALL)
_LOGIN = re.compile(r"(?P<user>[^:/?#\[\]]*)(?::(?P<password>.*))?", re.DOTALL)
_SCHEME = re.compile(r"(?:postgresql|postgres)(?:\+(?P<driver>[a-z][a-z0-9_]*))?://")
_SOCKET_FILE = re.compile(r"(?P<directory>.+)/\.s\.PGSQL\.(?P<port>[0-9]+)")


@dataclass(eq=False)
class UrlUnreadable(LockgateError):
    """A text that should be a database URL and is not one; the text itself is never shown."""

    source: str
    reason: str

    code: ClassVar[str] = "LG-URL-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What is wrong with the URL, without the URL."""
        return f'the URL from "{self.source}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """The spelling that works."""
        return (
            "write it as postgresql://user:password@host:5432/dbname, "
            "with @ : / % # ? in the password percent-encoded"
        )


@dataclass(eq=False)
class UrlParameterUnusable(LockgateError):
    """A parameter that matters and that the driver cannot be told in a URL."""

    parameter: str
    driver: str

    code: ClassVar[str] = "LG-URL-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which parameter, and which driver."""
        return f'the driver "{self.driver}" takes no "{self.parameter}" from a URL'

    @property
    def hint(self) -> str:
        """The two ways out."""
        return (
            f"take {self.parameter} out of the URL and set it in env.py, or use the driver psycopg"
        )


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A PostgreSQL database and the login for it.

    `host` is a name, an address or the directory of a Unix socket; `driver` is SQLAlchemy's
    name for the DBAPI as the source spelled it, or None where it did not. `password` never
    appears in `repr`. `parameters` are libpq parameters such as `sslmode`, sorted by name, and
    those that only SQLAlchemy's asyncpg driver knows.
    """

    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = None
    database: str | None = None
    driver: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str, *, source: str) -> DatabaseUrl:
        """The value that `text` spells; `source` says in errors where the text came from.

        Accepts `postgres://`, `postgresql://` and `postgresql+driver://`, a Unix socket as
        `?host=/directory` or `%2Fdirectory`, what any SQLAlchemy driver or libpq reads, and
        logins that were left unencoded as long as only one reading is possible.

        Raises UrlUnreadable, also for several hosts: lockgate must know which server it changes.
        """
        text = text.strip()
        scheme = _SCHEME.match(text)
        if scheme is None:
            raise UrlUnreadable(source, "it does not begin with postgresql:// or postgres://")
        login, place = _only_reading(text[scheme.end() :], source)
        given = [
            ("user", _decoded(login["user"], source)),
            ("password", _decoded_password(login["password"], source)),
            ("dbname", _decoded(place["database"], source)),
            *_host_and_port(place["hosts"], source),
        ]
        parameters: dict[str, str] = {}
        for name, value in [*(pair for pair in given if pair[1]), *_pairs(place["query"], source)]:
            if name in parameters:
                raise UrlUnreadable(source, f'it gives "{name}" twice')
            parameters[name] = value
        return cls.from_parameters(parameters, source=source, driver=scheme["driver"])

    @classmethod
    def from_parameters(
        cls, given: Mapping[str, str], *, source: str, driver: str | None = None
    ) -> DatabaseUrl:
        """The value that libpq's `given` keywords and values spell; empty means not given.

        Raises UrlUnreadable.
        """
        rest = dict(given)
        for value in rest.values():
            if re.search("[\ud800-\udfff]", value):
                raise UrlUnreadable(source, "it is not UTF-8")
            if "\0" in value:
                raise UrlUnreadable(source, "it holds a NUL, which PostgreSQL cannot take")
        host, port = rest.pop("host", ""), rest.pop("port", "")
        if "," in host + port:
            raise UrlUnreadable(source, "it names several hosts; name the primary alone")
        if not port and re.fullmatch(r"[\w.\-]+:[0-9]+", host):
            host, _, port = host.partition(":")
        if port and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536):
            raise UrlUnreadable(source, "its port is not a number from 1 to 65535")
        return cls(
            host=host or None,
            port=int(port) if port else None,
            user=rest.pop("user", "") or None,
            password=rest.pop("password", "") or None,
            database=rest.pop("dbname", "") or None,
            driver=driver,
            parameters=tuple(sorted(rest.items())),
        )

    def with_database(self, database: str) -> DatabaseUrl:
        """The same server and login, another database."""
        return replace(self, database=database)

    def with_driver(self, driver: str | None) -> DatabaseUrl:
        """The same database, spelled for another SQLAlchemy driver."""
        return replace(self, driver=driver)

    def holds_secret(self) -> bool:
        """Whether a password is in it, or a parameter that is as secret as one."""
        return self.password is not None or any(
            name in SECRET_PARAMETERS for name, _ in self.parameters
        )

    def conninfo(self) -> dict[str, str]:
        """libpq connection parameters, for `psycopg.connect(**...)` and for tests."""
        given = {
            "host": self.host,
            "port": None if self.port is None else str(self.port),
            "user": self.user,
            "password": self.password,
            "dbname": self.database,
        }
        return {name: value for name, value in given.items() if value} | {
            name: value for name, value in self.parameters if name not in _ASYNCPG_OWN
        }

    def render(self) -> str:
        """The URL with its password, as SQLAlchemy and the driver it names read it.

        Only ever hand this to a driver or an `env.py`; never print it. In an `alembic.ini` value
        each `%` must be doubled.

        Raises UrlParameterUnusable if the driver would ignore or refuse what a parameter asks.
        """
        password = None if self.password is None else quote(self.password, safe="")
        if self.driver == "asyncpg":
            return self._spell(password, self._parameters_for_asyncpg(), database_key="database")
        if self.driver == "pg8000":
            return self._spell(password, self._parameters_for_pg8000(), database_key="database")
        parameters = {name: value for name, value in self.parameters if name not in _ASYNCPG_OWN}
        return self._spell(password, parameters)

    def redacted(self) -> str:
        """The URL as it may be shown: `***` stands for the password."""
        parameters = {
            name: "***" if name in SECRET_PARAMETERS else value for name, value in self.parameters
        }
        return self._spell(None if self.password is None else "***", parameters)

    def __repr__(self) -> str:
        return f"DatabaseUrl({self.redacted()!r})"

    def _spell(
        self, password: str | None, parameters: Mapping[str, str], *, database_key: str = "dbname"
    ) -> str:
        query = dict(parameters)
        login = quote(self.user, safe="") if self.user else ""
        if password is not None:
            login += f":{password}"
        host = self.host or ""
        port = "" if self.port is None else f":{self.port}"
        # SQLAlchemy takes the host as it stands and libpq decodes it, so that what needs
        # encoding goes into the query, which both decode.
        if ":" in host and re.fullmatch("[0-9A-Fa-f:.]+", host):
            host = f"[{host}]"
        elif not re.fullmatch(r"[\w.\-]*", host, re.ASCII) and "unix_sock" not in query:
            query["host"] = host
        if "host" in query and port:
            query["port"] = port[1:]
        if "host" in query or "unix_sock" in query:
            host = port = ""
        # SQLAlchemy before 2.1 does not decode the database either.
        database = self.database or ""
        if database != quote(database, safe=""):
            query[database_key] = database
            database = ""
        return "".join(
            (
                "postgresql" if self.driver is None else f"postgresql+{self.driver}",
                "://",
                f"{login}@" if login else "",
                f"{host}{port}",
                f"/{database}" if database else "",
                "?" if query else "",
                urlencode(sorted(query.items()), quote_via=quote, safe="/*"),
            )
        )

    def _parameters_for_asyncpg(self) -> dict[str, str]:
        """asyncpg's keywords; what has none travels in `dsn`, which asyncpg reads as libpq does."""
        keywords: dict[str, str] = {}
        through_dsn: dict[str, str] = {}
        for name, value in self.parameters:
            if name in _LIBPQ_ONLY:
                raise UrlParameterUnusable(name, "asyncpg")
            if name in _ASYNCPG_OWN:
                keywords[name] = value
            elif name == "sslmode":
                keywords["ssl"] = value
            elif name not in _ONLY_COMFORT:
                through_dsn[name] = value
        if through_dsn:
            keywords["dsn"] = f"postgresql://?{urlencode(through_dsn, quote_via=quote)}"
        return keywords

    def _parameters_for_pg8000(self) -> dict[str, str]:
        """pg8000's keywords; it tries TLS first, as `prefer` does, and can be told no more."""
        keywords: dict[str, str] = {}
        for name, value in self.parameters:
            if name == "application_name":
                keywords[name] = value
            elif name == "sslmode" and value in _LENIENT_SSLMODES:
                continue
            elif name not in _ONLY_COMFORT | _ASYNCPG_OWN:
                raise UrlParameterUnusable(name, "pg8000")
        if self.host is not None and self.host.startswith("/"):
            keywords["unix_sock"] = f"{self.host}/.s.PGSQL.{self.port or 5432}"
        return keywords


def _only_reading(rest: str, source: str) -> tuple[dict[str, str], dict[str, str]]:
    """The parts of the login and the parts of the place, where one division makes sense of `rest`.

    Each `@` is tried as the end of the login. libpq and SQLAlchemy take the first one, so that a
    password with a bare `@` would send the rest of it to a name server as part of a host.
    """
    ends = [-1, *(place.start() for place in re.finditer("@", rest))]
    readings = []
    for end in ends:
        login = _LOGIN.fullmatch(rest[: max(end, 0)])
        place = _PLACE.fullmatch(rest[end + 1 :])
        if login and place and _QUERY.fullmatch(place["query"] or ""):
            readings.append((login.groupdict(""), place.groupdict("")))
    if not readings:
        raise UrlUnreadable(source, "what follows its login is not host:port/dbname?parameters")
    if len(readings) > 1:
        raise UrlUnreadable(source, "its login can end at more than one @ or none")
    return readings[0]


def _decoded_password(text: str, source: str) -> str:
    if re.search("[@/?#]", text) and re.search("%[0-9A-Fa-f]{2}", text):
        raise UrlUnreadable(source, "its password is percent-encoded only in part")
    return _decoded(text, source)


def _decoded(text: str, source: str) -> str:
    """`text` with its escapes replaced; a `%` that begins none stands for itself if all do."""
    escapes = len(re.findall("%[0-9A-Fa-f]{2}", text))
    if escapes and escapes != text.count("%"):
        raise UrlUnreadable(source, "only some of its % begin an escape; write the others as %25")
    return unquote(text, errors="surrogateescape")


def _host_and_port(hosts: str, source: str) -> Iterable[tuple[str, str]]:
    if "," in hosts:
        raise UrlUnreadable(source, "it names several hosts; name the primary alone")
    host, colon, port = hosts.rpartition(":")
    if not colon or hosts.endswith("]"):
        host, port = hosts, ""
    return ("host", _decoded(host.strip("[]"), source)), ("port", port)


def _pairs(query: str, source: str) -> Iterable[tuple[str, str]]:
    """libpq's names and the decoded values in `query`; a `+` is a space, as SQLAlchemy reads it."""
    for part in query.split("&") if query else ():
        name, _, raw = part.partition("=")
        name = _ALIASES.get(name, name)
        # libpq reads the + as a +. For a password both are plausible.
        if name in SECRET_PARAMETERS and "+" in raw:
            raise UrlUnreadable(source, f'the + in its "{name}" is + or a space; encode it')
        value = _decoded(raw.replace("+", " "), source)
        socket_file = _SOCKET_FILE.fullmatch(value) if name == "unix_sock" else None
        if name == "dsn":
            yield from _pairs(value.partition("?")[2], source)
        elif socket_file:
            yield "host", socket_file["directory"]
            yield "port", socket_file["port"]
        elif name == "sslmode" and value.lower() in ("true", "on", "1"):
            yield name, "require"
        elif name:
            yield name, value
