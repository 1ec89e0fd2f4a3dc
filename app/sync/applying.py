"""One mutation applied, so that after an error nothing is left of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.foundation import audit, changes
from app.foundation.principal import principal_of
from app.foundation.problems import Problem
from app.sync.mutation import Args, Made, Mutation, Outcome


def apply_one(session: Session, mutation: Mutation, args: Args, made: Made, **details: Any) -> Outcome:
    """Apply a mutation in a savepoint; its audit entries name it, and `details`."""
    with session.begin_nested(), changes.held(session), audit.held(session, mutation=made.id, **details):
        return mutation.apply(session, dict(args), made)


def scope_problem(session: Session, mutation: Mutation) -> Problem | None:
    """Why the caller may not do this at all, if so: what the API would answer."""
    if mutation.scope in principal_of(session).scopes:
        return None
    return Problem(403, "forbidden", "Not allowed", f"Your role or token lacks the scope {mutation.scope}.")
