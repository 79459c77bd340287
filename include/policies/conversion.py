"""Is there a RecordIO version of this dataset version under these settings already?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.policies.decision import Decision


def decide_conversion(version: str, report: Mapping[str, Any] | None, force: bool) -> Decision:
    """Decide whether to convert.

    Args:
        version: The RecordIO version that a conversion would make.
        report: That version's recordio.json, which is there when its conversion was complete.
        force: A person asked for it, whatever is there.
    """
    if report is None:
        return Decision(True, f"RecordIO {version} does not exist yet")
    if force:
        return Decision(True, f"forced, though RecordIO {version} exists")
    return Decision(False, f"RecordIO {version} exists since {report['created']}")
