"""Links for customers: unguessable, revocable, expiring.

A token is the link's id and an HMAC-SHA-256 of it under a key of the organisation, cut to 192 bits: 54 characters that
nobody can make who lacks the key, and that can be shown again without being kept. A token that was never given out and one
that was forged are answered alike, after the same work.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.customers.tables import Account
from app.foundation import audit, changes, clock
from app.foundation.db import table_of, upsert
from app.foundation.fields import instant_text
from app.foundation.principal import principal_of
from app.foundation.problems import Problem
from app.quotes.offer_tables import LinkKey, QuoteLink
from app.quotes.tables import Quote

SECRET_BYTES = 24
TOKEN_LENGTH = 54  # 16 + 24 bytes in base64url without padding
_NOBODY = bytes(32)
READABLE_AFTER_ACCEPTANCE = timedelta(days=365)


def no_such_offer() -> Problem:
    """Forged, mistyped or never given out: the answer does not say which."""
    return Problem(
        404, "offer-not-found", "No such offer", "No offer is under this address. Check that the link is complete."
    )


def gone(why: str) -> Problem:
    """The link was good once."""
    return Problem(410, "offer-gone", "No longer open", why)


@dataclass(frozen=True)
class Found:
    """A link that a token names, with its quote."""

    link: QuoteLink
    quote: Quote


def token_of(session: Session, link: QuoteLink) -> str:
    """The token of a link."""
    secret = session.scalars(sa.select(LinkKey.secret).where(LinkKey.org_id == link.org_id)).one()
    return _token(link.id, secret)


def path_of(session: Session, link: QuoteLink) -> str:
    """Where the customer finds it: `/q/<token>`."""
    return f"/q/{token_of(session, link)}"


def _token(link_id: str, secret: bytes) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(link_id).bytes + _proof(link_id, secret)).decode().rstrip("=")


def _proof(link_id: str, secret: bytes) -> bytes:
    return hmac.new(secret, b"quote link " + link_id.encode(), hashlib.sha256).digest()[:SECRET_BYTES]


def find(session: Session, token: str) -> Found:
    """The link that a token names and its quote; 404 for what is not ours, whether or not the id in it is."""
    link_id, proof = _parts(token)
    row = session.execute(
        sa.select(QuoteLink, LinkKey.secret)
        .join(LinkKey, LinkKey.org_id == QuoteLink.org_id)
        .where(QuoteLink.id == link_id)
    ).one_or_none()
    genuine = hmac.compare_digest(proof, _proof(link_id, row[1] if row else _NOBODY))
    if row is None or not genuine:
        raise no_such_offer()
    return Found(row[0], session.get_one(Quote, row[0].quote_id))


def _parts(token: str) -> tuple[str, bytes]:
    try:
        raw = base64.b64decode(token + "==", altchars=b"-_", validate=True) if len(token) == TOKEN_LENGTH else b""
    except (binascii.Error, ValueError):
        raw = b""
    # One spelling of a token: the bits that base64 leaves over are zero in ours.
    if len(raw) != 16 + SECRET_BYTES or base64.urlsafe_b64encode(raw).decode().rstrip("=") != token:
        raise no_such_offer()
    return str(uuid.UUID(bytes=raw[:16])), raw[16:]


def check_open(found: Found) -> None:
    """410 in plain words when the link or the quote came to its end."""
    link, quote = found.link, found.quote
    if link.revoked_at is not None:
        raise gone("The seller took this link back. Ask them for a new one.")
    if quote.status == "withdrawn":
        raise gone(f"The seller withdrew offer {quote.number}. Ask them for a new one.")
    if quote.status not in ("accepted", "declined") and (link.expires_at <= clock.now() or quote.status == "expired"):
        raise gone(f"Offer {quote.number} was open until {quote.valid_until:%-d %B %Y}. Ask the seller for a new one.")
    if link.expires_at <= clock.now():
        raise gone("This link has come to its end. Ask the seller for a new one.")


def end_of_day(day: date, time_zone: str) -> datetime:
    """The instant at which a day is over in a time zone."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(time_zone))


def ensure(session: Session, quote: Quote) -> QuoteLink:
    """The quote's link, made when it has none that is open; it lasts as long as the quote is valid."""
    link = live_link(session, quote)
    expires_at = end_of_day(quote.valid_until, session.get_one(Account, quote.account_id).time_zone)
    if link is None:
        key = {"org_id": quote.org_id, "secret": secrets.token_bytes(32), "created_at": clock.now()}
        session.execute(upsert(session, table_of(LinkKey)).values(key).on_conflict_do_nothing())
        link = QuoteLink(
            org_id=quote.org_id,
            quote_id=quote.id,
            created_by=principal_of(session).user_id,
            expires_at=expires_at,
            tells_views=False,
        )
        session.add(link)
        session.flush()
        audit.record(session, "quote_link.made", "quote", quote.id)
    link.expires_at = max(expires_at, link.expires_at) if quote.status == "accepted" else expires_at
    _show(session, quote, path_of(session, link))
    return link


def live_link(session: Session, quote: Quote) -> QuoteLink | None:
    """The quote's newest link that was not revoked."""
    return session.scalars(
        sa.select(QuoteLink)
        .where(QuoteLink.quote_id == quote.id, QuoteLink.revoked_at.is_(None))
        .order_by(QuoteLink.id.desc())
        .limit(1)
    ).first()


def as_json(session: Session, link: QuoteLink) -> dict[str, object]:
    """A link as the seller reads it."""
    token = token_of(session, link)
    return {
        "id": link.id,
        "path": f"/q/{token}",
        "token": token,
        "created_at": instant_text(link.created_at),
        "expires_at": instant_text(link.expires_at),
        "tells_views": link.tells_views,
    }


def revoke(session: Session, quote: Quote) -> None:
    """Take back every link of a quote; whoever follows one is told so."""
    session.execute(
        sa.update(QuoteLink)
        .where(QuoteLink.quote_id == quote.id, QuoteLink.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    audit.record(session, "quote_link.revoked", "quote", quote.id)
    _show(session, quote, None)


def _show(session: Session, quote: Quote, path: str | None) -> None:
    """Have phones show the link beside the quote."""
    if quote.link != path:
        quote.link = path
        changes.touch(session, quote.org_id, [quote.account_id])
