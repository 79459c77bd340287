"""Settings that decide where labels are: label files and columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from include.contracts.commands import COLUMN_ROLES
from include.image_classification.container import CommandError
from include.image_classification.dataset.source.classes import class_parts

SETTING = "source.columns (--columns)"
FILES_SETTING = "source.label_files (--label-files)"


@dataclass(frozen=True)
class LabelOptions:
    """Settings of layouts with label files.

    Attributes:
        files: Paths in the source of the label files to read; empty to find them.
        columns: Column names, or numbers from 1, by their role (`COLUMN_ROLES`).
        source_uri: The source's S3 URI, which `source-ref` is resolved against; may be empty.
    """

    files: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    source_uri: str = ""

    def __bool__(self) -> bool:
        """Return whether files or columns are given."""
        return bool(self.files or self.columns)

    def recorded(self) -> dict[str, object]:
        """Return the settings that are used, for dataset.json."""
        files = {"label_files": list(self.files)} if self.files else {}
        return {**files, **({"columns": dict(self.columns)} if self.columns else {})}


def parse_options(files: str | None, columns: str | None, source_uri: str) -> LabelOptions:
    """Return the options of the flags --label-files and --columns.

    Args:
        files: Comma-separated paths; a path with a comma is put in double quotes.
        columns: Comma-separated `role=column`; one with a comma is put in double quotes.
        source_uri: The source's URI.

    Raises:
        CommandError: A role is unknown or has no column.
    """
    chosen: dict[str, str] = {}
    for part in class_parts(columns or ""):
        role, equals, column = part.partition("=")
        if role not in COLUMN_ROLES or not equals or not column.strip():
            raise CommandError(
                f"--columns names {part!r}; write role=column with a role of"
                f" {', '.join(COLUMN_ROLES)}, for example file=image_id,label=breed"
            )
        chosen[role] = column.strip()
    return LabelOptions(tuple(class_parts(files or "")), chosen, source_uri)
