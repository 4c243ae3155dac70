"""`python -m monitor.ingest`: the receiving end as a process of its own, on the server that measured best."""

import argparse
import logging
from pathlib import Path

import uvicorn

from monitor.ingest.application import IngestApplication
from monitor.ingest.http_protocol import BoundedHttpProtocol
from monitor.ingest.keyring import SnapshotKeyRing
from monitor.ingest.settings import IngestSettings

_KEEP_ALIVE_S = 75
"""Longer than SDKs keep idle connections: otherwise each of their next events meets one that was just closed."""
_CONNECTIONS_MAX = 1000


def application() -> IngestApplication:
    settings = IngestSettings.from_environment()
    return IngestApplication(settings, SnapshotKeyRing(settings.keys_file))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description="Receives what Sentry's SDKs send, into the monitor's spool."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument(
        "--workers", type=int, default=1, help="processes; one takes some thousand events a second"
    )
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        # Here, and once: a mistake in a setting must stop the start with a sentence.
        settings = IngestSettings.from_environment()
    except ValueError as error:
        parser.error(str(error))
    logging.getLogger(__name__).info("spool %s, keys %s", Path(settings.spool), Path(settings.keys_file))
    serve("monitor.ingest.server:application", host=given.host, port=given.port, workers=given.workers)


def serve(factory: str, *, host: str, port: int, workers: int) -> None:
    """Until it is told to stop. `factory` makes the application, in each of the processes; the bounds are for all."""
    uvicorn.run(
        factory,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http=BoundedHttpProtocol,
        loop="asyncio",
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=10,
        limit_concurrency=_CONNECTIONS_MAX,
        log_level="warning",
    )
