"""Every mutation that phones may send: importing this module has registered what each capability offers.

A capability's `mutations.py` is imported here and nowhere else.
"""

from app.attachments import mutations as attachments
from app.customers import mutations as customers
from app.quotes import mutations as quotes
from app.quotes import offer_mutations as offers
from app.sync import decisions
from app.sync.mutation import all_mutations
from app.threads import mutations as threads
from app.visits import mutations as visits

MODULES = (customers, visits, threads, attachments, quotes, offers, decisions)

__all__ = ["MODULES", "all_mutations"]
