"""What the server says when it is ready, to people and to scripts."""

import json
import shlex

from include.local_aws.access.client_files import STATUS_URL, announced_environment
from include.local_aws.access.keys import SECRET
from include.local_aws.settings import Settings
from include.local_aws.status.page import page_url


def event(settings: Settings, s3_endpoint_url: str, isolation: str) -> str:
    """Return the line of JSON for scripts, which may be logged: no secret is in it."""
    told = {
        "event": "ready",
        "endpoint_url": settings.announced_url,
        "s3_endpoint_url": s3_endpoint_url,
        "status_url": f"{settings.announced_url}/",
        "status_url_file": str(settings.root / STATUS_URL),
        "isolation": isolation,
        "environment": announced_environment(settings, s3_endpoint_url),
    }
    return json.dumps(told)


def text(settings: Settings, s3_endpoint_url: str) -> str:
    """Return the lines for people; `ready` comes first, and the secret key is not in them."""
    variables = announced_environment(settings, s3_endpoint_url)
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(
        [
            "ready",
            f"  SageMaker and the rest  {settings.announced_url}",
            f"  S3                      {s3_endpoint_url}",
            f"  status page             {page_url(settings)}",
            f"  state                   {settings.root}",
            "",
            "Paste this where your client runs:",
            "",
            *exports,
            *_keys(settings),
            "",
            "Ctrl-C stops it; the state stays.",
        ]
    )


def _keys(settings: Settings) -> list[str]:
    """Return the lines about the keys that the variables do not lead to, or override them."""
    if settings.keys_given:
        return [f"export {SECRET}=...  # the one that this server was given"]
    return ["unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE"]
