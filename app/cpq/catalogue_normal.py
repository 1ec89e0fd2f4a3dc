"""The normal form of a catalogue document: counts are whole numbers, every other figure and every value id is text."""

import re
from typing import Any

_BOUNDS = frozenset({"min", "max", "step"})
_COUNTS = {
    "": frozenset({"format"}),
    "terms": frozenset({"months", "notice_months"}),
    "rounding": frozenset({"places", "unit_places"}),
    "cardinality": _BOUNDS,
}
_VALUES = frozenset({"id", "default"})
_WHOLE = re.compile(r"-?[0-9]{1,15}")


def normal(value: Any, key: str = "") -> Any:
    """The same document, however its figures and its yes and no were written; `key` is the member that holds it."""
    if isinstance(value, dict):
        counts = _BOUNDS if key == "features" and value.get("type") == "integer" else _COUNTS.get(key, frozenset())
        return {name: _count(member) if name in counts else normal(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [normal(member, key) for member in value]
    if isinstance(value, bool):
        return ("yes" if value else "no") if key in _VALUES else value
    return str(value) if isinstance(value, int) else value


def _count(member: Any) -> Any:
    """A whole number, however it was written; what is none stays, and is refused where it is judged."""
    return int(member) if isinstance(member, str) and _WHOLE.fullmatch(member) else member
