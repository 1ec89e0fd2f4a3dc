"""Word that something under an account changed, so that what is derived from it can be made anew."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

Listener = Callable[[Session, str, Iterable[str]], None]
_listeners: list[Listener] = []
_HELD = "accounts touched"


def subscribe(listener: Listener) -> None:
    """Have `listener(session, org_id, account_ids)` called in the transaction of every change, once however often asked."""
    if listener not in _listeners:
        _listeners.append(listener)


def touch(session: Session, org_id: str, account_ids: Iterable[str | None]) -> None:
    """Say that rows under these accounts changed; ids that are None are passed over."""
    changed = sorted({account_id for account_id in account_ids if account_id})
    held: set[tuple[str, str]] | None = session.info.get(_HELD)
    if held is not None:
        held.update((org_id, account_id) for account_id in changed)
    elif changed:
        for listener in _listeners:
            listener(session, org_id, changed)


@contextmanager
def held(session: Session) -> Iterator[None]:
    """Keep back what is touched within a block until it ends, and then say it once; after an error, say nothing of it.

    A block within another hands over to that one.
    """
    outer: set[tuple[str, str]] | None = session.info.get(_HELD)
    mine = session.info[_HELD] = set()
    try:
        yield
    finally:
        session.info[_HELD] = outer
    if outer is not None:
        outer |= mine
        return
    for org_id in sorted({org_id for org_id, _ in mine}):
        touch(session, org_id, [account_id for org, account_id in mine if org == org_id])
