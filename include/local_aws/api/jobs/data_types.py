"""How a job may name its data in S3."""

from include.local_aws.api.operation import Request, unsupported

_KINDS = ("S3Prefix", "ManifestFile")


def check_data_type(source: Request) -> None:
    """Refuse an S3 data source whose kind this server does not read."""
    kind = source.get("S3DataType", "S3Prefix")
    if kind not in _KINDS:
        raise unsupported(f"S3DataType {kind}: give {' or '.join(_KINDS)}")
