"""Environments and their marks, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lockgate.core.environment import Environment
from lockgate.core.identity import EnvironmentView, Mark


def list_text(environments: Iterable[Environment]) -> str:
    """Name, role and URL setting, a line each."""
    rows = [
        (e.name, e.role.value, f"{part}: {url}" if part else url)
        for e in environments
        for part, url in e.databases
    ]
    if not rows:
        return "the settings have no environments"
    names = max(len(row[0]) for row in rows)
    return "\n".join(f"{name:<{names}}  {role:<11}  {url}" for name, role, url in rows)


def list_document(environments: Iterable[Environment]) -> dict[str, Any]:
    """The same as JSON; `url` is the setting, which never holds a password."""
    return {
        "environments": [
            {"name": e.name, "role": e.role.value, "urls": dict(e.databases)} for e in environments
        ]
    }


def view_text(view: EnvironmentView) -> str:
    """Where an Environment points and whether it is what it should be."""
    lines = [f"{view.environment.name} ({view.environment.role})"]
    lines += [f"  url       {f'{part}: ' if part else ''}{url}" for part, url in view.urls.items()]
    if view.facts is not None:
        facts = view.facts
        version = f"{facts.server_version // 10_000}.{facts.server_version % 10_000}"
        replica = ", in recovery (a replica)" if facts.in_recovery else ""
        lines.append(f"  server    PostgreSQL {version}{replica}")
        lines.append(f'  database  "{facts.database}", oid {facts.oid}, as role "{facts.user}"')
        lines.append(f"  cluster   {facts.system_identifier or 'not readable by this role'}")
        lines.append(f"  schema    {facts.schema}")
    if view.mark is not None:
        mark = view.mark
        at = mark.enrolled_at.isoformat(timespec="seconds")
        lines.append(f"  mark      {mark.environment} ({mark.role}), {mark.uuid}")
        lines.append(f"            enrolled {at} by {mark.enrolled_by}")
    lines.append(f"  identity  {view.identity}" + (f": {view.problem}" if view.problem else ""))
    return "\n".join(lines)


def view_document(view: EnvironmentView) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "name": view.environment.name,
        "role": view.environment.role.value,
        "urls": dict(view.urls),
        "identity": view.identity,
        "problem": view.problem,
        "mark": None if view.mark is None else mark_document(view.mark),
        "server_version": None if view.facts is None else view.facts.server_version,
        "database": None if view.facts is None else view.facts.database,
    }


def marks_text(marks: Iterable[Mark]) -> str:
    """What databases are marked as, a line each."""
    return "\n".join(
        f'database "{mark.database}" on "{mark.host}" is {mark.environment}'
        f"{f'/{mark.part}' if mark.part else ''} ({mark.role}), mark {mark.uuid}"
        for mark in marks
    )


def marks_document(marks: Iterable[Mark]) -> dict[str, Any]:
    """The same as JSON."""
    return {"marks": [mark_document(mark) for mark in marks]}


def mark_document(mark: Mark) -> dict[str, Any]:
    """A mark as JSON."""
    return {
        "environment": mark.environment,
        "role": mark.role.value,
        "part": mark.part,
        "uuid": mark.uuid,
        "database": mark.database,
        "host": mark.host,
        "schema": mark.schema,
        "enrolled_at": mark.enrolled_at.isoformat(),
        "enrolled_by": mark.enrolled_by,
    }
