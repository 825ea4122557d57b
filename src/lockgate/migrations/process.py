"""What opening a set-up and running its `env.py` would leave behind in this process, and must not.

`alembic` ends with its one run; lockgate runs `env.py` several times, and goes on afterwards.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alembic_hushed() -> Iterator[None]:
    """Drops Alembic's log lines below a warning: lockgate tells itself what runs and is found."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("alembic")]

    def is_trouble(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING

    # Filters, since a fileConfig in env.py resets levels and handlers but not filters; one for
    # each logger, since they are not inherited.
    loggers = [logging.getLogger(name) for name in {*names, *_ALEMBIC_LOGGERS}]
    for logger in loggers:
        logger.addFilter(is_trouble)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_trouble)


_ALEMBIC_LOGGERS = ("alembic.runtime.migration", "alembic.runtime.plugins")


@contextmanager
def modules_forgotten(folders: Iterable[Path]) -> Iterator[None]:
    """Forgets the modules from `folders` that a run imports, as the end of its process would.

    They may hold what belongs to the run: an engine, the URL of one Environment, what a revision
    left for the next one, a table that `env.py` adds to the metadata and cannot add twice.
    """
    before = set(sys.modules)
    roots = tuple(str(folder.resolve()) for folder in folders)
    try:
        yield
    finally:
        for name in sys.modules.keys() - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(roots) and "site-packages" not in file:
                del sys.modules[name]


@contextmanager
def sys_path_kept() -> Iterator[None]:
    """Leaves `sys.path` as it was: Alembic prepends `prepend_sys_path` at each opening."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
