"""The summary of a job that has ended, for later tasks and users, in JSON types only."""

from datetime import datetime
from typing import Any

from sagemaker_jobs.jobs.kinds import Description, JobKind
from sagemaker_jobs.jobs.outcome import reason_of

_UNFINISHED = frozenset({"Failed", "Stopped"})


def summary_of(kind: JobKind, description: Description) -> dict[str, Any]:
    """Return a job's summary: status, durations, metrics and outputs.

    ``failure_reason`` is the reason for a failure or a stop in one line, else None. ``seconds`` is
    the time from the start of the container to its end. ``billable_seconds`` is the time that AWS
    bills, summed over all instances, less spot savings. ``spot_saving`` is the share that spot
    instances saved, which the console shows in percent. These are None if SageMaker does not report
    them or the job did not use spot instances. ``durations`` are the seconds in each
    SecondaryStatus of a training job, as Starting and Downloading. ``outputs`` are S3 URIs: by
    output name for processing jobs, ``model`` for training jobs, ``transform`` for transform jobs.
    """
    started, ended = kind.started(description), kind.ended(description)
    seconds = round((ended - started).total_seconds(), 3) if started and ended else None
    metrics = description.get("FinalMetricDataList", [])
    status = kind.status(description)
    return {
        "kind": kind.name,
        "job_name": description[kind.name_field],
        "arn": description[kind.arn_field],
        "status": status,
        "failure_reason": reason_of(kind, description) if status in _UNFINISHED else None,
        "seconds": seconds,
        "billable_seconds": _billable_seconds(description, seconds),
        "spot_saving": _spot_saving(description),
        "instance_type": _instances(description).get("InstanceType"),
        "durations": _durations(description),
        "metrics": {metric["MetricName"]: float(metric["Value"]) for metric in metrics},
        "outputs": _outputs(description),
        "started": _iso(started),
        "ended": _iso(ended),
    }


def _billable_seconds(description: Description, seconds: float | None) -> float | None:
    billed = description.get("BillableTimeInSeconds", seconds)
    count = int(_instances(description).get("InstanceCount", 1))
    return None if billed is None else round(billed * count, 3)


def _durations(description: Description) -> dict[str, float]:
    """Return the seconds in each status, summed if a job had the status more than once."""
    durations: dict[str, float] = {}
    for transition in description.get("SecondaryStatusTransitions", []):
        if transition.get("StartTime") and transition.get("EndTime"):
            status = transition["Status"]
            seconds = (transition["EndTime"] - transition["StartTime"]).total_seconds()
            durations[status] = round(durations.get(status, 0.0) + seconds, 3)
    return durations


def _spot_saving(description: Description) -> float | None:
    billed = description.get("BillableTimeInSeconds")
    ran = description.get("TrainingTimeInSeconds")
    if not description.get("EnableManagedSpotTraining") or billed is None or not ran:
        return None
    return round(1 - float(billed) / float(ran), 4)


def _instances(description: Description) -> dict[str, Any]:
    for resources in (
        description.get("ResourceConfig"),
        description.get("ProcessingResources", {}).get("ClusterConfig"),
        description.get("TransformResources"),
    ):
        if resources:
            return dict(resources)
    return {}


def _outputs(description: Description) -> dict[str, str]:
    outputs = {
        output["OutputName"]: output["S3Output"]["S3Uri"]
        for output in description.get("ProcessingOutputConfig", {}).get("Outputs", [])
        if "S3Output" in output
    }
    if model := description.get("ModelArtifacts", {}).get("S3ModelArtifacts"):
        outputs["model"] = model
    if "TransformOutput" in description:
        outputs["transform"] = description["TransformOutput"]["S3OutputPath"]
    return outputs


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
