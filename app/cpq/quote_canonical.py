"""One spelling of a document, and what is made from it: digest, version hash, and the number of a quote."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

import orjson

from app.cpq.quote_errors import QuoteError

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LONE = re.compile("[\ud800-\udfff]")
# What only the seller may see: a digest that holds them could not be checked by the customer.
_PRIVATE = ("approvals", "digest", "findings", "floors")
_PRIVATE_OF_LINE = _PRIVATE_OF_TOTALS = ("cost", "margin_percent")
_SAFE = 2**53 - 1
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_LAST_MILLISECOND = 253_402_300_799_999  # of the year 9999


def canonical(value: Any) -> str:
    """JSON with keys sorted by code point and no spaces. Numbers are whole numbers only: amounts are strings.

    A surrogate without its partner is escaped (`\\ud83d`), so that the text has bytes.
    Raises QuoteError for a number with a fraction or beyond 2^53.
    """
    _refuse_fractions(value)
    return _spelled(value)


def _spelled(value: Any) -> str:
    try:
        # The same spelling, and ten times as quick; it takes neither lone surrogates nor whole numbers beyond 64 bits.
        return orjson.dumps(value, option=_SORTED).decode()
    except orjson.JSONEncodeError:
        return _spelled_by_hand(value)


def _spelled_by_hand(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _LONE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def sha256_of(value: Any) -> str:
    """The SHA-256 (64 hex digits) of the canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def public_price(price: Any) -> dict[str, Any]:
    """The price without cost, margins, floors, approvals and findings: what the customer may see."""
    shown = {name: part for name, part in price.items() if name not in _PRIVATE}
    shown["lines"] = [
        {name: part for name, part in line.items() if name not in _PRIVATE_OF_LINE} for line in price["lines"]
    ]
    if "totals" in shown:
        totals = shown["totals"].items()
        shown["totals"] = {name: part for name, part in totals if name not in _PRIVATE_OF_TOTALS}
    return shown


def digest(price: Any) -> str:
    """The SHA-256 of what the customer may see of a price; equal digests are equal prices in every waterfall line."""
    # A price holds no number with a fraction: it is not searched for one.
    return hashlib.sha256(_spelled(public_price(price)).encode()).hexdigest()


def version_hash(version: Any) -> str:
    """The SHA-256 of {number, version, title, content, price, clauses, valid_until, customer}: what an acceptance binds."""
    return sha256_of(version)


def quote_number(quote_id: str) -> str:
    """`<year>-XXXX-XXXX`: the year (UTC) in which the UUIDv7 was made and its last 40 bits in Crockford's base 32.

    Raises QuoteError when the id is no UUID.
    """
    digits = quote_id.replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{32}", digits) or int(digits[:12], 16) > _LAST_MILLISECOND:
        raise QuoteError("/id", f'"{quote_id}" is not a UUID of version 7')
    year = datetime.fromtimestamp(int(digits[:12], 16) // 1000, UTC).year
    tail = int(digits[-10:], 16)
    letters = "".join(_CROCKFORD[tail >> shift & 31] for shift in range(35, -1, -5))
    return f"{year}-{letters[:4]}-{letters[4:]}"


def _refuse_fractions(value: Any) -> None:
    parts = [value]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            parts += part.values()
        elif isinstance(part, list | tuple):
            parts += part
        elif isinstance(part, float) or (isinstance(part, int) and abs(part) > _SAFE):
            raise QuoteError("", "write numbers with a fraction, and very large ones, as decimal strings")
