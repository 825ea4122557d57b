"""`aws-secretsmanager:` and `rds-iam:`, with the real boto3 and moto's server over HTTP."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from lockgate.core.url import DatabaseUrl, UrlUnreadable
from lockgate.errors import ExitStatus
from lockgate.secrets import (
    ReferenceMalformed,
    SourceContext,
    _aws,
    _secret_text,
    aws_secretsmanager,
    rds_iam,
)

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MakeContext = Callable[..., SourceContext]

NAME = "sdp/database-cred"
SOURCE = f"aws-secretsmanager:{NAME}"


@pytest.fixture
def aws_context(aws: SecretsManagerClient, aws_endpoint: str, context: MakeContext) -> MakeContext:
    """Makes a context whose options lead to moto; further options are added or replaced."""

    def make(**options: str) -> SourceContext:
        return context(**{"aws_endpoint_url": aws_endpoint, "aws_region": "eu-west-1"} | options)

    return make


def _rds_secret(url: DatabaseUrl, **changed: object) -> str:
    """The JSON that RDS keeps; a key changed to None is left out."""
    secret = {
        "engine": "postgres",
        "host": url.host,
        "port": url.port,
        "username": url.user,
        "password": url.password,
        "dbname": url.database,
        "dbInstanceIdentifier": "sdp",
    }
    return json.dumps(
        {key: value for key, value in (secret | changed).items() if value is not None}
    )


@pytest.mark.parametrize("engine", ["postgres", "aurora-postgresql", None])
@pytest.mark.parametrize("port", [5433, "5433"])
def test_rds_secret_is_read(
    aws: SecretsManagerClient,
    aws_context: MakeContext,
    url: DatabaseUrl,
    engine: str | None,
    port: object,
) -> None:
    aws.create_secret(Name=NAME, SecretString=_rds_secret(url, engine=engine, port=port))

    assert url == aws_secretsmanager.resolve(NAME, aws_context())


def test_url_as_secret_is_read(
    aws: SecretsManagerClient, aws_context: MakeContext, url: DatabaseUrl
) -> None:
    aws.create_secret(Name=NAME, SecretString=url.render())

    assert url == aws_secretsmanager.resolve(NAME, aws_context())


def test_arn_names_a_secret(
    aws: SecretsManagerClient, aws_context: MakeContext, url: DatabaseUrl
) -> None:
    arn = aws.create_secret(Name=NAME, SecretString=url.render())["ARN"]

    assert url == aws_secretsmanager.resolve(arn, aws_context())


def test_dbname_of_the_settings_fills_the_gap(
    aws: SecretsManagerClient, aws_context: MakeContext, url: DatabaseUrl
) -> None:
    aws.create_secret(Name=NAME, SecretString=_rds_secret(url, dbname=None))

    assert url == aws_secretsmanager.resolve(NAME, aws_context(dbname=url.database))


def test_version_stage_is_honoured(
    aws: SecretsManagerClient, aws_context: MakeContext, url: DatabaseUrl
) -> None:
    aws.create_secret(Name=NAME, SecretString=_rds_secret(url, password="the old one"))
    aws.put_secret_value(SecretId=NAME, SecretString=_rds_secret(url))

    current = aws_secretsmanager.resolve(NAME, aws_context())
    previous = aws_secretsmanager.resolve(NAME, aws_context(aws_version_stage="AWSPREVIOUS"))

    assert [url.password, "the old one"] == [current.password, previous.password]


def test_region_and_profile_are_honoured(
    aws_endpoint: str, aws_context: MakeContext, url: DatabaseUrl, tmp_path: Path
) -> None:
    import boto3

    other = boto3.client("secretsmanager", endpoint_url=aws_endpoint, region_name="us-east-2")
    other.create_secret(Name=NAME, SecretString=url.render())
    (tmp_path / "aws_config").write_text("[profile archive]\nregion = us-east-2\n")
    (tmp_path / "aws_credentials").write_text(
        "[archive]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = another-example\n"
    )

    by_region = aws_secretsmanager.resolve(NAME, aws_context(aws_region="us-east-2"))
    by_profile = aws_secretsmanager.resolve(NAME, aws_context(aws_profile="archive", aws_region=""))

    assert [url, url] == [by_region, by_profile]


def test_role_of_another_account_is_assumed(
    aws_endpoint: str, aws_context: MakeContext, url: DatabaseUrl
) -> None:
    import boto3

    role_arn = "arn:aws:iam::111122223333:role/reader"
    sts = boto3.client("sts", endpoint_url=aws_endpoint, region_name="eu-west-1")
    lent = sts.assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
    other = boto3.client(
        "secretsmanager",
        endpoint_url=aws_endpoint,
        region_name="eu-west-1",
        aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"],
        aws_session_token=lent["SessionToken"],
    )
    other.create_secret(Name=NAME, SecretString=url.render())

    assert url == aws_secretsmanager.resolve(NAME, aws_context(aws_role_arn=role_arn))
    with pytest.raises(_aws.AwsNotFound):
        aws_secretsmanager.resolve(NAME, aws_context())


def test_missing_secret_says_where_it_looked(aws_context: MakeContext) -> None:
    with pytest.raises(_aws.AwsNotFound) as refused:
        aws_secretsmanager.resolve(NAME, aws_context())

    assert f'AWS has no "{SOURCE}" in the region "eu-west-1"' == str(refused.value)


def test_missing_keys_are_named_with_those_present(
    aws: SecretsManagerClient, aws_context: MakeContext, url: DatabaseUrl
) -> None:
    aws.create_secret(Name=NAME, SecretString=_rds_secret(url, host=None, dbname=None, password=""))

    with pytest.raises(_secret_text.SecretKeysMissing) as refused:
        aws_secretsmanager.resolve(NAME, aws_context())

    expected = (
        f'the secret from "{SOURCE}" lacks "host", "password", "dbname"; '
        'it has "dbInstanceIdentifier", "engine", "password", "port", "username"'
    )
    assert expected == str(refused.value)
    expected = "add host, password, dbname to the secret (or set dbname in the settings)"
    assert expected == refused.value.hint


def test_secret_of_another_engine_is_refused(
    aws: SecretsManagerClient, aws_context: MakeContext, url: DatabaseUrl
) -> None:
    aws.create_secret(Name=NAME, SecretString=_rds_secret(url, engine="mysql"))

    with pytest.raises(_secret_text.SecretOfAnotherEngine) as refused:
        aws_secretsmanager.resolve(NAME, aws_context())

    assert f'the engine of the secret from "{SOURCE}" is not PostgreSQL' == str(refused.value)


@pytest.mark.parametrize("content", ["{broken", '{"host": "h"', "{" * 100_000])
def test_broken_json_is_refused(
    aws: SecretsManagerClient, aws_context: MakeContext, content: str
) -> None:
    aws.create_secret(Name=NAME, SecretString=content[:60_000])

    with pytest.raises(_secret_text.SecretUnreadable, match="begins like a JSON object"):
        aws_secretsmanager.resolve(NAME, aws_context())


@pytest.mark.parametrize("value", [True, 1.5, ["x"], {"x": "y"}])
def test_value_of_another_type_is_refused(
    aws: SecretsManagerClient, aws_context: MakeContext, url: DatabaseUrl, value: object
) -> None:
    aws.create_secret(Name=NAME, SecretString=_rds_secret(url, username=value))

    with pytest.raises(_secret_text.SecretUnreadable, match="neither text nor a number"):
        aws_secretsmanager.resolve(NAME, aws_context())


@pytest.mark.parametrize("content", ["just a password", "[1, 2]", '"text"', "mysql://u:p@h/db"])
def test_other_text_is_refused(
    aws: SecretsManagerClient, aws_context: MakeContext, content: str
) -> None:
    aws.create_secret(Name=NAME, SecretString=content)

    with pytest.raises(UrlUnreadable, match="does not begin with postgresql://"):
        aws_secretsmanager.resolve(NAME, aws_context())


def test_binary_secret_is_refused(aws: SecretsManagerClient, aws_context: MakeContext) -> None:
    aws.create_secret(Name=NAME, SecretBinary=b"postgresql://u:p@h/db")

    with pytest.raises(_secret_text.SecretUnreadable, match="it is empty or binary"):
        aws_secretsmanager.resolve(NAME, aws_context())


@pytest.mark.usefixtures("aws_checks_access")
@pytest.mark.parametrize("role", ["", "arn:aws:iam::123456789012:role/reader"])
def test_refused_access_is_told_by_its_code(aws_context: MakeContext, role: str) -> None:
    with pytest.raises(_aws.AwsRefused) as refused:
        aws_secretsmanager.resolve(NAME, aws_context(aws_role_arn=role))

    assert str(refused.value).startswith(f'AWS refused "{SOURCE}": ')
    # moto answers Secrets Manager in the form of other services, so that only the status is left.
    assert ("InvalidClientTokenId" if role else "403") == refused.value.reason
    assert refused.value.__context__ is None


def test_nobody_listening_is_told(aws_context: MakeContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(_aws.AwsNotReached, match="EndpointConnectionError"):
        aws_secretsmanager.resolve(NAME, aws_context(aws_endpoint_url=f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"aws_endpoint_url": "no url"}, "ValueError"),
        ({"aws_region": ""}, "NoRegionError"),
        ({"aws_region": "eu west"}, "InvalidRegionError"),
        ({"aws_profile": "nobody"}, "ProfileNotFound"),
        ({"aws_role_arn": "x"}, "ParamValidationError"),
    ],
)
def test_unusable_options_are_told(
    aws_context: MakeContext, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(_aws.AwsNotReached, match=reason) as refused:
        aws_secretsmanager.resolve(NAME, aws_context(**options))

    assert refused.value.__context__ is None


def test_missing_aws_login_is_told(
    aws_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(_aws.AwsNotReached, match="NoCredentialsError"):
        aws_secretsmanager.resolve(NAME, aws_context())


class _Portal(BaseHTTPRequestHandler):
    """What a hotel's network answers in the place of AWS."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Please log in")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.mark.parametrize("role", ["", "arn:aws:iam::123456789012:role/reader"])
