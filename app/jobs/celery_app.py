"""Celery, as Doorstep uses it: a message is the id of a job and nothing else, in a queue of the job's lane.

What is to be done, and whether it was done, stands in our database. A message may come late, twice or never: whoever gets
it claims the job by id under the fence, and the relay sends an unclaimed id again. So there is no result backend, and a
broker that loses everything loses nothing of ours.
"""

from typing import Any

from celery import Celery  # type: ignore[import-untyped]

from app.config import Settings
from app.foundation.outbox import QUICK

RUN = "doorstep.run"
# A message that a worker took and never acknowledged comes again after this; by then the relay has long sent another.
VISIBILITY_SECONDS = 600
SOCKET_SECONDS = 10
# A worker's process that does not say so long after its start that it is there is killed; a busy machine takes its time.
BEGIN_SECONDS = 60


def make_celery(settings: Settings) -> Any:
    """The Celery application for the broker of these settings (Redis or RabbitMQ)."""
    app = Celery("doorstep", broker=settings.broker_url, set_as_current=False)
    app.conf.update(
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_default_queue=QUICK,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport(settings.broker_url),
        worker_enable_remote_control=False,
        worker_proc_alive_timeout=BEGIN_SECONDS,
        worker_hijack_root_logger=False,
        # A job that runs while the broker is away is finished in the database all the same.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        enable_utc=True,
    )
    return app


def _transport(url: str) -> dict[str, Any]:
    if not url.startswith(("redis", "sentinel")):
        return {"confirm_publish": True}
    from app.jobs import redis_broker  # its client is not installed where RabbitMQ is the broker

    redis_broker.use()
    return {
        "visibility_timeout": VISIBILITY_SECONDS,
        # A worker that takes several lanes looks in the order in which they are named, the push lane first.
        "queue_order_strategy": "priority",
        "socket_timeout": SOCKET_SECONDS,
        "socket_connect_timeout": SOCKET_SECONDS,
        "socket_keepalive": True,
    }
