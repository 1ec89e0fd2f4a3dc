"""Identifiers: UUIDv7 (RFC 9562) in canonical lower-case text, so that ids sort by the time they were made."""

import re

import uuid_utils

CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id() -> str:
    """A fresh UUIDv7, 36 characters."""
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in canonical lower-case form."""
    return CANONICAL.fullmatch(text) is not None
