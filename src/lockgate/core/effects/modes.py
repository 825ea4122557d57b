"""Lock modes under the short names that effects are written with."""

from __future__ import annotations

from lockgate.core.effect import LockMode

AX = LockMode.ACCESS_EXCLUSIVE
SRE = LockMode.SHARE_ROW_EXCLUSIVE
SUX = LockMode.SHARE_UPDATE_EXCLUSIVE
WRITE = LockMode.ROW_EXCLUSIVE
READ_ROWS = LockMode.ROW_SHARE
READ = LockMode.ACCESS_SHARE
