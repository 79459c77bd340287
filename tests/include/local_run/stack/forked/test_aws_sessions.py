"""AWS sessions that share boto3's descriptions of services."""

import pytest
from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper
from airflow.sdk import Connection
from botocore.loaders import JSONFileLoader

from include.local_run.stack.forked.aws_sessions import SERVICES, SharedModelsSessionFactory


def make_client(service: str) -> object:
    connection = Connection(
        conn_id="aws_default",
        conn_type="aws",
        login="key",
        password="secret",
        extra='{"region_name": "eu-west-1"}',
    )
    factory = SharedModelsSessionFactory(AwsConnectionWrapper(connection), "eu-west-1")
    return factory.create_session().client(service)


def test_a_second_session_reads_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in SERVICES:
        make_client(service)
    read: list[str] = []
    load_file = JSONFileLoader.load_file

    def load(loader: JSONFileLoader, path: str) -> object:
        read.append(path)
        return load_file(loader, path)

    monkeypatch.setattr(JSONFileLoader, "load_file", load)
    for service in SERVICES:
        client = make_client(service)
        assert client.meta.region_name == "eu-west-1"  # type: ignore[attr-defined]
    assert [path for path in read if "service-2" in path or "endpoint" in path] == []
