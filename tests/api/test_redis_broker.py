"""A worker goes on after the broker died at the worst moment: when a message was to be acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from app.config import Settings
from app.jobs.celery_app import RUN, make_celery
from tests.support.redis import own_redis


@pytest.mark.parametrize(
    "answer",
    [
        lambda message: message.ack(),
        lambda message: message.reject(),
        lambda message: message.requeue(),
    ],
    ids=["acknowledged", "refused", "given back"],
)
def test_a_message_that_cannot_be_answered_does_not_count_as_held(answer: Callable[[Any], None]) -> None:
    with own_redis() as broker:
        celery = make_celery(Settings(broker_url=broker.url))
        with celery.connection_for_read() as connection:
            celery.send_task(RUN, ("an id",), queue="quick")
            channel = connection.default_channel
            channel.basic_qos(0, 1, False)
            message = channel.basic_get("quick")
            assert message is not None and not channel.qos.can_consume()
            broker.kill()
            with pytest.raises((OperationalError, RedisConnectionError)):
                answer(message)
            assert channel.qos.can_consume(), "it would never ask for another message, and stand still"
            broker.start()
        celery.close()
