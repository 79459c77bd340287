"""Section `source`: where the raw data is stored, and in which layout."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from include.config.sections.web_file import WebFile
from include.config.strict import Strict
from include.contracts.commands import LABEL_FILE_LAYOUTS, ColumnRole, SourceLayout
from include.contracts.limits import MAX_ARGUMENT_LENGTH
from include.contracts.patterns import like

DEFAULT_SETTLE_MINUTES = 5
"""Default of `settle_minutes` for a source that others upload without a completion marker."""


def _class_choice(value: Any) -> Any:
    """Return a class name unchanged, and a 1-based class number as text."""
    if type(value) is not int:
        return value
    if value < 1:
        raise ValueError("classes are numbered from 1; a name that is a number needs quotes")
    return str(value)


def _column(value: Any) -> Any:
    """Return a column's name unchanged, and its 1-based number as text."""
    return str(value) if type(value) is int else value


# A name, or a 1-based number, which may be written without quotes in YAML.
ClassChoice = Annotated[str, Field(min_length=1), BeforeValidator(_class_choice)]
# The name of a column, or its number.
Column = Annotated[str, Field(min_length=1), BeforeValidator(_column)]
ClassChoices = Annotated[
    Annotated[int, Field(ge=2), Tag("~number")]
    | Annotated[list[ClassChoice], Field(min_length=2), Tag("~list")],
    Discriminator(lambda value: "~list" if isinstance(value, list) else "~number"),
]


S3Prefix = Annotated[
    str, like(r"s3://[a-z0-9.\-]{3,63}/.+", "a bucket and a prefix, such as s3://bucket/photos/")
]
Key = Annotated[
    str,
    like(
        r"[^/](.*[^/])?",
        "a key relative to the source, without a slash at its ends, such as _SUCCESS",
    ),
]


class Source(Strict):
    """The raw data: its place, its layout, and which classes are used."""

    layout: SourceLayout = "auto"
    uri: S3Prefix | None = Field(
        default=None,
        description="An S3 prefix; default: <pipeline>/source/ in the deployment's bucket",
    )
    urls: list[WebFile] = Field(
        default=[], description="Files that are fetched into <pipeline>/source/ when they change"
    )
    complete_marker: Key | None = Field(
        default=None,
        description="An object that is uploaded last: the source is not read before it exists",
    )
    settle_minutes: Annotated[int, Field(ge=0, le=24 * 60)] | None = Field(
        default=None,
        description="How long a changed source must stay unchanged before it is read",
    )
    classes: ClassChoices | None = Field(
        default=None,
        description="The first n classes, or classes by name or 1-based number; default: all",
    )
    devkit: str | None = Field(
        default=None,
        description="The devkit to use, relative to the source, if the source has several",
    )

    label_files: list[Annotated[str, Field(min_length=1)]] = Field(
        default=[],
        description="The label files to read, relative to the source; default: those that name its "
        "photos",
    )
    columns: dict[ColumnRole, Column] = Field(
        default={},
        description="Columns of label files by role, if their names are unclear: {file: image_id, "
        "label: breed}; numbers from 1 for a file without a header",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_label_file(cls, value: Any) -> Any:
        """Accept one label file without a list."""
        if isinstance(value, dict) and isinstance(value.get("label_files"), str):
            return {**value, "label_files": [value["label_files"]]}
        return value

    @model_validator(mode="after")
    def _check_labels(self) -> Source:
        for setting in ("label_files", "columns"):
            if getattr(self, setting) and self.layout not in (*LABEL_FILE_LAYOUTS, "auto"):
                raise ValueError(
                    f"{setting} is only for layouts {', '.join(LABEL_FILE_LAYOUTS)}, not for "
                    f"{self.layout}"
                )
            if len(getattr(self, f"{setting}_argument") or "") > MAX_ARGUMENT_LENGTH:
                raise ValueError(
                    f"{setting}: the names together may have {MAX_ARGUMENT_LENGTH} characters"
                )
        for file in self.label_files:
            _check_inside("label_files", file, "train/labels.csv")
        return self

    @model_validator(mode="after")
    def _check_one_place(self) -> Source:
        if self.uri is not None and self.urls:
            raise ValueError("uri and urls exclude each other: leave one of them out")
        return self

    @model_validator(mode="after")
    def _check_devkit(self) -> Source:
        if self.devkit is None:
            return self
        if self.layout not in ("stanford_cars", "auto"):
            raise ValueError(f"devkit is only for layout stanford_cars, not for {self.layout}")
        _check_inside("devkit", self.devkit, "car_devkit.tgz")
        return self

    @model_validator(mode="after")
    def _check_file_names_are_unique(self) -> Source:
        names = Counter(file.file_name for file in self.urls)
        if repeated := [name for name, count in names.items() if count > 1]:
            raise ValueError(
                f"urls: {', '.join(repeated)}: each file keeps its name in the source's folder, "
                "where one would overwrite the other: give one of them another name"
            )
        return self

    @model_validator(mode="after")
    def _check_plain_http_has_hash(self) -> Source:
        plain = [file.file_name for file in self.urls if file.plain_mirrors and not file.sha256]
        if plain:
            raise ValueError(
                f"urls: {', '.join(plain)}: a mirror uses http, and the file can be changed in "
                "transit: give its sha256, or use https"
            )
        return self

    @model_validator(mode="after")
    def _check_marker_without_urls(self) -> Source:
        if self.urls and self.complete_marker:
            raise ValueError("complete_marker is for a source that others upload: not with urls")
        return self

    @model_validator(mode="after")
    def _check_classes_fit_one_argument(self) -> Source:
        if len(self.classes_argument or "") > MAX_ARGUMENT_LENGTH:
            raise ValueError(
                f"classes: the names together may have {MAX_ARGUMENT_LENGTH} characters; "
                "give the classes' 1-based numbers instead"
            )
        return self

    @property
    def classes_argument(self) -> str | None:
        """The value of the refresh command's --classes, or None for all classes."""
        if isinstance(self.classes, list):
            return _comma_separated(self.classes)
        return None if self.classes is None else str(self.classes)

    @property
    def columns_by_role(self) -> dict[str, str]:
        """The columns of label files by their role."""
        return {str(role): column for role, column in self.columns.items()}

    @property
    def label_files_argument(self) -> str | None:
        """The value of the refresh command's --label-files, or None to find label files."""
        return _csv_line(self.label_files) if self.label_files else None

    @property
    def columns_argument(self) -> str | None:
        """The value of the refresh command's --columns, or None to find columns."""
        pairs = [f"{role}={column}" for role, column in self.columns_by_role.items()]
        return _csv_line(pairs) if pairs else None


def _check_inside(setting: str, named: str, example: str) -> None:
    path = PurePosixPath(named)
    if not path.name or path.is_absolute() or ".." in path.parts:
        raise ValueError(
            f"{setting}: {named!r} must be a path inside the source, such as {example}"
        )


def _comma_separated(classes: list[str]) -> str:
    """Return names and numbers as one CSV line; names with a comma are in double quotes."""
    # A single number would mean the first n classes.
    return _csv_line(classes) + ("," if len(classes) == 1 else "")


def _csv_line(values: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()
