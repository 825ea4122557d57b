"""`file:PATH`: a URL on the first line of a private file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.errors import ExitStatus
from lockgate.secrets import ReferenceMalformed, SourceContext, file

MakeContext = Callable[..., SourceContext]


def _write(path: Path, content: str, mode: int = 0o600) -> None:
    path.write_text(content)
    path.chmod(mode)


@pytest.mark.parametrize("reference", ["archive.url", "~/archive.url", "./archive.url"])
def test_first_line_is_read(
    url: DatabaseUrl, context: MakeContext, tmp_path: Path, reference: str
) -> None:
    _write(tmp_path / "archive.url", f"{url.render()}\n# a note\n")

    assert url == file.resolve(reference, context())


def test_absolute_path_is_read(url: DatabaseUrl, context: MakeContext, tmp_path: Path) -> None:
    _write(tmp_path / "archive.url", url.render(), 0o400)

    assert url == file.resolve(str(tmp_path / "archive.url"), context())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602])
def test_file_open_to_others_is_refused(context: MakeContext, tmp_path: Path, mode: int) -> None:
    path = tmp_path / "archive.url"
    _write(path, "postgresql://u:p@h/db", mode)

    with pytest.raises(file.SecretFileOpenToOthers) as refused:
        file.resolve("archive.url", context())

    expected = f'the file "{path}" with the URL has mode {mode:04o}, so others can use it'
    assert expected == str(refused.value)
    assert f"run `chmod 600 {path}`" == refused.value.hint
    assert refused.value.exit_status == ExitStatus.UNREACHABLE


def test_missing_file_is_named(context: MakeContext, tmp_path: Path) -> None:
    with pytest.raises(file.SecretFileUnreadable) as refused:
        file.resolve("archive.url", context())

    path = tmp_path / "archive.url"
    expected = f'the file "{path}" with the URL cannot be read: No such file or directory'
    assert expected == str(refused.value)


def test_directory_is_refused(context: MakeContext) -> None:
    with pytest.raises(file.SecretFileUnreadable, match="Is a directory"):
        file.resolve(".", context())


@pytest.mark.parametrize("content", ["", "\npostgresql://h/db\n", "  \n"])
def test_empty_first_line_is_refused(context: MakeContext, tmp_path: Path, content: str) -> None:
    _write(tmp_path / "archive.url", content)

    with pytest.raises(file.SecretFileUnreadable, match="its first line is empty"):
        file.resolve("archive.url", context())


@pytest.mark.parametrize("reference", ["", "a\0b", "postgresql://u:p@h/db"])
def test_malformed_path_is_refused(reference: str, context: MakeContext) -> None:
    with pytest.raises(ReferenceMalformed):
        file.resolve(reference, context())
