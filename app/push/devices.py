"""Devices that take notices: a user subscribes, renews, names and removes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import audit, clock
from app.foundation.db import table_of, upsert
from app.foundation.ids import new_id
from app.foundation.outbound import check_url
from app.foundation.outbound_addresses import AddressPolicy, plain_address, plain_host
from app.foundation.outbound_errors import InvalidUrl
from app.foundation.principal import principal_of
from app.foundation.problems import FieldError, Problem, not_found
from app.identity.tables import SignInSession
from app.push.keys import auth_fault, p256dh_fault
from app.push.problems import NamedProblem
from app.push.tables import PushDevice
from app.sync.tables import ClientGroup

DEVICES, GROUPS, SESSIONS = table_of(PushDevice), table_of(ClientGroup), table_of(SignInSession)
MOST_OF_A_USER = 10
Row = dict[str, Any]


def is_signed_in(now: datetime) -> sa.ColumnElement[bool]:
    """Whether somebody is signed in where a row of DEVICES is: who ended the session of a phone has it told nothing more.

    A device without a client group belongs to no phone, and is its user's for as long as they are active.
    """
    alive = sa.exists().where(
        SESSIONS.c.client_group_id == DEVICES.c.client_group_id,
        SESSIONS.c.user_id == DEVICES.c.user_id,
        SESSIONS.c.expires_at > now,
        SESSIONS.c.revoked.is_(False),
    )
    return sa.or_(DEVICES.c.client_group_id.is_(None), alive)


def list_devices(session: Session) -> list[Row]:
    """The caller's devices, the newest first."""
    query = _select(session).order_by(DEVICES.c.created_at.desc(), DEVICES.c.id.desc())
    return [_shown(dict(row)) for row in session.execute(query).mappings()]


def subscribe(session: Session, policy: AddressPolicy, values: Mapping[str, Any]) -> tuple[Row, bool]:
    """Have a browser take notices; the row, and whether it is new. A browser that is known gets its new keys.

    Problem 422 for an endpoint or keys that cannot be used. The oldest device gives way to an eleventh.
    """
    principal = principal_of(session)
    columns = _checked(policy, values["endpoint"], values["keys"])
    group = values.get("client_group_id")
    if group is not None:
        _check_group(session, group)
    now = clock.now()
    row = {
        **columns, "id": new_id(), "org_id": principal.org_id, "user_id": principal.user_id, "client_group_id": group,
        "name": values.get("name"), "created_at": now, "renewed_at": now, "problem": None,
    }  # fmt: skip
    kept = {name: row[name] for name in (*columns, "user_id", "client_group_id", "name", "renewed_at", "problem")}
    # A browser that changed hands is another device: what its user before was told there is not told to the new one.
    others = (DEVICES.c.endpoint == row["endpoint"], DEVICES.c.user_id != principal.user_id)
    session.execute(sa.delete(DEVICES).where(DEVICES.c.org_id == principal.org_id, *others))
    insert = upsert(session, DEVICES).values(row)
    device_id = session.execute(
        insert.on_conflict_do_update(index_elements=["org_id", "endpoint"], set_=kept).returning(DEVICES.c.id)
    ).scalar_one()
    is_new = device_id == row["id"]
    audit.record(session, "push_device.added" if is_new else "push_device.renewed", "push_device", device_id)
    _forget_oldest(session)
    return read(session, device_id), is_new


def change(session: Session, policy: AddressPolicy, device_id: str, values: Mapping[str, Any]) -> Row:
    """Renew a device's subscription, or name it. Problems as in `subscribe`, 404 for no such device."""
    current = _row(session, device_id)
    columns: Row = {}
    if "name" in values:
        columns["name"] = values["name"]
    if "endpoint" in values or "keys" in values:
        keys = values.get("keys") or {"p256dh": current["p256dh"], "auth": current["auth"]}
        columns |= _checked(policy, values.get("endpoint", current["endpoint"]), keys)
        columns |= {"renewed_at": clock.now(), "problem": None}
        clash = sa.and_(DEVICES.c.org_id == current["org_id"], DEVICES.c.endpoint == columns["endpoint"])
        session.execute(sa.delete(DEVICES).where(clash, DEVICES.c.id != device_id, _own(session)))
    if columns:
        session.execute(sa.update(DEVICES).where(DEVICES.c.id == device_id).values(**columns))
        audit.record(session, "push_device.changed", "push_device", device_id, {"fields": sorted(values)})
    return read(session, device_id)


