"""Word that something under an account changed, so that what is derived from it can be made anew."""

from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

Listener = Callable[[Session, str, Iterable[str]], None]
_listeners: list[Listener] = []


def subscribe(listener: Listener) -> None:
    """Have `listener(session, org_id, account_ids)` called in the transaction of every change, once however often asked."""
    if listener not in _listeners:
        _listeners.append(listener)


def touch(session: Session, org_id: str, account_ids: Iterable[str | None]) -> None:
    """Say that rows under these accounts changed; ids that are None are passed over."""
    changed = sorted({account_id for account_id in account_ids if account_id})
    if changed:
        for listener in _listeners:
            listener(session, org_id, changed)
