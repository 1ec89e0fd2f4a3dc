"""Where signals come from: every capability's `signals`, and those of other packages.

Another package adds a source under the entry point group `doorstep.signals`: a callable `(session, context)` that yields
`(account_id, Item)`. It uses the kinds of the catalogue, or `custom.*` with its own sentence in the fact `text`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points

from sqlalchemy.orm import Session

from app.briefing.signal import Context, Item, Source
from app.customers import signals as customers
from app.foundation.logs import log
from app.news import signals as news
from app.products import signals as products
from app.quotes import signals as quotes
from app.tickets import signals as tickets
from app.usage import signals as usage
from app.visits import signals as visits

GROUP = "doorstep.signals"
OWN: Mapping[str, Source] = {
    "customers": customers.signals,
    "news": news.signals,
    "products": products.signals,
    "quotes": quotes.signals,
    "tickets": tickets.signals,
    "usage": usage.signals,
    "visits": visits.signals,
}


@cache
def installed() -> Mapping[str, Source]:
    """Sources of other packages, by the name of their entry point."""
    return {point.name: point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def gather(session: Session, context: Context, others: Mapping[str, Source] | None = None) -> dict[str, list[Item]]:
    """What every source says of the accounts asked for, by account.

    A fault in a source of ours stops the briefing, and its job is tried again and then parked where an administrator sees
    it: half a briefing would look like a whole one. A fault in another package's source is logged and costs its lines
    alone.
    """
    items: dict[str, list[Item]] = defaultdict(list)
    for source in OWN.values():
        for account_id, item in source(session, context):
            items[account_id].append(item)
    for name, source in (installed() if others is None else others).items():
        for account_id, item in _guarded(name, source, session, context):
            items[account_id].append(item)
    return items


def _guarded(name: str, source: Source, session: Session, context: Context) -> Iterator[tuple[str, Item]]:
    try:
        with session.begin_nested():
            found = [
                (account_id, item) for account_id, item in source(session, context) if account_id in context.accounts
            ]
    except Exception:
        log.error("a source of signals failed", source=name, exc_info=True)
        return
    yield from found
