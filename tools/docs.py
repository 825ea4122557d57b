"""Writes the pages of docs/ that are made from the code: commands, rules, and error codes.

    python tools/docs.py            says which pages are not as the code has them; exit 1 if any
    python tools/docs.py --write    writes them, and removes pages of commands that are gone

A command's page is its docstring and its options, so that it says what `--help` says.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import typer.main
from typer.core import TyperArgument, TyperGroup, TyperOption

import lockgate
from lockgate.cli import main as cli
from lockgate.core.rule import Family, Rule
from lockgate.errors import ExitStatus, LockgateError
from lockgate.rules import rules

DOCS = Path(__file__).parents[1] / "docs"
COMMANDS = DOCS / "commands"
RULES = DOCS / "rules"
MADE = "<!-- Made by tools/docs.py; change the code and run `python tools/docs.py --write`. -->\n"
Command = typer.core.TyperCommand

INDEX = """\
# Commands

{rows}

Every command has `--help`, which says what its page says.

## Exit statuses

| exit | meaning |
|---|---|
| 0 | done |
| 1 | the answer is no: a finding, drift, a gate that refused, a check that failed |
| 2 | usage, settings or revision files are wrong |
| 3 | wrong database: identity refused, before anything was changed |
| 4 | database or credentials not reachable |
| 5 | failed, rolled back, nothing changed |
| 6 | stopped after something that lasts; the same command goes on from there |
| 7 | a lock was not obtained within the budget; nothing changed |
| 70 | an error that lockgate has no words for: a bug of it |
| 130 | interrupted by Ctrl-C or SIGTERM |

An error is two lines on standard error, what happened and what to do; with `--format json` it is
the document `lockgate/error/1`. [errors.md](../errors.md) lists the codes.
"""

RULE_INDEX = """\
# Rules

What `lockgate lint` asks of each statement and revision. [How it works](../rules.md) says how
weight, suppression and formats come about.

{families}
"""

ERRORS = """\
# Errors and findings

An error ends a command, with the exit status that stands beside it. Where there are two, it depends
on what was done before: 6 says that something of it lasts, 5 and 7 that nothing does.

| code | exit | situation |
|---|---|---|
{errors}

## Findings

`lockgate check` and `lockgate watch` report these. A finding is an error or a warning; warnings do
not change the exit status.

| code | probe |
|---|---|
{findings}
"""


def main(arguments: list[str]) -> int:
    """Writes or compares, by `arguments`; answers the exit status."""
    wanted = pages()
    existing = {*COMMANDS.glob("*.md"), *RULES.glob("*.md"), DOCS / "errors.md"}
    stale = {page for page, text in wanted.items() if not page.exists() or page.read_text() != text}
    gone = existing - wanted.keys()
    if arguments == ["--write"]:
        COMMANDS.mkdir(exist_ok=True)
        RULES.mkdir(exist_ok=True)
        for page in stale:
            page.write_text(wanted[page])
        for page in gone:
            page.unlink()
        return 0
    for page in sorted(stale | gone):
        what = "stands for nothing" if page in gone else "is not as the code has it"
        print(f"{page.relative_to(DOCS)} {what}")
    return 1 if stale or gone else 0


def pages() -> dict[Path, str]:
    """The text of every generated page."""
    commands = dict(sorted(every_command()))
    made = {COMMANDS / f"{'-'.join(words)}.md": page(words, c) for words, c in commands.items()}
    rows = "\n".join(
        f"- [`lockgate {' '.join(words)}`]({'-'.join(words)}.md): {first_line(command)}"
        for words, command in commands.items()
    )
    made[COMMANDS / "README.md"] = MADE + INDEX.format(rows=rows)
    made |= {RULES / f"{rule.CODE}.md": rule_page(rule) for rule in rules()}
    made[RULES / "README.md"] = MADE + RULE_INDEX.format(families=rule_index())
    errors = "\n".join(f"| {code} | {exits} | {what} |" for code, exits, what in error_rows())
    findings = "\n".join(f"| {code} | {probe} |" for code, probe in sorted(finding_rows()))
    made[DOCS / "errors.md"] = MADE + ERRORS.format(errors=errors, findings=findings)
    return made


# Commands


def every_command() -> Iterator[tuple[tuple[str, ...], Command]]:
    """Each command that does something, with its words: `("env", "show")`."""
    cli._register(())
    groups: list[tuple[tuple[str, ...], TyperGroup]] = [((), typer.main.get_group(cli.app))]
    for words, group in groups:
        for name, command in group.commands.items():
            if isinstance(command, TyperGroup):
                groups.append(((*words, name), command))
            elif isinstance(command, Command):
                yield (*words, name), command


def page(words: tuple[str, ...], command: Command) -> str:
    """Usage, what the command does, its arguments and options."""
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    options = [p for p in command.params if isinstance(p, TyperOption)]
    usage = " ".join(["lockgate", *words, "[OPTIONS]", *map(argument_usage, arguments)])
    first, _, rest = (command.help or "").partition("\n\n")
    parts = [f"{MADE}# lockgate {' '.join(words)}", first, f"    {usage}", rest.strip()]
    if arguments:
        lines = (f"- `{argument_usage(a)}`: {meaning(a)}" for a in arguments)
        parts += ["## Arguments", "\n".join(lines)]
    parts += ["## Options", "\n".join(f"- `{option_usage(o)}`: {meaning(o)}" for o in options)]
    parts.append("[All commands and their exit statuses](README.md)")
    return "\n\n".join(part for part in parts if part) + "\n"


def argument_usage(argument: TyperArgument) -> str:
    """`ENV`, `[ENV]` where it may be left out, `ENV...` where it may come again."""
    name = (argument.metavar or str(argument.name).upper()).strip("[]")
    name += "..." if argument.nargs == -1 else ""
    return name if argument.required else f"[{name}]"


def option_usage(option: TyperOption) -> str:
    """`-o, --output FILE`"""
    spellings = ", ".join(sorted(option.opts, key=len))
    if option.secondary_opts:
        return f"{spellings} / {', '.join(option.secondary_opts)}"
    choices = getattr(option.type, "choices", None)
    if option.is_flag:
        return spellings
    value = option.metavar or ("|".join(map(spelled, choices)) if choices else option.type.name)
    return f"{spellings} {value if option.metavar or choices else value.upper()}"


def meaning(parameter: TyperArgument | TyperOption) -> str:
    """The help text, and the default where the text does not name it."""
    default = parameter.default
    shown = default not in (None, False, ()) and "[default" not in (parameter.help or "")
    spells = "" if not shown else spelled(default)
    if isinstance(parameter, TyperOption) and parameter.secondary_opts:
        spells = (parameter.opts if default else parameter.secondary_opts)[0]
    return f"{parameter.help or ''}{f' [default: {spells}]' if spells else ''}"


def spelled(value: object) -> str:
    """As it is typed."""
    return str(value.value if isinstance(value, Enum) else value)


def first_line(command: Command) -> str:
    """What the list of commands says of it."""
    return " ".join((command.help or "").partition("\n\n")[0].split())


# Rules


def rule_index() -> str:
    """A table for each family that has rules."""
    parts = []
    for family in Family:
        found = [rule for rule in rules() if rule.FAMILY is family]
        rows = "\n".join(
            f"| [{r.CODE}]({r.CODE}.md) | {r.NAME} | {r.SEVERITY.value} | {summary(r)} |"
            for r in found
        )
        if found:
            parts.append(
                f"## {family.value}\n\n| code | name | severity | |\n|---|---|---|---|\n{rows}"
            )
    return "\n\n".join(parts)


def summary(rule: Rule) -> str:
    """The first sentence of a rule's page."""
    return escaped((rule.__doc__ or "").strip().partition("\n")[0])


