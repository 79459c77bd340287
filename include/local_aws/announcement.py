"""What the server says when it is ready, to people and to scripts."""

import json

from include.local_aws.settings import (
    HIDDEN,
    Settings,
    client_environment,
    shown_environment,
)
from include.local_aws.status.page import page_url

_NOT_REPEATED = "  # the one that this server was given"


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
    exports = [
        f"export {name}={value}{_NOT_REPEATED if value == HIDDEN else ''}"
        for name, value in shown_environment(settings, s3_endpoint_url).items()
    ]
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
