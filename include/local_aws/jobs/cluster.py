"""Instances of a training job: their addresses and channels."""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from include.local_aws.containers.augmented_manifest import AugmentedManifest
from include.local_aws.containers.container import Container
from include.local_aws.containers.inputs import fetch, in_share, is_sharded, list_objects
from include.local_aws.containers.object_content import ObjectContent
from include.local_aws.containers.pipes import Pipe, PipedContent, PipedObjects
from include.local_aws.storage.objects import Objects
from include.local_aws.store import Body

PIPE = "Pipe"
AUGMENTED = "AugmentedManifestFile"


def addresses(hosts: Sequence[str]) -> str:
    """Return the hosts' addresses, such as `algo-1=127.8.9.1,algo-2=127.8.9.2`.

    On AWS, DNS resolves the hosts' names. Here each host has its own loopback address (all of
    127.0.0.0/8 is this computer), so that hosts and jobs may use the same ports.
    """
    network = f"127.{1 + secrets.randbelow(254)}.{1 + secrets.randbelow(254)}"
    return ",".join(f"{host}={network}.{number}" for number, host in enumerate(hosts, 1))


def mode(request: Body, channel: Body) -> str:
    """Return the input mode of a channel: Pipe, or File, which also serves FastFile."""
    default = request["AlgorithmSpecification"]["TrainingInputMode"]
    return PIPE if channel.get("InputMode", default) == PIPE else "File"


def source(channel: Body) -> dict[str, Any]:
    """Return a channel's S3 data source."""
    found: dict[str, Any] = channel["DataSource"].get("S3DataSource", {})
    return found


def channels_config(request: Body) -> Body:
    """Return the content of inputdataconfig.json."""
    return {
        channel["ChannelName"]: {
            "TrainingInputMode": mode(request, channel),
            "S3DistributionType": source(channel).get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
        }
        for channel in request.get("InputDataConfig", [])
    }


def download(
    objects: Objects, request: Body, instance: Container, check: Callable[[], None]
) -> None:
    """Download an instance's channels in File mode; an exception of `check` ends the download."""
    for channel in request.get("InputDataConfig", []):
        if mode(request, channel) != PIPE:
            fetch(
                objects,
                source(channel),
                instance.base / "input/data" / channel["ChannelName"],
                channel.get("CompressionType", "None"),
                check,
                instance.share,
            )


def pipes(objects: Objects, request: Body, instance: Container) -> list[Pipe]:
    """Return an instance's channels in Pipe mode; their objects are listed, not downloaded."""
    return [
        Pipe(
            _content(objects, channel, instance),
            instance.base / "input/data" / channel["ChannelName"],
        )
        for channel in request.get("InputDataConfig", [])
        if mode(request, channel) == PIPE
    ]


def _content(objects: Objects, channel: Body, instance: Container) -> PipedContent:
    found = source(channel)
    content = ObjectContent(objects, channel.get("CompressionType", "None"))
    wraps = channel.get("RecordWrapperType", "None") == "RecordIO"
    seed = channel.get("ShuffleConfig", {}).get("Seed")
    if found.get("S3DataType") != AUGMENTED:
        items = in_share(found, list_objects(objects, found), instance.share)
        return PipedObjects(content, items, wraps, seed)
    return AugmentedManifest(
        content,
        found["S3Uri"],
        found["AttributeNames"],
        instance.directory,
        wraps=wraps,
        seed=seed,
        share=instance.share if is_sharded(found) else slice(None),
    )
