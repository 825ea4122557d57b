"""Alembic set-ups: finding those a repository has, and the files of a new one.

Answers with paths and texts; writes nothing. Opening a set-up is `project`'s.
"""

from __future__ import annotations

import re
from contextlib import chdir, redirect_stdout
from importlib.resources import files
from io import StringIO
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config

from lockgate.core.setup import EnvTemplate
from lockgate.migrations.folders import walk
from lockgate.migrations.metadata import Metadata
from lockgate.migrations.project import AlembicProject

INI = "alembic.ini"
PYPROJECT = "pyproject.toml"

_TOOL_ALEMBIC = re.compile(r"^\s*\[+\s*tool\s*\.\s*alembic\b", re.MULTILINE)


def find_configurations(folder: Path) -> tuple[Path, ...]:
    """Files with Alembic's configuration: the one that holds for `folder`, or all below it.

    What holds is the nearest one upwards, up to the top of the git repository.
    """
    for above in _up_to_the_top(folder):
        if own := _configuration_in(above):
            return (own,)
    folders = {path.parent for path in walk(folder) if path.name in (INI, PYPROJECT)}
    return tuple(own for below in sorted(folders) if (own := _configuration_in(below)))


def _up_to_the_top(folder: Path) -> tuple[Path, ...]:
    above = (folder, *folder.parents)
    for place, candidate in enumerate(above):
        if (candidate / ".git").exists():
            return above[: place + 1]
    return (folder,)


def _configuration_in(folder: Path) -> Path | None:
    """pyproject.toml where it has [tool.alembic], for the ini beside it lacks the scripts then."""
    pyproject = folder / PYPROJECT
    if pyproject.is_file() and _TOOL_ALEMBIC.search(
        pyproject.read_text(encoding="utf-8", errors="replace")
    ):
        return pyproject
    return folder / INI if (folder / INI).is_file() else None


def database_names(project: AlembicProject) -> tuple[str, ...]:
    """The databases of a set-up like Alembic's multi-database template, in its order."""
    written = project.config.get_main_option("databases") or ""
    return tuple(name for name in re.split(r"[\s,]+", written) if name)


def new_setup(
    configuration: Path,
    directory: Path,
    *,
    template: EnvTemplate,
    metadata: Metadata | None,
    variable: str,
) -> dict[Path, str]:
    """The files of a set-up whose `env.py` takes its URL from the environment variable `variable`.

    All but `env.py` are Alembic's own. `directory`, for the revisions, is at or below the folder
    of `configuration`. Parents come before what needs them: the configuration is last.
    """
    root = configuration.parent
    inside = directory.relative_to(root)
    with TemporaryDirectory() as scratch, chdir(scratch), redirect_stdout(StringIO()):
        command.init(Config(INI), str(inside), template=template.value)
        texts = {name: Path(inside, name).read_text() for name in ("README", "script.py.mako")}
        ini = Path(INI).read_text()
    import_root = metadata.root.relative_to(root) if metadata else Path()
    return {
        directory / "README": texts["README"],
        directory / "script.py.mako": texts["script.py.mako"],
        directory / "versions" / ".gitkeep": "",
        directory / "env.py": _env_py(template, metadata, variable),
        configuration: _without_url(ini, import_root, variable),
    }


def _env_py(template: EnvTemplate, metadata: Metadata | None, variable: str) -> str:
    text = files("lockgate.migrations").joinpath(f"templates/{template}.py.template").read_text()
    imports = ""
    if metadata is not None:
        name = metadata.attribute.partition(".")[0]
        lines = [f"from {metadata.module} import {name}"]
        lines += [f"import {module}  # noqa: F401  (defines tables)" for module in metadata.tables]
        imports = "\n" + "\n".join(lines) + "\n"
    return Template(text).substitute(
        imports=imports,
        metadata=metadata.attribute if metadata else None,
        variable=variable,
    )


def _without_url(ini: str, import_root: Path, variable: str) -> str:
    here = "%(here)s" if import_root == Path() else f"%(here)s/{import_root.as_posix()}"
    lines = {
        "sqlalchemy.url": f"# none here: env.py takes the URL from {variable}",
        "prepend_sys_path": f"prepend_sys_path = {here}",
    }
    return "".join(
        f"{lines[key]}\n" if (key := line.partition("=")[0].strip()) in lines else line
        for line in ini.splitlines(keepends=True)
    )
