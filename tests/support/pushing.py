"""A phone that also sends: mutations with ids and numbers, pushed through the real door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.foundation import clock
from app.foundation.fields import instant_text
from app.foundation.ids import new_id
from tests.support.pulling import Phone

Mutation = dict[str, Any]


def outcome(answer: dict[str, Any]) -> str:
    """What an answer says in a word: its result, and of a rejection the problem (`rejected:territory-lost`)."""
    problem = answer.get("problem")
    return answer["result"] + (f":{problem['type'].rpartition('/')[2]}" if problem else "")


def id_now(ahead: timedelta = timedelta()) -> str:
    """An id that a device makes now, by the clock of the test; its own clock may be ahead."""
    stamp = f"{int((clock.now() + ahead).timestamp() * 1000):012x}"
    return f"{stamp[:8]}-{stamp[8:]}{new_id()[13:]}"


@dataclass
class Sender(Phone):
    """A phone with a queue; `next_seq` is the number that its next mutation gets."""

    next_seq: int = 1

    def make(self, name: str, args: dict[str, Any], *parents: Mutation, **members: Any) -> Mutation:
        """A mutation with an id and the next number, not sent yet."""
        mutation = {
            "id": id_now(),
            "seq": self.next_seq,
            "name": name,
            "version": 3,
            "made_at": instant_text(clock.now()),
            "args": args,
            **({"depends_on": [parent["id"] for parent in parents]} if parents else {}),
            **members,
        }
        self.next_seq += 1
        return mutation

    def note(self, account_id: str, text: str = "Wants two more pumps", **members: Any) -> Mutation:
        """A note."""
        args = {"id": new_id(), "account_id": account_id, "text": text, "written_at": instant_text(clock.now())}
        return self.make("note.add", args, **members)

    def visit(self, account_id: str, **members: Any) -> Mutation:
        """A visit of tomorrow morning."""
        times = {
            "starts_at": "2026-11-22T08:00:00Z",
            "ends_at": "2026-11-22T09:00:00Z",
            "time_zone": "Europe/Stockholm",
        }
        return self.make("visit.plan", {"id": new_id(), "account_id": account_id, **times}, **members)

    def log(self, visit: Mutation, outcome: str = "Ordered two", **members: Any) -> Mutation:
        """What came of a visit that this phone planned."""
        args = {"id": visit["args"]["id"], "outcome": outcome, "done_at": "2026-11-22T09:00:00Z"}
        return self.make("visit.log", args, visit, **members)

    def send(self, *mutations: Any, **changes: Any) -> Any:
        """Push these; the HTTP answer."""
        body = {
            "client_group": self.group,
            "schema": 3,
            "sent_at": instant_text(clock.now()),
            "mutations": list(mutations),
            **changes,
        }
        return self.api.post("/sync/push", body)

    def push(self, *mutations: Any) -> list[dict[str, Any]]:
        """Push these; their answers."""
        response = self.send(*mutations)
        assert response.status_code == 200, response.text
        answers: list[dict[str, Any]] = response.json["answers"]
        assert len(answers) == len(mutations)
        return answers

    def outcomes(self, *mutations: Any) -> list[str]:
        """Push these; what became of each, in a word."""
        return words(self.push(*mutations))


def words(answers: Sequence[dict[str, Any]]) -> list[str]:
    """What the answers say, in a word each."""
    return [outcome(answer) for answer in answers]
