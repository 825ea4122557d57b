"""How a `url` of the settings finds its source, and what the settings add to the answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lockgate.core.url import DatabaseUrl, UrlUnreadable
from lockgate.secrets import (
    PasswordInSettings,
    SourceContext,
    SourceUnknown,
    is_local,
    resolve,
)

CONTEXT = SourceContext({}, Path())


def test_plain_url_stands_for_itself() -> None:
    url = resolve("postgresql+asyncpg://app@h:5433/db?sslmode=require", CONTEXT)

    expected = DatabaseUrl(
        "h", 5433, "app", None, "db", "asyncpg", parameters=(("sslmode", "require"),)
    )
    assert expected == url


@pytest.mark.parametrize(
    "setting",
    ["postgresql://u:p@h/db", "postgres://h/db?password=p", "postgresql://h/db?sslpassword=p"],
)
def test_password_in_settings_is_refused(setting: str) -> None:
    with pytest.raises(PasswordInSettings):
        resolve(setting, CONTEXT)


def test_unreadable_plain_url_is_refused() -> None:
    with pytest.raises(UrlUnreadable):
        resolve("postgresql://h:port/db", CONTEXT)


def test_unknown_source_names_the_known_ones() -> None:
    with pytest.raises(SourceUnknown) as refused:
        resolve("vault:secret/db", CONTEXT)

    assert str(refused.value) == '"vault" is no source of credentials'
    assert refused.value.hint == (
        "write url as postgresql:// without a password, or begin it with one of "
        "aws-secretsmanager:, command:, embedded:, env:, file:, rds-iam:, service:"
    )


@pytest.mark.parametrize("setting", ["", "archive", "p@ss:word", "_passfile:x", "Env:X", "://"])
def test_text_without_source_is_not_shown(setting: str) -> None:
    with pytest.raises(SourceUnknown) as refused:
        resolve(setting, CONTEXT)

    assert str(refused.value) == "a url in the settings begins with no source of credentials"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("postgresql://h/db", True),
        ("postgresql+psycopg://h/db", True),
        ("env:X", True),
        ("file:x", True),
        ("service:x", True),
        ("command:x", False),
        ("embedded:x", False),
        ("aws-secretsmanager:x", False),
        ("rds-iam:u@h/db", False),
    ],
)
def test_is_local_says_whether_nobody_is_asked(setting: str, expected: bool) -> None:
    assert expected == is_local(setting)


def test_is_local_refuses_unknown_source() -> None:
    with pytest.raises(SourceUnknown):
        is_local("vault:x")


def test_settings_win_over_the_source() -> None:
    environ = {"X": "postgresql://h/postgres?sslmode=prefer"}
    options = {"dbname": "archive", "sslmode": "verify-full"}

    url = resolve("env:X", SourceContext(environ, Path(), options))

    assert DatabaseUrl("h", database="archive", parameters=(("sslmode", "verify-full"),)) == url


def test_passfile_answers_where_the_source_has_no_password(tmp_path: Path) -> None:
    passfile = tmp_path / ".pgpass"
    passfile.write_text("h:5432:db:app:from the passfile\n")
    passfile.chmod(0o600)
    environ = {"HOME": str(tmp_path), "X": "postgresql://app@h/db"}
    context = SourceContext(environ, tmp_path)

    passwords = [resolve(setting, context).password for setting in ("env:X", environ["X"])]

    assert passwords == ["from the passfile"] * 2


@pytest.fixture
def installed_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The scheme of a source that another package brings."""
    (tmp_path / "keyring_of_ours.py").write_text(
        "from lockgate.core.url import DatabaseUrl\n"
        "SCHEME = 'our-keyring'\n"
        "LOCAL = True\n"
        "def resolve(reference, context):\n"
        "    return DatabaseUrl(host=reference)\n"
    )
    metadata = tmp_path / "keyring_of_ours-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: keyring-of-ours\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[lockgate.secrets]\nour-keyring = keyring_of_ours\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield "our-keyring"
    sys.modules.pop("keyring_of_ours", None)


def test_installed_package_brings_a_source(installed_source: str) -> None:
    url = resolve(f"{installed_source}:h", CONTEXT)

    assert DatabaseUrl(host="h") == url
    assert is_local(f"{installed_source}:h")


def test_only_the_named_source_is_imported() -> None:
    program = (
        "import sys; from pathlib import Path; from lockgate.secrets import *\n"
        "from lockgate.secrets import SourceContext, resolve\n"
        "resolve('env:X', SourceContext({'X': 'postgresql://u@h/d'}, Path()))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('lockgate.secrets.')))\n"
        "print('boto3' in sys.modules, 'importlib.metadata' in sys.modules)\n"
    )

    answer = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    expected = ["lockgate.secrets._passfile lockgate.secrets.env", "False False"]
    assert expected == answer.stdout.splitlines()


def test_context_does_not_show_the_environment() -> None:
    context = replace(CONTEXT, environ={"X": "postgresql://u:secret@h/db"})

    assert "secret@" not in repr(context)
