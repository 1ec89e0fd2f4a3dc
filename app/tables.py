"""Every table of every capability, so that migrations and tests know the whole schema."""

from app.attachments import tables as attachments
from app.briefing import tables as briefing
from app.calendars import tables as calendars
from app.customers import tables as customers
from app.foundation import pokes
from app.foundation import tables as foundation
from app.foundation.db import Base
from app.identity import tables as identity
from app.news import tables as news
from app.products import tables as products
from app.push import tables as push
from app.quotes import offer_tables as quote_links
from app.quotes import tables as quotes
from app.sync import tables as sync
from app.threads import tables as threads
from app.tickets import tables as tickets
from app.usage import tables as usage
from app.visits import tables as visits

metadata = Base.metadata

__all__ = [
    "attachments",
    "briefing",
    "calendars",
    "customers",
    "foundation",
    "identity",
    "metadata",
    "news",
    "pokes",
    "products",
    "push",
    "quote_links",
    "quotes",
    "sync",
    "threads",
    "tickets",
    "usage",
    "visits",
]
