"""AWS sessions for the sources that need one: bounded in time, and their failures in words.

boto3 looks for AWS credentials itself, in the process's environment and in its own files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

from lockgate.errors import ExitStatus, LockgateError
from lockgate.secrets import SourceContext

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 10
RETRIES = 2

Answer = TypeVar("Answer")


@dataclass(eq=False)
class Boto3Missing(LockgateError):
    """A source needs boto3, which is not installed."""

    code: ClassVar[str] = "LG-SEC-70"
    exit_status: ClassVar[ExitStatus] = ExitStatus.USAGE

    @property
    def message(self) -> str:
        """What is missing."""
        return "credentials from AWS need boto3, which is not installed"

    @property
    def hint(self) -> str:
        """How to get it."""
        return 'run `pip install "lockgate[aws]"`'


@dataclass(eq=False)
class AwsRefused(LockgateError):
    """AWS answered with an error; `reason` is its code, without its text."""

    source: str
    reason: str

    code: ClassVar[str] = "LG-SEC-71"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """What was asked for, and AWS's error code."""
        return f'AWS refused "{self.source}": {self.reason}'

    @property
    def hint(self) -> str:
        """What grants access."""
        return (
            "check aws_profile, aws_role_arn and the policy, "
            "for example with `aws sts get-caller-identity`"
        )


@dataclass(eq=False)
class AwsNotFound(LockgateError):
    """There is no such secret, or it has no such version, in this account and region."""

    source: str
    region: str

    code: ClassVar[str] = "LG-SEC-72"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """What was asked for, and in which region."""
        return f'AWS has no "{self.source}" in the region "{self.region}"'

    @property
    def hint(self) -> str:
        """What decides where AWS looks."""
        return "check the name, aws_region, aws_profile and aws_version_stage"


@dataclass(eq=False)
class AwsNotReached(LockgateError):
    """AWS was not asked: no login, no region, no such profile, no network."""

    source: str
    reason: str

    code: ClassVar[str] = "LG-SEC-73"
    exit_status: ClassVar[ExitStatus] = ExitStatus.UNREACHABLE

    @property
    def message(self) -> str:
        """What was asked for, and boto3's name for the reason."""
        return f'AWS cannot be asked for "{self.source}": {self.reason}'

    @property
    def hint(self) -> str:
        """What boto3 needs."""
        return "check aws_profile, aws_region, aws_endpoint_url, and the network"


def ask(
    question: Callable[[boto3.Session, str | None, Config], Answer],
    *,
    source: str,
    context: SourceContext,
) -> Answer:
    """What `question` answers, given a session, the endpoint override and bounded timeouts.

    With `aws_role_arn` the session is that role's.

    Raises Boto3Missing, AwsRefused, AwsNotFound, AwsNotReached.
    """
    answer = _answer_or_error(question, source, context)
    # Raised out here, because an error of boto3's in the chain could quote a session token.
    if isinstance(answer, LockgateError):
        raise answer
    return answer


def _answer_or_error(
    question: Callable[[boto3.Session, str | None, Config], Answer],
    source: str,
    context: SourceContext,
) -> Answer | LockgateError:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError:
        return Boto3Missing()
    options = context.options
    endpoint_url = options.get("aws_endpoint_url") or None
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"max_attempts": RETRIES, "mode": "standard"},
    )
    region = "unknown"
    try:
        session = boto3.Session(
            profile_name=options.get("aws_profile") or None,
            region_name=options.get("aws_region") or None,
        )
        region = session.region_name or region
        if options.get("aws_role_arn"):
            session = _assume(session, options["aws_role_arn"], endpoint_url, config)
        return question(session, endpoint_url, config)
    except ClientError as error:
        reason = error.response.get("Error", {}).get("Code", "unknown")
        if reason == "ResourceNotFoundException":
            return AwsNotFound(source, region)
        return AwsRefused(source, reason)
    except (BotoCoreError, ResponseParserError, ValueError) as error:
        # The bare ValueError is boto3's answer to an endpoint that is no URL.
        return AwsNotReached(source, type(error).__name__)


def _assume(
    session: boto3.Session, role_arn: str, endpoint_url: str | None, config: Config
) -> boto3.Session:
    import boto3

    sts = session.client("sts", endpoint_url=endpoint_url, config=config)
    lent = sts.assume_role(RoleArn=role_arn, RoleSessionName="lockgate")["Credentials"]
    return boto3.Session(
        aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"],
        aws_session_token=lent["SessionToken"],
        region_name=session.region_name,
    )
