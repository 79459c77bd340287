"""Completeness of a batch's predictions: one for each planned image, and no others."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from include.common.text import MAX_NAMES, shorten_list
from include.contracts.records import BatchPlan, parse_json_record
from include.image_classification.container import CommandError


def read_plan(path: Path) -> BatchPlan:
    """Return a batch's plan, which `select` wrote.

    Raises:
        CommandError: The file is missing or invalid.
    """
    try:
        return parse_json_record(BatchPlan, path.read_bytes())
    except FileNotFoundError:
        raise CommandError(f"{path} is missing") from None
    except ValueError as error:
        raise CommandError(f"{path} is no plan of a batch: {error}") from None


def check_completeness(plan: BatchPlan, predicted: Iterable[str]) -> Iterator[str]:
    """Pass on the keys of predictions, and check that they are those of the planned images.

    Args:
        plan: The batch's plan.
        predicted: The keys of the images with a prediction or an error record, without duplicates.

    Raises:
        CommandError: After the last key: a planned image has neither, or another image has one.
    """
    missing = dict.fromkeys(plan.images)
    unplanned = 0
    first: list[str] = []
    for key in predicted:
        if key in missing:
            del missing[key]
        else:
            unplanned += 1
            first = [*first, key][: MAX_NAMES + 1]
        yield key
    if missing:
        raise CommandError(
            f"{len(missing)} of {len(plan.images)} planned images have no prediction "
            f"({shorten_list(missing)}): clear submit_transform and its downstream tasks"
        )
    if unplanned:
        raise CommandError(
            f"{unplanned} predictions are of images that were not planned "
            f"({shorten_list(first)}): delete them from transform/ in the folder of batch "
            f"{plan.batch}, then clear submit_report and its downstream tasks"
        )
