"""Client views: which rows, of which version, a phone holds; how two differ; how one is named by a cookie.

A view is held as the database gives it, one pair of texts a row type: all ids (36 characters each, one after the other)
and all versions (tokens between commas, in the same order). An idle pull then costs one hash of a few large texts and no
work a row.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

# Part of every digest and view. Raise it when phone rows get other fields: every phone is then sent everything anew.
REVISION = 4
DIGEST_BYTES = 16
_ID = 36
_COOKIE = re.compile(r"([0-9a-f]{8,15})-([0-9a-f]{10})")


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of one type: `ids` are 36 characters each, `versions` as many tokens between commas."""

    ids: str
    versions: str

    def __len__(self) -> int:
        return len(self.ids) // _ID

    def by_id(self) -> dict[str, str]:
        """Version by id."""
        return dict(zip(split_ids(self.ids), self.versions.split(","), strict=True)) if self.ids else {}


View = Mapping[str, Held]
NOTHING = Held("", "")


@dataclass(frozen=True, slots=True)
class Difference:
    """What turns one view into another: ids to send and ids to delete, by row type; types without any are absent."""

    puts: dict[str, list[str]]
    dels: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Cookie:
    """The name of a client view: its order within the client group, and a tag that ties it to group and user."""

    order: int
    tag: str

    def __str__(self) -> str:
        return f"{self.order:08x}-{self.tag}"


class CookieError(ValueError):
    """Text that is no cookie of ours."""


def split_ids(ids: str) -> list[str]:
    """The ids in a text of 36 characters each."""
    return [ids[start : start + _ID] for start in range(0, len(ids), _ID)]


def digest(view: View) -> bytes:
    """A name of the content, 16 bytes: equal views in equal order have equal digests, others have not."""
    hashed = hashlib.blake2b(b"%d" % REVISION, digest_size=DIGEST_BYTES)
    for row_type in sorted(view):
        held = view[row_type]
        hashed.update(f"|{row_type}|{len(held)}|".encode())
        hashed.update(held.ids.encode())
        hashed.update(held.versions.encode())
    return hashed.digest()


def pack(view: View) -> bytes:
    """The bytes to store: ids as 16 bytes each, versions as they are."""
    rows = {row_type: (bytes.fromhex(held.ids.replace("-", "")), held.versions) for row_type, held in view.items()}
    return msgspec.msgpack.encode((REVISION, rows))


def unpack(stored: bytes) -> View | None:
    """What `pack` packed; None when it was packed by a version whose phone rows had other fields."""
    revision, rows = msgspec.msgpack.decode(stored, type=tuple[int, dict[str, tuple[bytes, str]]])
    if revision != REVISION:
        return None
    return {row_type: Held(_canonical(ids), versions) for row_type, (ids, versions) in rows.items()}


def difference(before: View, after: View) -> Difference:
    """What a phone that holds `before` lacks of `after`, and holds too much."""
    puts: dict[str, list[str]] = {}
    dels: dict[str, list[str]] = {}
    for row_type in {**before, **after}:
        old, new = before.get(row_type, NOTHING), after.get(row_type, NOTHING)
        if old == new:
            continue
        had, has = old.by_id(), new.by_id()
        changed = [row_id for row_id, version in has.items() if had.get(row_id) != version]
        gone = [row_id for row_id in had if row_id not in has]
        if changed:
            puts[row_type] = changed
        if gone:
            dels[row_type] = gone
    return Difference(puts, dels)


def tag(client_group: str, user_id: str) -> str:
    """What a cookie of this phone and user carries, so that another's is recognised. It is no secret."""
    return hashlib.blake2b(f"{client_group}|{user_id}".encode(), digest_size=5).hexdigest()


def parse_cookie(text: str) -> Cookie:
    """Read a cookie; CookieError for text that no server of this version gave."""
    found = _COOKIE.fullmatch(text)
    if found is None:
        raise CookieError("Not a cookie of a pull.")
    return Cookie(int(found[1], 16), found[2])


def _canonical(ids: bytes) -> str:
    text = ids.hex()
    return "".join(_hyphenated(text))


def _hyphenated(text: str) -> Iterable[str]:
    for start in range(0, len(text), 32):
        row_id = text[start : start + 32]
        yield f"{row_id[:8]}-{row_id[8:12]}-{row_id[12:16]}-{row_id[16:20]}-{row_id[20:]}"
