"""How a statement that commits by itself goes about its locks, so far as its text tells."""

from __future__ import annotations

from dataclasses import dataclass

from lockgate.core.parsed import ParsedStatement

_CODE = frozenset({"CallStmt", "DoStmt"})


@dataclass(frozen=True, slots=True)
class Manner:
    """Where its locks may be gone again without a write to pg_class, besides where partitions are.

    `everywhere` is on any table, `named` on those that it is known to touch. `yields` is whether
    it gives up what it does not get at once: VACUUM does so before it cuts pages off, and lets
    go by what is `skipping` altogether.
    """

    everywhere: bool = False
    named: bool = False
    yields: bool = False
    skipping: bool = False

    @property
    def messages(self) -> str:
        """The level at which the server tells of its work; of pages cut off, only at the second."""
        return "debug2" if self.yields else "debug1"


def manner_of(parsed: ParsedStatement) -> Manner:
    """The Manner of one statement."""
    tree = parsed.tree
    if parsed.kind in _CODE:
        return Manner(everywhere=True)
    if parsed.kind == "ReindexStmt":
        # A table without indexes is locked, and there is nothing to do.
        return Manner(everywhere="relation" not in tree, named=True)
    if parsed.kind == "VacuumStmt":
        options = [option["DefElem"] for option in tree.get("options", ())]
        skipping = any(option["defname"] == "skip_locked" for option in options)
        return Manner(yields=True, skipping=skipping)
    return Manner()
