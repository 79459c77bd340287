"""The command `python -m include.local_aws`: start the server, serve until a signal, stop."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

import uvicorn

from include.local_aws.access.client_files import write_client_files
from include.local_aws.access.folder import prepare
from include.local_aws.access.keys import keys_from_environment, load_or_create_keys
from include.local_aws.cli import announcement
from include.local_aws.cli.doctor import command as doctor
from include.local_aws.cli.options import options_parser
from include.local_aws.errors import StartupError
from include.local_aws.local_aws import LocalAws
from include.local_aws.server import Server
from include.local_aws.settings import Settings
from include.local_aws.status.page import page_url


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return 0 after a clean stop, 1 if the server cannot start.

    With `doctor` as the first argument, check this computer instead.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["doctor"]:
        return doctor.main(given[1:])
    options = options_parser().parse_args(given)
    logging.basicConfig(level=logging.WARNING, format="local_aws: %(message)s", stream=sys.stderr)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    before = os.umask(0o077)  # only this user can read the state, logs and keys
    try:
        return _run(options)
    finally:
        os.umask(before)


def _run(options: argparse.Namespace) -> int:
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
            signal.signal(number, signal.SIG_IGN)  # the server is stopping already
        aws.stop()
    return 0


def _settings(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Return the settings. Prepare the state folder, and create keys if none are given.

    Raises:
        StartupError: The folder cannot be used, or options that `--bind` requires are missing.
    """
    exposed = not IPv4Address(options.bind).is_loopback
    given = keys_from_environment(environment)
    if exposed:
        _check_exposed(options, keys_given=given is not None)
    root, images = options.root.absolute(), options.images.absolute()
    prepare(root, images)
    return Settings(
        root=root,
        port=options.port,
        images=images,
        credentials=given or load_or_create_keys(root),
        keys_given=given is not None,
        bind=str(options.bind),
        allowed_hosts=tuple(name.lower() for name in options.allow_host),
        s3_port=options.s3_port,
        buckets=tuple(options.bucket),
        slots=options.jobs,
        memory=options.memory and options.memory << 20,
        keep_days=options.keep_days,
        keep_logs=options.keep_logs << 20,
        airflow_url=options.airflow_url or "",
    )


def _check_exposed(options: argparse.Namespace, *, keys_given: bool) -> None:
    """Require host names and keys if clients on other computers can reach the server."""
    if not options.allow_host:
        raise StartupError(
            f"--bind {options.bind} lets other computers call the server: "
            "allow the host names that they use with --allow-host"
        )
    if not keys_given:
        raise StartupError(
            f"--bind {options.bind} lets other computers call the server: "
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the keys that they use"
        )


class _Http(uvicorn.Server):
    """A uvicorn server without signal handlers: uvicorn's would raise the signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `_serve`."""
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
    write_client_files(settings, aws.s3_endpoint_url, page_url(settings))
    if as_json:
        message = announcement.event(settings, aws.s3_endpoint_url, str(aws.isolation))
    else:
        print(f"local_aws: {aws.isolation}", file=sys.stderr, flush=True)
        message = announcement.text(settings, aws.s3_endpoint_url)
    print(message, flush=True)
