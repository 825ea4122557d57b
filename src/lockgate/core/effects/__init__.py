"""Effects of a statement, known before it runs.

`predict` answers for one ParsedStatement, where a Structure is what exists: nothing, a Catalog, or
what the statements before it made, for `Structure.apply` changes it in place. Statements come from
`lockgate.core.sql.trees.parse`. docs/effects.md says what is known and what is not.
"""

from __future__ import annotations

from lockgate.core.effects.applying import apply
from lockgate.core.effects.predicting import nested_statements, predict
from lockgate.core.effects.structure import Structure

__all__ = ["Structure", "apply", "nested_statements", "predict"]
