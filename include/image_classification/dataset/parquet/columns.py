"""The columns of a Parquet file that hold the photo and the class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from include.image_classification.container import CommandError
from include.image_classification.dataset.parquet.shards import Shard, quoted
from include.image_classification.dataset.tables import column_names as names
from include.image_classification.dataset.tables.options import SETTING

_LABEL_TYPES = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "USMALLINT",
                "UTINYINT", "HUGEINT", "VARCHAR", "ENUM")  # fmt: skip


@dataclass(frozen=True)
class PhotoColumns:
    """The columns of a file with photos.

    Attributes:
        image: The SQL expression of the photo's bytes.
        path: The SQL expression of the photo's file name.
        label: The column of the class.
        split: The column of the split, or None.
    """

    image: str
    path: str
    label: str
    split: str | None


def holds_photos(shard: Shard, chosen: Mapping[str, str]) -> bool:
    """Return whether a Parquet file has a column of photos."""
    return bool(_image_columns(shard, chosen))


def find_photo_columns(shard: Shard, chosen: Mapping[str, str]) -> PhotoColumns:
    """Return the columns of the photo and the class.

    Args:
        shard: The file.
        chosen: Columns by role, from the settings.

    Raises:
        CommandError: A column is missing or ambiguous; the message lists the columns.
    """
    for role, column in chosen.items():
        if role in ("image", "label", "split") and column not in shard.columns:
            raise CommandError(f"{shard.name} has no column {column!r} for {role}: {_list(shard)}")
    images = _image_columns(shard, chosen)
    if len(images) != 1:
        problem = f"several columns of photos ({', '.join(images)})" if images else "no photos"
        raise CommandError(f"{shard.name} has {problem}; {_hint(shard, 'image')}")
    image = images[0]
    struct = shard.columns[image].startswith("STRUCT")
    split = chosen.get("split") or next(
        (column for column in shard.columns if names.simplify(column) in names.SPLIT), None
    )
    label = chosen.get("label") or _label_column(shard, {image, split})
    has_path = struct and '"path" VARCHAR' in _with_quotes(shard.columns[image])
    return PhotoColumns(
        image=f"{quoted(image)}.bytes" if struct else quoted(image),
        path=f"{quoted(image)}.path" if has_path else "NULL",
        label=label,
        split=split,
    )


def _image_columns(shard: Shard, chosen: Mapping[str, str]) -> list[str]:
    found = [column for column, kind in shard.columns.items() if _is_image(kind)]
    if "image" in chosen:
        return [column for column in found if column == chosen["image"]]
    usual = [column for column in found if names.simplify(column) in names.FILE]
    return usual if len(usual) == 1 else found


def _is_image(kind: str) -> bool:
    return kind == "BLOB" or (kind.startswith("STRUCT(") and '"bytes" BLOB' in _with_quotes(kind))


def _with_quotes(kind: str) -> str:
    """Return a STRUCT's type with the fields `bytes` and `path` in quotes, as some versions do."""
    for field in ("bytes", "path"):
        for start in ("(", ", "):
            kind = kind.replace(f"{start}{field} ", f'{start}"{field}" ')
    return kind


def _label_column(shard: Shard, taken: set[str | None]) -> str:
    columns = [
        column
        for column, kind in shard.columns.items()
        if column not in taken and kind.startswith(_LABEL_TYPES) and "[" not in kind
    ]
    named = [column for column in columns if column in shard.class_names]
    if len(named) == 1:
        return named[0]
    for group in (names.CLASS, names.CLASS_NAME, names.CLASS_NUMBER):
        found = [columns[index] for index in names.find_columns(columns, group)]
        if len(found) == 1:
            return found[0]
        if found:
            break
    rest = [column for column in columns if names.simplify(column) not in _NO_LABELS]
    if len(rest) == 1 and len(columns) == 1:
        return rest[0]
    raise CommandError(
        f"which column of {shard.name} has the classes is not clear; {_hint(shard, 'label')}"
    )


_NO_LABELS: Sequence[str] = (*names.OTHER, *names.IDENTIFIER, *names.FILE)


def _hint(shard: Shard, role: str) -> str:
    return f"{_list(shard)}; name it in {SETTING}: {role}=<column>"


def _list(shard: Shard) -> str:
    columns = ", ".join(f"{name} ({_short(kind)})" for name, kind in shard.columns.items())
    return f"it has the columns {columns}"


def _short(kind: str) -> str:
    return kind if len(kind) <= 40 else f"{kind[:37]}..."