def rule_page(rule: Rule) -> str:
    """What the rule says, and the change as it should not and as it should be."""
    parts = [f"{MADE}# {rule.CODE} {rule.NAME}", (rule.__doc__ or "").strip()]
    parts.append(f"Severity: {rule.SEVERITY.value}. {rule.FAMILY.value}.")
    for title, sql, revision in (
        ("Not so", rule.BAD, rule.BAD_ALEMBIC),
        ("But so", rule.GOOD, rule.GOOD_ALEMBIC),
    ):
        blocks = [("sql", sql), ("python", revision)]
        texts = [f"```{kind}\n{shown(text)}\n```" for kind, text in blocks if text]
        parts.append(f"## {title}\n\n" + "\n\n".join(texts))
    parts.append("[All rules](README.md)")
    return "\n\n".join(parts) + "\n"


def shown(text: str) -> str:
    """An example as a page can hold it, bytes that are no UTF-8 spelled out."""
    return text.strip("\n").encode("utf-8", "backslashreplace").decode()


# Errors


def error_rows() -> list[tuple[str, str, str]]:
    """Code, exit statuses and situation of every error; raises ValueError if two share a code."""
    for module in walk_packages(lockgate.__path__, "lockgate."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    errors: dict[str, type[LockgateError]] = {}
    for error in subclasses(LockgateError):
        code = getattr(error, "code", None)
        if code is None or not error.__module__.startswith("lockgate."):
            continue
        if code in errors:
            raise ValueError(f"{code} stands for {errors[code].__name__} and {error.__name__}")
        errors[code] = error
    return [
        (code, " or ".join(str(int(s)) for s in exit_statuses(errors[code])), situation)
        for code in sorted(errors, key=in_order)
        if (situation := escaped((errors[code].__doc__ or "").strip().splitlines()[0]))
    ]


def subclasses(error: type[LockgateError]) -> Iterator[type[LockgateError]]:
    """All of them, at any depth."""
    for below in error.__subclasses__():
        yield below
        yield from subclasses(below)


def exit_statuses(error: type[LockgateError]) -> list[ExitStatus]:
    """The one, or all that a property names."""
    status: object = error.exit_status
    if isinstance(status, ExitStatus):
        return [status]
    assert isinstance(status, property), f"{error.__name__} has no exit status"
    assert status.fget is not None
    return [s for s in ExitStatus if s.name in status.fget.__code__.co_names]


def finding_rows() -> set[tuple[str, str]]:
    """Code and probe of every Finding that the code spells out."""
    found = set()
    for file in Path(lockgate.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            match node:
                case ast.Call(
                    func=ast.Name("Finding"),
                    args=[ast.Constant(str(code)), ast.Constant(str(probe)), *_],
                ):
                    found.add((code, probe))
    return found


def in_order(code: str) -> tuple[str, int]:
    """By area, then by number."""
    area, _, number = code.rpartition("-")
    return area, int(number)


def escaped(text: str) -> str:
    """`text` in a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
