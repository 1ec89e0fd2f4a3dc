"""The pull: what a phone lacks, as the difference between what it should hold and what it was sent.

`answer` reads within one moment and changes nothing; `remember` then writes what the phone will hold, in a transaction of
its own. An answer that is lost on the way is harmless: the phone asks again with its old cookie, whose view is kept until
a newer cookie comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of, upsert
from app.foundation.principal import Principal, principal_of
from app.foundation.problems import FieldError, Problem, invalid
from app.resources import wire
from app.sync import views
from app.sync.packing import pack
from app.sync.permission import permitted
from app.sync.rows import Row, fetch
from app.sync.tables import ClientGroup, ClientView
from app.sync.views import Cookie, Difference, View

GROUPS, VIEWS = table_of(ClientGroup), table_of(ClientView)
MAX_GROUPS = 20
SEEN_EVERY = timedelta(minutes=5)
# A cookie's order is a time in milliseconds; one further ahead than clocks go wrong was never given.
AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a pull found.

    `view` is what the phone will hold, None when nothing changed; `known` is the order of a kept view with the same
    content, from an answer that was lost. `base` is the order that the phone came with, None for a reset.
    """

    client_group: str
    as_of: datetime
    base: int | None
    view: View | None
    digest: bytes
    known: int | None
    seen: bool
    puts: Mapping[str, Sequence[Row]]
    dels: Mapping[str, Sequence[str]]

    @property
    def must_be_remembered(self) -> bool:
        """Whether there is something to write before the phone may have this."""
        return self.view is not None or not self.seen

    def body(self, cookie: str, *, packed: bool = False) -> bytes:
        """The JSON to send; `puts` (or `packed`) and `dels` are absent when there are none."""
        members: dict[str, Any] = {"cookie": cookie, "as_of": self.as_of}
        if self.base is None:
            members["reset"] = True
        if self.puts and packed:
            # Briefings are stored bytes until here; to be packed, rows are made of what JSON has.
            members["packed"] = pack(orjson.loads(wire.dumps(self.puts)))
        elif self.puts:
            members["puts"] = self.puts
        if self.dels:
            members["dels"] = self.dels
        return wire.dumps(members)


def answer(session: Session, client_group: str, cookie: str | None) -> Answer:
    """What changed since `cookie`, in the moment of `session`.

    Problems: 422 for a cookie of wrong form, 409 for one of another phone or user or of the future, 403 for a client
    group of another user. An unknown or outdated cookie is no problem: everything is sent, with `reset`.
    """
    principal = principal_of(session)
    now = clock.now().replace(microsecond=0)
    order = _order(cookie, client_group, principal, now)
    group, held = _kept(session, client_group, principal, order)
    view = permitted(session, principal, now)
    digest = views.digest(view)
    seen = group is not None and group.last_pulled_at + SEEN_EVERY > now
    if held is not None and held.digest == digest:
        return Answer(client_group, now, order, None, digest, order, seen, {}, {})
    before = _rows(session, client_group, order) if held is not None else None
    changes = views.difference(before or {}, view)
    known = _same(session, client_group, digest)
    base = order if before is not None else None
    dels = changes.dels if before is not None else {}
    return Answer(client_group, now, base, view, digest, known, seen, _fetch(session, changes), dels)


def remember(session: Session, answered: Answer) -> str:
    """Keep what the phone will hold, and say by which cookie it asks next. Problem 403 as in `answer`."""
    principal = principal_of(session)
    newest = _lock_group(session, answered, principal)
    order = answered.known
    if answered.view is not None and order is None:
        order = max(newest + 1, int(answered.as_of.timestamp() * 1000))
        values = {
            "client_group_id": answered.client_group,
            "view_order": order,
            "created_at": answered.as_of,
            "digest": answered.digest,
            "rows": views.pack(answered.view),
        }
        session.execute(sa.insert(VIEWS), values)
    outdated = VIEWS.c.view_order.not_in([number for number in (answered.base, order) if number is not None])
    session.execute(sa.delete(VIEWS).where(VIEWS.c.client_group_id == answered.client_group, outdated))
    return cookie_of(answered, principal, order)


def cookie_of(answered: Answer, principal: Principal, order: int | None = None) -> str:
    """The cookie for an answer that needs no remembering, or for one that was given `order`."""
    number = order if order is not None else answered.known
    if number is None:
        raise ValueError("an answer with changes has no cookie before it is remembered")
    return str(Cookie(number, views.tag(answered.client_group, principal.user_id)))


