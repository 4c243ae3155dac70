"""How the rows that are tasks are sent: most by their name, some among others. Each gives the ids of its tasks."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from celery import Celery, chain, group
from celery.canvas import Signature

Sender = Callable[[Celery], set[str]]


class _Parts:
    """Signatures whose ids are known before they are sent."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.ids: set[str] = set()

    def __call__(self, name: str) -> Signature:
        task_id = str(uuid4())
        self.ids.add(task_id)
        return self.app.signature(name, task_id=task_id)


def sender_of(way: str) -> Sender:
    return _AMONG_OTHERS.get(way, lambda app: _plain(app, way))


def _plain(app: Celery, name: str) -> set[str]:
    arguments = [1, 2, 3] if name == "takes_one" else []
    return {app.send_task(name, args=arguments).id}


def _group(app: Celery) -> set[str]:
    part = _Parts(app)
    group([part("counts_one"), part("raises"), part("counts_one")], app=app).apply_async()
    return part.ids


def _chain(app: Celery) -> set[str]:
    part = _Parts(app)
    chain(part("counts_one"), part("raises"), part("counts_one"), app=app).apply_async()
    return part.ids


def _chord(app: Celery, header: str, body: str) -> set[str]:
    names = ["counts_one", header, body]
    ids = [str(uuid4()) for _ in names]
    # By a task, because a chord's size is kept where results are, and who sends here keeps none.
    app.send_task("starts_chord", args=[list(zip(names, ids, strict=True))])
    return set(ids)


def _chord_header(app: Celery) -> set[str]:
    return _chord(app, "raises", "counts_one")


def _chord_body(app: Celery) -> set[str]:
    return _chord(app, "counts_one", "raises")


def _link(app: Celery) -> set[str]:
    part = _Parts(app)
    part("counts_one").apply_async(link=part("raises"))
    return part.ids


def _link_error(app: Celery) -> set[str]:
    part = _Parts(app)
    part("raises").apply_async(link_error=app.signature("fails_to_mourn"))
    return part.ids


def _revoked(app: Celery) -> set[str]:
    part = _Parts(app)
    # By its age: nobody is as quick.
    part("raises").apply_async(expires=0.001)
    return part.ids


_AMONG_OTHERS: dict[str, Sender] = {
    "group": _group,
    "chain": _chain,
    "chord_header": _chord_header,
    "chord_body": _chord_body,
    "link": _link,
    "link_error": _link_error,
    "revoked": _revoked,
}
