"""What phones do to visits and notes."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.foundation import audit
from app.identity.rules import in_the_name_of
from app.resources import service
from app.resources.references import visible_ids
from app.resources.resource import Values
from app.sync.changing import add_once, change_fields, change_status, is_there, names_of, until_arrival
from app.sync.merge import Rules
from app.sync.mutation import Args, Made, Mutation, Outcome, Upgrade, account_named, account_of_row, register
from app.visits import arguments
from app.visits.resources import NOTES, VISITS

SAID = ("outcome", "notes", "next_step")
RULES = Rules(sets=frozenset({"attendee_ids"}), together=(("starts_at", "ends_at", "time_zone"),))
_OF_VISIT = account_of_row(VISITS.table)


def _plan(session: Session, args: Args, made: Made) -> Outcome:
    return add_once(session, VISITS, {**args, "user_id": made.by})


def _change(session: Session, args: Args, _made: Made) -> Outcome:
    fields, base = args["fields"], args["base"]
    if "attendee_ids" in fields:
        gone = _gone(session, service.held(session, VISITS, args["id"]))
        # As if taken out on the phone: whoever is deleted cannot be referred to any more.
        fields = {**fields, "attendee_ids": [one for one in fields["attendee_ids"] if one not in gone]}
        shown = base.get("attendee_ids")
        base = {**base, "attendee_ids": [*(shown if isinstance(shown, list) else ()), *gone]}
    return change_fields(session, VISITS, {**args, "fields": fields, "base": base}, RULES)


def _cancel(session: Session, args: Args, _made: Made) -> Outcome:
    visit = service.held(session, VISITS, args["id"])
    return change_status(session, VISITS, visit, args.get("base", "planned"), "cancelled")


def _log(session: Session, args: Args, made: Made) -> Outcome:
    """Fill the visit in; where that was done before, keep what is said as a note at it. Nothing is overwritten."""
    visit = service.held(session, VISITS, args["id"])
    said = {name: args[name] for name in SAID if args.get(name)}
    done_at = until_arrival(made, args["done_at"])
    if visit["status"] != "done":
        there = _still_there(session, visit, args["attendee_ids"]) if "attendee_ids" in args else {}
        _keep_what_was_said(session, visit, said, made)
        service.alter(session, VISITS, visit, {**said, **there, "status": "done", "done_at": done_at})
        return Outcome()
    if any(visit[name] != text for name, text in said.items()):
        _note(session, visit, made.id, made.by, said, done_at)
    also = [one for one in args.get("attendee_ids", ()) if one not in visit["attendee_ids"]]
    if also and made.by == visit["user_id"]:
        service.alter(session, VISITS, visit, _still_there(session, visit, [*visit["attendee_ids"], *also]))
    return Outcome()


def _still_there(session: Session, visit: Values, attendee_ids: list[str]) -> Values:
    """These attendees, without those who were planned and are deleted meanwhile."""
    gone = _gone(session, visit)
    return {"attendee_ids": [one for one in attendee_ids if one not in gone]}


def _gone(session: Session, visit: Values) -> set[str]:
    """Attendees of a visit who are deleted: the database keeps no reference to them."""
    return set(visit["attendee_ids"]) - visible_ids(session, "person", visit["attendee_ids"]).keys()


def _keep_what_was_said(session: Session, visit: Values, said: dict[str, str], made: Made) -> None:
    """What a planned visit had written at it already, and a log would overwrite, becomes a note of whoever wrote it."""
    lost = {name: visit[name] for name in said if visit[name] and visit[name] != said[name]}
    if lost:
        written = audit.last_written(session, "visit", visit["id"], list(lost), visit["updated_at"])
        people = names_of(session, {who.user_id for who in written.values() if who.user_id})
        by = min(people, default=visit["user_id"])
        at = max((who.at for who in written.values()), default=visit["updated_at"])
        _note(session, visit, made.id, by, lost, at)


def _note(session: Session, visit: Values, note_id: str, by: str, said: dict[str, str], at: Any) -> None:
    text = "\n".join(said[name] for name in SAID if name in said)
    values = {"account_id": visit["account_id"], "visit_id": visit["id"], "user_id": by, "text": text, "written_at": at}
    if not is_there(session, NOTES, note_id, values):
        with in_the_name_of(session, by):
            service.add(session, NOTES, note_id, values)


def _add_note(session: Session, args: Args, made: Made) -> Outcome:
    written_at = until_arrival(made, args["written_at"])
    with in_the_name_of(session, made.by):
        return add_once(session, NOTES, {**args, "user_id": made.by, "written_at": written_at})


register(Mutation("visit.plan", arguments.VisitPlan, VISITS.write_scope, account_named("account_id"), _plan))
register(Mutation("visit.change", arguments.VisitChange, VISITS.write_scope, _OF_VISIT, _change))
register(Mutation("visit.cancel", arguments.VisitCancel, VISITS.write_scope, _OF_VISIT, _cancel))
register(
    Mutation(
        "visit.log",
        arguments.VisitLog,
        VISITS.write_scope,
        _OF_VISIT,
        _log,
        {2: Upgrade(renames={"attendees": "attendee_ids"})},
    )
)
register(
    Mutation(
        "note.add",
        arguments.NoteAdd,
        NOTES.write_scope,
        account_named("account_id"),
        _add_note,
        {1: Upgrade(renames={"body": "text"})},
    )
)
