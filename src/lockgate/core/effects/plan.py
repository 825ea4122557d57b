"""One ALTER TABLE while it is read."""

from __future__ import annotations

from lockgate.core.effect import LockMode
from lockgate.core.effects.conversion import Conversion
from lockgate.core.effects.structure import Relation
from lockgate.core.effects.touched import Touched
from lockgate.core.parsed import Tree


class Plan:
    """What the subcommands of one ALTER TABLE decide together."""

    def __init__(
        self,
        touched: Touched,
        relation: Relation,
        below: list[Relation],
        mode: LockMode,
        commands: list[Tree],
    ) -> None:
        self.touched = touched
        self.structure = touched.structure
        self.relation = relation
        self.below = below
        self.mode = mode
        self.commands = commands
        self.rewritten = False
        self.doubted = False
        self.retyped: dict[str, Conversion] = {}
        self.empty: set[str] = set()  # columns that it adds without a value for the rows there

    @property
    def everywhere(self) -> list[Relation]:
        """The table and, unless ONLY was said, its partitions or children."""
        return [self.relation, *self.below]

    def lock_children(self) -> None:
        """The lock, on the partitions or children of the table itself, with ONLY too."""
        for name in self.relation.children:
            self.touched.lock(name, self.mode)

    def lock_below(self) -> None:
        """The lock, on every partition or child too."""
        for relation in self.below:
            self.touched.lock(relation, self.mode)
