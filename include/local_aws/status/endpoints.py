"""Endpoints on the status page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from include.local_aws.endpoints.endpoint import KIND
from include.local_aws.observability.logs import endpoint_group
from include.local_aws.store import Body, Store

_TONES = {"InService": "good", "Failed": "bad", "Deleting": "fair", "RollingBack": "fair"}


@dataclass(frozen=True)
class VariantRow:
    """A production variant; `share` is its share of the requests, from 0 to 1."""

    name: str
    image: str
    share: float
    current: int
    desired: int


@dataclass(frozen=True)
class EndpointRow:
    """An endpoint; `note` is its failure reason or the state of its update."""

    name: str
    status: str
    tone: str
    config: str
    created: float
    changed: float
    note: str
    variants: Sequence[VariantRow]

    @property
    def path(self) -> str:
        """The path of its page."""
        return f"/endpoints/{self.name}"

    @property
    def log_group(self) -> str:
        """The log group of its instances."""
        return endpoint_group(self.name)


def endpoints(store: Store) -> list[EndpointRow]:
    """Return all endpoints, sorted by name."""
    bodies = sorted(store.list_all(KIND), key=lambda body: str(body["EndpointName"]))
    return [row(body) for body in bodies]


def endpoint(store: Store, name: str) -> EndpointRow | None:
    """Return an endpoint, or None if it does not exist."""
    body = store.get(KIND, name)
    return row(body) if body else None


def row(body: Body) -> EndpointRow:
    """Return an endpoint from its record."""
    status = str(body["EndpointStatus"])
    return EndpointRow(
        name=str(body["EndpointName"]),
        status=status,
        tone=_TONES.get(status, "busy"),
        config=str(body.get("EndpointConfigName", "")),
        created=body["CreationTime"],
        changed=body["LastModifiedTime"],
        note=str(body.get("FailureReason") or _pending_update(body)),
        variants=[] if status == "Failed" else _variants(body.get("ProductionVariants", [])),
    )


def _pending_update(body: Body) -> str:
    """Describe the update in progress; empty if there is none."""
    pending: dict[str, Any] = body.get("PendingDeploymentSummary") or {}
    stages = {
        str(stage["Status"])
        for variant in pending.get("ProductionVariants", [])
        for stage in variant.get("VariantStatus", [])
    }
    name = pending.get("EndpointConfigName", "")
    return f"updating to {name}: {', '.join(sorted(stages)).lower()}" if name and stages else ""


def _variants(summaries: Sequence[dict[str, Any]]) -> list[VariantRow]:
    weights = [float(summary.get("CurrentWeight", 1.0)) for summary in summaries]
    return [
        VariantRow(
            name=str(summary["VariantName"]),
            image=_image(summary),
            share=weight / sum(weights) if sum(weights) else 1 / len(summaries),
            current=int(summary.get("CurrentInstanceCount", 0)),
            desired=int(summary.get("DesiredInstanceCount", 0)),
        )
        for summary, weight in zip(summaries, weights, strict=True)
    ]


def _image(variant: dict[str, Any]) -> str:
    images = variant.get("DeployedImages", [])
    return str(images[0].get("SpecifiedImage", "")) if images else ""
