"""Configuration files for AWS clients on this computer; only their owner can read them."""

from include.local_aws.access import keys
from include.local_aws.access.private_files import write_private_file
from include.local_aws.settings import ACCOUNT, REGION, Settings, endpoint_variables

CONFIG = "config"
SDK_CONFIG = "sagemaker-sdk.yaml"
STATUS_URL = "status-url"
# Without this setting the SDKs call STS at the address of AWS, whatever the configuration says.
_SDK = f"""\
SchemaVersion: "1.0"
SageMaker:
  PythonSDK:
    Modules:
      Session:
        DefaultS3Bucket: sagemaker-{REGION}-{ACCOUNT}
"""


def write_client_files(settings: Settings, s3_endpoint_url: str, status_url: str) -> None:
    """Write the AWS config file, the SageMaker SDKs' defaults, and the status page's URL."""
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
    """Return the environment variables for clients, without the secret key.

    A variable names the file with the keys that the server created. If the server's keys come
    from its environment, the client must set the secret key itself. Clients on other computers
    get no file names.
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


def describe_key_location(settings: Settings) -> str:
    """Return where the owner finds the keys, as a sentence for error messages."""
    if settings.keys_given:
        return (
            f"The keys of this local AWS are the values of {keys.KEY} and {keys.SECRET} in the "
            "environment in which it was started."
        )
    return (
        f"The keys of this local AWS are in {settings.root / keys.FILE}, which its owner can read."
    )
