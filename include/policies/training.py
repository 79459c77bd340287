"""Skip or train: is there anything new to learn tonight?"""

from __future__ import annotations

from include.policies.decision import Decision
from include.policies.registry import Package


def decide_training(recordio: str, earlier: Package | None, force: bool) -> Decision:
    """Decide whether to train.

    Args:
        recordio: The RecordIO version to train on.
        earlier: The package of an earlier training on the same data with the same
            hyperparameters and image, if any.
        force: A person asked for it, whatever was trained before.
    """
    if earlier is None:
        return Decision(True, f"RecordIO {recordio} was not trained on with these settings yet")
    facts = earlier.metadata
    done = (
        f"{facts.get('training_job', earlier.arn)} trained on RecordIO {recordio} with the same "
        f"settings (top-1 {facts.get('top1', 'unknown')}, verdict {facts.get('verdict', 'unknown')})"
    )
    if force:
        return Decision(True, f"forced, though {done}")
    return Decision(False, f"nothing new to learn: {done}")
