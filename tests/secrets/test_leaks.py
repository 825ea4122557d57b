"""No failure of a source lets a password out, however far its traceback is followed.

Each case puts an odd password where a person or a program might have put it, makes the source
fail, and searches everything that the exception and its chain say.
"""

from __future__ import annotations

import json
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest

from lockgate.errors import ExitStatus, LockgateError
from lockgate.secrets import SourceContext, resolve

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MakeContext = Callable[..., SourceContext]


@dataclass(frozen=True)
class Case:
    """A setting that fails; in each text, PW is the password as it is, ENC percent-encoded."""

    setting: str
    error: str
    exit_status: ExitStatus
    environ: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    mode: int = 0o600
    secret: str | None = None
    options: dict[str, str] = field(default_factory=dict)


UNREACHABLE, USAGE = ExitStatus.UNREACHABLE, ExitStatus.USAGE
BROKEN = "postgresql://app:ENC@h:port/db"
JSON = '{"host": "h", "username": "u", "password": "PW", '

CASES = {
    # Settings
    "plain": Case("postgresql://app:ENC@h/db", "PasswordInSettings", USAGE),
    "plain-unreadable": Case(BROKEN, "UrlUnreadable", USAGE),
    "plain-parameter": Case("postgresql://h/db?password=ENC", "PasswordInSettings", USAGE),
    "plain-other": Case("mysql://app:ENC@h/db", "SourceUnknown", USAGE),
    "plain-without-slashes": Case("postgresql:app:ENC@h/db", "SourceUnknown", USAGE),
    "plain-without-scheme": Case("app:PW@h/db", "SourceUnknown", USAGE),
    "plain-password-alone": Case("@PW", "SourceUnknown", USAGE),
    # env
    "env-value": Case("env:X", "UrlUnreadable", USAGE, environ={"X": BROKEN}),
    "env-bare": Case("env:X", "UrlUnreadable", USAGE, environ={"X": "PW"}),
    "env-port": Case(
        "env:X", "UrlUnreadable", USAGE, environ={"X": "postgresql://h/db?port=ENC&password=ENC"}
    ),
    "env-twice": Case(
        "env:X", "UrlUnreadable", USAGE, environ={"X": "postgresql://a:ENC@h/db?password=ENC"}
    ),
    "env-hosts": Case(
        "env:X", "UrlUnreadable", USAGE, environ={"X": "postgresql://a:ENC@h1,h2/db"}
    ),
    "env-nul": Case("env:X", "UrlUnreadable", USAGE, environ={"X": "postgresql://a:ENC%00@h/db"}),
    "env-bytes": Case("env:X", "UrlUnreadable", USAGE, environ={"X": "postgresql://a:ENC\udcff@h"}),
    "env-url-as-name": Case("env:postgresql://app:ENC@h/db", "ReferenceMalformed", USAGE),
    "env-unset": Case("env:Y", "VariableUnset", UNREACHABLE, environ={"X": "PW"}),
    # file
    "file-content": Case("file:f", "UrlUnreadable", USAGE, files={"f": BROKEN}),
    "file-bare": Case("file:f", "UrlUnreadable", USAGE, files={"f": "PW\n"}),
    "file-mode": Case(
        "file:f", "SecretFileOpenToOthers", UNREACHABLE, files={"f": BROKEN}, mode=0o644
    ),
    "file-second-line": Case(
        "file:f", "SecretFileUnreadable", UNREACHABLE, files={"f": f"\n{BROKEN}"}
    ),
    "file-url-as-path": Case("file:postgresql://app:ENC@h/db", "ReferenceMalformed", USAGE),
    # service and passfile
    "service-line": Case(
        "service:s", "ServiceFileUnreadable", UNREACHABLE, files={".pg_service.conf": "[s]\nPW"}
    ),
    "service-spaces": Case(
        "service:s",
        "ServiceFileUnreadable",
        UNREACHABLE,
        files={".pg_service.conf": "[s]\npassword = PW"},
    ),
    "service-port": Case(
        "service:s",
        "UrlUnreadable",
        USAGE,
        files={".pg_service.conf": "[s]\npassword=PW\nport=PW"},
    ),
    "service-hosts": Case(
        "service:s",
        "UrlUnreadable",
        USAGE,
        files={".pg_service.conf": "[s]\npassword=PW\nhost=a,b"},
    ),
    "service-other": Case(
        "service:t", "ServiceUnknown", UNREACHABLE, files={".pg_service.conf": "[s]\npassword=PW"}
    ),
    "service-url-as-name": Case("service:postgresql://a:ENC@h/db", "ReferenceMalformed", USAGE),
    "passfile-mode": Case(
        "postgresql://app@h/db",
        "PassfileOpenToOthers",
        UNREACHABLE,
        files={".pgpass": "*:*:*:*:ENC"},
        mode=0o644,
    ),
    # command: PY runs Python, with the password as its argument
    "command-fails": Case(
        "command:PY 'print(sys.argv[1]); print(sys.argv[1], file=sys.stderr); sys.exit(3)'",
        "CommandFailed",
        UNREACHABLE,
    ),
    "command-slow": Case(
        "command:PY 'import time; print(sys.argv[1], flush=True); time.sleep(60)'",
        "CommandFailed",
        UNREACHABLE,
        options={"command_timeout_s": "0.3"},
    ),
    "command-prints-password": Case("command:PY 'print(sys.argv[1])'", "UrlUnreadable", USAGE),
    "command-prints-broken-json": Case(
        "command:PY 'print(chr(123) + sys.argv[1])'", "SecretUnreadable", UNREACHABLE
    ),
    "command-silent": Case("command:PY 'pass'", "CommandFailed", UNREACHABLE),
    "command-is-url": Case("command:postgresql://a:ENC@h/db", "CommandFailed", UNREACHABLE),
    "command-is-variable": Case("command:PGPASSWORD=ENC pass", "CommandFailed", UNREACHABLE),
    "command-unclosed": Case("command:echo 'ENC", "ReferenceMalformed", USAGE),
    "command-timeout": Case(
        "command:echo ENC",
        "CommandTimeoutMalformed",
        USAGE,
        options={"command_timeout_s": "x"},
    ),
    # AWS
    "aws-broken-json": Case(
        "aws-secretsmanager:s", "SecretUnreadable", UNREACHABLE, secret=JSON.rstrip(", ")
    ),
    "aws-bare": Case("aws-secretsmanager:s", "UrlUnreadable", USAGE, secret="PW"),
    "aws-broken-url": Case("aws-secretsmanager:s", "UrlUnreadable", USAGE, secret=BROKEN),
    "aws-keys": Case(
        "aws-secretsmanager:s", "SecretKeysMissing", UNREACHABLE, secret=JSON + '"port": 1}'
    ),
    "aws-engine": Case(
        "aws-secretsmanager:s",
        "SecretOfAnotherEngine",
        UNREACHABLE,
        secret=JSON + '"engine": "PW"}',
    ),
    "aws-port": Case(
        "aws-secretsmanager:s",
        "UrlUnreadable",
        USAGE,
        secret=JSON + '"port": "PW", "dbname": "d"}',
    ),
    "aws-type": Case(
        "aws-secretsmanager:s",
        "SecretUnreadable",
        UNREACHABLE,
        secret=JSON + '"dbname": ["PW"]}',
    ),
    "aws-surrogate": Case(
        "aws-secretsmanager:s",
        "UrlUnreadable",
        USAGE,
        secret='{"host": "h", "username": "u", "password": "PW\\ud800", "dbname": "d"}',
    ),
    "aws-url-as-name": Case(
        "aws-secretsmanager:postgresql://a:ENC@h/db", "ReferenceMalformed", USAGE
    ),
    "aws-profile": Case(
        "aws-secretsmanager:s",
        "AwsNotReached",
        UNREACHABLE,
        secret="PW",
        options={"aws_profile": "nobody"},
    ),
    "rds-iam-password": Case("rds-iam:app:ENC@h/db", "ReferenceMalformed", USAGE),
    "rds-iam-bare": Case("rds-iam:app:PW", "UrlUnreadable", USAGE),
    "embedded": Case("embedded:dev", "EmbeddedNotStartable", UNREACHABLE, environ={"X": "PW"}),
    "embedded-url": Case("embedded:postgresql://a:ENC@h", "ReferenceMalformed", USAGE),
}


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    value: Case = request.param
    return value


