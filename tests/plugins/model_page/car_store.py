"""The stored state of the pipeline stanford_cars after a month of nightly runs.

Five packages (one serves, one waits for approval), real JPEG photos, long class names, a batch with
uncertain and unreadable photos, a quarantine, deployments and runs.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from include.local_run.drawing.kinds import KINDS
from include.local_run.drawing.photo import take_photo
from tests.plugins.model_page.fake_airflow import FakeAirflow
from tests.plugins.model_page.stage import BUCKET, Stage

PIPELINE = "stanford_cars"
CARS = (
    "AM General Hummer SUV 2000", "Audi TT RS Coupe 2012", "BMW 1 Series Coupe 2012",
    "Chevrolet Silverado 1500 Hybrid Crew Cab 2012", "Chrysler Town and Country Minivan 2012",
    "Dodge Caravan Minivan 1997", "Ferrari 458 Italia Convertible 2012",
    "Ford F-150 Regular Cab 2012", "Mercedes-Benz 300-Class Convertible 1993",
    "smart fortwo Convertible 2012",
)  # fmt: skip
NIGHT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
"""When last night's training started: moto dates packages by the clock."""

BATCH = f"{NIGHT:%Y%m%dT%H%M%S}-5f2c81d0"
DATASETS = ("3be0c7a1f4d2", "9d41f6c0b7e3")
"""Dataset versions, the current one last."""

SERVING, PENDING = 4, 5
DEPLOYED = NIGHT + timedelta(minutes=18)
HOSTILE = 'front "left"><img src=x onerror=document.title="attacked">.jpg'
PHOTOS_OF_A_CLASS = 4
CONFUSED = {1: 2, 5: 4, 8: 6}
"""Classes of which every model takes one photo for another class."""

GATES: list[dict[str, Any]] = [
    {"metric": "top-1", "value": 0.8, "limit": "at least", "threshold": 0.5, "margin": 0.3},
    {"metric": "gain in top-1 over the most frequent class", "value": 0.7, "limit": "more than",
     "threshold": 0.0, "margin": 0.7},
    {"metric": "p against the most frequent class", "value": 1.2e-07, "limit": "at most",
     "threshold": 0.05, "margin": 0.05},
    {"metric": "gain in top-1 over the champion", "value": 0.019, "limit": "more than",
     "threshold": 0.0, "margin": 0.019},
]  # fmt: skip


def job_of(version: int) -> str:
    """Return the name of the training job of a package."""
    return f"stanford-cars-train-{hashlib.sha256(str(version).encode()).hexdigest()[:16]}"


def fill(stage: Stage, airflow: FakeAirflow) -> None:
    """Write everything into an empty stage of `PIPELINE`."""
    _write_datasets(stage)
    _write_photos(stage)
    for version, (top1, approval, verdict) in enumerate(
        [
            (0.612, "Approved", "promote"),
            (0.655, "Approved", "promote"),
            (0.641, "Rejected", "keep"),
            (0.721, "Approved", "promote"),
            (0.74, "PendingManualApproval", "await approval"),
        ],
        start=1,
    ):
        _write_package(stage, version, top1, approval, verdict)
    for version, days, family in ((1, 30, "update"), (2, 21, "update"), (1, 20, "rollback")):
        _write_deployment(stage, airflow, version, NIGHT - timedelta(days=days), family)
    run = _add_run(airflow, "endpoint_update", NIGHT + timedelta(minutes=17), 95, "asset_triggered")
    stage.serve(SERVING, DEPLOYED, run)
    stage.decision(
        True, f"RecordIO {DATASETS[1]} has 27 photos that no training has seen", NIGHT.isoformat()
    )
    stage.put(f"{stage.layout.labels}{NIGHT:%Y-%m-%d}/ana-090000.jsonl", "{}\n")
    _write_batch(stage)
    _add_run(airflow, "dataset_refresh", NIGHT - timedelta(hours=1), 74)
    _add_run(airflow, "batch_inference", NIGHT - timedelta(minutes=30), 212)
    seconds = int((datetime.now(UTC) - NIGHT).total_seconds())
    _add_run(airflow, "nightly_training", NIGHT, seconds)


