"""`aws-secretsmanager:SECRET`: a secret in AWS Secrets Manager, as RDS's JSON or as a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockgate.core.url import DatabaseUrl
from lockgate.secrets import ReferenceMalformed, SourceContext
from lockgate.secrets._aws import ask
from lockgate.secrets._secret_text import SecretUnreadable, read_secret

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

SCHEME = "aws-secretsmanager"
LOCAL = False


def resolve(reference: str, context: SourceContext) -> DatabaseUrl:
    """The database that the secret `reference`, a name or an ARN, describes.

    Options: `aws_profile`, `aws_region`, `aws_role_arn`, `aws_endpoint_url`, `aws_version_stage`
    (default AWSCURRENT), and `dbname` for a secret that has none.

    Raises ReferenceMalformed, and as `ask` and `read_secret`.
    """
    if not reference or "://" in reference:
        raise ReferenceMalformed(SCHEME, "NAME or an ARN")

    def secret_string(
        session: boto3.Session, endpoint_url: str | None, config: Config
    ) -> str | None:
        client = session.client("secretsmanager", endpoint_url=endpoint_url, config=config)
        stage = context.options.get("aws_version_stage") or "AWSCURRENT"
        return client.get_secret_value(SecretId=reference, VersionStage=stage).get("SecretString")

    source = f"{SCHEME}:{reference}"
    text = ask(secret_string, source=source, context=context)
    if not text:
        raise SecretUnreadable(source, "it is empty or binary")
    return read_secret(text, source=source, options=context.options)
