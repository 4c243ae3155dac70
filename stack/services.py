"""PostgreSQL and Valkey around a block of work: the ones the environment names, else our own."""

import contextlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import redis

from stack.errors import StackError
from stack.folder import Folder
from stack.postgres import Postgres
from stack.valkey import Valkey

Server = Postgres | Valkey


@contextlib.contextmanager
def backing_services(
    folder: Folder, *, throwaway: bool, given: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Gives DATABASE_URL and REDIS_URL of servers that answer; those of our own are stopped at the end.

    `given` holds the addresses to use instead of starting one. Raises StackError when a server cannot be had.
    """
    with started_services(folder, throwaway=throwaway, given=given) as services:
        yield services.addresses


@dataclass(frozen=True)
class Services:
    """`addresses` by variable; `own` are the servers that were started here, which may be stopped in between."""

    addresses: dict[str, str]
    own: dict[str, Server]


@contextlib.contextmanager
def started_services(
    folder: Folder, *, throwaway: bool, given: Mapping[str, str] | None = None
) -> Iterator[Services]:
    """As `backing_services`, with the servers themselves."""
    given = given or {}
    servers: dict[str, Server] = {}
    if url := given.get("DATABASE_URL"):
        check_postgres(url)
    else:
        servers["DATABASE_URL"] = Postgres(folder, throwaway=throwaway)
    if url := given.get("REDIS_URL"):
        check_redis(url)
    else:
        servers["REDIS_URL"] = Valkey(folder, throwaway=throwaway)
    with contextlib.ExitStack() as stack:
        for server in servers.values():
            stack.callback(server.stop)
        with ThreadPoolExecutor() as pool:
            for start in [pool.submit(server.start) for server in servers.values()]:
                start.result()
        own = {name: server.url for name, server in servers.items()}
        yield Services({name: url for name, url in given.items() if url} | own, servers)


def check_postgres(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        raise StackError(
            f"The database that DATABASE_URL names does not answer: {str(error).strip()}"
        ) from error


def check_redis(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise StackError(f"The Redis that REDIS_URL names does not answer: {error}") from error