@cache
def photo(kind: int, number: int) -> bytes:
    """Return a drawn photo of a class as JPEG."""
    rng = np.random.default_rng([kind, number])
    return take_photo(KINDS[kind % len(KINDS)], rng).jpeg


def _write_datasets(stage: Stage) -> None:
    counts = {"images": 16142, "train": 12914, "validation": 1614, "test": 1614, "classes": 196,
              "quarantined": 43, "deduplicated": 12}  # fmt: skip
    source = {"uri": f"s3://{BUCKET}/{PIPELINE}/source/",
              "files": ["car_devkit.tgz", "cars_test.tgz", "cars_train.tgz"]}  # fmt: skip
    old, new = DATASETS
    stage.dataset(old, counts={**counts, "images": 16115}, source=source, seconds=71.2)
    changes = {"added": 27, "removed": 0, "relabelled": 3}
    stage.dataset(new, counts=counts, source=source, seconds=74.9, previous=old, changes=changes,
                  leaks=39)  # fmt: skip
    stage.put(stage.layout.dataset_classes(new), CARS)
    reasons = [("truncated", "the file ends within the image")] * 31 + [
        ("too small", "12 x 9")
    ] * 12
    rows = [
        {"path": f"cars_train/{number:05}.jpg", "reason": reason, "detail": detail}
        for number, (reason, detail) in enumerate(reasons, start=1)
    ]
    lines = "\n".join(map(json.dumps, rows))
    stage.put(f"{stage.layout.dataset(new)}quarantine.jsonl", lines)
    stage.put(stage.layout.dataset_page(new), "<h1>Dataset page</h1>", "text/html")
    record = {"version": "6a90e2d17c55", "dataset_version": new, "bytes": 188_000_000,
              "counts": {"train": 12914, "validation": 1614, "classes": 196},
              "created": "2026-11-11T23:05:00+00:00"}  # fmt: skip
    stage.put(stage.layout.recordio_report("6a90e2d17c55"), record)


def photo_key(kind: int, number: int) -> str:
    """Return the content key of a photo of the test split."""
    digest = hashlib.sha256(photo(kind, number)).hexdigest()
    return f"{digest[:2]}/{digest}.jpg"


def _write_photos(stage: Stage) -> None:
    for kind in range(len(CARS)):
        for number in range(PHOTOS_OF_A_CLASS):
            key = stage.layout.image(photo_key(kind, number))
            stage.put(key, photo(kind, number), "image/jpeg")


def _write_package(stage: Stage, version: int, top1: float, approval: str, verdict: str) -> None:
    job = job_of(version)
    reason = {
        "promote": f"top-1 {top1:.4f} keeps all limits; 31 photos became right, 12 wrong",
        "keep": "gain in top-1 over the champion is -0.014, more than 0 is needed; p of McNemar's "
        "test is 0.31, at most 0.05 in the candidate's favor is needed; trained on the same data",
        "await approval": f"top-1 {top1:.4f} keeps all limits; 31 photos became right, 12 wrong "
        "(p 0.0055); promotion.approval requires a user's approval",
    }[verdict]
    stage.package(
        job, approval, verdict, top1=top1, top5=0.93, cost_usd=0.41, network="resnet50",
        dataset_version=DATASETS[version > 2], recordio_version="6a90e2d17c55", reason=reason,
        hyperparameters=f"epochs={30 if version < 5 else 40} learning_rate=0.01 num_layers=50",
    )  # fmt: skip
    gates = [{**gate, "passed": verdict != "keep" or gate is not GATES[3]} for gate in GATES]
    stage.evaluation(job, top1, 1614, gates, verdict=verdict, reason=reason)
    stage.put(stage.layout.evaluated_photos(job), _predictions(version), "text/csv")


def _predictions(version: int) -> str:
    """Return photos.csv of a model: fewer mistakes with each version."""
    lines = ["key,name," + ",".join(_columns())]
    for kind, truth in enumerate(CARS):
        for number in range(PHOTOS_OF_A_CLASS):
            key = photo_key(kind, number)
            wrong = number == 0 and (kind in CONFUSED or kind + version < 8)
            label = CARS[CONFUSED.get(kind, (kind + 1) % len(CARS))] if wrong else truth
            sure = 0.97 if kind == 8 and wrong else round(0.55 + 0.1 * number, 3)
            lines.append(f"{key},{truth},{_guesses(label, truth, sure)}")
    return "\n".join(lines) + "\n"