def test_failure_never_shows_the_password(
    case: Case,
    password: str,
    context: MakeContext,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    def filled(text: str) -> str:
        python = shlex.join([sys.executable, "-S", "-c"])
        text = text.replace("command:PY '", f"command:{python} 'import sys; ")
        return text.replace("PW", password).replace("ENC", quote(password, safe=""))

    setting = filled(case.setting)
    if "sys.argv" in setting:
        setting += f" {shlex.quote(password)}"
    for name, content in case.files.items():
        (tmp_path / name).write_text(filled(content))
        (tmp_path / name).chmod(case.mode)
    options = dict(case.options)
    if case.secret is not None:
        content = case.secret.replace("PW", json.dumps(password)[1:-1])
        content = content.replace("ENC", quote(password, safe=""))
        aws: SecretsManagerClient = request.getfixturevalue("aws")
        aws.create_secret(Name="s", SecretString=content)
        options |= {"aws_endpoint_url": aws.meta.endpoint_url, "aws_region": "eu-west-1"}
    given = context(**options)
    environ = {name: filled(value) for name, value in case.environ.items()}
    given = replace(given, environ=dict(given.environ) | environ)

    with pytest.raises(LockgateError) as refused:
        resolve(setting, given)

    assert (case.error, case.exit_status) == (
        type(refused.value).__name__,
        refused.value.exit_status,
    )
    said = "\n".join(_said(refused.value))
    assert not [form for form in _forms(password) if form in said]


def _forms(password: str) -> set[str]:
    """The password in the spellings in which it could turn up."""
    return {
        password,
        quote(password, safe=""),
        quote(password),
        quote_plus(password),
        repr(password)[1:-1],
        json.dumps(password)[1:-1],
        json.dumps(password, ensure_ascii=False)[1:-1],
        repr(password.encode())[2:-1],
    }


def _said(error: BaseException) -> Iterator[str]:
    """All that `error` and the exceptions behind it hold, shown or not."""
    behind: list[BaseException | None] = [error]
    while behind:
        current = behind.pop()
        if current is None:
            continue
        yield from (str(current), repr(current), repr(current.args), repr(vars(current)))
        yield from getattr(current, "__notes__", [])
        yield "".join(traceback.format_exception(current))
        if isinstance(current, LockgateError):
            yield from (current.message, current.hint)
        behind += [current.__cause__, current.__context__]


def _subclasses(base: type[LockgateError]) -> Iterator[type[LockgateError]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def test_each_error_of_a_source_has_a_code_of_its_own() -> None:
    codes = [
        error.code
        for error in _subclasses(LockgateError)
        if error.__module__.startswith("lockgate.secrets")
    ]

    assert sorted(set(codes)) == sorted(codes)
    assert all(code.startswith("LG-SEC-") for code in codes)
