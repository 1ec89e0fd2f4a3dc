"""Which accounts a caller sees, asked for many at a time."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.foundation.principal import Principal
from app.identity.territory import visible
from app.sync.permission import ACCOUNTS

CHUNK = 500


class Sight:
    """Remembers, for the length of a push, which accounts are the organisation's and whether the caller sees them."""

    def __init__(self, session: Session, principal: Principal) -> None:
        self._session = session
        self._principal = principal
        self._seen: dict[str, bool] = {}

    def look_at(self, account_ids: Iterable[str]) -> None:
        """Ask for these accounts at once."""
        if self._principal.sees_whole_organisation:
            return
        wanted = sorted(set(account_ids) - self._seen.keys())
        for start in range(0, len(wanted), CHUNK):
            seen = sa.case((visible(self._principal, ACCOUNTS, "id"), 1), else_=0)
            ours = ACCOUNTS.c.org_id == self._principal.org_id
            query = sa.select(ACCOUNTS.c.id, seen).where(ours, ACCOUNTS.c.id.in_(wanted[start : start + CHUNK]))
            self._seen.update({account: bool(sees) for account, sees in self._session.execute(query)})

    def seen(self) -> set[str]:
        """Those asked for that the caller sees."""
        return {account for account, sees in self._seen.items() if sees}

    def lost(self, account_id: str) -> bool:
        """Whether the account is one of the organisation that the caller does not see."""
        self.look_at((account_id,))
        return self._seen.get(account_id) is False
