"""docker-compose.yaml checked against the installed packages, without Docker.

`make lint` checks the schema. These tests protect against commands, settings, paths and classes
that the installed Airflow does not have, and against secrets with defaults.
"""

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
COMPOSE = (ROOT / "docker-compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
AIRFLOW = {name: service for name, service in SERVICES.items() if "build" in service}
SECRETS = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "AIRFLOW_ADMIN_PASSWORD"} | {
    "AIRFLOW_JWT_SECRET",
    "AIRFLOW_FERNET_KEY",
}


def variables() -> dict[str, set[str]]:
    """Return each variable that compose interpolates, with the operators that follow it."""
    found: dict[str, set[str]] = {}
    for name, operator in re.findall(r"(?<!\$)\$\{(\w+)(:[?-])?", COMPOSE):
        found.setdefault(name, set()).add(operator)
    return found


def test_all_components_of_a_celery_setup_exist() -> None:
    assert set(SERVICES) >= {
        *("postgres", "redis", "init", "api-server", "scheduler"),
        *("dag-processor", "worker", "triggerer", "local-aws"),
    }


def test_all_long_running_services_have_a_health_check() -> None:
    assert [n for n, s in SERVICES.items() if n != "init" and "healthcheck" not in s] == []


def test_secrets_are_required_and_have_no_default() -> None:
    operators = {name: ops for name, ops in variables().items() if name in SECRETS}
    assert operators == {name: {":?"} for name in SECRETS}


def test_env_example_has_all_variables_without_a_default() -> None:
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert {name for name, ops in variables().items() if ":?" in ops} - example == set()


@pytest.mark.parametrize(
    "name", sorted(set(AIRFLOW) - {"init", "local-aws"}), ids=lambda name: str(name)
)
def test_commands_exist_in_the_installed_airflow(name: str) -> None:
    from airflow.cli import cli_parser

    words = AIRFLOW[name]["command"].split()
    cli_parser.get_parser().parse_args(words)


def test_init_uses_existing_options() -> None:
    from airflow.cli import cli_parser
    from airflow.providers.fab.cli.definition import USERS_COMMANDS

    script = AIRFLOW["init"]["command"][-1].replace("$$", "$")
    migrate, create = script.split("&&")
    cli_parser.get_parser().parse_args(migrate.split()[1:])
    command = next(c for c in USERS_COMMANDS if c.name == "create")
    known = {flag for arg in command.args for flag in arg.flags}
    assert set(re.findall(r"--[\w-]+", create)) <= known


def test_airflow_settings_are_options_of_the_installed_version() -> None:
    from airflow.configuration import conf

    options = {
        (section, option)
        for section, description in conf.configuration_description.items()
        for option in description["options"]
    }
    names = {key for service in AIRFLOW.values() for key in service["environment"]}
    unknown = [
        name
        for name in names
        if (parts := re.fullmatch(r"AIRFLOW__(\w+?)__(\w+)", name))
        and (parts[1].lower(), parts[2].lower()) not in options
    ]
    assert unknown == []


def test_named_classes_and_applications_can_be_imported() -> None:
    for dotted in re.findall(r"airflow\.providers(?:\.\w+)+", COMPOSE):
        module, _, attribute = dotted.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), dotted


def test_job_types_of_the_health_checks_exist() -> None:
    from airflow.cli import cli_parser

    for job_type in re.findall(r"--job-type (\w+)", COMPOSE):
        cli_parser.get_parser().parse_args(["jobs", "check", "--job-type", job_type])


def test_mounted_folders_exist() -> None:
    mounts = {volume.split(":")[0] for service in AIRFLOW.values() for volume in service["volumes"]}
    own = {mount for mount in mounts if mount.startswith("./") and mount != "./logs"}
    assert {mount for mount in own if not (ROOT / mount).exists()} == set()


def test_an_empty_endpoint_and_empty_keys_mean_aws() -> None:
    """Compose passes unset variables as empty strings, which botocore must ignore."""
    script = (
        "import boto3; s3 = boto3.client('s3');"
        "print(s3.meta.endpoint_url, boto3.Session().get_credentials())"
    )
    environment = {
        "AWS_ENDPOINT_URL": "",
        "AWS_ENDPOINT_URL_S3": "",
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    answer = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["https://s3.amazonaws.com", "None"]
