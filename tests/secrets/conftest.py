"""What the tests of sources share: a context without this process's environment, and an AWS."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lockgate.core.url import DatabaseUrl
from lockgate.secrets import SourceContext

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MakeContext = Callable[..., SourceContext]


@pytest.fixture(params=["p@ss:w/o%r#d? &=+'\"\\ ünïcödé", "*:\\{}%40", "hunter2hunter2"])
def password(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture
def url(password: str) -> DatabaseUrl:
    """A login to nowhere."""
    return DatabaseUrl("db.example.org", 5433, "app", password, "archive")


@pytest.fixture
def context(tmp_path: Path) -> MakeContext:
    """Makes a context whose home and directory are the test's own."""

    def make(
        *, start_embedded: Callable[[str], DatabaseUrl] | None = None, **options: str
    ) -> SourceContext:
        environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        return SourceContext(environ, tmp_path, options, start_embedded)

    return make


# AWS


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    """moto's server, reached over HTTP as AWS would be."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(
    aws_endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[SecretsManagerClient]:
    """An empty AWS account; boto3 finds a login to it, and nothing of this machine's."""
    import boto3

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws_config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws_credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "an-example-only")
    client = boto3.client("secretsmanager", endpoint_url=aws_endpoint, region_name="eu-west-1")
    yield client
    client.close()
    _post(f"{aws_endpoint}/moto-api/reset")


@pytest.fixture
def aws_checks_access(aws_endpoint: str, aws: SecretsManagerClient) -> Iterator[None]:
    """From here on the account asks who is there and what they may do."""
    _post(f"{aws_endpoint}/moto-api/reset-auth", b"0")
    yield
    _post(f"{aws_endpoint}/moto-api/reset-auth", b"inf")


def _post(address: str, body: bytes = b"") -> None:
    headers = {"Content-Type": "text/plain"}
    request = urllib.request.Request(address, data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request):
        pass