def _columns() -> list[str]:
    ranks = ["", "_2", "_3", "_4", "_5"]
    return [f"{column}{rank}" for rank in ranks for column in ("label", "probability")]


def _guesses(label: str, truth: str, sure: float) -> str:
    others = [name for name in (truth, *CARS) if name != label]
    others = list(dict.fromkeys(others))[:4]
    rest = 1 - sure
    shares = [round(rest * share, 4) for share in (0.5, 0.25, 0.15, 0.1)]
    pairs = [(label, sure), *zip(others, shares, strict=True)]
    return ",".join(f"{name},{share}" for name, share in pairs)


def _write_deployment(
    stage: Stage, airflow: FakeAirflow, version: int, moment: datetime, family: str
) -> None:
    why = "latency doubled on the new instances" if family == "rollback" else ""
    kind = "manual" if family == "rollback" else "asset_triggered"
    run = _add_run(airflow, f"endpoint_{family}", moment - timedelta(minutes=2), 95, kind, why)
    stage.release(version, moment, run)


def _add_run(
    airflow: FakeAirflow,
    family: str,
    start: datetime,
    seconds: int,
    kind: str = "scheduled",
    why: str = "",
) -> str:
    """Add a successful run, and return its name in release records."""
    dag_id, run_id = f"{PIPELINE}__{family}", f"{kind}__{start.isoformat()}"
    airflow.add_run(
        dag_id, run_id, run_type=kind, run_after=start.isoformat(), start_date=start.isoformat(),
        end_date=(start + timedelta(seconds=seconds)).isoformat(), conf={"why": why} if why else {},
        triggering_user_name="ana" if kind == "manual" else None,
    )  # fmt: skip
    return f"{dag_id}/{run_id}"


def _write_batch(stage: Stage) -> None:
    names = [HOSTILE, *(f"gate-3/camera_{number:02}.jpg" for number in range(7))]
    tags = {}
    for number, name in enumerate(names):
        stage.put(f"{stage.layout.incoming}{name}", photo(number, 50), "image/jpeg")
        head = stage.s3.head_object(Bucket=BUCKET, Key=f"{stage.layout.incoming}{name}")
        tags[name] = head["ETag"].strip('"')
    distance = {"distance": 0.183456, "p": 0.0042}
    drift = {"images": 412, "reference_images": 1614, "classes": distance,
             "confidence": {"distance": 0.241, "p": 0.0001, "mean": 0.61,
                            "reference_mean": 0.78}}  # fmt: skip
    unreadable = {"gate-3/camera_91_broken.jpg": "the file ends within the image (JPEG)"}
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{stage.group}/{SERVING}"
    created = (NIGHT - timedelta(minutes=26)).isoformat()
    record = {"batch": BATCH, "images": tags, "unreadable": unreadable, "package": arn,
              "counts": {"images": 412, "unreadable": 1, "uncertain": 8}, "drift": drift,
              "created": created}  # fmt: skip
    stage.put(stage.layout.batch_record(BATCH), record)
    classes = {name: 90 - 9 * rank for rank, name in enumerate(CARS)}
    stage.put(stage.layout.batch_summary(BATCH),
              {"batch": BATCH, "images": 412, "unreadable": 1, "uncertain": 8, "classes": classes,
               "drift": drift, "created": created})  # fmt: skip
    rows = [
        '"{}",{}'.format(
            name.replace('"', '""'), _guesses(CARS[number], CARS[number - 1], 0.41 - number / 100)
        )
        for number, name in enumerate(names)
    ]
    table = "\n".join(["file," + ",".join(_columns()), *rows]) + "\n"
    folder = stage.layout.batch_report(BATCH)
    for name in ("uncertain.csv", "predictions.csv"):
        stage.put(f"{folder}{name}", table, "text/csv")
    stage.put(f"{folder}gallery.html", "<h1>Gallery</h1>", "text/html")
