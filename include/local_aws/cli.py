"""The command line: start, say so, serve until a signal, stop everything."""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from pathlib import Path

import uvicorn

from include.local_aws.errors import StartupError
from include.local_aws.local_aws import LocalAws
from include.local_aws.server import Server
from include.local_aws.settings import FIXED, LOOPBACK, Credentials, Settings, client_environment


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop, 1 when it cannot start."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="local_aws: %(message)s", stream=sys.stderr)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        settings = _settings(options, os.environ)
        aws = LocalAws(settings)
        server = aws.start()
    except StartupError as error:
        print(f"local_aws: {error}", file=sys.stderr)
        return 1
    try:
        asyncio.run(_serve(aws, server, settings, as_json=options.json))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # it stops already
        aws.stop()
    return 0


def _settings(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """The settings; StartupError if clients elsewhere could call it and not all is said for it."""
    settings = Settings(
        root=options.root.absolute(),
        port=options.port,
        images=options.images.absolute(),
        bind=str(options.bind),
        allowed_hosts=tuple(name.lower() for name in options.allow_host),
        s3_port=options.s3_port,
        buckets=tuple(options.bucket),
        slots=options.jobs,
        memory=options.memory and options.memory << 20,
        keep_days=options.keep_days,
        keep_logs=options.keep_logs << 20,
    )
    if not settings.exposed:
        return settings
    if not settings.allowed_hosts:
        raise StartupError(
            f"--bind {settings.bind} lets other machines in: "
            "say with --allow-host under which name they may call"
        )
    return dataclasses.replace(settings, credentials=_own_credentials(settings.bind, environment))


def _own_credentials(bind: str, environment: Mapping[str, str]) -> Credentials:
    key = environment.get("AWS_ACCESS_KEY_ID", "")
    secret = environment.get("AWS_SECRET_ACCESS_KEY", "")
    if not key or not secret or secret == FIXED.secret_access_key:
        raise StartupError(
            f"--bind {bind} lets other machines in: "
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to keys of your own"
        )
    return Credentials(key, secret)


class _Http(uvicorn.Server):
    """uvicorn, which by itself would raise the signal again once it has stopped serving."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `_serve`."""
        yield

    def stop(self) -> None:
        """Stop serving."""
        self.should_exit = True


async def _serve(aws: LocalAws, server: Server, settings: Settings, *, as_json: bool) -> None:
    config = uvicorn.Config(
        server,
        host=settings.bind,
        port=settings.port,
        lifespan="off",
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
    http = _Http(config)
    await aws.open_s3()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, http.stop)
    serving = asyncio.create_task(http.serve())
    while not http.started and not serving.done():
        await asyncio.sleep(0.01)
    if http.started:
        aws.revive()
        _announce(settings, aws, as_json=as_json)
    await serving
    aws.close_s3()
    await server.close()


def _announce(settings: Settings, aws: LocalAws, *, as_json: bool) -> None:
    if not as_json:
        print(f"local_aws: {aws.isolation}", file=sys.stderr, flush=True)
        print("ready", flush=True)
        return
    event = {
        "event": "ready",
        "endpoint_url": settings.announced_url,
        "s3_endpoint_url": aws.s3_endpoint_url,
        "isolation": str(aws.isolation),
        "environment": client_environment(
            settings.announced_url, aws.s3_endpoint_url, settings.credentials
        ),
    }
    print(json.dumps(event), flush=True)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """What jobs may take of the machine, and logs of its disk."""
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many instances of jobs run at once, as many as there are processors unless "
        "said; the others wait in the order in which they came",
    )
    parser.add_argument(
        "--memory",
        type=_positive,
        metavar="MB",
        help="what all jobs may hold together, three quarters of the machine's memory unless "
        "said; beyond it the job furthest above its share, MB / N an instance, is ended",
    )
    parser.add_argument(
        "--keep-days",
        type=_positive,
        default=Settings.keep_days,
        metavar="N",
        help="logs are removed so long after their last line, %(default)s unless said",
    )
    parser.add_argument(
        "--keep-logs",
        type=_positive,
        default=Settings.keep_logs >> 20,
        metavar="MB",
        help="what all logs may take, %(default)s unless said; beyond it the oldest are removed, "
        "but none of what runs",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.local_aws", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="where all state is kept")
    parser.add_argument("--port", type=_port, required=True, help="everything but S3 answers here")
    parser.add_argument("--images", type=Path, required=True, help="JSON: image URI to program")
    parser.add_argument("--s3-port", type=_port, help="S3 answers here; else wherever is free")
    parser.add_argument(
        "--bind",
        type=IPv4Address,
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"the IPv4 address to listen on, {LOOPBACK} unless said; 0.0.0.0 is all of them",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which clients may call, the first is announced; more may follow",
    )
    parser.add_argument(
        "--bucket",
        action="append",
        default=[],
        metavar="NAME",
        help="make this bucket unless it is there; more may follow",
    )
    _add_limits(parser)
    parser.add_argument("--json", action="store_true", help="say `ready` as one line of JSON")
    return parser
