"""The files of a repository that are its own: no environments, caches or installed packages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

FOREIGN = frozenset({"__pycache__", "build", "dist", "node_modules", "site-packages"})


def walk(folder: Path) -> Iterator[Path]:
    """Every file under `folder` that belongs to the repository, those of a folder sorted.

    Hidden folders and virtual environments are left out.
    """
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in FOREIGN
            and not name.startswith(".")
            and not os.path.exists(os.path.join(parent, name, "pyvenv.cfg"))
        )
        for name in sorted(files):
            yield Path(parent, name)
