"""The limit on the number of a job's instances."""

from include.local_aws.api.operation import unsupported

MOST_INSTANCES = 8


def check_instances(kind: str, count: int) -> None:
    """Refuse a job with more instances than can reasonably share this computer."""
    if count > MOST_INSTANCES:
        raise unsupported(
            f"a {kind} job on {count} instances, which share this computer: "
            f"set InstanceCount to {MOST_INSTANCES} at most"
        )
