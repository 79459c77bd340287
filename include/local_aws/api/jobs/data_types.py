"""The supported kinds of S3 data sources."""

from include.local_aws.api.operation import Request, unsupported

_KINDS = ("S3Prefix", "ManifestFile")


def check_data_type(source: Request, *others: str) -> None:
    """Refuse an S3 data source of an unsupported kind; the message also names `others`."""
    kind = source.get("S3DataType", "S3Prefix")
    if kind not in _KINDS:
        *first, last = (*_KINDS, *others)
        raise unsupported(f"S3DataType {kind}: give {', '.join(first)} or {last}")
