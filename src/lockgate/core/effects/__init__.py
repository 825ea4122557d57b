"""Effects of a statement, known before it runs.

`predict` answers for one ParsedStatement, where a Structure is what exists: nothing, a Catalog, or
what the statements before it made, for `apply` changes it in place. Statements come from
`lockgate.core.sql.trees.parse`. docs/effects.md says what is known and what is not.

No module imports from a layer above its own, nor in a circle. From the bottom to the top:

1. `trees`, `names`, `facts`, `modes`: the parser's nodes, the names that PostgreSQL chooses, what
   each major says of its own types and functions, lock modes in short. `extensions` knows those
   that come along, `certainty` what of a Structure may be otherwise.
2. `structure` is what exists, `reading` what statements spell, `tables` puts that into a Structure
   with all that goes along; `toast` decides which table has a TOAST table.
3. `types`, `altering`, `applying`: what statements leave behind. `catalog`: what a Catalog holds.
4. `touched` gathers what one statement does; `expressions`, `conversion` and `bounds` are what can
   be told of values.
5. `rows`, `drop`, `create`, `alter_table` and the others: the effects of one family of statements
   each.
6. `procedures` and `firing` follow code into functions, blocks, triggers and rules, where any
   statement may stand: they are handed what predicts it. `loops` finds the loops of a block.
7. `predicting` knows who answers for which statement.
"""

from __future__ import annotations

from lockgate.core.effects.applying import apply
from lockgate.core.effects.catalog import structure_of
from lockgate.core.effects.predicting import nested_statements, predict
from lockgate.core.effects.structure import Structure

__all__ = ["Structure", "apply", "nested_statements", "predict", "structure_of"]
