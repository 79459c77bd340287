"""JSON records in S3, by which jobs and DAGs pass on their results; one module per stage."""

from include.contracts.records.approval import ApprovalDecision
from include.contracts.records.base import (
    Record,
    RecordProblem,
    parse_json_record,
    parse_record,
)
from include.contracts.records.batch import BatchCounts, BatchPlan, BatchRecord
from include.contracts.records.dataset import (
    DatasetPointer,
    DatasetReport,
    LabelsReport,
    SourceReport,
    SourceSeen,
)
from include.contracts.records.evaluation import ClassScores, EvaluationReport
from include.contracts.records.fetch import FetchReport, FetchRequest, WebFileRequest
from include.contracts.records.label import LabelRecord
from include.contracts.records.recordio import (
    RecordioCounts,
    RecordioPointer,
    RecordioReport,
    ShardReport,
)
from include.contracts.records.release import ReleaseChange, ReleaseRecord
from include.contracts.records.report import (
    BatchReport,
    ConfidenceDrift,
    Distance,
    DriftReport,
    UnreadablePhotos,
)
from include.contracts.records.samples import SampleImage, SplitSamples, VersionSamples
from include.contracts.records.selection import Selection, SelectionCounts
from include.contracts.records.training import RetrainingRequest, TrainingDecision
from include.contracts.records.verdict import GateResult, VerdictRecord

__all__ = [
    "ApprovalDecision",
    "BatchCounts",
    "BatchPlan",
    "BatchRecord",
    "BatchReport",
    "ClassScores",
    "ConfidenceDrift",
    "DatasetPointer",
    "DatasetReport",
    "Distance",
    "DriftReport",
    "EvaluationReport",
    "FetchReport",
    "FetchRequest",
    "GateResult",
    "LabelRecord",
    "LabelsReport",
    "Record",
    "RecordProblem",
    "RecordioCounts",
    "RecordioPointer",
    "RecordioReport",
    "ReleaseChange",
    "ReleaseRecord",
    "RetrainingRequest",
    "SampleImage",
    "Selection",
    "SelectionCounts",
    "ShardReport",
    "SourceReport",
    "SourceSeen",
    "SplitSamples",
    "TrainingDecision",
    "UnreadablePhotos",
    "VerdictRecord",
    "VersionSamples",
    "WebFileRequest",
    "parse_json_record",
    "parse_record",
]
