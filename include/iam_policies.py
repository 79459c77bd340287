"""IAM policies of an installation: `python -m include.iam_policies FOLDER ...` writes them.

Fills in the templates docs/iam/*.json: airflow.json for Airflow's user or role, jobs.json for the
role of jobs, endpoint.json for the role of the endpoint, and trust.json, the trust policy of both
roles. Statements about a pipeline's objects and resources cover the selected pipelines only.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from include.config import pipeline_files

TEMPLATES = Path(__file__).resolve().parent.parent / "docs" / "iam"

NAMES = ("airflow", "jobs", "endpoint", "trust")

LARGEST = {"airflow": 10_240, "jobs": 10_240, "endpoint": 10_240, "trust": 2_048}
"""IAM's limits in characters without white space: inline policies of a role, and trust policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

ADVICE = "name some pipelines (--pipeline) at a time, and attach each file as a managed policy"

UNUSED = {"Messages": "TOPIC"}
"""Statements that are left out if their placeholder has no value."""

Policy = dict[str, Any]


def policies(values: Mapping[str, str], pipelines: Sequence[str]) -> dict[str, Policy]:
    """Return each policy by its name.

    Args:
        values: The values of the placeholders ACCOUNT, REGION, BUCKET, JOB_ROLE, ENDPOINT_ROLE,
            REPOSITORY and TOPIC; TOPIC may be empty.
        pipelines: The names of the pipelines.
    """
    return {name: _policy(name, values, pipelines) for name in NAMES}


def size(policy: Mapping[str, Any]) -> int:
    """Return the number of characters of a policy that count for IAM's limits."""
    return len(json.dumps(policy, separators=(",", ":")))


def _policy(name: str, values: Mapping[str, str], pipelines: Sequence[str]) -> Policy:
    template = json.loads((TEMPLATES / f"{name}.json").read_text(encoding="utf-8"))
    statements = [
        _filled(statement, values, pipelines)
        for statement in template["Statement"]
        if values.get(UNUSED.get(statement.get("Sid"), ""), "used")
    ]
    return {**template, "Statement": statements}


def _filled(value: Any, values: Mapping[str, str], pipelines: Sequence[str]) -> Any:
    """Return a part of a policy with all placeholders filled in.

    A text with PIPELINE or SLUG is replaced by one text per pipeline, in the same list.
    """
    if isinstance(value, dict):
        return {key: _filled(inner, values, pipelines) for key, inner in value.items()}
    texts = [
        _text(item, {**values, "PIPELINE": name, "SLUG": name.replace("_", "-")})
        for item in (value if isinstance(value, list) else [value])
        for name in (pipelines if _is_for_one(item) else pipelines[:1])
    ]
    single = not isinstance(value, list) and len(texts) == 1
    return texts[0] if single else list(dict.fromkeys(texts))


def _is_for_one(text: str) -> bool:
    return "PIPELINE" in text or "SLUG" in text


def _text(text: str, values: Mapping[str, str]) -> str:
    return re.sub("|".join(values), lambda match: values[match[0]], text)


def main(arguments: list[str] | None = None) -> None:
    """Write the policies into the folder named on the command line."""
    options = _parser().parse_args(arguments)
    values = {
        "ACCOUNT": options.account,
        "REGION": options.region,
        "BUCKET": options.bucket,
        "JOB_ROLE": options.job_role,
        "ENDPOINT_ROLE": options.endpoint_role,
        "REPOSITORY": options.repository,
        "TOPIC": options.topic,
    }
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, policy in policies(values, options.pipeline or sorted(pipeline_files())).items():
        file, characters = folder / f"{name}.json", size(policy)
        file.write_text(json.dumps(policy, indent=2) + "\n", encoding="utf-8")
        print(f"{file}: {characters} of {LARGEST[name]} characters")
        if characters > LARGEST[name]:
            print(f"  too long for an inline policy: {ADVICE}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.iam_policies",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="where to write the policies")
    parser.add_argument("--account", required=True, help="the AWS account's 12 digits")
    parser.add_argument("--region", required=True, help="where jobs and endpoints run")
    parser.add_argument("--bucket", required=True, help="the bucket of all objects")
    parser.add_argument("--job-role", required=True, help="the jobs' role, with its path if any")
    parser.add_argument("--endpoint-role", required=True, help="the endpoint's role, the same")
    parser.add_argument(
        "--repository", default="image-classification", help="the image's repository in ECR"
    )
    parser.add_argument("--topic", default="", help="the SNS topic of messages, if there is one")
    parser.add_argument(
        "--pipeline",
        action="append",
        metavar="NAME",
        help="a pipeline; can be repeated; default: all",
    )
    return parser


if __name__ == "__main__":
    main()
