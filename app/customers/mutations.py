"""What phones do to accounts, people, promises and goals."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.customers import arguments
from app.customers.resources import ACCOUNTS, GOALS, PEOPLE, PROMISES
from app.foundation.fields import instant_text
from app.resources import service
from app.sync.changing import add_once, change_fields, change_status, until_arrival
from app.sync.merge import Rules
from app.sync.mutation import Args, Made, Mutation, Outcome, Upgrade, account_named, account_of_row, register

ACCOUNT_RULES = Rules(sets=frozenset({"aliases"}), objects=frozenset({"address"}))
_OF_NAMED = account_named("account_id")
_OF_PROMISE = account_of_row(PROMISES.table)


def _make_promise(session: Session, args: Args, made: Made) -> Outcome:
    return add_once(session, PROMISES, {**args, "user_id": made.by})


def _keep_promise(session: Session, args: Args, _made: Made) -> Outcome:
    promise = service.held(session, PROMISES, args["id"])
    return change_status(session, PROMISES, promise, args.get("base", "open"), "kept", kept_on=args["kept_on"])


def _break_promise(session: Session, args: Args, _made: Made) -> Outcome:
    promise = service.held(session, PROMISES, args["id"])
    return change_status(session, PROMISES, promise, args.get("base", "open"), "broken", kept_on=None)


def _change_account(session: Session, args: Args, _made: Made) -> Outcome:
    return change_fields(session, ACCOUNTS, args, ACCOUNT_RULES)


def _add_person(session: Session, args: Args, _made: Made) -> Outcome:
    return add_once(session, PEOPLE, args)


def _change_person(session: Session, args: Args, _made: Made) -> Outcome:
    return change_fields(session, PEOPLE, args)


def _record_consent(session: Session, args: Args, made: Made) -> Outcome:
    """Add a record to those of the person; which of them counts is decided by when they were recorded, by our clock."""
    person = service.held(session, PEOPLE, args["person_id"])
    if any(record.get("id") == args["id"] for record in person["consent"]):
        return Outcome()
    record = {
        "id": args["id"],
        "channel": args["channel"],
        "status": args["status"],
        "recorded_at": instant_text(until_arrival(made, args["recorded_at"])),
        "source": args["source"],
    }
    service.alter(session, PEOPLE, person, {"consent": [*person["consent"], record]})
    return Outcome()


def _set_goal(session: Session, args: Args, _made: Made) -> Outcome:
    return add_once(session, GOALS, args)


def _change_goal(session: Session, args: Args, _made: Made) -> Outcome:
    return change_fields(session, GOALS, args)


register(
    Mutation(
        "promise.make",
        arguments.PromiseMake,
        PROMISES.write_scope,
        _OF_NAMED,
        _make_promise,
        {2: Upgrade(renames={"by": "due_on"})},
    )
)
register(Mutation("promise.keep", arguments.PromiseKeep, PROMISES.write_scope, _OF_PROMISE, _keep_promise))
register(Mutation("promise.break", arguments.PromiseBreak, PROMISES.write_scope, _OF_PROMISE, _break_promise))
register(
    Mutation(
        "account.change",
        arguments.AccountChange,
        ACCOUNTS.write_scope,
        account_of_row(ACCOUNTS.table),
        _change_account,
    )
)
register(Mutation("person.add", arguments.PersonAdd, PEOPLE.write_scope, _OF_NAMED, _add_person))
register(
    Mutation("person.change", arguments.PersonChange, PEOPLE.write_scope, account_of_row(PEOPLE.table), _change_person)
)
register(
    Mutation(
        "consent.record",
        arguments.ConsentRecord,
        PEOPLE.write_scope,
        account_of_row(PEOPLE.table, "person_id"),
        _record_consent,
    )
)
register(Mutation("goal.set", arguments.GoalSet, GOALS.write_scope, _OF_NAMED, _set_goal))
register(Mutation("goal.change", arguments.GoalChange, GOALS.write_scope, account_of_row(GOALS.table), _change_goal))
