import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stack import valkey
from stack.errors import StackError
from stack.folder import Folder
from stack.processes import end_leftovers
from stack.valkey import Valkey


def test_a_queued_task_outlives_a_stop_and_nothing_is_ever_evicted(folder: Folder) -> None:
    first = Valkey(folder, throwaway=False)
    first.start()
    with redis.Redis.from_url(first.url) as client:
        client.lpush("celery", "a task")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert end_leftovers(folder.run) == ["valkey"]
    first.stop()
    second = Valkey(folder, throwaway=False)
    second.start()
    with redis.Redis.from_url(second.url) as client:
        assert client.lrange("celery", 0, -1) == [b"a task"]
    second.stop()


def test_it_refuses_whoever_has_no_password(folder: Folder) -> None:
    server = Valkey(folder, throwaway=True)
    server.start()
    try:
        with (
            redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()
    finally:
        server.stop()


def test_without_any_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "candidates", lambda: iter(()))
    with pytest.raises(StackError, match=r"apt install redis-server.*brew install valkey.*REDIS_URL="):
        valkey.find_program()
