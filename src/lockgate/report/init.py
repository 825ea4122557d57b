"""What `lockgate init` set up, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lockgate.core.setup import SetUp


def setup_text(setup: SetUp) -> str:
    """The Alembic set-up, each file, and the commands to run next."""
    plural = "" if setup.revisions == 1 else "s"
    lines = [
        f"alembic  {setup.alembic}",
        f"         {setup.revisions} revision{plural} in {setup.script_directory}",
    ]
    if setup.metadata:
        lines.append(f"         models from {setup.metadata}")
    lines += [f"kept     {path}" for path in setup.kept]
    lines += [f"wrote    {path}" for path in setup.written]
    if not setup.written:
        lines.append("nothing to do: every file is there already")
        return "\n".join(lines)
    lines += ["", "next:", *(f"  {command}" for command in setup.commands)]
    return "\n".join(lines)


def setup_document(setup: SetUp) -> dict[str, Any]:
    """The same as JSON."""
    return asdict(setup)
