"""What DESIGN.md and STYLE.md ask of the whole: contracts of imports, errors, modules, start-up."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
import types
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

import lockgate
from lockgate.errors import ExitStatus, LockgateError

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))

LONGEST_FILE = 600

# What a message may begin with in upper case, and the verbs that a hint may begin with.
NAMES = {"AWS", "Alembic", "DATABASE_URL", "PostgreSQL", "Python", "SQLAlchemy"}
VERBS = """
    add approve call check choose close commit compare correct create delete deploy do end enroll
    find finish give grant install leave let look make mend merge move name open pass point put
    read rehearse reinstall remove repeat reset restore run see set start stop store take try type
    unset upgrade use wait write
"""


def errors() -> list[type[LockgateError]]:
    """Every class of error that has a code, from every module."""
    for module in pkgutil.walk_packages(lockgate.__path__, "lockgate."):
        import_module(module.name)
    found = [error for error in _below(LockgateError) if "code" in vars(error)]
    return sorted(found, key=lambda error: (error.code, error.__name__))


def _below(parent: type[LockgateError]) -> Iterator[type[LockgateError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _below(child)


ERRORS = errors()


def each_error() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)


def samples(error: type[LockgateError]) -> tuple[LockgateError, LockgateError]:
    """Two errors of the class: every field that may be None filled, and every one left out."""
    full, sparse = made(error, sparse=False), made(error, sparse=True)
    assert isinstance(full, error)
    assert isinstance(sparse, error)
    return full, sparse


def made(kind: Any, *, sparse: bool) -> Any:  # Any: a type as annotations spell it, and its value
    """A value of the type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if sparse and type(None) in arguments:
            return None
        return made(next(a for a in arguments if a is not type(None)), sparse=sparse)
    if origin in (list, tuple):
        return origin(made(a, sparse=sparse) for a in arguments if a is not ...)
    if origin is not None and issubclass(origin, Mapping):
        return {made(arguments[0], sparse=sparse): made(arguments[1], sparse=sparse)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if is_dataclass(kind):
        constructor: Any = kind
        hints = get_type_hints(kind)
        values = {
            field.name: made(hints[field.name], sparse=sparse)
            for field in fields(kind)
            if field.init and (not sparse or field.default is MISSING)
        }
        return constructor(**values)
    return not sparse if kind is bool else PLAIN[kind]


PLAIN: dict[object, object] = {
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
    float: 1.5,
    int: 15,
    object: "use this",
    Path: Path("folder/file"),
    str: "use this",
}


def test_imports_keep_their_contracts() -> None:
    program = Path(sys.executable).with_name("lint-imports")

    answer = subprocess.run([program], cwd=ROOT, capture_output=True, text=True)

    assert 0 == answer.returncode, answer.stdout


def test_no_two_errors_share_a_code() -> None:
    counted = Counter(error.code for error in ERRORS)

    assert [] == [code for code, times in counted.items() if times > 1]


@each_error()
def test_error_compares_by_identity(error: type[LockgateError]) -> None:
    full, _ = samples(error)
    alike, _ = samples(error)

    # By value it would have no hash, which contextlib and traceback need.
    assert 2 == len({full, alike})


@each_error()
def test_error_ends_with_a_status_of_the_contract(error: type[LockgateError]) -> None:
    for sample in samples(error):
        assert sample.exit_status in set(ExitStatus) - {ExitStatus.DONE}


@each_error()
def test_message_is_one_sentence_in_lower_case(error: type[LockgateError]) -> None:
    for sample in samples(error):
        first = sample.message.split()[0].rstrip(":,'s")

        assert first in NAMES or not first[0].isupper(), sample.message
        assert not sample.message.endswith("."), sample.message
        assert ". " not in sample.message, sample.message
        assert "\n" not in sample.message, sample.message


@each_error()
def test_hint_is_one_sentence_that_begins_with_a_verb(error: type[LockgateError]) -> None:
    for sample in samples(error):
        assert sample.hint.split()[0] in VERBS.split(), sample.hint
        assert not sample.hint.endswith("."), sample.hint
        assert ". " not in sample.hint, sample.hint
        assert "\n" not in sample.hint, sample.hint


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_module_says_what_it_answers(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_file_fits_in_a_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("lockgate.cli.main", {"alembic", "msgspec", "psycopg", "pydantic", "rich", "sqlalchemy"}),
        ("lockgate.cli.options", {"alembic", "msgspec", "psycopg", "pydantic", "rich"}),
        ("lockgate.workflows.check", {"jinja2", "pglast", "psycopg", "pydantic", "rich", "typer"}),
        ("lockgate.workflows.history", {"pglast", "psycopg", "pydantic", "rich", "typer"}),
        ("lockgate.workflows.listing", {"boto3", "pglast", "pydantic", "rich", "typer"}),
    ],
)
def test_a_short_command_starts_without(module: str, heavy: set[str]) -> None:
    program = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"

    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert set() == heavy & set(answer.stdout.split())
