"""JSON records that jobs write to S3 and the DAG side reads, one module per job."""

from include.contracts.records.base import Record, RecordProblem, parse_record
from include.contracts.records.dataset import DatasetReport, SourceReport
from include.contracts.records.evaluation import ClassScores, EvaluationReport
from include.contracts.records.recordio import RecordioCounts, RecordioReport, ShardReport
from include.contracts.records.report import (
    BatchReport,
    ConfidenceDrift,
    Distance,
    DriftReport,
)

__all__ = [
    "BatchReport",
    "ClassScores",
    "ConfidenceDrift",
    "DatasetReport",
    "Distance",
    "DriftReport",
    "EvaluationReport",
    "Record",
    "RecordProblem",
    "RecordioCounts",
    "RecordioReport",
    "ShardReport",
    "SourceReport",
    "parse_record",
]
