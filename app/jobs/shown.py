"""What of a job's payload and error may be shown: names of things, never the means to get at them. Pure.

A value is hidden by its name (`token`, `password`, `endpoint` …); addresses lose user, path and query, because many systems
put their secrets there; long texts are cut.
"""

import re
from typing import Any

HIDDEN = "hidden"
LONGEST_TEXT, LONGEST_LIST, DEEPEST = 200, 20, 6
_SECRET = re.compile(
    r"(?i)token|secret|passw|passphrase|credential|authori[sz]ation|cookie|signature|endpoint|p256dh|(^|_)(auth|pin|code|key|keys)($|_)"
)
_ADDRESS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)(?:[^\s/@\"'<>?#]*@)?([^\s/?#\"'<>@]+)[^\s\"'<>]*")
# What stands behind a name in a text: `Authorization: Bearer x`, `password=x`.
_NAMED = re.compile(
    r"(?i)\b((?:proxy-)?authorization|[a-z_-]*(?:token|secret|password|passwd|api[_-]?key))(['\"]?\s*[:=]\s*)"
    r"(?:(?:bearer|basic|vapid)\s+)?(?:'[^']*'|\"[^\"]*\"|[^\s,;]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic|vapid)\s+[A-Za-z0-9+/=._~-]{8,}")


def payload(value: Any, *, depth: int = 0) -> Any:
    """A JSON value to be shown."""
    if isinstance(value, dict):
        if depth >= DEEPEST:
            return "…"
        return {name: HIDDEN if _SECRET.search(name) else payload(one, depth=depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        shown = [payload(one, depth=depth + 1) for one in value[:LONGEST_LIST]] if depth < DEEPEST else []
        return [*shown, "…"] if len(shown) < len(value) else shown
    return text(value, LONGEST_TEXT) if isinstance(value, str) else value


def text(value: str, most: int = 2000) -> str:
    """A text to be shown, such as an error."""
    shown = _ADDRESS.sub(r"\1\2/…", value)
    shown = _NAMED.sub(rf"\1\2{HIDDEN}", shown)
    shown = _BEARER.sub(rf"\1 {HIDDEN}", shown)
    return shown if len(shown) <= most else shown[: most - 1] + "…"
