"""Background work as rows: written in the caller's transaction, run at least once, with an effect that happens once.

Task functions register under a kind and take `(database, job)`. Whoever runs jobs claims due rows under a lease with a
fence token, so that two never finish the same claim; failures back off with jitter and are parked after the last try.
This is what the rest of Doorstep uses; the rooms behind it are `outbox_tasks` (kinds, lanes, payload versions),
`outbox_schedules` (ticks and cron), `outbox_queue` (the rows), `outbox_running` (a try), `outbox_runner` (threads in the
web process) and `outbox_waking`.
"""

from app.foundation.outbox_queue import (
    JOBS,
    LEASE,
    MAX_ATTEMPTS,
    NewJob,
    claim,
    claim_by_id,
    enqueue,
    fail,
    finish,
    give_back,
)
from app.foundation.outbox_runner import EmbeddedRunner
from app.foundation.outbox_running import attempt, drain, run_due, write_ticks
from app.foundation.outbox_schedules import Cron, Schedule, Tick
from app.foundation.outbox_tasks import (
    LANES,
    PUSH,
    QUICK,
    SLOW,
    ClaimedJob,
    GiveUp,
    Retry,
    Task,
    task,
    translates,
    unregister,
)

__all__ = [
    "JOBS",
    "LANES",
    "LEASE",
    "MAX_ATTEMPTS",
    "PUSH",
    "QUICK",
    "SLOW",
    "ClaimedJob",
    "Cron",
    "EmbeddedRunner",
    "GiveUp",
    "NewJob",
    "Retry",
    "Schedule",
    "Task",
    "Tick",
    "attempt",
    "claim",
    "claim_by_id",
    "drain",
    "enqueue",
    "fail",
    "finish",
    "give_back",
    "run_due",
    "task",
    "translates",
    "unregister",
    "write_ticks",
]
