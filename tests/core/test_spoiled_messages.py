"""A message that is no task, in a worker's own consumer."""

from __future__ import annotations

import pytest
from celery import Celery
from celery.worker.request import Request
from kombu import Consumer

from core.tasks import deliver_feedback

NAME = deliver_feedback.name


@pytest.mark.parametrize("body", ["", "5"])
def test_a_message_that_is_no_task_is_discarded_and_the_next_one_is_done(body: str) -> None:
    app = Celery(broker="memory://", task_cls="core.tasks:SentryTask", set_as_current=False)
    taken: list[Request] = []
    reader = app.WorkController(pool_cls="solo").consumer
    reader.on_task_request = taken.append
    reader.update_strategies()
    with app.connection_for_read() as connection, connection.channel() as channel:
        queue = app.amqp.queues["celery"].bind(channel)
        queue.declare()
        headers = {"task": NAME, "id": "1"}
        connection.Producer(channel).publish(
            body,
            routing_key="celery",
            headers=headers,
            content_type="application/json",
            content_encoding="utf-8",
        )
        app.send_task(NAME, connection=connection)
        with Consumer(channel, [queue], on_message=reader.create_task_handler(), accept=["json"]):
            connection.drain_events(timeout=5)
            connection.drain_events(timeout=5)
    assert [request.name for request in taken] == [NAME]
