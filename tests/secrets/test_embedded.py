"""`embedded:NAME`: a server that whoever asks knows how to start."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus
from lockgate.secrets import ReferenceMalformed, SourceContext, embedded

MakeContext = Callable[..., SourceContext]


def test_named_server_is_started(context: MakeContext) -> None:
    started = context(start_embedded=lambda name: DatabaseUrl(host=f"/run/{name}"))

    assert DatabaseUrl(host="/run/dev") == embedded.resolve("dev", started)


def test_without_means_to_start_it_says_so(context: MakeContext) -> None:
    with pytest.raises(embedded.EmbeddedNotStartable) as refused:
        embedded.resolve("dev", context())

    assert str(refused.value) == 'the embedded PostgreSQL "dev" cannot be started from here'
    assert refused.value.exit_status == ExitStatus.UNREACHABLE


@pytest.mark.parametrize("reference", ["", "../dev", "a/b", ".", "-x", "a b"])
def test_name_that_could_leave_the_directory_is_refused(
    reference: str, context: MakeContext
) -> None:
    with pytest.raises(ReferenceMalformed):
        embedded.resolve(reference, context())
