"""The pull: what a phone lacks, as the difference between what it should hold and what it was sent.

`answer` reads within one moment and changes nothing; `remember` then writes what the phone will hold, in a transaction of
its own. An answer that is lost on the way is harmless: the phone asks again with its old cookie, whose view is kept until
a newer cookie comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.prepared import Prepared
from app.foundation.principal import Principal, principal_of
from app.foundation.problems import FieldError, Problem, invalid
from app.identity.tables import SignInSession
from app.resources import wire
from app.sync import groups, views
from app.sync.groups import GROUPS, VIEWS
from app.sync.packing import pack
from app.sync.permission import permitted
from app.sync.rows import Row, fetch, marked_mine, with_lease
from app.sync.views import Cookie, Difference, View

SESSIONS = table_of(SignInSession)
LEASE_DAYS = 14
SEEN_EVERY = timedelta(minutes=5)
# A cookie's order is a time in milliseconds; one further ahead than clocks go wrong was never given.
AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a pull found.

    `view` is what the phone will hold, None when nothing changed; `known` is the order of a kept view with the same
    content, from an answer that was lost. `base` is the order that the phone came with, None for a reset. `last_seq` is
    the number of the last mutation of this client group whose effect is in the rows.
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
    last_seq: int = 0

    @property
    def must_be_remembered(self) -> bool:
        """Whether there is something to write before the phone may have this."""
        return self.view is not None or not self.seen

    def body(self, cookie: str, *, packed: bool = False) -> bytes:
        """The JSON to send; `puts` (or `packed`) and `dels` are absent when there are none."""
        members: dict[str, Any] = {"cookie": cookie, "as_of": self.as_of}
        if self.last_seq:
            members["seq"] = self.last_seq
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


def answer(session: Session, client_group: str, cookie: str | None, lease_days: int = LEASE_DAYS) -> Answer:
    """What changed since `cookie`, in the moment of `session`; `lease_days` is told to the phone.

    Problems: 422 for a cookie of wrong form, 409 for one of another phone or user or of the future, 403 for a client
    group of another user, 401 for one that was revoked. An unknown or outdated cookie is no problem: everything is sent,
    with `reset`.
    """
    principal = principal_of(session)
    now = clock.now().replace(microsecond=0)
    order = _order(cookie, client_group, principal, now)
    group, held = _kept(session, client_group, principal, order)
    view = permitted(session, principal, now, lease_days)
    digest = views.digest(view)
    seen = group is not None and _is_noted(group, client_group, principal, now)
    last_seq = group.last_seq if group is not None else 0
    if held is not None and held.digest == digest:
        return Answer(client_group, now, order, None, digest, order, seen, {}, {}, last_seq)
    before = _rows(session, client_group, order) if held is not None else None
    changes = views.difference(before or {}, view)
    known = _same(session, client_group, digest)
    base = order if before is not None else None
    dels = changes.dels if before is not None else {}
    puts = _fetch(session, principal, changes, lease_days)
    return Answer(client_group, now, base, view, digest, known, seen, puts, dels, last_seq)


def remember(session: Session, answered: Answer, user_agent: str | None = None) -> str:
    """Keep what the phone will hold, and say by which cookie it asks next. Problems 401 and 403 as in `answer`.

    The browser session that asks is noted as this phone's, so that it ends when the phone is revoked.
    """
    principal = principal_of(session)
    newest = _lock_group(session, answered, principal, user_agent)
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


class _Kept(NamedTuple):
    """A client group, and the digest of the view that the phone holds; `signed_in` is the group that its session is for."""

    org_id: str
    user_id: str
    last_pulled_at: datetime
    last_seq: int
    revoked_at: datetime | None
    digest: bytes | None
    signed_in: str | None


# Where the browser session is not tied to this group yet, the pull is to be remembered.
_KEPT = Prepared(
    sa.select(
        GROUPS.c.org_id,
        GROUPS.c.user_id,
        GROUPS.c.last_pulled_at,
        GROUPS.c.last_seq,
        GROUPS.c.revoked_at,
        VIEWS.c.digest,
        sa.select(SESSIONS.c.client_group_id)
        .where(SESSIONS.c.id == sa.bindparam("credential"))
        .scalar_subquery()
        .label("signed_in"),
    )
    .select_from(
        GROUPS.outerjoin(
            VIEWS, sa.and_(VIEWS.c.client_group_id == GROUPS.c.id, VIEWS.c.view_order == sa.bindparam("view_order"))
        )
    )
    .where(GROUPS.c.id == sa.bindparam("group"))
)


def _kept(
    session: Session, client_group: str, principal: Principal, order: int | None
) -> tuple[_Kept | None, _Kept | None]:
    """The group, and the view that the phone holds; None for what is not known."""
    values = {"group": client_group, "view_order": order or 0, "credential": principal.credential_id}
    found = _KEPT.first(session.connection(), values)
    row = _Kept(*found) if found is not None else None
    if row is None:
        return None, None
    groups.refuse_stranger(row, principal)
    return row, row if row.digest is not None else None


def _is_noted(group: Any, client_group: str, principal: Principal, now: datetime) -> bool:
    """Whether it is known that this phone is in use, and through which browser session."""
    tied = principal.via != "session" or group.signed_in == client_group
    return bool(tied and group.last_pulled_at + SEEN_EVERY > now)


def _rows(session: Session, client_group: str, order: int | None) -> View | None:
    query = sa.select(VIEWS.c.rows).where(VIEWS.c.client_group_id == client_group, VIEWS.c.view_order == order)
    stored = session.scalar(query)
    return views.unpack(bytes(stored)) if stored is not None else None


def _same(session: Session, client_group: str, digest: bytes) -> int | None:
    """The order of a kept view with this content: an answer that the phone never got."""
    query = sa.select(VIEWS.c.view_order).where(VIEWS.c.client_group_id == client_group, VIEWS.c.digest == digest)
    return session.scalar(query.order_by(VIEWS.c.view_order.desc()).limit(1))


def _fetch(session: Session, principal: Principal, changes: Difference, lease_days: int) -> dict[str, Sequence[Row]]:
    found: dict[str, Sequence[Row]] = {
        row_type: fetch(session, row_type, ids) for row_type, ids in changes.puts.items()
    }
    if "me" in found:
        found["me"] = [with_lease(row, lease_days) for row in found["me"]]
    if "draft" in found:
        found["draft"] = [marked_mine(row, principal.user_id) for row in found["draft"]]
    return found


def _lock_group(session: Session, answered: Answer, principal: Principal, user_agent: str | None) -> int:
    """Make or find the client group, hold it until the end, and say which order was given last (0: none)."""
    seen = {"user_agent": user_agent[:200]} if user_agent else {}
    groups.hold(session, principal, answered.client_group, answered.as_of, **seen)
    if principal.via == "session":
        mine = sa.and_(SESSIONS.c.id == principal.credential_id, ~SESSIONS.c.revoked)
        session.execute(sa.update(SESSIONS).where(mine).values(client_group_id=answered.client_group))
    groups.forget_oldest(session, principal)
    newest = sa.select(sa.func.max(VIEWS.c.view_order)).where(VIEWS.c.client_group_id == answered.client_group)
    return session.scalar(newest) or 0


__all__ = ["Answer", "answer", "cookie_of", "remember"]