def remove(session: Session, device_id: str) -> None:
    """Send nothing more to a device. Problem 404 when there is no such one."""
    _row(session, device_id)
    session.execute(sa.delete(DEVICES).where(DEVICES.c.id == device_id))
    audit.record(session, "push_device.removed", "push_device", device_id)


def read(session: Session, device_id: str) -> Row:
    """One of the caller's devices; Problem 404 when there is no such one."""
    return _shown(_row(session, device_id))


def _row(session: Session, device_id: str) -> Row:
    row = session.execute(_select(session).where(DEVICES.c.id == device_id)).mappings().first()
    if row is None:
        raise not_found("device")
    return dict(row)


def _select(session: Session) -> sa.Select[Any]:
    """The caller's devices, each with whether somebody is signed in there."""
    return sa.select(DEVICES, is_signed_in(clock.now()).label("signed_in")).where(_own(session))


def _own(session: Session) -> sa.ColumnElement[bool]:
    principal = principal_of(session)
    return sa.and_(DEVICES.c.org_id == principal.org_id, DEVICES.c.user_id == principal.user_id)


def _shown(row: Row) -> Row:
    names = ("id", "name", "client_group_id", "created_at", "renewed_at", "last_sent_at", "problem")
    shown = {**{name: row[name] for name in names}, "service": urlsplit(row["endpoint"]).hostname or ""}
    return shown if row["signed_in"] else {**shown, "problem": _SIGNED_OUT.as_dict()}


_SIGNED_OUT = NamedProblem(
    "push-device-signed-out", "Nobody is signed in there", "Its notices come again when you sign in on that device."
)


def _check_group(session: Session, group: str) -> None:
    principal = principal_of(session)
    mine = (GROUPS.c.user_id == principal.user_id, GROUPS.c.org_id == principal.org_id, GROUPS.c.revoked_at.is_(None))
    if session.scalar(sa.select(GROUPS.c.id).where(GROUPS.c.id == group, *mine)) is None:
        raise Problem(
            409,
            "client-group-unknown",
            "Unknown phone",
            "No phone of yours has pulled with this client group yet. Pull once, then subscribe.",
        )


def _forget_oldest(session: Session) -> None:
    order = (DEVICES.c.renewed_at.desc(), DEVICES.c.id.desc())
    beyond = session.scalars(sa.select(DEVICES.c.id).where(_own(session)).order_by(*order).offset(MOST_OF_A_USER)).all()
    if beyond:
        session.execute(sa.delete(DEVICES).where(DEVICES.c.id.in_(beyond)))


# --- what can be used ----------------------------------------------------------------------------------------------


def _checked(policy: AddressPolicy, endpoint: str, keys: Mapping[str, str]) -> Row:
    """The columns of a subscription that can be used."""
    p256dh, auth = keys["p256dh"].rstrip("="), keys["auth"].rstrip("=")
    faults = (
        ("/endpoint", endpoint_fault(endpoint, policy)),
        ("/keys/p256dh", p256dh_fault(p256dh)),
        ("/keys/auth", auth_fault(auth)),
    )
    errors = tuple(FieldError(pointer, fault) for pointer, fault in faults if fault)
    if errors:
        detail = "No message could be sent to it; see errors. Send what PushSubscription.toJSON() gives."
        raise Problem(422, "push-subscription-unusable", "This subscription cannot be used", detail, errors)
    return {"endpoint": endpoint, "p256dh": p256dh, "auth": auth}


def endpoint_fault(endpoint: str, policy: AddressPolicy) -> str | None:
    """What is wrong with a push service's address: it is reached by https, at a public address.

    Names are looked up when a message is sent, and what they lead to is checked then; here only an address that is
    written out is. A host that an operator allowed by name (DOORSTEP_OUTBOUND_ALLOW) may be anything.
    """
    try:
        check_url(endpoint)
    except InvalidUrl as error:
        return error.detail
    parts = urlsplit(endpoint)
    host = plain_host(parts.hostname or "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if (host, port) in policy.hosts or (host, None) in policy.hosts:
        return None
    if parts.scheme != "https":
        return "A push service is reached by https."
    if parts.username is not None or parts.password is not None:
        return "An endpoint has no user or password in it."
    if "." not in host and ":" not in host:
        return "The host is inside a private network."
    try:
        address = plain_address(host)
    except ValueError:
        return None
    return None if policy.permits(host, port, address) else "The address is inside a private network."
