"""The message that the server prints when it is ready, as text or JSON."""

import json
import shlex

from include.local_aws.access.client_files import STATUS_URL, announced_environment
from include.local_aws.access.keys import SECRET
from include.local_aws.settings import Settings
from include.local_aws.status.page import page_url


def event(settings: Settings, s3_endpoint_url: str, isolation: str) -> str:
    """Return the message as a line of JSON. It contains no secrets, so it may be logged."""
    content = {
        "event": "ready",
        "endpoint_url": settings.announced_url,
        "s3_endpoint_url": s3_endpoint_url,
        "status_url": f"{settings.announced_url}/",
        "status_url_file": str(settings.root / STATUS_URL),
        "isolation": isolation,
        "environment": announced_environment(settings, s3_endpoint_url),
    }
    return json.dumps(content)


def text(settings: Settings, s3_endpoint_url: str) -> str:
    """Return the message as text. It starts with `ready`, and does not contain the secret key."""
    variables = announced_environment(settings, s3_endpoint_url)
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(
        [
            "ready",
            f"  all services but S3     {settings.announced_url}",
            f"  S3                      {s3_endpoint_url}",
            f"  status page             {page_url(settings)}",
            f"  state                   {settings.root}",
            "",
            "Run these commands in the shell of your client:",
            "",
            *exports,
            *_keys(settings),
            "",
            "Press Ctrl-C to stop the server. The state is kept.",
        ]
    )


def _keys(settings: Settings) -> list[str]:
    """Return the commands about keys that are not in `announced_environment`."""
    if settings.keys_given:
        return [f"export {SECRET}=...  # as in the environment of this server"]
    return ["unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE"]
