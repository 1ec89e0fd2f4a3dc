"""Who is asking: the organisation, the user, the role and the scopes that a request was granted."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session


class Role(StrEnum):
    """What a user is to the organisation."""

    REP = "rep"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `via` is `session`, `token` or `system`; `credential_id` names the session or token."""

    org_id: str
    user_id: str
    role: Role
    scopes: frozenset[str]
    via: str
    credential_id: str

    @property
    def sees_whole_organisation(self) -> bool:
        """Administrators and integrations see every account; reps and managers see theirs."""
        return self.role in (Role.ADMINISTRATOR, Role.INTEGRATION)


SYSTEM_USER = "00000000-0000-7000-8000-000000000000"


def system_principal(org_id: str) -> Principal:
    """The organisation's own background work: sees all of one organisation and nothing of another."""
    return Principal(org_id, SYSTEM_USER, Role.ADMINISTRATOR, frozenset(), "system", SYSTEM_USER)


def bind_principal(session: Session, principal: Principal) -> None:
    """Remember on the session on whose behalf it works."""
    session.info["principal"] = principal


def principal_of(session: Session) -> Principal:
    """On whose behalf this session works; a session without one must not reach tenant rows, hence KeyError."""
    principal: Principal = session.info["principal"]
    return principal
