"""A phone that writes: its queue of mutations, numbered and sent one push at a time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.foundation import clock
from app.foundation.ids import new_id
from tests.support.phones import Api

Row = dict[str, Any]


@dataclass
class Writer:
    """One installation of the app of a signed-in user, as far as it sends."""

    api: Api
    group: str = field(default_factory=lambda: str(uuid.uuid4()))
    seq: int = 0

    def write(
        self, name: str, /, *, version: int = 3, skew_ms: int = 0, mutation_id: str | None = None, **args: Any
    ) -> Row:
        """Send one mutation; its answer."""
        self.seq += 1
        mutation = {
            "id": mutation_id or new_id(),
            "seq": self.seq,
            "name": name,
            "version": version,
            "made_at": wire(clock.now()),
            "skew_ms": skew_ms,
            "args": args,
        }
        body = {"client_group": self.group, "schema": 3, "sent_at": wire(clock.now()), "mutations": [mutation]}
        answer = self.api.post("/sync/push", body)
        assert answer.status_code == 200, answer.text
        [told] = answer.json["answers"]
        assert told["id"] == mutation["id"]
        return dict(told)

    def does(self, name: str, /, **args: Any) -> Row:
        """Send one mutation that has to be applied."""
        answer = self.write(name, **args)
        assert answer["result"] == "applied", answer
        return answer

    def refused(self, name: str, /, **args: Any) -> Row:
        """Send one mutation that has to be rejected; the problem."""
        answer = self.write(name, **args)
        assert answer["result"] == "rejected", answer
        return dict(answer["problem"])

    def clashes(self, name: str, /, **args: Any) -> list[Row]:
        """Send one mutation that has to be a conflict; what clashes."""
        answer = self.write(name, **args)
        assert answer["result"] == "conflict", answer
        return list(answer["conflicts"])

    def read(self, path: str) -> Row:
        """A row of the API, as this user sees it."""
        answer = self.api.get(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def rows(self, path: str) -> list[Row]:
        """A list of the API."""
        return list(self.read(path)["data"])


def wire(moment: datetime) -> str:
    """An instant on the wire."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
