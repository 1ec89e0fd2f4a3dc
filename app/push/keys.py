"""The installation's VAPID key (RFC 8292), and the keys of a subscription (RFC 8291)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.foundation import clock
from app.foundation.db import Database, table_of, upsert
from app.push.tables import VapidKey

KEYS = table_of(VapidKey)
POINT, AUTH = 65, 16
# A push service refuses a token that is good for longer than a day (RFC 8292 § 2).
GOOD_FOR = timedelta(hours=12)
MADE_ANEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class VapidKeys:
    """Both halves in base64url without padding. The private one is shown nowhere."""

    public: str
    private: str = field(repr=False)


def base64url(data: bytes) -> str:
    """base64url without padding (RFC 7515 § 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of base64url, with or without padding. Raises ValueError for anything else."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def vapid_keys(database: Database) -> VapidKeys:
    """The installation's keys, made at its first migration, or when there are none.

    Of two processes that make some, both get the first's.
    """
    query = sa.select(KEYS.c.public_key, KEYS.c.private_key).where(KEYS.c.id == 1)
    with database.read() as session:
        row = session.execute(query).first()
    if row is None:
        with database.write() as session:
            session.execute(upsert(session, KEYS).on_conflict_do_nothing(index_elements=["id"]), [_new()])
        with database.read() as session:
            row = session.execute(query).one()
    return VapidKeys(row.public_key, row.private_key)


def _new() -> dict[str, object]:
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    number = private.private_numbers().private_value.to_bytes(32, "big")
    return {"id": 1, "private_key": base64url(number), "public_key": base64url(point), "created_at": clock.now()}


def authorization(keys: VapidKeys, endpoint: str, contact: str, now: datetime) -> str:
    """The `Authorization` header for a push service, the same for an hour (RFC 8292 § 3)."""
    parts = urlsplit(endpoint)
    hour = int(now.timestamp() // MADE_ANEW.total_seconds())
    return _signed(keys.private, f"{parts.scheme}://{parts.netloc}", contact, hour)


@lru_cache(maxsize=512)
def _signed(private: str, audience: str, contact: str, hour: int) -> str:
    from py_vapid import Vapid02

    expires = int(hour * MADE_ANEW.total_seconds() + GOOD_FOR.total_seconds())
    signer = Vapid02.from_raw(private.encode())
    header: str = signer.sign({"aud": audience, "sub": contact, "exp": expires})["Authorization"]
    return header


def p256dh_fault(text: str) -> str | None:
    """What is wrong with a subscription's public key: it has to be a point on P-256, uncompressed."""
    try:
        point = from_base64url(text)
    except ValueError:
        return "Not base64url."
    if len(point) != POINT or point[0] != 4:
        return f"Not an uncompressed point of {POINT} bytes."
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return "The point is not on the curve P-256."
    return None


def auth_fault(text: str) -> str | None:
    """What is wrong with a subscription's authentication secret: it has to be 16 bytes."""
    try:
        secret = from_base64url(text)
    except ValueError:
        return "Not base64url."
    return None if len(secret) == AUTH else f"{len(secret)} bytes; an authentication secret has {AUTH}."
