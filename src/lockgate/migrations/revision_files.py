"""What one revision file says of itself, read without running it.

Answers with Alembic's own Script, whose module runs only when its upgrade or downgrade is asked
for. Leaves finding the files, and how they hang together, to `revisions.py`.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError, load_python_file

from lockgate.errors import ExitStatus, LockgateError

NAMES = ("revision", "down_revision", "branch_labels", "depends_on", "irreversible")


@dataclass(eq=False)
class RevisionFileUnreadable(LockgateError):
    """A revision file that is no Python, or cannot be opened."""

    path: str
    line: int | None
    reason: str

    code: ClassVar[str] = "LG-REV-1"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file, which line and what the reader says."""
        return f'"{_place(self.path, self.line)}" cannot be read: {self.reason}'

    @property
    def hint(self) -> str:
        """Where to begin."""
        return "mend the file, or take it out of the versions directory"


@dataclass(eq=False)
class RevisionFileNotLoadable(LockgateError):
    """A revision file that raises when it is run."""

    path: str
    line: int | None
    reason: str

    code: ClassVar[str] = "LG-REV-2"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which file, which line and what was raised."""
        return f'"{_place(self.path, self.line)}" stops when it is run: {self.reason}'

    @property
    def hint(self) -> str:
        """How to see the whole traceback."""
        return f"run `python {self.path}` to see where it stops"


@dataclass(eq=False)
class RevisionFileIncomplete(LockgateError):
    """A Python file among the revisions that does not say which Revision it is."""

    path: str
    name: str

    code: ClassVar[str] = "LG-REV-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which name is not there."""
        return f'"{self.path}" does not set "{self.name}"'

    @property
    def hint(self) -> str:
        """What to add."""
        return f"set `{self.name}` in the file, or move it out of the versions directory"


@dataclass(eq=False)
class RevisionValueUnusable(LockgateError):
    """A revision file whose identity has a value that Alembic cannot use."""

    path: str
    name: str
    value: str
    reason: str

    code: ClassVar[str] = "LG-REV-4"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """Which name has which value."""
        return f'"{self.path}" sets {self.name} to "{self.value}": {self.reason}'

    @property
    def hint(self) -> str:
        """What is accepted."""
        return f"correct `{self.name}`; an id is a string without @ - + : and not its own parent"


def read_script(path: str) -> Script:
    """The Revision in the file `path`, as Alembic's Script.

    The file is run only where its text does not settle who it is: a computed id, an import of
    one of the names.

    Raises RevisionFileUnreadable, RevisionFileNotLoadable, RevisionFileIncomplete,
    RevisionValueUnusable.
    """
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        raise RevisionFileUnreadable(path, None, error.strerror or "not a file") from error
    said = read_template(source) or read_statements(source, path)
    if said is None:
        return make_script(run_file(path), path)
    return make_script(RevisionModule(path, said), path)


def revision_in(source: bytes, path: str) -> str | None:
    """The id that the text of a revision file says, without running it; None where it says none."""
    try:
        said = read_template(source) or read_statements(source, path) or {}
    except RevisionFileUnreadable:
        return None
    revision = said.get("revision")
    return revision if isinstance(revision, str) else _legacy_revision(path)


class RevisionModule(ModuleType):
    """A revision file as a module that runs when something the text did not tell is asked for."""

    revision: str
    down_revision: object
    branch_labels: object
    depends_on: object
    irreversible: object

    def __init__(self, path: str, said: Mapping[str, object]) -> None:
        super().__init__(path)
        self.__file__ = path
        self.__dict__.update(dict.fromkeys(NAMES), **said)

    def __getattr__(self, name: str) -> Any:  # Any: whatever the file defines
        # Alembic asks every module for `_alembic_source_encoding`, a left-over of Python 2.
        if name.startswith("__") or name == "_alembic_source_encoding":
            raise AttributeError(name)
        if "_run" not in self.__dict__:
            self.__dict__["_run"] = run_file(str(self.__file__))
        return getattr(self.__dict__["_run"], name)


def run_file(path: str) -> ModuleType:
    """The module in the file `path`, run as Alembic runs it.

    Raises RevisionFileUnreadable, RevisionFileNotLoadable.
    """
    with _running(path):
        return load_python_file(*os.path.split(path))


def read_as_alembic(directory: ScriptDirectory, path: str) -> Script | None:
    """The Revision in the file `path`, run by Alembic at once; None if it is no revision file.

    Raises RevisionFileUnreadable, RevisionFileNotLoadable.
    """
    with _running(path):
        return Script._from_path(directory, path)


@contextmanager
def _running(path: str) -> Iterator[None]:
    try:
        yield
    except SyntaxError as error:
        raise RevisionFileUnreadable(path, error.lineno, error.msg) from None
    except Exception as error:
        # The text of an error may hold whatever the file read, a URL too; that of an import,
        # a misspelled name or Alembic's own check holds only names.
        told = isinstance(error, (ImportError, NameError, CommandError, RevisionError))
        reason = f"{type(error).__name__}: {error}" if told else type(error).__name__
        raise RevisionFileNotLoadable(path, line_of(error, path), reason) from None


