"""Background work of the notices."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.config import Settings
from app.foundation.db import Database
from app.foundation.ids import new_id
from app.foundation.outbox import PUSH, ClaimedJob, NewJob, enqueue, task
from app.foundation.principal import principal_of
from app.push import sending
from app.push.sending import Office
from app.push.web_push import Sender

TEST = "notice.test"


def connect(settings: Settings) -> None:
    """Have this process send notices as its settings say."""
    register(Office(Sender.from_settings(settings), settings.public_url))


def register(office: Office) -> None:
    """Have this office do the jobs of this process."""

    @task(TEST, lane=PUSH)
    def send_test_message(database: Database, job: ClaimedJob) -> None:
        sending.send_test(database, office, job.payload["device_id"], job.payload["notice_id"])


def send_test(session: Session, device_id: str) -> None:
    """Send a test message to a device, once the caller's transaction has committed."""
    payload = {"device_id": device_id, "notice_id": new_id()}
    enqueue(session, [NewJob(TEST, payload, principal_of(session).org_id, f"{TEST}:{device_id}")])
