"""Names of our own visits in calendars, so that one that comes back to us is known."""

import re

from app.foundation.ids import CANONICAL

DOMAIN = "visits.doorstep"
_OURS = re.compile(rf"{CANONICAL.pattern}@{re.escape(DOMAIN)}")


def uid_of(visit_id: str) -> str:
    """The UID of a visit in the rep's feed (RFC 7986 § 5.3: unique and for ever the same)."""
    return f"{visit_id}@{DOMAIN}"


def is_ours(uid: str) -> bool:
    """Whether this UID is one that our own feed gives."""
    return _OURS.fullmatch(uid.lower()) is not None
