"""Keys and signatures for tests that send requests without boto3."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from include.local_aws.settings import REGION, Credentials

KEYS = Credentials("LOCALTESTS", "a-secret-of-the-tests")


def signature(
    keys: Credentials,
    url: str,
    *,
    service: str = "sagemaker",
    body: bytes | str = b"",
    headers: dict[str, str] | None = None,
) -> dict[str, str]:
    """Return the headers of a signed POST request, as botocore's clients send them."""
    request = AWSRequest(method="POST", url=url, headers=headers or {}, data=body)
    credentials = BotocoreCredentials(keys.access_key_id, keys.secret_access_key)
    SigV4Auth(credentials, service, REGION).add_auth(request)
    return dict(request.headers.items())
