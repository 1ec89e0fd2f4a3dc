"""Which row of ours a text in a file means: by name, by another system's id, or by our own id."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.connectors.errors import Fault
from app.foundation.ids import is_id
from app.foundation.principal import principal_of
from app.identity.territory import visible
from app.resources.references import lookup
from app.resources.resource import resource_of

CHUNK = 500


class Unresolved(Fault):
    """Nothing is known under this name, yet: a later row of the file may bring it."""

    __slots__ = ()


class Directory:
    """Resolves the texts of one reference field, many at a time."""

    def __init__(self, field: str, entity: str, *, by: str | None, system: str | None) -> None:
        self._field = field
        self._entity = entity
        self._word = entity.replace("_", " ")
        self._by = by
        self._system = system

    def resolve(self, session: Session, texts: Collection[str]) -> dict[str, str | Fault]:
        """Our id for each text; Unresolved or a Fault where there is none."""
        if self._system is not None:
            return self._by_system(session, texts, self._system)
        if self._by is not None:
            return self._by_column(session, texts, self._by)
        return self._by_id(session, texts)

    def _by_system(self, session: Session, texts: Collection[str], system: str) -> dict[str, str | Fault]:
        found = lookup(session, principal_of(session).org_id, self._entity, [(system, text) for text in texts])
        absent = f"{self._field}: no {self._word} is known as {{}} in {system}"
        return {text: found.get((system, text)) or Unresolved(absent.format(repr(text[:60]))) for text in texts}

    def _by_column(self, session: Session, texts: Collection[str], by: str) -> dict[str, str | Fault]:
        answers: dict[str, str | Fault] = {}
        for text, row_id in self._rows(session, by, texts):
            if text in answers:
                answers[text] = Fault(
                    f"{self._field}: several {self._word}s have the {by} {text[:60]!r}; name it by system"
                )
            else:
                answers[text] = row_id
        absent = f"{self._field}: no {self._word} has the {by} {{}}"
        return {text: answers.get(text) or Unresolved(absent.format(repr(text[:60]))) for text in texts}

    def _by_id(self, session: Session, texts: Collection[str]) -> dict[str, str | Fault]:
        proper = [text for text in texts if is_id(text)]
        known = {row_id for row_id, _ in self._rows(session, "id", proper)}
        absent = f"{self._field}: no {self._word} has the id {{}}; a name needs `by`, another system's id `system`"
        return {text: text if text in known else Unresolved(absent.format(repr(text[:60]))) for text in texts}

    def _rows(self, session: Session, column: str, texts: Collection[str]) -> Iterable[tuple[str, str]]:
        resource = resource_of(self._entity)
        table, ordered = resource.table, sorted(texts)
        seen = visible(principal_of(session), table, resource.account_column)
        for start in range(0, len(ordered), CHUNK):
            part = ordered[start : start + CHUNK]
            query: Any = sa.select(table.c[column], table.c.id).where(table.c[column].in_(part), seen)
            yield from session.execute(query)
