"""What is known of the accounts that a rep sees, as far as it can tell whom these events are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars.matching import Contact, Invitation, Knowledge, Place, domain_of, name_index, site_domain
from app.customers.tables import Account, Person
from app.foundation import clock
from app.foundation.db import table_of
from app.foundation.principal import principal_of
from app.identity.tables import User
from app.identity.territory import TERRITORY, visible

ACCOUNTS, PEOPLE, USERS = table_of(Account), table_of(Person), table_of(User)
CHUNK = 200
MAX_DOMAINS = 200
CLOCKS_APART = timedelta(minutes=1)  # a row is stamped by one machine, the poll by another, a little later


def gather(session: Session, invitations: Sequence[Invitation]) -> Knowledge:
    """What the session's rep may know about these invitations."""
    emails = sorted({email for one in invitations for email in one.emails})
    own_addresses = _colleagues(session, emails)
    own_domains = frozenset(filter(None, (domain_of(email) for email in _own_address(session))))
    strangers = {domain_of(email) for email in emails if email not in own_addresses} - own_domains - {""}
    accounts = _accounts(session)
    domains: dict[str, set[str]] = defaultdict(set)
    for row in accounts:
        if domain := site_domain(row.website):
            domains[domain].add(row.id)
    for domain, account_id in _domains_of_people(session, sorted(strangers)[:MAX_DOMAINS]):
        domains[domain].add(account_id)
    return Knowledge(
        contacts=_contacts(session, emails),
        domains={domain: frozenset(ids) for domain, ids in domains.items() if domain not in own_domains},
        places=[place for row in accounts if (place := _place(row)) is not None],
        names=name_index((row.id, name) for row in accounts for name in (row.name, *(row.aliases or ()))),
        own_domains=own_domains,
        own_addresses=own_addresses,
    )


def grew_since(session: Session, moment: datetime | None) -> bool:
    """Whether an account or a person of the organisation, or the rep's territory, may have changed since a moment."""
    if moment is None:
        return True
    principal = principal_of(session)
    since = moment - CLOCKS_APART
    for table in (ACCOUNTS, PEOPLE):
        changed = sa.select(table.c.id).where(table.c.org_id == principal.org_id, table.c.updated_at >= since)
        if session.scalar(changed.limit(1)) is not None:
            return True
    mine = sa.select(TERRITORY.c.id).where(TERRITORY.c.user_id == principal.user_id, TERRITORY.c.updated_at >= since)
    return session.scalar(mine.limit(1)) is not None


def _accounts(session: Session) -> Sequence[Any]:
    columns = (ACCOUNTS.c.id, ACCOUNTS.c.name, ACCOUNTS.c.aliases, ACCOUNTS.c.website, ACCOUNTS.c.address)
    query = sa.select(*columns).where(visible(principal_of(session), ACCOUNTS, "id")).order_by(ACCOUNTS.c.id)
    return session.execute(query).all()


def _place(row: Any) -> Place | None:
    address = row.address or {}
    if not address.get("street"):
        return None
    return Place(row.id, address["street"], address.get("postal_code") or "", address.get("city") or "")


def _contacts(session: Session, emails: Sequence[str]) -> dict[str, list[Contact]]:
    found: dict[str, list[Contact]] = defaultdict(list)
    columns = (PEOPLE.c.id, PEOPLE.c.account_id, sa.func.lower(PEOPLE.c.email).label("email"), PEOPLE.c.left_on)
    today = clock.today()
    for chunk in _chunks(emails):
        query = sa.select(*columns).where(
            visible(principal_of(session), PEOPLE, "account_id"), sa.func.lower(PEOPLE.c.email).in_(chunk)
        )
        for row in session.execute(query.order_by(PEOPLE.c.id)):
            former = row.left_on is not None and row.left_on <= today
            found[row.email].append(Contact(row.email, row.id, row.account_id, former))
    return found


def _domains_of_people(session: Session, domains: Sequence[str]) -> Iterable[tuple[str, str]]:
    """(domain, account) where people of the account who are still there have addresses in the domain."""
    today = clock.today()
    still_there = sa.or_(PEOPLE.c.left_on.is_(None), PEOPLE.c.left_on > today)
    for chunk in _chunks(domains, 20):
        named = sa.or_(*(PEOPLE.c.email.iendswith(f"@{domain}", autoescape=True) for domain in chunk))
        query = sa.select(PEOPLE.c.account_id, sa.func.lower(PEOPLE.c.email)).where(
            visible(principal_of(session), PEOPLE, "account_id"), named, still_there
        )
        for account_id, email in session.execute(query):
            yield domain_of(email), account_id


def _colleagues(session: Session, emails: Sequence[str]) -> frozenset[str]:
    org_id = principal_of(session).org_id
    found: set[str] = set(_own_address(session))
    for chunk in _chunks(emails):
        query = sa.select(sa.func.lower(USERS.c.email)).where(
            USERS.c.org_id == org_id, sa.func.lower(USERS.c.email).in_(chunk)
        )
        found.update(session.scalars(query))
    return frozenset(found)


def _own_address(session: Session) -> list[str]:
    query = sa.select(sa.func.lower(USERS.c.email)).where(USERS.c.id == principal_of(session).user_id)
    return list(session.scalars(query))


def _chunks(values: Sequence[str], size: int = CHUNK) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))
