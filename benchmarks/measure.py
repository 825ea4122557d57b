"""Compares a command of lockgate with Alembic's own: whole processes, run in turns."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

RUNS = 7


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians in seconds, and what each program printed."""

    alembic_s: float
    lockgate_s: float
    alembic_says: str
    lockgate_says: str

    @property
    def ratio(self) -> float:
        """lockgate's time over Alembic's."""
        return self.lockgate_s / self.alembic_s


def compare(
    arguments: Sequence[str], *, project: Path, environ: Mapping[str, str], runs: int = RUNS
) -> Comparison:
    """How both programs do with the same arguments in `project`."""
    seconds: dict[str, list[float]] = {"alembic": [], "lockgate": []}
    answers: dict[str, str] = {}
    # The first turn fills __pycache__ and the file cache, and is not counted.
    for turn in range(runs + 1):
        for program, taken in seconds.items():
            start = time.perf_counter()
            answers[program] = run(project, environ, program, *arguments)
            if turn:
                taken.append(time.perf_counter() - start)
    alembic, lockgate = (median(taken) for taken in seconds.values())
    return Comparison(alembic, lockgate, answers["alembic"], answers["lockgate"])


def is_held(name: str, comparison: Comparison, limit: float, *, same_answer: bool = True) -> bool:
    """Whether the ratio is at most `limit`, and the answers alike; prints a line of the table."""
    alike = comparison.alembic_says == comparison.lockgate_says
    answer = ("same answer" if alike else "ANOTHER ANSWER") if same_answer else ""
    print(
        f"{name:<8} alembic {comparison.alembic_s:5.2f} s   "
        f"lockgate {comparison.lockgate_s:5.2f} s   "
        f"ratio {comparison.ratio:.2f} (held to {limit})   {answer}".rstrip(),
        flush=True,
    )
    return comparison.ratio <= limit and (alike or not same_answer)


def run(project: Path, environ: Mapping[str, str], program: str, *arguments: str) -> str:
    """What the program, installed beside this interpreter, prints."""
    return subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=project,
        env=environ,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout
