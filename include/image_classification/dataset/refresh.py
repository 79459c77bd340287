"""Command `refresh`: create an immutable dataset version from a raw source."""

import logging
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.contracts import files
from include.contracts.commands import Input, Output
from include.contracts.records import DatasetReport
from include.image_classification.container import (
    CommandError,
    processing_input,
    processing_output,
)
from include.image_classification.dataset.assembly import AssembledVersion, assemble
from include.image_classification.dataset.corrections.corrections import Corrections
from include.image_classification.dataset.corrections.opening import open_corrections
from include.image_classification.dataset.corrections.reading import Places
from include.image_classification.dataset.detection import Detection, detect_layout
from include.image_classification.dataset.intake import Stores
from include.image_classification.dataset.layouts import AUTO, open_layout
from include.image_classification.dataset.settings import RefreshSettings, parse_settings
from include.image_classification.dataset.source.contract import Source
from include.image_classification.dataset.source.survey import survey
from include.image_classification.dataset.version.changes import compare
from include.image_classification.dataset.version.image_store import ImageStore
from include.image_classification.dataset.version.leakage import find_leaks
from include.image_classification.dataset.version.ledger import LEDGER
from include.image_classification.dataset.version.manifest import (
    write_json,
    write_manifests,
    write_rows,
    write_version,
)
from include.image_classification.dataset.version.page import DatasetPage, write_dataset_page
from include.image_classification.dataset.version.pictures import Pictures
from include.image_classification.dataset.version.previous import (
    LEAKAGE,
    PreviousVersion,
    read_previous_version,
    write_hashes,
)

_log = logging.getLogger(__name__)


def main(arguments: list[str]) -> None:
    """Run the command with its flags; see `refresh --help`.

    Raises:
        CommandError: A file is missing or damaged, too many photos are quarantined, or a class has
            no images.
    """
    settings = parse_settings(arguments)
    started = time.monotonic()
    previous = read_previous_version(
        processing_input(Input.PREVIOUS), processing_input(Input.LEDGER)
    )
    folder = processing_input(Input.SOURCE)
    settings, detection = _choose_layout(folder, settings)
    source = _open_source(folder, settings)
    source = replace(source, notes=[detection, *source.notes])
    with tempfile.TemporaryDirectory(prefix="pictures-") as pictures:
        stores = _stores(previous, settings, Path(pictures))
        corrections = _open_corrections(source, previous, settings)
        assembled = assemble(source, previous, settings, stores, corrections)
        labels = corrections.finish(assembled.quarantined, processing_output(Output.LEDGER))
        labels.log()
        changes = compare(previous.version, assembled.version)
        leaks = find_leaks(assembled.version.images, assembled.hashes)
        similar = len({leak.test for leak in leaks})
        page = DatasetPage(
            report=_report(assembled, previous, source, settings)
            | {"changes": changes.counts, "leaks": similar}
            | ({"labels": labels.report().as_json()} if labels.files else {}),
            version=assembled.version,
            quarantined=assembled.quarantined,
            duplicates=assembled.duplicates,
            changes=changes,
            leaks=leaks,
            picture=stores.picture,
            labels=labels,
        )
        report = _write(page, assembled, previous, settings, started)
        _log.info("%s; %d test images are similar to others", changes.summary(), similar)
    _log_account(report["source"])
    counts = ", ".join(f"{count} {kind}" for kind, count in report["counts"].items())
    outcome = _describe_unchanged(report, settings)
    _log.info("dataset version %s%s: %s", report["version"], outcome, counts)


def _open_corrections(
    source: Source, previous: PreviousVersion, settings: RefreshSettings
) -> Corrections:
    root = settings.labels_uri.removesuffix("labels/")
    places = Places(root=root, source=settings.source_uri)
    return open_corrections(source.classes, previous, places, settings.new_classes)


def _log_account(source: Mapping[str, Any]) -> None:
    """Log what became of the source's files; the counts add up to the number found."""
    found, *others = source["counts"].items()
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in others)
    _log.info("%d files found: %s", found[1], kinds)
    if source["left_alone"]:
        _log.info("left alone: %s", ", ".join(source["left_alone"]))


def _stores(previous: PreviousVersion, settings: RefreshSettings, pictures: Path) -> Stores:
    """Return the stores of images and quarantined photos, which skip files that exist."""
    images = {image.key for image in previous.images}
    refused = {row.key for row in previous.quarantined if row.key}
    if settings.store == "all":
        images, refused = set(), set()
    return Stores(
        images=ImageStore(processing_output(Output.IMAGES), images),
        quarantine=ImageStore(processing_output(Output.QUARANTINE), refused),
        pictures=Pictures(pictures, previous),
    )


def _write(
    page: DatasetPage,
    assembled: AssembledVersion,
    previous: PreviousVersion,
    settings: RefreshSettings,
    started: float,
) -> Mapping[str, Any]:
    """Write the version if it is new; dataset.json is written last and marks it complete."""
    result = processing_output(Output.RESULT)
    folder = processing_output(Output.VERSIONS) / page.report["version"]
    if not page.report["unchanged"]:
        write_version(folder, page.version, page.quarantined, page.duplicates)
        if settings.images_uri:
            write_manifests(folder, page.version, settings.images_uri)
        write_hashes(folder, page.version.images, assembled.hashes)
        write_json(folder / "changes.json", page.changes.as_json())
        write_rows(folder / LEAKAGE, map(asdict, page.leaks))
        if page.labels.files:
            write_rows(folder / files.LABEL_OUTCOMES, page.labels.rows())
        write_dataset_page(folder / files.DATASET_PAGE, page, settings.threads)
    elif list(page.quarantined) != list(previous.quarantined):
        # The files of a version never change, but the new quarantine must be reported.
        write_rows(result / "quarantine.jsonl", map(asdict, page.quarantined))
    if page.labels.files:
        write_rows(result / files.LABEL_OUTCOMES, page.labels.rows())
    ledger_photos = previous.write_ledger(
        processing_output(Output.LEDGER) / LEDGER, page.version.images
    )
    seconds = round(time.monotonic() - started, 3)
    content = {**page.report, "ledger_photos": ledger_photos, "seconds": seconds}
    report = DatasetReport.model_validate(content).as_json()
    if not page.report["unchanged"]:
        write_json(folder / files.DATASET, report)
    write_json(result / files.DATASET, report)
    return report


def _describe_unchanged(report: Mapping[str, Any], settings: RefreshSettings) -> str:
    if not report["unchanged"]:
        return ""
    written = "nothing is written" if settings.store == "new" else "images are stored again"
    return f", unchanged: {written}"


def _open_source(folder: Path, settings: RefreshSettings) -> Source:
    source = open_layout(
        settings.layout, folder, settings.classes, settings.devkit, settings.label_options
    )
    _log.info("reading %s: %d classes", ", ".join(source.files), len(source.classes))
    for note in source.notes:
        _log.info(note)
    if source.held_out and settings.split == "ratio":
        _log.warning(
            "the source holds out photos for validation or test, but split: ratio mixes them with"
            " the others, so that some of them train; set dataset.split: source to keep them apart"
        )
    return source


def _choose_layout(folder: Path, settings: RefreshSettings) -> tuple[RefreshSettings, str]:
    """Return the settings with the layout to read, and a note; log what was detected, and why."""
    if not folder.is_dir() or not any(folder.iterdir()):
        location = settings.source_uri or folder
        raise CommandError(f"the source {location} is empty; add photos and their labels to it")
    detected, problem = _detect(folder, settings)
    if detected is None:
        note = f"layout {settings.layout}, as configured; by its files alone: {problem}"
        _log.info(note)
        return settings, note
    reason = f"because {detected.reason}"
    if settings.layout == AUTO:
        note = f"layout {detected.layout}, detected {reason}"
        settings = replace(settings, layout=detected.layout)
    elif detected.layout == settings.layout:
        note = f"layout {settings.layout}, as configured; it is also detected, {reason}"
    else:
        note = (
            f"layout {settings.layout}, as configured, although {detected.layout} is detected,"
            f" {reason}: set source.layout if that is right"
        )
        _log.warning(note)
        return settings, note
    _log.info(note)
    return settings, note


def _detect(folder: Path, settings: RefreshSettings) -> tuple[Detection | None, str]:
    """Detect the layout; for a configured one, return a problem rather than fail."""
    try:
        return detect_layout(survey(folder), settings.label_options), ""
    except CommandError as error:
        if settings.layout == AUTO:
            raise
        return None, str(error)


def _report(
    assembled: AssembledVersion,
    previous: PreviousVersion,
    source: Source,
    settings: RefreshSettings,
) -> dict[str, Any]:
    version = assembled.version.name
    previous_version = previous.version.name if previous.version else None
    return {
        "stage": "refresh",
        "version": version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "previous": previous_version,
        "unchanged": previous_version == version,
        "source": {
            "uri": settings.source_uri,
            "fingerprint": settings.source_fingerprint,
            "layout": settings.layout,
            "files": list(source.files),
            "left_alone": source.left_alone,
            "notes": list(source.notes),
            "counts": source.accounting.counts(assembled.used),
        },
        "settings": settings.recorded(),
        "counts": assembled.counts(),
    }
