"""Clients of AWS by Airflow's hook, which read the times in a listing of S3 quickly.

Importing this module takes long; import it where a client is needed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook


def create_client(connection: str, service: str, **limits: Any) -> Any:
    """Return a boto3 client with the settings of an Airflow connection.

    Args:
        connection: The connection's id.
        service: boto3's name of the AWS service.
        **limits: Arguments of botocore's Config, which override the connection's.
    """
    from botocore.config import Config

    hook = FastTimesHook(aws_conn_id=connection, client_type=service)
    return hook.get_client_type(hook.region_name, hook.config.merge(Config(**limits)))


class FastTimesHook(AwsBaseHook):
    """Makes clients that parse ISO 8601 times with Python's own parser.

    botocore's parser accepts any form of a date, and takes three quarters of the time of a listing.
    """

    def get_session(self, *args: Any, **kwargs: Any) -> Any:
        """Return a boto3 session, see `AwsBaseHook.get_session`."""
        session = super().get_session(*args, **kwargs)
        parsers = session._session.get_component("response_parser_factory")
        parsers.set_parser_defaults(timestamp_parser=parse_time)
        return session


def parse_time(value: Any) -> datetime:
    """Return the time of an answer: ISO 8601 with a time zone, or any form that botocore parses."""
    if isinstance(value, str):
        with suppress(ValueError):
            time = datetime.fromisoformat(value)
            if time.tzinfo is not None:
                return time
    from botocore.utils import parse_timestamp

    parsed: datetime = parse_timestamp(value)
    return parsed
