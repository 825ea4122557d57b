"""Functions and procedures that are there already, are made otherwise, or have another name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.core.effects.reading import read_type
from lockgate.core.effects.structure import Name, Structure, TypeName
from lockgate.core.effects.trees import body, object_name, words
from lockgate.core.parsed import Tree
from lockgate.core.refusals.refusal import Refusal, Why, missing, refused, shown, taken
from lockgate.core.sql.trees import parse_one

_Type = tuple[str, bool] | None


@dataclass(frozen=True, slots=True)
class Heading:
    """How a routine is called and what it gives back; None for a type that is not read."""

    procedure: bool
    inputs: tuple[_Type, ...]
    names: tuple[str, ...]
    defaults: int
    result: tuple[object, ...]
    shown: str


def heading(tree: Tree) -> Heading:
    """That of a CREATE FUNCTION."""
    parameters = [body(node, "FunctionParameter") for node in tree.get("parameters", ())]
    given = [p for p in parameters if p.get("mode") not in _OUT]
    out = [p for p in parameters if p.get("mode") in (*_OUT, "FUNC_PARAM_INOUT")]
    returned = tree.get("returnType", {})
    types = [read_type(p.get("argType")) for p in given]
    result: tuple[object, ...] = (_key(read_type(returned)), returned.get("setof", False))
    if out:
        result = (
            tuple((p.get("name"), _key(read_type(p.get("argType")))) for p in out)
            if len(out) > 1
            else _key(read_type(out[0].get("argType"))),
            returned.get("setof", False) or any(p.get("mode") == _OUT[1] for p in out),
        )
    return Heading(
        tree.get("is_procedure", False),
        tuple(map(_key, types)),
        tuple(p.get("name", "") for p in given),
        sum("defexpr" in p for p in given),
        result,
        ", ".join("?" if found is None else str(found) for found in types),
    )


_OUT = ("FUNC_PARAM_OUT", "FUNC_PARAM_TABLE")


def _key(found: TypeName | None) -> _Type:
    return None if found is None else (found.name, found.array)


def _standing(structure: Structure, name: Name) -> list[Heading]:
    """The routines of a name whose headings are known."""
    found = []
    for routine in structure.routines.get(name, ()):
        parsed = parse_one(routine.statement or "")
        if parsed.kind == "CreateFunctionStmt":
            found.append(heading(parsed.tree))
    return found


def made(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """CREATE FUNCTION and PROCEDURE, with OR REPLACE too."""
    name = structure.new_name(words(tree.get("funcname")))
    if name not in structure.routines:
        return
    new = heading(tree)
    for old in _standing(structure, name):
        if None in old.inputs or old.inputs != new.inputs:
            continue
        what = f"{'procedure' if old.procedure else 'function'} {shown(name)}({old.shown})"
        if not tree.get("replace"):
            remedy = "write CREATE OR REPLACE, or drop it before"
            yield taken(what, name[1], remedy=remedy)
            continue
        said = ""
        if old.procedure is not new.procedure:
            said = f"{what} does not become a {'procedure' if new.procedure else 'function'}"
        elif any(a and a != b for a, b in zip(old.names, new.names, strict=True)):
            said = f"OR REPLACE gives the parameters of {what} no other names"
        elif None not in (old.result[0], new.result[0]) and old.result != new.result:
            said = f"OR REPLACE does not change what {what} returns"
        elif new.defaults < old.defaults:
            said = f"OR REPLACE takes no default from a parameter of {what}"
        if said:
            remedy = "drop it and make it again, in one transaction"
            yield refused(said, remedy, name[1])


def dropped(structure: Structure, tree: Tree) -> Iterator[Refusal]:
    """DROP FUNCTION and PROCEDURE: which of several, or of another kind."""
    kind = tree.get("removeType")
    if kind not in ("OBJECT_FUNCTION", "OBJECT_PROCEDURE"):
        return
    for node in tree.get("objects", ()):
        given = body(node, "ObjectWithArgs")
        parts = object_name(node)
        name = _found(structure, parts)
        standing = _standing(structure, name) if name is not None else []
        if name is None or len(standing) != len(structure.routines.get(name, ())):
            continue
        wanted = kind == "OBJECT_PROCEDURE"
        fitting = [one for one in standing if one.procedure is wanted]
        if not given.get("args_unspecified"):
            types = [read_type(body(n, "TypeName")) for n in given.get("objargs", ())]
            inputs = tuple(map(_key, types))
            fits = [one for one in standing if one.inputs == inputs]
            unread = None in inputs or any(None in one.inputs for one in standing)
            if not fits and not unread and structure.complete and not tree.get("missing_ok"):
                shown_types = ", ".join(str(one) for one in types if one is not None)
                yield missing(f"{kind[7:].lower()} {shown(name)}({shown_types})", name[1])
            continue
        if not fitting:
            other = "function" if wanted else "procedure"
            yield Refusal(
                Why.KIND,
                f"{shown(name)} is a {other}",
                f"write DROP {other.upper()}",
                (name[1],),
            )
        elif len(fitting) > 1:
            said = f"{len(fitting)} {kind[7:].lower()}s are called {shown(name)}"
            yield refused(said, "name the types of its arguments", name[1])


def _found(structure: Structure, parts: tuple[str, ...]) -> Name | None:
    if len(parts) > 1:
        return (parts[-2], parts[-1]) if (parts[-2], parts[-1]) in structure.routines else None
    for schema in structure.search_path:
        if (schema, parts[-1]) in structure.routines:
            return schema, parts[-1]
    return None
