"""Which of several calendars under one address a rep wants: what was found there, and following some of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars import polling, service
from app.calendars.jobs import poll_job
from app.calendars.poller import sealed, subscription_of, write_state
from app.calendars.service import CALENDARS, Row
from app.calendars.turns import take_turn
from app.foundation import audit, clock
from app.foundation.outbox import enqueue
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, Problem, invalid
from app.foundation.vault import SealBroken, Vault


def choose(session: Session, vault: Vault, calendar_id: str, urls: Sequence[str]) -> list[Row]:
    """Follow these of the calendars that were found under an address: the first in its place, the others beside it.

    They are signed in to as the address was, wherever its server keeps them, and polled at once.
    """
    take_turn(session, principal_of(session).user_id)
    row = service.held(session, calendar_id)
    names = {one["url"]: one["name"] for one in row["state"].get("choices", ())}
    if not names:
        detail = "No calendars were found under its address that one could choose from."
        raise Problem(409, "calendar-nothing-to-choose", "There is nothing to choose", detail)
    wanted = list(dict.fromkeys(urls))
    _check(wanted, names)
    service.check_room(session, len(wanted) - 1)
    password = _password(vault, row)
    for url in wanted[1:]:
        beside = {**service.new_row(session, row["kind"], names[url]), "username": row["username"]}
        beside |= _address(vault, beside["id"], url, password)
        session.execute(sa.insert(CALENDARS), beside)
        _poll(session, beside["id"])
        audit.record(session, "create", "calendar", beside["id"], {"kind": row["kind"]})
    name = row["name"] if row["name"] and len(wanted) == 1 else names[wanted[0]]
    place = {**_address(vault, calendar_id, wanted[0], password), "name": name, "problem": None, "failures": 0}
    write_state(session, row, {**place, "state": {}, "expanded_at": None}, clock.now())
    _poll(session, calendar_id)
    audit.record(session, "change", "calendar", calendar_id, {"fields": ["url"]})
    shown = {polling.shown_address(url, whole=True) for url in wanted}
    return [one for one in service.mine(session) if one["url"] in shown and one["kind"] == row["kind"]]


def _check(wanted: Sequence[str], offered: Collection[str]) -> None:
    faults = [
        FieldError(f"/urls/{number}", "No such calendar was found there.")
        for number, url in enumerate(wanted)
        if url not in offered
    ]
    if faults:
        raise invalid(faults)


def _password(vault: Vault, row: Row) -> str:
    try:
        return subscription_of(vault, row, "UTC", clock.now()).password
    except SealBroken as broken:
        detail = "What was stored of its address cannot be opened here. Give address and password again."
        raise Problem(409, "calendar-secret-lost", "The calendar's password is lost", detail) from broken


def _address(vault: Vault, calendar_id: str, url: str, password: str) -> dict[str, Any]:
    return {
        "url": polling.shown_address(url, whole=True),
        "secret": sealed(vault, calendar_id, url, password),
        "next_poll_at": clock.now(),
    }


def _poll(session: Session, calendar_id: str) -> None:
    enqueue(session, [poll_job(principal_of(session).org_id, calendar_id)])
