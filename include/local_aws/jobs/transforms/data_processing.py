"""DataProcessing of batch transform: filters of records and answers, and their join.

The order is SageMaker's: InputFilter, the model, JoinSource with the unfiltered record,
OutputFilter. CSV and JSON lines are filtered and joined line by line.
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
    """The filters of a transform job.

    Attributes:
        input_filter: The part of a record that is sent to the model.
        output_filter: The part of the answer, or of the joined record, that is stored.
        joins: True if answers are joined with their records.
        content_type: The type of records and answers.
    """

    input_filter: JsonPath
    output_filter: JsonPath
    joins: bool
    content_type: str

    @classmethod
    def of(cls, request: Body) -> "DataProcessing":
        """Read a CreateTransformJob request.

        Raises:
            ApiError: A filter is not a JSONPath, or the data are neither CSV nor JSON.
        """
        config = request.get("DataProcessing", {})
        content_type = _bare(request["TransformInput"].get("ContentType", ""))
        accept = _bare(request["TransformOutput"].get("Accept", "")) or content_type
        processing = cls(
            _path("InputFilter", config),
            _path("OutputFilter", config),
            config.get("JoinSource", "None") == "Input",
            content_type,
        )
        if processing.is_needed and not (content_type == accept and accept in _TYPES):
            raise ApiError(
                f"DataProcessing needs a ContentType and an Accept that are the same one of "
                f"{', '.join(_TYPES)}; they are {content_type!r} and {accept!r}."
            )
        return processing

    @property
    def is_needed(self) -> bool:
        """Return whether a filter or a join changes anything."""
        return self.joins or not (self.input_filter.is_all and self.output_filter.is_all)

    def request(self, body: bytes) -> bytes:
        """Return the part of a body for the model; JobFailure if the filter does not match."""
        if self.input_filter.is_all:
            return body
        records = [_find("InputFilter", self.input_filter, record) for record in self._read(body)]
        return self._write(records, body.endswith(b"\n"))

    def answer(self, body: bytes, answer: bytes) -> bytes:
        """Return what is stored for a body and its answer; JobFailure if they do not match."""
        if not self.joins and self.output_filter.is_all:
            return answer
        answers = self._read(answer)
        if self.joins:
            answers = self._join(self._read(body), answers)
        records = [_find("OutputFilter", self.output_filter, record) for record in answers]
        return self._write(records, answer.endswith(b"\n"))

    def _join(self, records: list[Any], answers: list[Any]) -> list[Any]:
        if len(records) != len(answers):
            raise JobFailure(
                f"the model answered {len(records)} records with {len(answers)}: "
                "they cannot be joined"
            )
        pairs = zip(records, answers, strict=True)
        if self.content_type == _CSV:
            return [record + answer for record, answer in pairs]
        return [_join_json(record, answer) for record, answer in pairs]

    def _read(self, body: bytes) -> list[Any]:
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

    def _write(self, records: list[Any], ends: bool) -> bytes:
        if self.content_type == _CSV:
            lines = [_row(record) for record in records]
        else:
            lines = [json.dumps(record, separators=(",", ":")) for record in records]
        return ("\n".join(lines) + ("\n" if ends else "")).encode()


def _find(name: str, path: JsonPath, record: Any) -> Any:
    try:
        return path.find(record)
    except NotFound as error:
        raise JobFailure(f"{name} {path.text} does not fit a record: {error}") from error


def _join_json(record: Any, answer: Any) -> dict[str, Any]:
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
    """Return a content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _path(name: str, config: Body) -> JsonPath:
    try:
        return JsonPath(config.get(name) or "$")
    except ValueError as error:
        raise ApiError(f"DataProcessing.{name}: {error}") from error
