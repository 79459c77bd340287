"""What the page tells of endpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from include.local_aws.endpoints.endpoint import KIND
from include.local_aws.observability.logs import endpoint_group
from include.local_aws.store import Body, Store

_TONES = {"InService": "good", "Failed": "bad", "Deleting": "fair", "RollingBack": "fair"}


@dataclass(frozen=True)
class VariantRow:
    """A production variant: `share` is the part of the requests that it gets, from 0 to 1."""

    name: str
    image: str
    share: float
    current: int
    desired: int


@dataclass(frozen=True)
class EndpointRow:
    """An endpoint in the overview; `note` says why it failed, or what it is becoming."""

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
        """The address of its own page."""
        return f"/endpoints/{self.name}"

    @property
    def log_group(self) -> str:
        """Where its processes log."""
        return endpoint_group(self.name)


def endpoints(store: Store) -> list[EndpointRow]:
    """All endpoints by name."""
    return [
        row(body) for body in sorted(store.list_all(KIND), key=lambda b: str(b["EndpointName"]))
    ]


def endpoint(store: Store, name: str) -> EndpointRow | None:
    """One endpoint, or None if it is not there."""
    body = store.get(KIND, name)
    return row(body) if body else None


def row(body: Body) -> EndpointRow:
    """An endpoint as the overview shows it."""
    status = str(body["EndpointStatus"])
    return EndpointRow(
        name=str(body["EndpointName"]),
        status=status,
        tone=_TONES.get(status, "busy"),
        config=str(body.get("EndpointConfigName", "")),
        created=body["CreationTime"],
        changed=body["LastModifiedTime"],
        note=str(body.get("FailureReason") or _coming(body)),
        variants=[] if status == "Failed" else _variants(body.get("ProductionVariants", [])),
    )


def _coming(body: Body) -> str:
    """What the endpoint is on the way to, and how far that is."""
    pending: dict[str, Any] = body.get("PendingDeploymentSummary") or {}
    stages = {
        str(stage["Status"])
        for variant in pending.get("ProductionVariants", [])
        for stage in variant.get("VariantStatus", [])
    }
    name = pending.get("EndpointConfigName", "")
    return f"moving to {name}: {', '.join(sorted(stages)).lower()}" if name and stages else ""


def _variants(found: Sequence[dict[str, Any]]) -> list[VariantRow]:
    weights = [float(each.get("CurrentWeight", 1.0)) for each in found]
    return [
        VariantRow(
            name=str(each["VariantName"]),
            image=_image(each),
            share=weight / sum(weights) if sum(weights) else 1 / len(found),
            current=int(each.get("CurrentInstanceCount", 0)),
            desired=int(each.get("DesiredInstanceCount", 0)),
        )
        for each, weight in zip(found, weights, strict=True)
    ]


def _image(variant: dict[str, Any]) -> str:
    images = variant.get("DeployedImages", [])
    return str(images[0].get("SpecifiedImage", "")) if images else ""
