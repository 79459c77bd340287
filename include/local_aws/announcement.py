"""What the server says when it is ready, to people and to scripts."""

import json

from include.local_aws.settings import Settings, client_environment
from include.local_aws.status.page import page_url


def event(settings: Settings, s3_endpoint_url: str, isolation: str) -> str:
    """The line of JSON for scripts."""
    told = {
        "event": "ready",
        "endpoint_url": settings.announced_url,
        "s3_endpoint_url": s3_endpoint_url,
        "status_url": page_url(settings),
        "isolation": isolation,
        "environment": client_environment(
            settings.announced_url, s3_endpoint_url, settings.credentials
        ),
    }
    return json.dumps(told)


def text(settings: Settings, s3_endpoint_url: str) -> str:
    """The lines for people; `ready` comes first. A secret of one's own is not repeated."""
    environment = client_environment(settings.announced_url, s3_endpoint_url, settings.credentials)
    if settings.exposed:
        del environment["AWS_SECRET_ACCESS_KEY"]
    exports = [f"export {name}={value}" for name, value in environment.items()]
    if settings.exposed:
        exports.append("export AWS_SECRET_ACCESS_KEY=...  # the one that this server was given")
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
            "",
            "Ctrl-C stops it; the state stays.",
        ]
    )
