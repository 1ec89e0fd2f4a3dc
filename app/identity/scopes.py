"""Scopes: what a credential may do. A role has a set of them, a token some of its user's."""

from app.foundation.principal import Role

READABLE = (
    "accounts", "people", "products", "subscriptions", "usage", "tickets", "feeds", "visits", "briefings", "goals",
    "promises", "opportunities", "notes", "messages", "attachments", "quotes", "catalogs",
)  # fmt: skip
WRITTEN_BY_REPS = (
    "accounts", "people", "feeds", "visits", "goals", "promises", "notes", "messages", "attachments", "quotes",
)  # fmt: skip
WRITTEN_BY_SYSTEMS = (*WRITTEN_BY_REPS, "products", "subscriptions", "usage", "tickets", "opportunities", "catalogs")

# What is a person's own: nobody else reads it, whatever their role.
_OWN = frozenset({"calendars:read", "calendars:write"})
_READ = frozenset(f"{name}:read" for name in READABLE)
_REP = _READ | {f"{name}:write" for name in WRITTEN_BY_REPS} | {"sync", "tokens", *_OWN}
_SYSTEM = (
    _READ | {f"{name}:write" for name in WRITTEN_BY_SYSTEMS} | {"users:read", "territories:read", "territories:write"}
)

SCOPES_OF_ROLE: dict[Role, frozenset[str]] = {
    Role.REP: _REP,
    Role.MANAGER: _REP | {"users:read", "territories:read", "territories:write"},
    Role.ADMINISTRATOR: _SYSTEM | _OWN | {"sync", "tokens", "users:write", "audit:read", "jobs:read", "jobs:write"},
    Role.INTEGRATION: _SYSTEM,
}
ALL_SCOPES = frozenset().union(*SCOPES_OF_ROLE.values())
