"""For each major, a Lab: a database in which forms of the corpus are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from lockgate.postgres.binaries import BinariesNotFound, find_binaries
from tests.conftest import MAJORS, StartServer
from tests.effects.lab import SETTINGS, Lab, open_lab

LabOf = Callable[[int], Lab]


@pytest.fixture(scope="session")
def lab_of(start_scratch_server: StartServer) -> Iterator[LabOf]:
    """The Lab of a major, on a server of its own."""
    labs: dict[int, Lab] = {}
    with ExitStack() as stack:

        def lab_of_major(major: int) -> Lab:
            if major not in labs:
                try:
                    programs = find_binaries(major)
                except BinariesNotFound as error:
                    pytest.skip(str(error))
                server = start_scratch_server(programs, settings=SETTINGS)
                labs[major] = stack.enter_context(open_lab(server.url))
            return labs[major]

        yield lab_of_major


@pytest.fixture(params=MAJORS, ids=lambda major: f"pg{major}")
def any_major(request: pytest.FixtureRequest) -> int:
    """Each major in turn."""
    major: int = request.param
    return major


@pytest.fixture
def any_lab(any_major: int, lab_of: LabOf) -> Lab:
    """The Lab of each major in turn."""
    return lab_of(any_major)
