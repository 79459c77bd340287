"""How many instances of a job this machine can stand for."""

from include.local_aws.api.operation import unsupported

MOST_INSTANCES = 8


def check_instances(kind: str, count: int) -> None:
    """Refuse a job of this kind on more instances than share this machine sensibly."""
    if count > MOST_INSTANCES:
        raise unsupported(
            f"a {kind} job on {count} instances, which share this machine: "
            f"set InstanceCount to {MOST_INSTANCES} at most"
        )
