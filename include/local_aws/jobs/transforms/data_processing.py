"""Batch transform's DataProcessing: what of a record is sent, and what is kept beside its answer.

The order is SageMaker's: InputFilter, the model, JoinSource with the record as it was,
OutputFilter. Bodies of CSV and JSON lines are filtered and joined line by line.
"""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from include.local_aws.errors import ApiError, JobFailure
from include.local_aws.jobs.transforms.jsonpath import JsonPath, NotFound
from include.local_aws.store import Body

_CSV, _JSON, _LINES = "text/csv", "application/json", "application/jsonlines"
_TYPES = (_CSV, _JSON, _LINES)


@dataclass(frozen=True)
class DataProcessing:
    """The filters of a transform job, and whether its answers are joined with its records."""

    sent: JsonPath
    kept: JsonPath
    joins: bool
    content_type: str

    @classmethod
    def of(cls, request: Body) -> "DataProcessing":
        """Read a CreateTransformJob request.

        Raises:
            ApiError: a filter is no JSONPath, or the data are neither CSV nor JSON.
        """
        wanted = request.get("DataProcessing", {})
        content_type = _bare(request["TransformInput"].get("ContentType", ""))
        accept = _bare(request["TransformOutput"].get("Accept", "")) or content_type
        made = cls(
            _path("InputFilter", wanted),
            _path("OutputFilter", wanted),
            wanted.get("JoinSource", "None") == "Input",
            content_type,
        )
        if made.is_needed and not (content_type == accept and accept in _TYPES):
            raise ApiError(
                f"DataProcessing needs a ContentType and an Accept that are the same one of "
                f"{', '.join(_TYPES)}; they are {content_type!r} and {accept!r}."
            )
        return made

    @property
    def is_needed(self) -> bool:
        """Whether anything is to be changed."""
        return self.joins or not (self.sent.is_all and self.kept.is_all)

    def request(self, body: bytes) -> bytes:
        """What of a body the model gets; JobFailure if the filter does not fit it."""
        if self.sent.is_all:
            return body
        records = (self._found("InputFilter", self.sent, r) for r in self._records(body))
        return self._written(list(records), body.endswith(b"\n"))

    def answer(self, body: bytes, answer: bytes) -> bytes:
        """What is stored for a body and its answer; JobFailure if they do not fit."""
        if not self.joins and self.kept.is_all:
            return answer
        answers = self._records(answer)
        if self.joins:
            answers = self._joined(self._records(body), answers)
        records = [self._found("OutputFilter", self.kept, record) for record in answers]
        return self._written(records, answer.endswith(b"\n"))

    def _joined(self, records: list[Any], answers: list[Any]) -> list[Any]:
        if len(records) != len(answers):
            raise JobFailure(
                f"the model answered {len(records)} records with {len(answers)}: "
                "they cannot be joined"
            )
        pairs = zip(records, answers, strict=True)
        if self.content_type == _CSV:
            return [record + answer for record, answer in pairs]
        return [_joined(record, answer) for record, answer in pairs]

    def _records(self, body: bytes) -> list[Any]:
        try:
            text = body.decode()
            if self.content_type == _CSV:
                return list(csv.reader(_lines(text)))
            return [json.loads(t) for t in ([text] if self.content_type == _JSON else _lines(text))]
        except (ValueError, csv.Error, RecursionError) as error:
            raise JobFailure(
                f"DataProcessing cannot read {self.content_type} ({error}); a body is one record "
                "with BatchStrategy SingleRecord and SplitType Line"
            ) from error

    def _found(self, name: str, path: JsonPath, record: Any) -> Any:
        try:
            return path.find(record)
        except NotFound as error:
            raise JobFailure(f"{name} {path.text} does not fit a record: {error}") from error

    def _written(self, records: list[Any], ends: bool) -> bytes:
        if self.content_type == _CSV:
            lines = [_row(record) for record in records]
        else:
            lines = [json.dumps(record, separators=(",", ":")) for record in records]
        return ("\n".join(lines) + ("\n" if ends else "")).encode()


def _joined(record: Any, answer: Any) -> dict[str, Any]:
    inputs = record if isinstance(record, dict) else {"SageMakerInput": record}
    return {**inputs, "SageMakerOutput": answer}


def _row(record: Any) -> str:
    cells = record if isinstance(record, list) else [record]
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _bare(content_type: str) -> str:
    """A content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _path(name: str, wanted: Body) -> JsonPath:
    try:
        return JsonPath(wanted.get(name) or "$")
    except ValueError as error:
        raise ApiError(f"DataProcessing.{name}: {error}") from error
