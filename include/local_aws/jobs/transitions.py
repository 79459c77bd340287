"""Secondary statuses of training jobs."""

import time

from include.local_aws.store import Body


def transition(body: Body, status: str, message: str) -> None:
    """Add a secondary status, or change the message of the current one."""
    now = time.time()
    body["SecondaryStatus"] = status
    steps = body.setdefault("SecondaryStatusTransitions", [])
    if steps and steps[-1]["Status"] == status:
        steps[-1]["StatusMessage"] = message
        return
    if steps:
        steps[-1]["EndTime"] = now
    steps.append({"Status": status, "StartTime": now, "StatusMessage": message})
