"""Where a repository keeps its SQLAlchemy metadata, read from the source without running it.

Answers what `target_metadata` of a new `env.py` could be, and which modules must be imported so
that every table is in it. Leaves choosing between several to the workflow.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from lockgate.errors import ExitStatus, LockgateError
from lockgate.migrations.folders import walk

BASE_CLASSES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta"})
BASE_MAKERS = frozenset({"SQLAlchemy", "automap_base", "declarative_base", "generate_base"})
TEST_FOLDERS = frozenset({"test", "tests"})


@dataclass(eq=False)
class MetadataMalformed(LockgateError):
    """A text that should name a MetaData and does not, or names a module that is not there."""

    text: str
    reason: str

    code: ClassVar[str] = "LG-INIT-3"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """The text, and what is wrong with it."""
        return f'"{self.text}" names no metadata: {self.reason}'

    @property
    def hint(self) -> str:
        """The form that works."""
        return "give --metadata package.module:Base.metadata, or --metadata none"


@dataclass(frozen=True, slots=True)
class Metadata:
    """A MetaData object: `attribute` of `module`, importable from the folder `root`.

    `tables` are the other modules of the same application that define tables.
    """

    root: Path
    module: str
    attribute: str
    tables: tuple[str, ...] = ()

    @property
    def spelled(self) -> str:
        """As --metadata takes it."""
        return f"{self.module}:{self.attribute}"


def find_metadata(folder: Path) -> tuple[Metadata, ...]:
    """The MetaData objects that the Python files under `folder` make, sorted by name.

    A MetaData that some declarative base is made with counts as that base's.
    """
    sources = tuple(_sources(folder))
    used = {name for source in sources for name in source.used}
    found = {
        Metadata(source.root, module, attribute, _tables(sources, source, module))
        for source in sources
        for module, attribute in source.metadata
        if attribute not in used
    }
    return tuple(sorted(found, key=lambda metadata: metadata.spelled))


def name_metadata(text: str, folder: Path) -> Metadata:
    """The MetaData that `text` (`package.module:Base.metadata`) names.

    Raises MetadataMalformed.
    """
    module, colon, attribute = text.partition(":")
    names = (*module.split("."), *attribute.split("."))
    if not colon or not all(name.isidentifier() for name in names):
        raise MetadataMalformed(text, "it is not of the form package.module:attribute")
    for metadata in find_metadata(folder):
        if metadata.spelled == text:
            return metadata
    sources = tuple(_sources(folder))
    for source in sources:
        if source.module == module:
            return Metadata(source.root, module, attribute, _tables(sources, source, module))
    for root in (folder, folder / "src"):
        if _is_module(root, module):
            return Metadata(root, module, attribute)
    if find_spec(names[0]) is None:
        raise MetadataMalformed(text, f'there is no module "{module}" here, nor one installed')
    return Metadata(folder, module, attribute)


@dataclass(frozen=True, slots=True)
class _Source:
    """What one Python file says: the MetaData it makes, those it uses for a base, its tables."""

    root: Path
    module: str
    metadata: tuple[tuple[str, str], ...]
    used: frozenset[str]
    defines_tables: bool


def _sources(folder: Path) -> Iterator[_Source]:
    for path in walk(folder):
        inside = path.relative_to(folder)
        if path.suffix != ".py" or path.name.startswith(("test_", "conftest")):
            continue
        if TEST_FOLDERS.intersection(inside.parts):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if not any(word in text for word in ("sqlalchemy", "sqlmodel", "__tablename__")):
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue  # nobody can import it either
        root, module = _importable(folder, inside)
        yield _read(tree, root, module)


def _importable(folder: Path, inside: Path) -> tuple[Path, str]:
    """The folder for `sys.path` and the module's name: below `src`, or a name that is no package's.

    Packages without `__init__.py` are taken for packages.
    """
    parts = inside.with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
    start = 0
    for place, part in enumerate(parts[:-1]):
        if part == "src" or not part.isidentifier():
            start = place + 1
    return folder.joinpath(*parts[:start]), ".".join(parts[start:])


def _read(tree: ast.Module, root: Path, module: str) -> _Source:
    metadata: list[tuple[str, str]] = []
    used: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = {_last_name(base) for base in node.bases}
            decorators = {_last_name(d) for d in node.decorator_list}
            if bases & BASE_CLASSES or "as_declarative" in decorators:
                metadata.append((module, f"{node.name}.metadata"))
                used |= _names_in(node)
            elif "SQLModel" in bases and any(k.arg == "table" for k in node.keywords):
                metadata.append(("sqlmodel", "SQLModel.metadata"))
        for name, call in _assigned_calls(node):
            if _last_name(call) in BASE_MAKERS:
                metadata.append((module, f"{name}.metadata"))
                used |= _names_in(call)
            elif _last_name(call) == "MetaData":
                metadata.append((module, name))
            elif _last_name(call) == "registry":
                used |= _names_in(call)
    return _Source(root, module, tuple(metadata), frozenset(used), _defines_tables(tree))


def _assigned_calls(node: ast.stmt) -> Iterator[tuple[str, ast.Call]]:
    """Names that `node` assigns the result of a call to, each with the call."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
            yield name, call
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call):
            yield name, call


def _last_name(node: ast.expr) -> str | None:
    match node:
        case ast.Call(func=function):
            return _last_name(function)
        case ast.Subscript(value=value):
            return _last_name(value)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return None


def _names_in(node: ast.AST) -> set[str]:
    """Names that `node` reads."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _defines_tables(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="__tablename__" | "__table__")]):
                return True
            case ast.Call(func=ast.Name(id="Table") | ast.Attribute(attr="Table")):
                return True
            case ast.ClassDef(keywords=keywords) if any(k.arg == "table" for k in keywords):
                return True
    return False


def _tables(sources: tuple[_Source, ...], home: _Source, module: str) -> tuple[str, ...]:
    """Modules but `module` with tables in the package of `home`, or beside a plain module."""
    return tuple(
        sorted(
            source.module
            for source in sources
            if source.defines_tables
            and source.root == home.root
            and _package(source.module) == _package(home.module)
            and source.module != module
        )
    )


def _package(module: str) -> str:
    package, dot, _ = module.partition(".")
    return package if dot else ""


def _is_module(root: Path, module: str) -> bool:
    path = root.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