def test_answer_that_is_not_from_aws_is_told(aws_context: MakeContext, role: str) -> None:
    with HTTPServer(("127.0.0.1", 0), _Portal) as portal:
        thread = Thread(target=portal.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{portal.server_address[1]}"

        with pytest.raises((_aws.AwsNotReached, _secret_text.SecretUnreadable)):
            aws_secretsmanager.resolve(
                NAME, aws_context(aws_endpoint_url=address, aws_role_arn=role)
            )

        portal.shutdown()
        thread.join()


def test_waiting_is_bounded(aws_context: MakeContext) -> None:
    def bounds(session: object, endpoint_url: str | None, config: object) -> list[object]:
        return [getattr(config, name) for name in ("connect_timeout", "read_timeout", "retries")]

    answer = _aws.ask(bounds, source=SOURCE, context=aws_context())

    assert answer == [5, 10, {"max_attempts": 2, "mode": "standard"}]


def test_missing_boto3_says_how_to_install_it(
    context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    with pytest.raises(_aws.Boto3Missing) as refused:
        aws_secretsmanager.resolve(NAME, context())

    assert refused.value.hint == 'run `pip install "lockgate[aws]"`'
    assert refused.value.__context__ is None


@pytest.mark.parametrize("reference", ["", "postgresql://u:p@h/db"])
def test_malformed_secret_name_is_refused(reference: str, context: MakeContext) -> None:
    with pytest.raises(ReferenceMalformed):
        aws_secretsmanager.resolve(reference, context())


# rds-iam


@pytest.mark.parametrize("prefix", ["", "//"])
def test_token_is_signed_for_user_host_and_port(aws_context: MakeContext, prefix: str) -> None:
    url = rds_iam.resolve(f"{prefix}app@db.example.org:5433/archive", aws_context())

    assert url.password is not None
    token = urlsplit(f"https://{url.password}")
    query = parse_qs(token.query)
    assert (token.hostname, token.port) == ("db.example.org", 5433)
    assert [query["Action"], query["DBUser"]] == [["connect"], ["app"]]
    assert "/eu-west-1/rds-db/" in query["X-Amz-Credential"][0]
    expected = DatabaseUrl(
        "db.example.org",
        5433,
        "app",
        url.password,
        "archive",
        parameters=(("sslmode", "require"),),
    )
    assert expected == url
    assert expected == DatabaseUrl.parse(url.render(), source="test")


def test_token_is_signed_as_the_role(aws_context: MakeContext) -> None:
    role_arn = "arn:aws:iam::111122223333:role/app"

    url = rds_iam.resolve("app@h/db?sslmode=verify-full", aws_context(aws_role_arn=role_arn))

    assert "X-Amz-Security-Token=" in (url.password or "")
    assert (url.parameters, url.port) == ((("sslmode", "verify-full"),), None)


@pytest.mark.parametrize("reference", ["", "h/db", "app@/db", "app:pw@h/db", "app@h?password=x"])
def test_malformed_login_is_refused(reference: str, context: MakeContext) -> None:
    with pytest.raises(ReferenceMalformed) as refused:
        rds_iam.resolve(reference, context())

    assert refused.value.hint == ("write it as rds-iam:user@host:5432/dbname, without a password")
    assert refused.value.exit_status == ExitStatus.USAGE


def test_token_without_aws_login_is_told(
    aws_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(_aws.AwsNotReached, match="NoCredentialsError") as refused:
        rds_iam.resolve("app@h/db", aws_context())

    assert "postgresql://app@h/db" in str(refused.value)
