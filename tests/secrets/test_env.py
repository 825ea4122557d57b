"""`env:NAME`: a URL in an environment variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lockgate.core.url import DatabaseUrl, UrlUnreadable
from lockgate.errors import ExitStatus
from lockgate.secrets import ReferenceMalformed, SourceContext, env

MakeContext = Callable[..., SourceContext]


def test_url_in_variable_is_read(url: DatabaseUrl, context: MakeContext) -> None:
    with_variable = replace(context(), environ={"ARCHIVE_URL": f"{url.render()}\n"})

    assert url == env.resolve("ARCHIVE_URL", with_variable)


@pytest.mark.parametrize("environ", [{}, {"ARCHIVE_URL": ""}, {"ARCHIVE_URL": " "}])
def test_unset_variable_is_named(environ: dict[str, str], context: MakeContext) -> None:
    with pytest.raises(env.VariableUnset) as refused:
        env.resolve("ARCHIVE_URL", replace(context(), environ=environ))

    assert str(refused.value) == 'the environment variable "ARCHIVE_URL" is not set'
    assert refused.value.exit_status == ExitStatus.UNREACHABLE


def test_variable_without_url_is_named(context: MakeContext) -> None:
    with pytest.raises(UrlUnreadable, match="env:ARCHIVE_URL"):
        env.resolve("ARCHIVE_URL", replace(context(), environ={"ARCHIVE_URL": "archive"}))


@pytest.mark.parametrize("reference", ["", "A B", "A=B", "$A", "1A"])
def test_malformed_name_is_a_usage_error(reference: str, context: MakeContext) -> None:
    with pytest.raises(ReferenceMalformed) as refused:
        env.resolve(reference, context())

    assert refused.value.hint == "write it as env:NAME"
    assert refused.value.exit_status == ExitStatus.USAGE
