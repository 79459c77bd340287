"""The supported kinds of S3 data sources."""

from include.local_aws.api.operation import Request, unsupported

_KINDS = ("S3Prefix", "ManifestFile")


def check_data_type(source: Request) -> None:
    """Refuse an S3 data source of an unsupported kind."""
    kind = source.get("S3DataType", "S3Prefix")
    if kind not in _KINDS:
        raise unsupported(f"S3DataType {kind}: give {' or '.join(_KINDS)}")
