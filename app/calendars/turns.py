"""Turns: of everything that makes visits of a rep's calendars, one thing happens at a time.

Two files that are imported at once, or two calendars that are polled at once, would not see each other's events, and make
a visit twice of what is in both.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session


def take_turn(session: Session, user_id: str) -> None:
    """Wait until nobody else is at this rep's calendars, and keep others waiting until the transaction ends.

    To be taken before any row is locked, or two who wait for each other never end. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = sa.func.hashtext(f"calendars {user_id}")
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
