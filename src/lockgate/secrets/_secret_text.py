"""The text that a store of secrets hands out: a URL, or the JSON that AWS keeps for RDS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus, LockgateError

ENGINES = ("postgres", "aurora-postgresql")
KEYS = ("host", "port", "username", "password", "dbname")


@dataclass(eq=False)
class SecretUnreadable(LockgateError):
    """The text is neither of the two forms; it is never shown."""

    source: str
    reason: str

    code: ClassVar[str] = "LG-SEC-60"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which secret, and what is wrong with its form."""
        return f'the secret from "{self.source}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """The forms that work."""
        return f"store a URL, or a JSON object with {', '.join(KEYS)}"


@dataclass(eq=False)
class SecretKeysMissing(LockgateError):
    """The JSON lacks keys that a login needs."""

    source: str
    missing: tuple[str, ...]
    present: tuple[str, ...]

    code: ClassVar[str] = "LG-SEC-61"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """The names on both sides; never a value."""
        missing = ", ".join(f'"{key}"' for key in self.missing)
        present = ", ".join(f'"{key}"' for key in self.present) or "nothing"
        return f'the secret from "{self.source}" lacks {missing}; it has {present}'

    @property
    def hint(self) -> str:
        """Where a key may come from."""
        instead = " (or set dbname in the settings)" if "dbname" in self.missing else ""
        return f"add {', '.join(self.missing)} to the secret{instead}"


@dataclass(eq=False)
class SecretOfAnotherEngine(LockgateError):
    """The secret is for a database that is not PostgreSQL."""

    source: str

    code: ClassVar[str] = "LG-SEC-62"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """Which secret."""
        return f'the engine of the secret from "{self.source}" is not PostgreSQL'

    @property
    def hint(self) -> str:
        """What it should be."""
        return f"name a secret whose engine is {' or '.join(ENGINES)}"


def read_secret(text: str, *, source: str, options: Mapping[str, str]) -> DatabaseUrl:
    """The database that `text` describes; of a URL, its first line counts.

    In the JSON, `port` and `engine` may be missing, and `dbname` where the options have it.

    Raises SecretUnreadable, SecretKeysMissing, SecretOfAnotherEngine, UrlUnreadable.
    Source: AWS Secrets Manager user guide, "JSON structure of AWS Secrets Manager secrets".
    """
    if not text.lstrip().startswith("{"):
        return DatabaseUrl.parse(text.strip().partition("\n")[0], source=source)
    secret = _json_object(text)
    if secret is None:
        raise SecretUnreadable(source, "it begins like a JSON object and is none")
    if secret.get("engine") not in (None, *ENGINES):
        raise SecretOfAnotherEngine(source)
    given = {key: secret.get(key) for key in KEYS}
    given["dbname"] = options.get("dbname") or given["dbname"]
    missing = tuple(key for key in KEYS if key != "port" and given[key] in (None, ""))
    if missing:
        raise SecretKeysMissing(source, missing, tuple(sorted(secret)))
    texts = {"user" if key == "username" else key: _text(value) for key, value in given.items()}
    if None in texts.values():
        raise SecretUnreadable(source, "one of its values is neither text nor a number")
    return DatabaseUrl.from_parameters(
        {key: value for key, value in texts.items() if value is not None}, source=source
    )


def _json_object(text: str) -> dict[str, object] | None:
    # JSONDecodeError holds the whole text; it ends here.
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: object) -> str | None:
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