def _order(cookie: str | None, client_group: str, principal: Principal, now: datetime) -> int | None:
    if cookie is None:
        return None
    try:
        parsed = views.parse_cookie(cookie)
    except views.CookieError as fault:
        raise invalid([FieldError("/cookie", f"{fault} Send the cookie of the last answer, or null.")]) from None
    if parsed.tag != views.tag(client_group, principal.user_id):
        raise Problem(
            409,
            "foreign-cookie",
            "Not this phone's cookie",
            "The cookie was given to another phone or another user. Send null to be sent everything.",
        )
    if parsed.order > (now + AHEAD).timestamp() * 1000:
        raise Problem(
            409, "future-cookie", "Cookie not given yet", "No answer had this cookie. Send null to be sent everything."
        )
    return parsed.order


def _kept(
    session: Session, client_group: str, principal: Principal, order: int | None
) -> tuple[Any | None, Any | None]:
    """The group, and the view that the phone holds; None for what is not known."""
    view = sa.and_(VIEWS.c.client_group_id == GROUPS.c.id, VIEWS.c.view_order == sa.bindparam("view_order"))
    query = (
        sa.select(GROUPS.c.org_id, GROUPS.c.user_id, GROUPS.c.last_pulled_at, VIEWS.c.digest)
        .select_from(GROUPS.outerjoin(VIEWS, view))
        .where(GROUPS.c.id == sa.bindparam("group"))
    )
    row = session.execute(query, {"group": client_group, "view_order": order or 0}).first()
    if row is None:
        return None, None
    _refuse_stranger(row, principal)
    return row, row if row.digest is not None else None


def _refuse_stranger(group: Any, principal: Principal) -> None:
    if group.org_id != principal.org_id or group.user_id != principal.user_id:
        raise Problem(
            403,
            "client-group-of-another",
            "Not your client group",
            "Another user's data is kept under this client group. Clear the phone and start with a new client group.",
        )


def _rows(session: Session, client_group: str, order: int | None) -> View | None:
    query = sa.select(VIEWS.c.rows).where(VIEWS.c.client_group_id == client_group, VIEWS.c.view_order == order)
    stored = session.scalar(query)
    return views.unpack(bytes(stored)) if stored is not None else None


def _same(session: Session, client_group: str, digest: bytes) -> int | None:
    """The order of a kept view with this content: an answer that the phone never got."""
    query = sa.select(VIEWS.c.view_order).where(VIEWS.c.client_group_id == client_group, VIEWS.c.digest == digest)
    return session.scalar(query.order_by(VIEWS.c.view_order.desc()).limit(1))


def _fetch(session: Session, changes: Difference) -> dict[str, Sequence[Row]]:
    return {row_type: fetch(session, row_type, ids) for row_type, ids in changes.puts.items()}


def _lock_group(session: Session, answered: Answer, principal: Principal) -> int:
    """Make or find the client group, hold it until the end, and say which order was given last (0: none)."""
    values = {
        "id": answered.client_group,
        "org_id": principal.org_id,
        "user_id": principal.user_id,
        "created_at": answered.as_of,
        "last_pulled_at": answered.as_of,
    }
    insert = upsert(session, GROUPS).values(values)
    # On a conflict the row is locked, but changed only when it is ours.
    pulled = {"last_pulled_at": insert.excluded.last_pulled_at}
    session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=pulled, where=_own(principal)))
    group = session.execute(sa.select(GROUPS).where(GROUPS.c.id == answered.client_group)).one()
    _refuse_stranger(group, principal)
    _forget_oldest(session, principal)
    newest = sa.select(sa.func.max(VIEWS.c.view_order)).where(VIEWS.c.client_group_id == answered.client_group)
    return session.scalar(newest) or 0


def _own(principal: Principal) -> sa.ColumnElement[bool]:
    return sa.and_(GROUPS.c.org_id == principal.org_id, GROUPS.c.user_id == principal.user_id)


def _forget_oldest(session: Session, principal: Principal) -> None:
    """Keep the client groups pulled last; one that is forgotten is sent everything when it comes back."""
    order = (GROUPS.c.last_pulled_at.desc(), GROUPS.c.id.desc())
    beyond = sa.select(GROUPS.c.id).where(_own(principal)).order_by(*order).offset(MAX_GROUPS)
    forgotten = session.scalars(beyond).all()
    if forgotten:
        session.execute(sa.delete(GROUPS).where(GROUPS.c.id.in_(forgotten)))


__all__ = ["Answer", "answer", "cookie_of", "remember"]
