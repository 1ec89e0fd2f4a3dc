"""How a user wants to be told: what is kept, with the defaults where nothing is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit
from app.foundation.db import table_of, upsert
from app.foundation.ids import new_id
from app.foundation.principal import principal_of
from app.identity.tables import User
from app.push.tables import NoticePreference

PREFERENCES, USERS = table_of(NoticePreference), table_of(User)
SHORTEST_LEAD, LONGEST_LEAD = 5, 720
KINDS = ("people", "since", "usage", "service", "news", "promises", "quotes", "offer")
DEFAULTS: dict[str, Any] = {
    "lead_minutes": 60,
    "evening_before": True,
    "evening_at": "18:00",
    "quiet_from": "21:00",
    "quiet_to": "07:00",
    "working_days": [1, 2, 3, 4, 5],
    "only_if_new": False,
    "kinds": None,
    "email": True,
}


def read(session: Session) -> dict[str, Any]:
    """The caller's preferences, and the time zone that their times of day are in."""
    user_id = principal_of(session).user_id
    columns = [PREFERENCES.c[name] for name in DEFAULTS]
    row = session.execute(sa.select(*columns).where(PREFERENCES.c.user_id == user_id)).mappings().first()
    zone = session.scalar(sa.select(USERS.c.time_zone).where(USERS.c.id == user_id))
    return {**DEFAULTS, **(dict(row) if row else {}), "time_zone": zone}


def change(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """Keep what changed; the rest stays as it is."""
    principal = principal_of(session)
    if "working_days" in values:
        values["working_days"] = sorted(set(values["working_days"]))
    if values.get("kinds") is not None:
        values["kinds"] = sorted(set(values["kinds"]), key=KINDS.index)
    row = {**DEFAULTS, **values, "id": new_id(), "org_id": principal.org_id, "user_id": principal.user_id}
    insert = upsert(session, PREFERENCES).values(row)
    if values:
        session.execute(insert.on_conflict_do_update(index_elements=["user_id"], set_=values))
        audit.record(session, "notice_preference.changed", "user", principal.user_id, {"fields": sorted(values)})
    return read(session)
