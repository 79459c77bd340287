"""Calls to S3 that the container's commands make themselves, under the role of jobs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from include.common.web_state import FileState
from include.contracts.records import WebFileRequest
from include.image_classification.fetching import draft_store
from include.image_classification.fetching.draft import DraftNote, note_as_json
from include.image_classification.fetching.files import Places
from tests.iam.evaluator import Right
from tests.iam.needed import Call, needed
from tests.iam.recorder import canned
from tests.iam.responses import Body, client


def fetch_rights(source: str, drafts: str) -> Iterator[Right]:
    """Yield the permissions of `fetch`: a draft is created, found, completed and removed.

    Args:
        source: The s3:// URI of the source's folder.
        drafts: The s3:// URI of the folder of drafts.
    """
    bucket = source.split("/")[2]
    folders = [uri.removeprefix(f"s3://{bucket}/") for uri in (source, drafts)]
    for call in _fetch_calls(bucket, *folders):
        yield from needed(call)


def _fetch_calls(bucket: str, source: str, drafts: str) -> list[Call]:
    state = FileState.of("https://a.b/c", 1, {"ETag": '"1"'})
    note = json.dumps(note_as_json(DraftNote("u", state, None, 1))).encode()
    content = f"{drafts}a.tgz/content"
    listed = {f"{drafts}a.tgz/draft.json", f"{source}a.tgz"}

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "ListObjectsV2":
            found = [key for key in sorted(listed) if key.startswith(params["Prefix"])]
            return {"Contents": [{"Key": key, "Size": 1, "ETag": "1"} for key in found]}
        return {
            "CreateMultipartUpload": {"UploadId": "u"},
            "UploadPart": {"ETag": "1"},
            "GetObject": {"Body": Body(note)},
            "HeadObject": {"ContentLength": 1, "Metadata": {}},
            "ListParts": {"Parts": [{"PartNumber": 1, "ETag": "1", "Size": 1}]},
            "ListMultipartUploads": {"Uploads": [{"Key": content, "UploadId": "u"}]},
        }.get(operation, {})

    with canned(answer) as calls:
        places = Places(client("s3"), bucket, source, drafts)
        place = places.of(WebFileRequest(name="a.tgz", mirrors=[], max_bytes=1))
        draft_store.create_draft(place, state, None)
        draft = draft_store.find_draft(place)
        assert draft is not None
        draft.add(b"x")
        draft.complete()
        draft_store.publish_draft(place, {})
        place.s3.head_object(Bucket=bucket, Key=place.target)
    return calls
