"""`rds-iam:USER@HOST:PORT/DBNAME`: a login to RDS by a token of 15 minutes instead of a password.

The token is signed here, with the AWS credentials that boto3 finds. It opens connections only as
long as it is young: resolve again before opening one later.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lockgate.core.url import DatabaseUrl
from lockgate.secrets import ReferenceMalformed, SourceContext
from lockgate.secrets._aws import ask

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

SCHEME = "rds-iam"
LOCAL = False


def resolve(reference: str, context: SourceContext) -> DatabaseUrl:
    """The database `reference` with a fresh token as password, over TLS.

    Parameters may follow as in a URL; `sslmode` is `require` unless they say otherwise, because
    RDS takes tokens over TLS alone. Options: `aws_profile`, `aws_region`, `aws_role_arn`,
    `aws_endpoint_url`, and `dbname`.

    Raises ReferenceMalformed, UrlUnreadable, and as `ask`.
    """
    source = f"{SCHEME}:"
    url = DatabaseUrl.parse(f"postgresql://{reference.removeprefix('//')}", source=source)
    user, host = url.user, url.host
    if user is None or host is None or url.holds_secret():
        raise ReferenceMalformed(SCHEME, "user@host:5432/dbname, without a password")

    def token(session: boto3.Session, endpoint_url: str | None, config: Config) -> str:
        client = session.client("rds", endpoint_url=endpoint_url, config=config)
        return client.generate_db_auth_token(
            DBHostname=host, Port=url.port or 5432, DBUsername=user
        )

    parameters = {"sslmode": "require"} | dict(url.parameters)
    return replace(
        url,
        password=ask(token, source=url.redacted(), context=context),
        parameters=tuple(sorted(parameters.items())),
    )
