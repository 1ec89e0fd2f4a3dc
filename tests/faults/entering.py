"""What a rep enters: from a kind, a number to choose by and what the phone shows, the mutations and their arguments.

Every mutation carries a mark of its own in its text (`#12.0#`), by which its effect is found and counted. Fields that are
changed get the mark as their value, so that no two writes of a field write the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.selling import content, line, pump

MARK = re.compile(r"#\d+\.\d+#")
NOWHERE = "0190aaaa-0000-7000-8000-00000000dead"
Write = tuple[str, dict[str, Any]]


def key_of(name: str, args: dict[str, Any]) -> str:
    """The mark of a mutation, or its name and row where it has no text."""
    marks = MARK.findall(json.dumps(args.get("fields", args)))
    return marks[0] if marks else f"{name}:{args.get('id')}"


@dataclass
class Screen:
    """What the phone shows when something is entered: rows by type, its clock, and fresh ids."""

    rows: dict[str, list[dict[str, Any]]]
    now: datetime
    new_id: Callable[[], str]
    pick: int
    number: int
    user_id: str

    def one(self, row_type: str, where: Callable[[dict[str, Any]], bool] = lambda _row: True) -> dict[str, Any]:
        """The row that is picked; NothingToDo when there is none."""
        found = [row for row in self.rows.get(row_type, []) if where(row)]
        if not found:
            raise NothingToDo
        return found[self.pick % len(found)]

    def mark(self, part: int = 0) -> str:
        """The mark of the mutation `part` of this step."""
        return f"#{self.number}.{part}#"

    def instant(self, **later: float) -> str:
        """The phone's clock as it goes over the wire."""
        return (self.now + timedelta(**later)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def day(self, days: int = 0) -> str:
        """A date by the phone's clock."""
        return (self.now + timedelta(days=days)).date().isoformat()


class NothingToDo(Exception):
    """The phone shows nothing that this could be done to."""


def enter(kind: str, screen: Screen) -> list[Write]:
    """The mutations of one step, to be saved together. NothingToDo when there is nothing to change."""
    return _KINDS[kind](screen)


def _note(s: Screen, part: int = 0, **more: Any) -> Write:
    account = more.pop("account_id", None) or s.one("account")["id"]
    text = f"Asked for a call {s.mark(part)}"
    return "note.add", {"id": s.new_id(), "account_id": account, "text": text, "written_at": s.instant(), **more}


def _note_at_visit(s: Screen) -> list[Write]:
    visit = s.one("visit")
    return [_note(s, account_id=visit["account_id"], visit_id=visit["id"])]


def _plan(s: Screen, part: int = 0, **more: Any) -> Write:
    account = s.one("account")
    hours = 1 + s.pick % 40
    args = {
        "id": s.new_id(),
        "account_id": account["id"],
        "starts_at": s.instant(hours=hours),
        "ends_at": s.instant(hours=hours + 1),
        "time_zone": "Europe/Stockholm",
        "purpose": f"Look at the pump {s.mark(part)}",
    }
    return "visit.plan", {**args, **more}


def _log(s: Screen, visit_id: str, part: int = 0) -> Write:
    return "visit.log", {
        "id": visit_id,
        "outcome": "Went well",
        "notes": f"They agree {s.mark(part)}",
        "done_at": s.instant(),
    }


def _walk_in(s: Screen) -> list[Write]:
    name, args = _plan(s, starts_at=s.instant(hours=-1), ends_at=s.instant())
    return [(name, args), _log(s, args["id"], 1)]


def _own_visit(s: Screen, *statuses: str) -> dict[str, Any]:
    return s.one("visit", lambda row: row["status"] in statuses and row.get("user_id", s.user_id) == s.user_id)


def _visit_change(s: Screen) -> list[Write]:
    visit = _own_visit(s, "planned")
    return [("visit.change", _change(visit, {"place": f"place {s.mark()}"}))]


def _change(row: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "fields": fields, "base": {name: row.get(name) for name in fields}}


def _promise(s: Screen, part: int = 0, **more: Any) -> Write:
    args = {"id": s.new_id(), "account_id": s.one("account")["id"], "text": f"Send the drawing {s.mark(part)}"}
    return "promise.make", {**args, "made_on": s.day(), "due_on": s.day(5), **more}


def _open_promise(s: Screen) -> str:
    return str(s.one("promise", lambda row: row["status"] == "open")["id"])


def _account_fields(s: Screen) -> list[Write]:
    account = s.one("account")
    names = (("industry",), ("phone",), ("website",), ("notes",), ("industry", "phone", "notes"))[s.pick % 5]
    values = {name: f"https://x.example/{s.mark()}" if name == "website" else f"{name} {s.mark()}" for name in names}
    return [("account.change", _change(account, values))]


def _account_address(s: Screen) -> list[Write]:
    account = s.one("account")
    member = ("street", "city", "region")[s.pick % 3]
    before = account.get("address") or {}
    wanted = {**before, member: f"{member} {s.mark()}"}
    return [
        ("account.change", {"id": account["id"], "fields": {"address": wanted}, "base": {"address": before or None}})
    ]


def _account_aliases(s: Screen) -> list[Write]:
    account = s.one("account")
    before = account.get("aliases", [])
    kept = before[1:] if s.pick % 3 == 0 and before and before[0].startswith("alias") else before
    wanted = [*kept, f"known as {s.mark()}"]
    return [("account.change", {"id": account["id"], "fields": {"aliases": wanted}, "base": {"aliases": before}})]


def _person(s: Screen, part: int = 0, **more: Any) -> Write:
    args = {"id": s.new_id(), "account_id": s.one("account")["id"], "name": f"Kim {s.mark(part)}", "role": "technical"}
    return "person.add", {**args, **more}


def _person_fields(s: Screen) -> list[Write]:
    person = s.one("person")
    names = (("title",), ("preferred_times",), ("title", "notes"))[s.pick % 3]
    return [("person.change", _change(person, {name: f"{name} {s.mark()}" for name in names}))]


def _consent(s: Screen, part: int = 0, **more: Any) -> Write:
    args = {
        "id": s.new_id(),
        "person_id": more.pop("person_id", None) or s.one("person")["id"],
        "channel": ("email", "phone")[s.pick % 2],
        "status": ("granted", "withdrawn")[s.pick // 2 % 2],
        "recorded_at": s.instant(),
        "source": f"said so {s.mark(part)}",
    }
    return "consent.record", {**args, **more}


def _goal(s: Screen, part: int = 0, **more: Any) -> Write:
    return "goal.set", {
        "id": s.new_id(),
        "account_id": s.one("account")["id"],
        "title": f"Less waste {s.mark(part)}",
        **more,
    }


def _goal_change(s: Screen) -> list[Write]:
    goal = s.one("goal")
    return [("goal.change", _change(goal, {"target": f"target {s.mark()}"}))]


def _message(s: Screen) -> list[Write]:
    account = s.one("account")
    args = {
        "id": s.new_id(),
        "account_id": account["id"],
        "text": f"Who knows them? {s.mark()}",
        "written_at": s.instant(),
    }
    return [("message.post", args)]


def _content(s: Screen) -> dict[str, Any]:
    """Seal kits, perhaps with a pump; the phone prices it when it is saved."""
    more = [pump()] if s.pick % 3 == 0 else []
    return content(line(quantity=str(1 + s.number)), *more, on=s.day())


def _quote(s: Screen) -> Write:
    account = s.one("account")["id"]
    args = {"account_id": account, "title": "Seal kits", "notes": f"They asked {s.mark()}", "valid_until": s.day(30)}
    return "quote.create", {"id": s.new_id(), **args, "content": _content(s)}


def _unsent_quote(s: Screen) -> dict[str, Any]:
    """A quote of this user's; now and then of whoever else."""
    return s.one("quote", lambda row: row["status"] == "draft" and (s.pick % 5 == 4 or row["user_id"] == s.user_id))


def on_top_of(title: str, mark: str) -> str:
    """A title with a mark of its own, which says on which one it was made."""
    before = MARK.findall(title)
    return f"Seal kits {mark} (on {before[0].strip('#') if before else '-'})"


def _quote_fields(s: Screen, title: str, part: int = 0) -> dict[str, Any]:
    fields = {"title": on_top_of(title, s.mark(part))}
    return {**fields, "content": _content(s)} if s.pick % 2 else fields


def _quote_change(s: Screen) -> list[Write]:
    quote = _unsent_quote(s)
    return [
        ("quote.change", {"id": quote["id"], "revision": quote["revision"], "fields": _quote_fields(s, quote["title"])})
    ]


def _quote_send(s: Screen) -> list[Write]:
    quote = _unsent_quote(s)
    return [("quote.send", {"id": quote["id"], "revision": quote["revision"]})]


def _quote_change_and_send(s: Screen) -> list[Write]:
    name, args = _quote_change(s)[0]
    return [(name, args), ("quote.send", {"id": args["id"], "revision": args["revision"] + 1})]


def _quote_at_once(s: Screen) -> list[Write]:
    """Made, changed and sent at the customer's table."""
    made = _quote(s)
    change = {"id": made[1]["id"], "revision": 1, "fields": _quote_fields(s, made[1]["title"], 1)}
    return [made, ("quote.change", change), ("quote.send", {"id": made[1]["id"], "revision": 2})]


def _draft_decide(s: Screen) -> list[Write]:
    decision = "dismiss" if s.pick % 4 == 3 else "accept"
    return [("draft.decide", {"id": s.one("draft")["id"], "decision": decision})]


def _family(s: Screen) -> list[Write]:
    """Parents and children in one go: a person, what was promised to them, what they want, what they allowed, a visit."""
    account = s.one("account")["id"]
    person = _person(s, 0, account_id=account)
    person_id = person[1]["id"]
    visit = _plan(s, 1, account_id=account, attendee_ids=[person_id])
    return [
        person,
        visit,
        _promise(s, 2, account_id=account, person_id=person_id, visit_id=visit[1]["id"]),
        _goal(s, 3, account_id=account, person_id=person_id),
        _consent(s, 4, person_id=person_id),
        _log(s, visit[1]["id"], 5),
        _note(s, 6, account_id=account, visit_id=visit[1]["id"]),
    ]


def _wrong(s: Screen) -> list[Write]:
    """What looks right on the phone and is refused by the server."""
    account = s.one("account")["id"]
    choices: list[Write] = [
        _note(s, account_id=NOWHERE),
        _note(s, account_id=account, visit_id=NOWHERE),
        _promise(s, account_id=account, person_id=NOWHERE),
        _plan(s, ends_at=s.instant(hours=-9)),
        _consent(s, person_id=NOWHERE),
        ("promise.keep", {"id": NOWHERE, "kept_on": s.day()}),
        (
            "account.change",
            {"id": account, "fields": {"time_zone": f"Nowhere/{s.mark()}"}, "base": {"time_zone": "UTC"}},
        ),
    ]
    return [choices[s.pick % len(choices)]]


def _wrong_family(s: Screen) -> list[Write]:
    """A parent that is refused, with children that are right."""
    account = s.one("account")["id"]
    visit = _plan(s, 0, account_id=account, ends_at=s.instant(hours=-9))
    visit_id = visit[1]["id"]
    return [
        visit,
        _log(s, visit_id, 1),
        _note(s, 2, account_id=account, visit_id=visit_id),
        _note(s, 3, account_id=account),
    ]


_KINDS: dict[str, Callable[[Screen], list[Write]]] = {
    "note": lambda s: [_note(s)],
    "note_at_visit": _note_at_visit,
    "visit": lambda s: [_plan(s)],
    "walk_in": _walk_in,
    "visit_change": _visit_change,
    "visit_cancel": lambda s: [("visit.cancel", {"id": _own_visit(s, "planned")["id"]})],
    "visit_log": lambda s: [_log(s, _own_visit(s, "planned", "done")["id"])],
    "promise": lambda s: [_promise(s)],
    "promise_keep": lambda s: [("promise.keep", {"id": _open_promise(s), "kept_on": s.day()})],
    "promise_break": lambda s: [("promise.break", {"id": _open_promise(s)})],
    "account_fields": _account_fields,
    "account_address": _account_address,
    "account_aliases": _account_aliases,
    "person": lambda s: [_person(s)],
    "person_fields": _person_fields,
    "consent": lambda s: [_consent(s)],
    "goal": lambda s: [_goal(s)],
    "goal_change": _goal_change,
    "message": _message,
    "quote": lambda s: [_quote(s)],
    "quote_change": _quote_change,
    "quote_send": _quote_send,
    "quote_change_and_send": _quote_change_and_send,
    "quote_at_once": _quote_at_once,
    "draft_decide": _draft_decide,
    "family": _family,
    "wrong": _wrong,
    "wrong_family": _wrong_family,
}

# As an app of before queued them: version and arguments of that time.
OLD: dict[str, Callable[[Screen], tuple[int, str, dict[str, Any]]]] = {}


def _old_note(s: Screen) -> tuple[int, str, dict[str, Any]]:
    name, args = _note(s)
    args["body"] = args.pop("text")
    return 1, name, args


def _old_promise(s: Screen) -> tuple[int, str, dict[str, Any]]:
    name, args = _promise(s)
    args["by"] = args.pop("due_on")
    return 2, name, args


def _old_log(s: Screen) -> tuple[int, str, dict[str, Any]]:
    visit = _own_visit(s, "planned", "done")
    name, args = _log(s, visit["id"])
    return 2, name, {**args, "attendees": visit.get("attendee_ids", [])}


OLD.update(old_note=_old_note, old_promise=_old_promise, old_log=_old_log)
