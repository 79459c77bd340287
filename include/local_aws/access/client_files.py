"""Files that lead clients on this machine to the server, readable by the owner alone."""

from include.local_aws.access import keys
from include.local_aws.access.private_files import write_private_file
from include.local_aws.settings import ACCOUNT, REGION, Settings, endpoint_variables

CONFIG = "config"
SDK_CONFIG = "sagemaker-sdk.yaml"
STATUS_URL = "status-url"
# Without it the SDKs ask STS at AWS's own address, which no variable and no profile changes.
_SDK = f"""\
SchemaVersion: "1.0"
SageMaker:
  PythonSDK:
    Modules:
      Session:
        DefaultS3Bucket: sagemaker-{REGION}-{ACCOUNT}
"""


def write_client_files(settings: Settings, s3_endpoint_url: str, status_url: str) -> None:
    """Write the AWS config file, the SageMaker SDKs' defaults, and the status page's address."""
    config = f"""\
[default]
region = {REGION}
endpoint_url = {settings.announced_url}
services = local-aws

[services local-aws]
s3 =
  endpoint_url = {s3_endpoint_url}
"""
    contents = {CONFIG: config, SDK_CONFIG: _SDK, STATUS_URL: status_url + "\n"}
    for name, content in contents.items():
        write_private_file(settings.root / name, content.encode())


def announced_environment(settings: Settings, s3_endpoint_url: str) -> dict[str, str]:
    """Return the variables that lead a client here; none of them is the secret key.

    The files that they name hold it. Keys that the server was given are the client's to give,
    too, and files of this machine are of no use to clients elsewhere.
    """
    variables = endpoint_variables(settings.announced_url, s3_endpoint_url)
    if settings.keys_given:
        variables[keys.KEY] = settings.credentials.access_key_id
    else:
        variables["AWS_SHARED_CREDENTIALS_FILE"] = str(settings.root / keys.FILE)
    if not settings.exposed:
        variables["AWS_CONFIG_FILE"] = str(settings.root / CONFIG)
        variables["SAGEMAKER_USER_CONFIG_OVERRIDE"] = str(settings.root / SDK_CONFIG)
    return variables


def where_keys_are(settings: Settings) -> str:
    """Return where the owner finds the keys, for error messages."""
    if settings.keys_given:
        return (
            f"The keys of this local AWS are those that it was given as {keys.KEY} and "
            f"{keys.SECRET} when it started."
        )
    return f"The keys of this local AWS are in {settings.root / keys.FILE}, for its owner to read."