def line_of(error: BaseException, path: str) -> int | None:
    """The last line of a file that ran before an error, None where the error was elsewhere."""
    line, frame = None, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == path:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def make_script(module: ModuleType, path: str) -> Script:
    """Alembic's Script of a module that says, or does not say, which Revision it is.

    Raises RevisionFileIncomplete, RevisionValueUnusable.
    """
    revision = module.revision if hasattr(module, "revision") else _legacy_revision(path)
    if revision is None:
        raise RevisionFileIncomplete(path, "revision")
    if not isinstance(revision, str):
        raise RevisionValueUnusable(path, "revision", repr(revision), "it is not a string")
    if not hasattr(module, "down_revision"):
        raise RevisionFileIncomplete(path, "down_revision")
    for name in ("down_revision", "branch_labels", "depends_on"):
        value = getattr(module, name, None)
        if not (value is None or isinstance(value, str) or _are_strings(value)):
            raise RevisionValueUnusable(
                path, name, repr(value), "it is neither a string, None nor a tuple of strings"
            )
    try:
        return Script(module, revision, path)
    except RevisionError as error:
        raise RevisionValueUnusable(path, "revision", revision, str(error)) from error


def _legacy_revision(path: str) -> str | None:
    """The id that the file's name is, as before Alembic 0.2."""
    legacy = re.fullmatch(r"([a-f0-9]+)\.py", os.path.basename(path))
    return legacy and legacy[1]


def _are_strings(value: object) -> bool:
    return isinstance(value, Iterable) and all(isinstance(item, str) for item in value)


# A file as Alembic's template writes it: a docstring, then lines that are each one whole
# statement, up to the first definition. 5,000 of them read this way in 0.1 s and by `ast` in
# 0.3 s, which would be half of the time that `lockgate heads` may take. What does not fit to
# the letter goes to `ast`; a test holds the two readings equal.
_NAME = "|".join((*NAMES, "__doc__")).encode()
_ASSIGNMENT = (
    rb"(?P<name>%s)(?:[ ]?:[ ]?[\w\[\], |.]+?)?[ ]?=[ ]?"
    rb"(?P<value>None|'[^'\\\n]*'|\"[^\"\\\n]*\")" % "|".join(NAMES).encode()
)
_IMPORT = rb"(?![^\n]*\b(?:%s)\b)(?:from[ ][\w.]+[ ])?import[ ][\w., ]+?" % _NAME
_LINE = rb"(?:%s|%s)?[ ]*(?:\#[^\n]*)?\n" % (
    re.sub(rb"\?P<\w+>", rb"?:", _ASSIGNMENT),
    _IMPORT,
)
_TEMPLATE = re.compile(
    rb'(?>"""(?P<doc>[^\\]*?)""")[ ]*\n(?P<lines>(?:%s)*+)(?=def[ ]|async[ ]|class[ ]|@|\Z)' % _LINE
)
_ASSIGNMENTS = re.compile(rb"^%s" % _ASSIGNMENT, re.MULTILINE)
_NAMED = re.compile(rb"\b(?:%s)\b" % _NAME)
_DEFINITION = re.compile(rb"^(?:def|async|class|@)\b", re.MULTILINE)


def read_template(source: bytes) -> dict[str, object] | None:
    """What a file written by Alembic's template says by NAMES and `__doc__`; None for any other."""
    source = _newlines(source)
    head = _TEMPLATE.match(source)
    if head is None or _NAMED.search(source, head.end()):
        return None
    said: dict[str, object] = {}
    try:
        for name, value in _ASSIGNMENTS.findall(head["lines"]):
            said[name.decode()] = None if value == b"None" else value[1:-1].decode()
        said["__doc__"] = _as_compiled(head["doc"].decode())
    except UnicodeDecodeError:
        return None
    return said if "revision" in said and "down_revision" in said else None


def read_statements(source: bytes, path: str) -> dict[str, object] | None:
    """What the top level of `source` says by NAMES and `__doc__`; None where only running tells.

    Raises RevisionFileUnreadable.
    """
    tree = _parse(source, path)
    said: dict[str, object] = {"__doc__": _as_compiled(ast.get_docstring(tree, clean=False) or "")}
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if name in NAMES:
                try:
                    said[name] = ast.literal_eval(value)
                except (ValueError, TypeError):
                    return None
            case _ if _may_set_a_name(statement):
                return None
    return said if "revision" in said and "down_revision" in said else None


def _parse(source: bytes, path: str) -> ast.Module:
    source = _newlines(source)
    definition = _DEFINITION.search(source)
    with warnings.catch_warnings():
        # An invalid escape is a warning, and the file's own business when it is run.
        warnings.simplefilter("ignore")
        if definition and not _NAMED.search(source, definition.start()):
            # Where "def" began a line inside a string, only the whole file can be parsed.
            with suppress(SyntaxError, ValueError):
                return ast.parse(source[: definition.start()])
        try:
            return ast.parse(source)
        except SyntaxError as error:
            raise RevisionFileUnreadable(path, error.lineno, error.msg) from None
        except (ValueError, RecursionError) as error:
            raise RevisionFileUnreadable(path, None, str(error)) from None


def _may_set_a_name(statement: ast.stmt) -> bool:
    for node in ast.walk(statement):
        for _, value in ast.iter_fields(node):
            names = value if isinstance(value, list) else (value,)
            if any(name in (*NAMES, "__doc__", "*") for name in names if isinstance(name, str)):
                return True
    return False


def _newlines(source: bytes) -> bytes:
    return source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _as_compiled(doc: str) -> str:
    # From Python 3.13 on the compiler takes the indentation out of docstrings.
    if sys.version_info >= (3, 13) and ("\n " in doc or "\t" in doc):
        return inspect.cleandoc(doc)
    return doc


def _place(path: str, line: int | None) -> str:
    return path if line is None else f"{path}:{line}"
