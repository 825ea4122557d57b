"""What the Python of a revision file asks that it should not, by whatever name it was imported."""

from __future__ import annotations

import ast

import pytest

from lockgate.core.revision_source import RevisionSource
from lockgate.rules import clock_in_revision, environment_in_revision

CLOCKS = [
    ("from datetime import datetime as dt\nx = dt.now()", 1),
    ("import datetime\nx = datetime.datetime.now(datetime.UTC)", 1),
    ("from time import time\nx = time()", 1),
    ("import uuid as u\nx = [u.uuid4(), u.uuid4()]", 2),
    ("import random\nx = random.sample([1], 1)", 1),
    ("import sqlalchemy as sa\nx = sa.Column('a', sa.DateTime, server_default=sa.func.now())", 0),
    ("import datetime\nx = datetime.datetime(2020, 1, 1)", 0),
    ("def now(): return 1\nx = now()", 0),
]
PLACES = [
    ("import os as system\nx = system.environ['A']", 1),
    ("from os import environ as env\nx = env.get('A')", 1),
    ("from os import getenv\nx = getenv('A')", 1),
    ("import socket\nx = socket.gethostname()", 1),
    ("environ = {}\nx = environ.get('A')", 0),
    ("import os\nx = os.path.join('a', 'b')", 0),
]


@pytest.mark.parametrize(("text", "times"), CLOCKS)
def test_clock_is_found_by_whatever_name(text: str, times: int) -> None:
    assert len(list(clock_in_revision.read(source(text)))) == times


@pytest.mark.parametrize(("text", "times"), PLACES)
def test_environment_is_found_by_whatever_name(text: str, times: int) -> None:
    assert len(list(environment_in_revision.read(source(text)))) == times


def source(text: str) -> RevisionSource:
    return RevisionSource("abc", "abc.py", text, ast.parse(text))
